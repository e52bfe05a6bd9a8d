/** The errors of PostgreSQL's client in this collector's words: its settings, and the grant that is missing. Pure. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { OdooSqlConfig } from './config.ts'

const SETTING = /\bpostgres\.(host|port|user|password|dbname|sslmode)\b/g
const ours = (message: string): string => message.replace(SETTING, 'odoo_sql.$1')

/** What a role lacks, and the statement that gives it. */
export const noSelect = (config: OdooSqlConfig, table: string, column?: string): string => {
  const [what, grant] = column === undefined ? [table, 'SELECT'] : [`${table}.${column}`, `SELECT ("${column}")`]
  return (
    `"${config.user}" may not read ${what}: run deploy/postgres/flows.sql in "${config.dbname}", or ` +
    `GRANT ${grant} ON public."${table}" TO "${config.user}"`
  )
}

const deniedTable = (message: string): string | undefined =>
  /permission denied for (?:table|view|relation) "?([\w.]+)"?/.exec(message)?.[1]

/** Any error of the client's. */
export const inOurWords = (error: unknown, config: OdooSqlConfig): unknown => {
  if (error instanceof Unsupported) {
    const table = deniedTable(error.message)
    return new Unsupported(table === undefined ? error.message : noSelect(config, table), { cause: error })
  }
  if (!(error instanceof CollectError)) return error
  const message = ours(error.message)
  return message === error.message ? error : new CollectError(error.reason, message, { cause: error })
}
