#!/bin/bash
# Runs once, when the primary's cluster is made: the two roles, and who may replicate.
set -euo pipefail
# read by psql itself, so that no password stands in the process list
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" <<'SQL'
\set replication `cat /run/secrets/replication`
\set pulse `cat /run/secrets/odoo_pulse`
create role replication login replication password :'replication';
create role odoo_pulse login connection limit 6 password :'pulse';
grant pg_monitor to odoo_pulse;
select pg_create_physical_replication_slot('standby');
SQL
echo "host replication replication all scram-sha-256" >> "$PGDATA/pg_hba.conf"
