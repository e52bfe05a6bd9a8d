/** How big each database is, on disk. */
import { CollectError, probe } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { DatabaseResult, PostgresClient, Query } from './client.ts'
import { MAX_DATABASES, notAllFailed, visited, visitSuccess } from './visits.ts'

export const pgDatabaseSize = metric({
  name: 'pg_database_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Disk space of the database, its indexes and free space included.',
  labels: ['server', 'datname'],
  maxSeries: MAX_DATABASES,
  inherited: 'postgres_exporter',
})

export const pgDatabaseSizeSuccess = visitSuccess('pg_database_size_success', 'the size')

const DATABASES = 'select oid::text, datname from pg_database where not datistemplate order by datname'

/** Looks at the database's files and locks no relation; null if the database was dropped meanwhile. */
const SIZE = 'select pg_database_size($1::oid)::float8 as size'

/** One by one: a huge database that runs into the statement timeout costs its own figure, not everybody's. */
const measure = async (query: Query): Promise<readonly DatabaseResult<number>[]> => {
  const results: DatabaseResult<number>[] = []
  for (const { oid, datname } of await query<{ oid: string; datname: string }>(DATABASES)) {
    const result = await query<{ size: number | null }>(SIZE, [oid]).then(([row]) => row?.size ?? null, known)
    if (result !== null) results.push({ datname, result })
  }
  return results
}

/** A failure is a result; what isn't one (a lacking right) concerns every database. */
const known = (error: unknown): CollectError => {
  if (error instanceof CollectError) return error
  throw error
}

/** Every 5 minutes, as it looks at each file of each database: a thousand an Odoo database. */
export const sizes = probe({
  name: 'sizes',
  metrics: [pgDatabaseSize, pgDatabaseSizeSuccess],
  interval: minutes(5),
  deadline: minutes(1),
  read: async (client: PostgresClient, signal) => notAllFailed(await client.aside(signal, measure)),
  map: (results) =>
    visited(pgDatabaseSizeSuccess, results, (datname, size) => sample(pgDatabaseSize, { datname }, size)),
})
