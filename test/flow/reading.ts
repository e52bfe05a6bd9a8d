/** What the readers are held to each other by. */
import { connect, type PostgresClient } from '../../collectors/postgres/client.ts'
import { config } from '../../collectors/postgres/config.ts'
import type { PostgresServer } from '../../demo/postgres.ts'
import type { HourChecksum } from '../../src/flow/read/reader.ts'
import type { Instant } from '../../src/metric.ts'

export const signal = (): AbortSignal => AbortSignal.timeout(20_000)

/** As the collector opens it. */
export const opened = ({ port, password }: PostgresServer, dbname: string): Promise<PostgresClient> => {
  const settings = config.parse({ host: '127.0.0.1', port, user: 'postgres', dbname, password: { env: 'X' } })
  return connect(settings, { secret: async () => password, signal: signal() })
}

export const hourly = (hours: readonly HourChecksum[]) =>
  [...hours].sort((a, b) => a.hour - b.hour).map(({ hour, count, newest }) => ({ hour, count, newest }))

/** The hours whose checksum is not what it was. */
export const changes = (before: readonly HourChecksum[], after: readonly HourChecksum[]): readonly Instant[] => {
  const [old, now] = [before, after].map((sums) => new Map(sums.map(({ hour, sum }) => [hour, sum])))
  const hours = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...hours].filter((hour) => old?.get(hour) !== now?.get(hour)).sort((a, b) => a - b)
}

/** The most rows of a plan that were read and thrown away. */
export const filtered = (plan: string): number =>
  Math.max(0, ...[...plan.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, rows]) => Number(rows)))
