/** Whether WAL is archived, and since when not (pg_stat_archiver). */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, type Sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { type Row, samples } from './columns.ts'

const base = { labels: ['server'], maxSeries: 1 } as const
const inherited = 'postgres_exporter'

/** By column. */
export const pgStatArchiver = {
  archived_count: metric({
    ...base,
    name: 'pg_stat_archiver_archived_count',
    type: 'counter',
    unit: 'count',
    help: 'WAL files archived.',
    inherited,
  }),
  failed_count: metric({
    ...base,
    name: 'pg_stat_archiver_failed_count',
    type: 'counter',
    unit: 'count',
    help: 'Failed attempts to archive a WAL file.',
    inherited,
  }),
  last_archive_age: metric({
    ...base,
    name: 'pg_stat_archiver_last_archive_age',
    type: 'gauge',
    unit: 'seconds',
    help: 'Time since a WAL file was last archived; absent where none was. An idle server has nothing to archive.',
    inherited,
  }),
  last_archived_time: metric({
    ...base,
    name: 'pg_stat_archiver_last_archived_timestamp_seconds',
    type: 'gauge',
    unit: 'timestamp',
    help: 'When a WAL file was last archived; absent where none was.',
  }),
  last_failed_time: metric({
    ...base,
    name: 'pg_stat_archiver_last_failed_timestamp_seconds',
    type: 'gauge',
    unit: 'timestamp',
    help: 'When archiving last failed: later than the last success means it fails now. Absent where it never did.',
  }),
} as const

interface Archiver extends Row<typeof pgStatArchiver> {
  readonly archive_mode: string
  readonly standby: boolean
}

const SQL = `
  select current_setting('archive_mode') as archive_mode, pg_is_in_recovery() as standby,
    archived_count::float8, failed_count::float8,
    extract(epoch from now() - last_archived_time)::float8 as last_archive_age,
    extract(epoch from last_archived_time)::float8 as last_archived_time,
    extract(epoch from last_failed_time)::float8 as last_failed_time
  from pg_stat_archiver`

const read = async ({ query }: PostgresClient, signal: AbortSignal): Promise<Archiver | undefined> => {
  const [row] = await query<Archiver>(SQL, [], signal)
  if (row?.archive_mode === 'off')
    throw new Unsupported(
      'archive_mode is off: nothing is archived (set archive_mode and archive_command, and restart)',
    )
  return row
}

/** A standby archives with archive_mode = always only: the counts of one that doesn't are those of its time as primary. */
const map = (row: Archiver | undefined): readonly Sample[] =>
  row === undefined || (row.standby && row.archive_mode !== 'always') ? [] : samples(pgStatArchiver, {}, row)

export const archiver = probe({
  name: 'archiver',
  metrics: Object.values(pgStatArchiver),
  interval: seconds(15),
  read,
  map,
})
