/** Prepared transactions: forgotten ones hold locks and the xmin horizon through every restart. */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { MAX_DATABASES } from './visits.ts'

const base = { type: 'gauge', labels: ['server', 'datname'], maxSeries: MAX_DATABASES } as const

export const pgPreparedXacts = metric({
  ...base,
  name: 'pg_prepared_xacts',
  unit: 'count',
  help: 'Transactions prepared for two-phase commit and not ended yet. Odoo makes none.',
})
export const pgPreparedXactsOldest = metric({
  ...base,
  name: 'pg_prepared_xacts_oldest_timestamp_seconds',
  unit: 'timestamp',
  help: 'When the oldest of them was prepared; absent where there is none.',
})

interface Prepared {
  readonly datname: string
  readonly prepared: number
  readonly oldest: number | null
}

/** A standby does not show its primary's: no row there rather than a false 0. */
const SQL = `
  select d.datname, count(p.gid) as prepared, extract(epoch from min(p.prepared))::float8 as oldest
  from pg_database d left join pg_prepared_xacts p on p.database = d.datname
  where not d.datistemplate and not pg_is_in_recovery()
  group by d.datname`

export const prepared = probe({
  name: 'prepared',
  metrics: [pgPreparedXacts, pgPreparedXactsOldest],
  interval: seconds(30),
  read: ({ query }: PostgresClient, signal) => query<Prepared>(SQL, [], signal),
  map: (rows) =>
    rows.flatMap(({ datname, prepared, oldest }) => [
      ...sample(pgPreparedXacts, { datname }, prepared),
      ...sample(pgPreparedXactsOldest, { datname }, oldest),
    ]),
})
