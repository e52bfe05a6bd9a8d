/** How much write-ahead log is made and written, and how far it is (pg_stat_wal). */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds, type Unit } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { float8, type Row, samples } from './columns.ts'

const counter = (name: string, help: string, unit: Unit = 'count') =>
  metric({ name, type: 'counter', unit, help, labels: ['server'], maxSeries: 1 })

/** No counter: pg_rewind sets it back a little, which would read as a restart from 0 and a burst of terabytes. */
export const pgWalPosition = metric({
  name: 'pg_wal_position_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Position in the write-ahead log: on a primary the end of what was written, on a standby of what was replayed.',
  labels: ['server'],
  maxSeries: 1,
})

/** By column of pg_stat_wal. */
export const pgStatWal = {
  wal_records: counter('pg_stat_wal_records_total', 'WAL records made; a standby makes none.'),
  wal_fpi: counter('pg_stat_wal_fpi_total', 'Full page images among the WAL made, many after each checkpoint.'),
  wal_bytes: counter('pg_stat_wal_bytes_total', 'WAL made.', 'bytes'),
  wal_buffers_full: counter('pg_stat_wal_buffers_full_total', 'Times WAL was written early as wal_buffers was full.'),
} as const

/** By column; until 17 of pg_stat_wal, from 18 kept by pg_stat_io for the object wal. */
export const pgStatWalIo = {
  wal_write: counter('pg_stat_wal_write_total', 'Times WAL was written to its files.'),
  wal_sync: counter('pg_stat_wal_sync_total', 'Times WAL files were synced.'),
} as const

/** By column; the columns are in milliseconds. */
export const pgStatWalTime = {
  wal_write_time: counter(
    'pg_stat_wal_write_seconds_total',
    'Time spent writing WAL; absent while track_wal_io_timing is off.',
    'seconds',
  ),
  wal_sync_time: counter(
    'pg_stat_wal_sync_seconds_total',
    'Time spent syncing WAL; absent while track_wal_io_timing is off.',
    'seconds',
  ),
} as const

interface Wal extends Row<typeof pgStatWal & typeof pgStatWalIo & typeof pgStatWalTime> {
  readonly position: number | null
  readonly io_timing: boolean
}

const POSITION = `
  pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, '0/0')::float8
    as position,
  current_setting('track_wal_io_timing')::bool as io_timing`

const SQL_14 = `select ${POSITION}, ${float8({ ...pgStatWal, ...pgStatWalIo, ...pgStatWalTime })} from pg_stat_wal`

/** Context normal: the making of new segment files was not counted before either. */
const SQL_18 = `
  select ${POSITION}, ${float8({ ...pgStatWal, ...pgStatWalIo, ...pgStatWalTime })}
  from pg_stat_wal,
    (select sum(writes) as wal_write, sum(fsyncs) as wal_sync, sum(write_time) as wal_write_time,
      sum(fsync_time) as wal_sync_time from pg_stat_io where object = 'wal' and context = 'normal') io`

const map = (row: Wal | undefined): readonly Sample[] =>
  row === undefined
    ? []
    : [
        ...sample(pgWalPosition, {}, row.position),
        ...samples({ ...pgStatWal, ...pgStatWalIo }, {}, row),
        ...(row.io_timing ? samples(pgStatWalTime, {}, row, 1000) : []),
      ]

export const wal = probe({
  name: 'wal',
  metrics: [pgWalPosition, ...[pgStatWal, pgStatWalIo, pgStatWalTime].flatMap((c) => Object.values(c))],
  interval: seconds(15),
  read: async ({ query, version }: PostgresClient, signal) =>
    (await query<Wal>(version >= 180000 ? SQL_18 : SQL_14, [], signal))[0],
  map,
})
