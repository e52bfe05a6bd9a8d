/** What stands on the demo's PostgreSQL: two tenants' databases with Odoo's table names, and the roles. */
import { randomBytes } from 'node:crypto'
import type { PostgresServer } from './postgres.ts'

/** Each tenant's database has the tenant's name. */
export const TENANTS = ['acme', 'globex'] as const

export interface Role {
  readonly user: string
  readonly password: string
}

/** The estate as the workload and the faults see it. */
export interface Estate {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  /** Owns the tenants' databases, as Odoo's role does; no superuser. */
  readonly odoo: Role
  /** What the service signs in as: exactly pg_monitor. */
  readonly monitor: Role
}

const newRole = (user: string): Role => ({ user, password: randomBytes(16).toString('hex') })

// Columns as in Odoo 18, of those tables and columns that the workload, the faults and the probes touch.
const TABLES = `
  CREATE TABLE res_company (id serial PRIMARY KEY, name varchar NOT NULL);
  CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, write_date timestamp);
  CREATE TABLE ir_module_module (id serial PRIMARY KEY, name varchar NOT NULL UNIQUE, state varchar, latest_version varchar);
  CREATE TABLE ir_cron (id serial PRIMARY KEY, cron_name varchar, active boolean, nextcall timestamp, lastcall timestamp);
  CREATE TABLE sale_order (id serial PRIMARY KEY, name varchar NOT NULL, state varchar, partner_id int REFERENCES res_partner,
    date_order timestamp NOT NULL, create_date timestamp, write_date timestamp);
  CREATE TABLE stock_picking (id serial PRIMARY KEY, name varchar, state varchar, scheduled_date timestamp, date_done timestamp);
  CREATE TABLE account_move (id serial PRIMARY KEY, name varchar, state varchar, move_type varchar, invoice_date date);
  CREATE TABLE queue_job (id serial PRIMARY KEY, uuid varchar NOT NULL, channel varchar, state varchar NOT NULL,
    date_created timestamp, date_started timestamp, date_done timestamp, retry int);
  INSERT INTO res_company (name) VALUES (current_database());
  INSERT INTO res_partner (name, write_date) SELECT 'Customer ' || i, now() FROM generate_series(1, 200) i;
  INSERT INTO ir_module_module (name, state, latest_version)
    SELECT m, 'installed', '18.0.1.0' FROM unnest(ARRAY['base', 'sale', 'stock', 'account', 'queue_job']) m;
  INSERT INTO ir_cron (cron_name, active, nextcall, lastcall)
    SELECT 'Scheduled action ' || i, true, now() + interval '1 hour', now() FROM generate_series(1, 5) i;
  INSERT INTO sale_order (name, state, partner_id, date_order, create_date, write_date)
    SELECT 'S' || lpad(i::text, 5, '0'), 'sale', 1 + i % 200, now(), now(), now() FROM generate_series(1, 500) i;
  INSERT INTO stock_picking (name, state, scheduled_date)
    SELECT 'WH/OUT/' || lpad(i::text, 5, '0'), 'assigned', now() FROM generate_series(1, 500) i;
  INSERT INTO account_move (name, state, move_type, invoice_date)
    SELECT 'INV/' || i, 'posted', 'out_invoice', current_date FROM generate_series(1, 200) i;
  ANALYZE`

/** Makes the roles and the tenants' databases on a new primary. */
export const seed = async (primary: PostgresServer): Promise<Pick<Estate, 'odoo' | 'monitor'>> => {
  const odoo = newRole('odoo')
  const monitor = newRole('odoo_pulse')
  // Hexadecimal passwords of our own making: CREATE ROLE takes no parameters.
  await primary.query(`
    CREATE ROLE ${odoo.user} LOGIN CREATEDB PASSWORD '${odoo.password}';
    CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}';
    GRANT pg_monitor TO ${monitor.user}`)
  for (const tenant of TENANTS) {
    await primary.query(`CREATE DATABASE ${tenant} OWNER ${odoo.user}`)
    await primary.query(`SET ROLE ${odoo.user}; ${TABLES}`, undefined, tenant)
  }
  return { odoo, monitor }
}
