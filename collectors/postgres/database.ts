/** What each database did: the share of work, waiting and time of every tenant on a server (pg_stat_database). */
import { probe } from '../../src/collector.ts'
import { metric, seconds, type Unit } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { float8, type Row, samples } from './columns.ts'
import { MAX_DATABASES } from './visits.ts'

const base = { labels: ['server', 'datid', 'datname'], maxSeries: MAX_DATABASES } as const
const inherited = 'postgres_exporter'
const kept = (name: string, help: string, unit: Unit = 'count') =>
  metric({ ...base, name, type: 'counter', unit, help, inherited })
const ours = (name: string, help: string, unit: Unit = 'count') =>
  metric({ ...base, name, type: 'counter', unit, help })

/** By column. */
export const pgStatDatabase = {
  numbackends: metric({
    ...base,
    name: 'pg_stat_database_numbackends',
    type: 'gauge',
    unit: 'count',
    help: 'Sessions connected to the database now.',
    inherited,
  }),
  xact_commit: kept('pg_stat_database_xact_commit', 'Transactions committed.'),
  xact_rollback: kept('pg_stat_database_xact_rollback', 'Transactions rolled back.'),
  blks_read: kept('pg_stat_database_blks_read', 'Blocks read from outside shared buffers.'),
  blks_hit: kept('pg_stat_database_blks_hit', 'Blocks found in shared buffers.'),
  tup_returned: kept('pg_stat_database_tup_returned', 'Rows read by sequential scans and index entries returned.'),
  tup_fetched: kept('pg_stat_database_tup_fetched', 'Rows fetched by index scans.'),
  tup_inserted: kept('pg_stat_database_tup_inserted', 'Rows inserted.'),
  tup_updated: kept('pg_stat_database_tup_updated', 'Rows updated.'),
  tup_deleted: kept('pg_stat_database_tup_deleted', 'Rows deleted.'),
  conflicts: kept('pg_stat_database_conflicts', 'Queries cancelled for conflicts with recovery, on standbys only.'),
  temp_files: kept('pg_stat_database_temp_files', 'Temporary files written, for sorts and hashes past work_mem.'),
  temp_bytes: kept('pg_stat_database_temp_bytes', 'Bytes written to temporary files.', 'bytes'),
  deadlocks: kept('pg_stat_database_deadlocks', 'Deadlocks found.'),
  checksum_failures: ours(
    'pg_stat_database_checksum_failures_total',
    'Data pages whose checksum was wrong; absent where data checksums are off.',
  ),
  blk_read_time: kept(
    'pg_stat_database_blk_read_time',
    'Time spent reading blocks, in milliseconds; absent while track_io_timing is off.',
  ),
  blk_write_time: kept(
    'pg_stat_database_blk_write_time',
    'Time sessions spent writing blocks, in milliseconds; absent while track_io_timing is off.',
  ),
  sessions: ours('pg_stat_database_sessions_total', 'Sessions opened.'),
  sessions_abandoned: ours('pg_stat_database_sessions_abandoned_total', 'Sessions ended as the client was lost.'),
  sessions_fatal: ours('pg_stat_database_sessions_fatal_total', 'Sessions ended by a fatal error.'),
  sessions_killed: ours('pg_stat_database_sessions_killed_total', 'Sessions ended by an administrator.'),
} as const

/** By column; the columns are in milliseconds. */
export const pgStatDatabaseTime = {
  blk_read_time: ours(
    'pg_stat_database_blk_read_time_seconds_total',
    'Time spent reading blocks; absent while track_io_timing is off.',
    'seconds',
  ),
  blk_write_time: ours(
    'pg_stat_database_blk_write_time_seconds_total',
    'Time sessions spent writing blocks; absent while track_io_timing is off.',
    'seconds',
  ),
  session_time: ours('pg_stat_database_session_time_seconds_total', 'Time sessions were connected.', 'seconds'),
  active_time: kept(
    'pg_stat_database_active_time_seconds_total',
    'Time sessions spent executing statements.',
    'seconds',
  ),
  idle_in_transaction_time: ours(
    'pg_stat_database_idle_in_transaction_time_seconds_total',
    'Time sessions held a transaction open without working.',
    'seconds',
  ),
} as const

/** By column; the columns are timestamps, null for never. */
export const pgStatDatabaseTimestamps = {
  stats_reset: metric({
    ...base,
    name: 'pg_stat_database_stats_reset',
    type: 'gauge',
    unit: 'timestamp',
    help: 'When the statistics of the database were last reset.',
    inherited,
  }),
  checksum_last_failure: metric({
    ...base,
    name: 'pg_stat_database_checksum_last_failure_timestamp_seconds',
    type: 'gauge',
    unit: 'timestamp',
    help: 'When a wrong checksum was last found; absent where there was none.',
  }),
} as const

interface Database extends Row<typeof pgStatDatabase & typeof pgStatDatabaseTime & typeof pgStatDatabaseTimestamps> {
  readonly datid: string
  readonly datname: string
  readonly io_timing: boolean
}

const SQL = `
  select d.oid::text as datid, d.datname, current_setting('track_io_timing')::bool as io_timing,
    ${float8({ ...pgStatDatabase, ...pgStatDatabaseTime })},
    extract(epoch from stats_reset)::float8 as stats_reset,
    extract(epoch from checksum_last_failure)::float8 as checksum_last_failure
  from pg_database d join pg_stat_database s on s.datid = d.oid
  where not d.datistemplate`

/** Without track_io_timing the times stay 0 whatever is read: unknown. It can be on in some sessions only, hence the sum. */
const known = (row: Database): Database =>
  row.io_timing || (row.blk_read_time ?? 0) + (row.blk_write_time ?? 0) > 0
    ? row
    : { ...row, blk_read_time: null, blk_write_time: null }

export const database = probe({
  name: 'database',
  metrics: [pgStatDatabase, pgStatDatabaseTime, pgStatDatabaseTimestamps].flatMap((c) => Object.values(c)),
  interval: seconds(15),
  read: ({ query }: PostgresClient, signal) => query<Database>(SQL, [], signal),
  map: (rows) =>
    rows.map(known).flatMap((row) => {
      const labels = { datid: row.datid, datname: row.datname }
      return [
        ...samples(pgStatDatabase, labels, row),
        ...samples(pgStatDatabaseTime, labels, row, 1000),
        ...samples(pgStatDatabaseTimestamps, labels, row),
      ]
    }),
})
