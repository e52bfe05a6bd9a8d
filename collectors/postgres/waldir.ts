/** What the write-ahead log holds on disk (pg_ls_waldir). */
import { probe } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'

const base = { type: 'gauge', labels: ['server'], maxSeries: 1, inherited: 'postgres_exporter' } as const

export const pgWalSegments = metric({
  ...base,
  name: 'pg_wal_segments',
  unit: 'count',
  help: 'Segment files in pg_wal.',
})
export const pgWalSize = metric({
  ...base,
  name: 'pg_wal_size_bytes',
  unit: 'bytes',
  help: 'Size of the segment files in pg_wal: grows while a slot or the archiver holds them back.',
})

interface Waldir {
  readonly segments: number
  readonly size: number | null
}

const SQL = `
  select count(*) as segments, sum(size)::float8 as size from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`

/** Each minute only: it looks at every file, and there are most of them when the disk is the trouble. */
export const waldir = probe({
  name: 'waldir',
  metrics: [pgWalSegments, pgWalSize],
  interval: minutes(1),
  read: ({ query }: PostgresClient, signal) => query<Waldir>(SQL, [], signal),
  map: (rows) =>
    rows.flatMap(({ segments, size }) => [...sample(pgWalSegments, {}, segments), ...sample(pgWalSize, {}, size)]),
})
