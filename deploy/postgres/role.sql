-- The role Odoo Pulse reads PostgreSQL with: it may log in and read statistics, nothing of what the tables hold.
--
-- As a superuser, on the primary (a standby gets the role by replication); the password is asked for, and reaches
-- neither the process list nor the server's log:
--
--   psql --dbname postgres --file role.sql --command '\password odoo_pulse'
--
-- Optional, for the sequences near their end (pg_sequence_used_ratio): once more in each Odoo database, and again
-- after a database was restored or made anew:
--
--   psql --dbname acme --file role.sql
--
-- It may be run any number of times. PostgreSQL 14 and newer.

do $$
begin
  if not exists (select from pg_roles where rolname = 'odoo_pulse') then
    create role odoo_pulse;
  end if;
end
$$;

-- One connection stays and one more visits the databases in turn; the rest is for checks and overlapping restarts.
alter role odoo_pulse login connection limit 6;
grant pg_monitor to odoo_pulse;

do $$
declare
  owner name;
begin
  -- Where reserved_connections is set (16 and newer), it gets in when all other connections are taken.
  if exists (select from pg_roles where rolname = 'pg_use_reserved_connections') then
    grant pg_use_reserved_connections to odoo_pulse;
  end if;
  -- Of this database: its sequences, those there are and those to come, which pg_monitor may not read.
  execute format('grant connect on database %I to odoo_pulse', current_database());
  grant select on all sequences in schema public to odoo_pulse;
  for owner in
    select pg_get_userbyid(datdba) from pg_database where datname = current_database()
    union
    select pg_get_userbyid(relowner) from pg_class
    where relkind = 'S' and relnamespace = 'public'::regnamespace
  loop
    execute format('alter default privileges for role %I in schema public grant select on sequences to odoo_pulse', owner);
  end loop;
end
$$;
