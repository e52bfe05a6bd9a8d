/** The small caches of transaction state: reads there mean long transactions, many subtransactions or multixacts. */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { float8, type Row, samples } from './columns.ts'

const base = { type: 'counter', unit: 'count', labels: ['server', 'slru'], maxSeries: 20 } as const

/** By column. */
export const pgStatSlru = {
  blks_hit: metric({ ...base, name: 'pg_stat_slru_blks_hit_total', help: 'Blocks found in the cache.' }),
  blks_read: metric({ ...base, name: 'pg_stat_slru_blks_read_total', help: 'Blocks read from disk.' }),
  blks_written: metric({ ...base, name: 'pg_stat_slru_blks_written_total', help: 'Blocks written to disk.' }),
} as const

interface Slru extends Row<typeof pgStatSlru> {
  readonly name: string
}

/** Until 16 the caches had other names; one name each, so that a rule outlives an upgrade. */
const NAMES: Readonly<Record<string, string>> = {
  CommitTs: 'commit_timestamp',
  MultiXactMember: 'multixact_member',
  MultiXactOffset: 'multixact_offset',
  Notify: 'notify',
  Serial: 'serializable',
  Subtrans: 'subtransaction',
  Xact: 'transaction',
}

const map = (rows: readonly Slru[]): readonly Sample[] =>
  rows.flatMap((row) => samples(pgStatSlru, { slru: NAMES[row.name] ?? row.name }, row))

export const slru = probe({
  name: 'slru',
  metrics: Object.values(pgStatSlru),
  interval: seconds(15),
  priority: 'detail',
  read: ({ query }: PostgresClient, signal) =>
    query<Slru>(`select name, ${float8(pgStatSlru)} from pg_stat_slru`, [], signal),
  map,
})
