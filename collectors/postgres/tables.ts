/** Dead rows, vacuum and size of Odoo's busiest tables, and of all that are big. */
import { probe } from '../../src/collector.ts'
import { metric, minutes, type Sample, sample } from '../../src/metric.ts'
import type { DatabaseResult, PostgresClient, Query } from './client.ts'
import { isStandby, notAllFailed, visited, visitSuccess } from './visits.ts'

/** Those that carry the flow of business, or are known to bloat: `tables` in the configuration replaces them. */
const ODOO_TABLES = [
  'account_move',
  'account_move_line',
  'ir_attachment',
  'ir_cron',
  'mail_mail',
  'mail_message',
  'payment_transaction',
  'queue_job',
  'sale_order',
  'stock_move',
  'stock_picking',
  'stock_quant',
]
const BIG = 2 ** 30

/**
 * Of the peers' families the gauges only. Counters (scans, rows, blocks by table) are right when polled every 15 s, and
 * statistics are seen from within their database only: a connection to every database every 15 s is more than these
 * figures are worth. pg_stat_database has their sums.
 */
const gauge = (name: string, unit: 'count' | 'bytes' | 'timestamp', help: string) =>
  metric({
    name,
    type: 'gauge',
    unit,
    help,
    labels: ['server', 'datname', 'schemaname', 'relname'],
    maxSeries: 5000,
    inherited: 'postgres_exporter',
  })

export const pgTableLive = gauge('pg_stat_user_tables_n_live_tup', 'count', 'Estimated live rows.')
export const pgTableDead = gauge('pg_stat_user_tables_n_dead_tup', 'count', 'Estimated dead rows: vacuum removes them.')
export const pgTableModified = gauge(
  'pg_stat_user_tables_n_mod_since_analyze',
  'count',
  'Estimated rows changed since the last analyze.',
)
/** By column; absent for never. */
export const pgTableLast = {
  last_vacuum: gauge('pg_stat_user_tables_last_vacuum', 'timestamp', 'Last vacuum by hand.'),
  last_autovacuum: gauge('pg_stat_user_tables_last_autovacuum', 'timestamp', 'Last vacuum by autovacuum.'),
  last_analyze: gauge('pg_stat_user_tables_last_analyze', 'timestamp', 'Last analyze by hand.'),
  last_autoanalyze: gauge('pg_stat_user_tables_last_autoanalyze', 'timestamp', 'Last analyze by autovacuum.'),
} as const
export const pgTableSize = gauge(
  'pg_stat_user_tables_table_size_bytes',
  'bytes',
  'Size of the table and its TOAST table, as vacuum or analyze last found it.',
)
export const pgTableIndexSize = gauge(
  'pg_stat_user_tables_index_size_bytes',
  'bytes',
  'Size of the indexes, as vacuum or analyze last found it.',
)
export const pgTablesSuccess = visitSuccess('pg_stat_user_tables_success', 'the tables')

export interface Table {
  readonly schemaname: string
  readonly relname: string
  /** -1: neither vacuumed nor analyzed yet, so that the pages aren't known either. */
  readonly reltuples: number
  readonly pages: number
  readonly index_pages: number
  readonly block_size: number
  readonly live: number
  readonly dead: number
  readonly modified: number
  readonly last_vacuum: number | null
  readonly last_autovacuum: number | null
  readonly last_analyze: number | null
  readonly last_autoanalyze: number | null
}

/**
 * Nothing here opens a relation: pg_table_size and its kin wait for ACCESS EXCLUSIVE, which an upgrade of a module
 * holds for minutes; relpages and the pg_stat_get_* functions don't.
 */
const TABLES = `
  select * from (
    select n.nspname as schemaname, c.relname, c.reltuples::float8, c.oid,
      c.relpages + coalesce((select t.relpages from pg_class t where t.oid = c.reltoastrelid), 0)::float8 as pages,
      current_setting('block_size')::int as block_size
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and c.relpersistence <> 't'
      and n.nspname <> 'information_schema' and n.nspname !~ '^pg_') c,
  lateral (
    select
      coalesce((select sum(i.relpages) from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = c.oid), 0)
        ::float8 as index_pages,
      pg_stat_get_live_tuples(c.oid)::float8 as live,
      pg_stat_get_dead_tuples(c.oid)::float8 as dead,
      pg_stat_get_mod_since_analyze(c.oid)::float8 as modified,
      extract(epoch from pg_stat_get_last_vacuum_time(c.oid))::float8 as last_vacuum,
      extract(epoch from pg_stat_get_last_autovacuum_time(c.oid))::float8 as last_autovacuum,
      extract(epoch from pg_stat_get_last_analyze_time(c.oid))::float8 as last_analyze,
      extract(epoch from pg_stat_get_last_autoanalyze_time(c.oid))::float8 as last_autoanalyze
  ) s
  where c.relname = any ($1) or c.pages * c.block_size >= $2`

const read = async (
  client: PostgresClient,
  signal: AbortSignal,
): Promise<readonly DatabaseResult<readonly Table[]>[]> => {
  // A standby keeps no statistics of rows and vacuum: it would say 0.
  if (await isStandby(client, signal)) return []
  const names = client.config.tables ?? ODOO_TABLES
  return notAllFailed(await client.eachDatabase(signal, (query: Query) => query<Table>(TABLES, [names, BIG])))
}

/** After a crash or a reset the counts begin at 0 while the rows are still there: unknown until the next vacuum. */
const forgotten = ({ reltuples, live, dead }: Table): boolean => reltuples > 0 && live === 0 && dead === 0

const samplesOf = (datname: string, table: Table): readonly Sample[] => {
  const labels = { datname, schemaname: table.schemaname, relname: table.relname }
  const counted = forgotten(table) ? undefined : table
  const sized = table.reltuples < 0 ? undefined : table
  return [
    ...sample(pgTableLive, labels, counted?.live),
    ...sample(pgTableDead, labels, counted?.dead),
    ...sample(pgTableModified, labels, counted?.modified),
    ...sample(pgTableLast.last_vacuum, labels, table.last_vacuum),
    ...sample(pgTableLast.last_autovacuum, labels, table.last_autovacuum),
    ...sample(pgTableLast.last_analyze, labels, table.last_analyze),
    ...sample(pgTableLast.last_autoanalyze, labels, table.last_autoanalyze),
    ...sample(pgTableSize, labels, sized && sized.pages * sized.block_size),
    ...sample(pgTableIndexSize, labels, sized && sized.index_pages * sized.block_size),
  ]
}

export const tables = probe({
  name: 'tables',
  metrics: [
    ...[pgTableLive, pgTableDead, pgTableModified, pgTableSize, pgTableIndexSize],
    ...Object.values(pgTableLast),
    pgTablesSuccess,
  ],
  interval: minutes(5),
  deadline: minutes(1),
  priority: 'detail',
  read,
  map: (results) =>
    visited(pgTablesSuccess, results, (datname, rows) => rows.flatMap((row) => samplesOf(datname, row))),
})
