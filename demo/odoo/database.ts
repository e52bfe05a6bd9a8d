/** The databases behind the stand-in, and what it asks of them. */
import pg from 'pg'
import type { PostgresServer } from '../postgres.ts'
import { type Column, type Tables, tablesOf, type Version } from './columns.ts'
import type { CustomModel } from './custom.ts'
import { kinds, OdooError } from './errors.ts'
import { indexes } from './indexes.ts'
import { registryOf } from './models.ts'
import { seed } from './seed.ts'
import type { Environment, TextRow } from './sql.ts'

/** Where a column demands a value and a row of ours may leave it out. The measured tables have no defaults. */
const defaults: Readonly<Record<string, string>> = {
  'sale_order.picking_policy': "'direct'",
  'stock_picking.move_type': "'direct'",
  'stock_move.procure_method': "'make_to_stock'",
  'account_move.auto_post': "'no'",
  'res_users.notification_type': "'email'",
  'delivery_carrier.invoice_policy': "'estimated'",
  'stock_warehouse.reception_steps': "'one_step'",
  'stock_warehouse.delivery_steps': "'ship_only'",
  'account_move.date': 'current_date',
}

const byType: Readonly<Record<string, string>> = {
  int4: '1',
  numeric: '0',
  float8: '0',
  timestamp: "(now() AT TIME ZONE 'UTC')",
}

const columnSql = (table: string, name: string, column: Column): string => {
  if (name === 'id') return 'id serial PRIMARY KEY'
  const stamped = name === 'create_date' || name === 'write_date'
  const value = defaults[`${table}.${name}`] ?? (column.required || stamped ? byType[column.type] : undefined)
  return `"${name}" ${column.type}${column.required ? ' NOT NULL' : ''}${value === undefined ? '' : ` DEFAULT ${value}`}`
}

const schema = (tables: Tables): string =>
  [...tables]
    .map(([table, columns]) => {
      const lines = [...columns].map(([name, column]) => columnSql(table, name, column))
      return `CREATE TABLE "${table}" (${lines.join(', ')})`
    })
    .join(';\n')

/**
 * A new database with the tables, indexes and first rows of an Odoo of that version: three companies, the users of
 * `loginsOf`, warehouses, carriers, journals, crons, job channels, modules, and its models as ir_model_fields tells
 * them. Under a second. Throws if there is one.
 */
export const createOdooDatabase = async (
  postgres: PostgresServer,
  database: string,
  version: Version,
  custom: readonly CustomModel[] = [],
): Promise<void> => {
  await postgres.query(`CREATE DATABASE "${database}"`)
  const tables = tablesOf(version, custom)
  const statements = [schema(tables), ...indexes(tables), ...seed(database, registryOf(version, custom), tables)]
  await postgres.query(statements.join(';\n'), undefined, database)
}

export interface Role {
  readonly user: string
  readonly password: string
}

export interface Database {
  readonly query: Environment['query']
  /** Safe to call again. */
  readonly close: () => Promise<void>
}

/** SQLSTATEs and system errors that mean: not there, going away, or too many (PostgreSQL, appendix A). */
const unreachable = /^(08|57P0|3D000|53300|28)|^E[A-Z]+$/

const failure = (error: unknown): OdooError => {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ECONN'
  return new OdooError(unreachable.test(code) ? kinds.operational : kinds.database, message)
}

const text = { getTypeParser: () => (value: string | Buffer) => String(value) }

export interface DatabaseOptions {
  readonly postgres: PostgresServer
  readonly database: string
  /** Who connects; default the superuser, to whom the last connections are reserved. */
  readonly role?: Role
  /** How many connections at most. */
  readonly size: number
  readonly processId: number
}

/** Connections as Odoo's, under its application name (16 and newer). Throws OdooError where a query fails. */
export const openDatabase = (options: DatabaseOptions): Database => {
  const { postgres, database, size, processId, role = { user: 'postgres', password: postgres.password } } = options
  const pool = new pg.Pool({
    host: '127.0.0.1',
    port: postgres.port,
    ...role,
    database,
    ssl: false,
    max: size,
    application_name: `odoo-${processId}`,
    connectionTimeoutMillis: 10_000,
    types: text,
  })
  // An idle connection that breaks is replaced; who asks next sees it.
  pool.on('error', () => undefined)
  let closed: Promise<void> | undefined
  return {
    query: async (sql, values) => {
      try {
        return (await pool.query<TextRow>(sql, [...values])).rows
      } catch (error) {
        throw failure(error)
      }
    },
    close: () => {
      closed ??= pool.end()
      return closed
    },
  }
}
