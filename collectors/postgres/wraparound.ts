/** How far each database is from running out of transaction ids. */
import { probe } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { MAX_DATABASES } from './visits.ts'

const base = { type: 'gauge', labels: ['server', 'datname'], maxSeries: MAX_DATABASES } as const

export const pgDatabaseXidAge = metric({
  ...base,
  name: 'pg_database_xid_age_xids',
  unit: 'count',
  help: 'Transactions since the oldest one that is not frozen everywhere in the database.',
})
export const pgDatabaseMultixactAge = metric({
  ...base,
  name: 'pg_database_multixact_age_multixacts',
  unit: 'count',
  help: 'Multixacts since the oldest one that may still stand in the database.',
})
export const pgDatabaseXidFreezeRatio = metric({
  ...base,
  name: 'pg_database_xid_freeze_ratio',
  unit: 'ratio',
  range: [0, Number.POSITIVE_INFINITY],
  help: 'Age in transactions by autovacuum_freeze_max_age: around 1 is usual, well above it vacuum does not keep up.',
})
export const pgDatabaseMultixactFreezeRatio = metric({
  ...base,
  name: 'pg_database_multixact_freeze_ratio',
  unit: 'ratio',
  range: [0, Number.POSITIVE_INFINITY],
  help: 'Age in multixacts by autovacuum_multixact_freeze_max_age: well above 1 vacuum does not keep up.',
})
export const pgDatabaseXidWraparoundRatio = metric({
  ...base,
  name: 'pg_database_xid_wraparound_ratio',
  unit: 'ratio',
  help: 'Age in transactions by 2^31: just short of 1 PostgreSQL stops accepting writes.',
})
export const pgDatabaseMultixactWraparoundRatio = metric({
  ...base,
  name: 'pg_database_multixact_wraparound_ratio',
  unit: 'ratio',
  help: 'Age in multixacts by 2^31: just short of 1 PostgreSQL stops accepting writes.',
})

interface Age {
  readonly datname: string
  readonly xid_age: number
  readonly multixact_age: number
  readonly freeze_max_age: number
  readonly multixact_freeze_max_age: number
}

/** Templates too: the oldest database stops the whole server, whoever uses it. */
const SQL = `
  select datname, age(datfrozenxid) as xid_age, mxid_age(datminmxid) as multixact_age,
    current_setting('autovacuum_freeze_max_age')::int as freeze_max_age,
    current_setting('autovacuum_multixact_freeze_max_age')::int as multixact_freeze_max_age
  from pg_database`

/** Ids are 32 bits wide and compared in a circle: half of it is the past. */
const ID_SPACE = 2 ** 31

export const wraparound = probe({
  name: 'wraparound',
  metrics: [
    pgDatabaseXidAge,
    pgDatabaseMultixactAge,
    pgDatabaseXidFreezeRatio,
    pgDatabaseMultixactFreezeRatio,
    pgDatabaseXidWraparoundRatio,
    pgDatabaseMultixactWraparoundRatio,
  ],
  interval: minutes(1),
  read: ({ query }: PostgresClient, signal) => query<Age>(SQL, [], signal),
  map: (rows) =>
    rows.flatMap(({ datname, xid_age, multixact_age, freeze_max_age, multixact_freeze_max_age }) => [
      ...sample(pgDatabaseXidAge, { datname }, xid_age),
      ...sample(pgDatabaseMultixactAge, { datname }, multixact_age),
      ...sample(pgDatabaseXidFreezeRatio, { datname }, xid_age / freeze_max_age),
      ...sample(pgDatabaseMultixactFreezeRatio, { datname }, multixact_age / multixact_freeze_max_age),
      ...sample(pgDatabaseXidWraparoundRatio, { datname }, xid_age / ID_SPACE),
      ...sample(pgDatabaseMultixactWraparoundRatio, { datname }, multixact_age / ID_SPACE),
    ]),
})
