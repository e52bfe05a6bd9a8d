/** What the probes share that go from database to database. */
import { CollectError } from '../../src/collector.ts'
import { metric, type Sample, sample } from '../../src/metric.ts'
import type { DatabaseResult, PostgresClient } from './client.ts'

/** Past it a server is run in a way this collector wasn't made for. */
export const MAX_DATABASES = 500

/** Of a probe that goes from database to database: what it could not read is absent, and this says so. */
export const visitSuccess = (name: string, what: string) =>
  metric({
    name,
    type: 'gauge',
    unit: 'bool',
    help: `Whether ${what} of the database could be read at the last round; where 0, nothing of it is on the page.`,
    labels: ['server', 'datname'],
    maxSeries: MAX_DATABASES,
  })

/** The reason of a round in which no database could be read; a round that read some stands, and says which it did not. */
export const notAllFailed = <T>(results: readonly DatabaseResult<T>[]): readonly DatabaseResult<T>[] => {
  const failed = results.flatMap(({ result }) => (result instanceof CollectError ? [result] : []))
  if (failed[0] !== undefined && failed.length === results.length) throw failed[0]
  return results
}

/** Of each database whether it could be read, and what it gave. */
export const visited = <T>(
  success: ReturnType<typeof visitSuccess>,
  results: readonly DatabaseResult<T>[],
  samplesOf: (datname: string, result: T) => readonly Sample[],
): readonly Sample[] =>
  results.flatMap(({ datname, result }) =>
    result instanceof CollectError
      ? sample(success, { datname }, 0)
      : [...sample(success, { datname }, 1), ...samplesOf(datname, result)],
  )

export const isStandby = async (client: PostgresClient, signal: AbortSignal): Promise<boolean> => {
  const [row] = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby', [], signal)
  return row?.standby === true
}
