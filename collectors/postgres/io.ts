/** Who reads and writes, in bytes and time: sessions, vacuum, checkpoints (pg_stat_io, from 16). */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, type Sample, seconds, type Unit } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { samples } from './columns.ts'

/** Some ten kinds of process, three of objects; the contexts are summed: what they tell apart, the process mostly does. */
const counter = (name: string, help: string, unit: Unit) =>
  metric({ name, type: 'counter', unit, help, labels: ['server', 'backend_type', 'object'], maxSeries: 60 })

export const pgStatIo = {
  read_bytes: counter('pg_stat_io_read_bytes_total', 'Read from files.', 'bytes'),
  write_bytes: counter('pg_stat_io_write_bytes_total', 'Written to files, extensions apart.', 'bytes'),
  extend_bytes: counter('pg_stat_io_extend_bytes_total', 'Added to files.', 'bytes'),
  fsyncs: counter('pg_stat_io_fsyncs_total', 'Files synced.', 'count'),
} as const

/** In milliseconds in the view. */
export const pgStatIoTime = {
  read_time: counter(
    'pg_stat_io_read_seconds_total',
    'Time spent reading; absent while it is not measured.',
    'seconds',
  ),
  write_time: counter(
    'pg_stat_io_write_seconds_total',
    'Time spent writing; absent while it is not measured.',
    'seconds',
  ),
  fsync_time: counter(
    'pg_stat_io_fsync_seconds_total',
    'Time spent syncing; absent while it is not measured.',
    'seconds',
  ),
} as const

type Figure = keyof typeof pgStatIo | keyof typeof pgStatIoTime

/** Null: this kind of process does no such thing to such an object. */
type IoRow = { readonly [K in Figure]: number | null } & {
  readonly backend_type: string
  readonly object: string
  /** Whether times are measured for this object. */
  readonly timing: boolean
}

/** Without the kinds of process that do next to nothing. */
const sql = (version: number): string => {
  const bytes =
    version >= 180000
      ? 'read_bytes::float8, write_bytes::float8, extend_bytes::float8'
      : ['read', 'write', 'extend'].map((op) => `(${op}s * op_bytes)::float8 as ${op}_bytes`).join(', ')
  return `
    select backend_type, object,
      current_setting(case object when 'wal' then 'track_wal_io_timing' else 'track_io_timing' end)::bool as timing,
      ${bytes}, fsyncs::float8, read_time, write_time, fsync_time
    from pg_stat_io
    where backend_type not in ('standalone backend', 'autovacuum launcher', 'slotsync worker', 'walsummarizer')`
}

const FIGURES = Object.keys({ ...pgStatIo, ...pgStatIoTime }) as readonly Figure[]

const add = (a: number | null, b: number | null): number | null =>
  a === null && b === null ? null : (a ?? 0) + (b ?? 0)

const total = (a: IoRow, b: IoRow): IoRow => ({
  ...a,
  ...Object.fromEntries(FIGURES.map((figure) => [figure, add(a[figure], b[figure])])),
})

const map = (rows: readonly IoRow[]): readonly Sample[] =>
  [...Map.groupBy(rows, ({ backend_type, object }) => `${backend_type}/${object}`).values()].flatMap((contexts) => {
    const row = contexts.reduce(total)
    const labels = { backend_type: row.backend_type, object: row.object }
    return [...samples(pgStatIo, labels, row), ...(row.timing ? samples(pgStatIoTime, labels, row, 1000) : [])]
  })

export const io = probe({
  name: 'io',
  metrics: [...Object.values(pgStatIo), ...Object.values(pgStatIoTime)],
  interval: seconds(15),
  priority: 'detail',
  read: async ({ query, version }: PostgresClient, signal) => {
    if (version < 160000) throw new Unsupported('pg_stat_io came with PostgreSQL 16')
    return query<IoRow>(sql(version), [], signal)
  },
  map,
})
