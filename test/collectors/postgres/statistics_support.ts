/** What the tests of the statistics probes share: real servers, a role with exactly pg_monitor, one poll of a probe. */
import pg from 'pg'
import { close, connect, type PostgresClient } from '../../../collectors/postgres/client.ts'
import { config } from '../../../collectors/postgres/config.ts'
import { type PostgresServer, type Settings, startPostgres, startStandby } from '../../../demo/postgres.ts'
import type { Probe } from '../../../src/collector.ts'
import { vet } from '../../../src/exposition.ts'
import type { MetricDescriptor, Sample } from '../../../src/metric.ts'

export const versions: readonly number[] = (process.env.ODOO_PULSE_TEST_PG ?? '14,16,18').split(',').map(Number)

export const TENANT = 'acme'
const PASSWORD = 'of-the-monitor'

export interface Estate {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  /** As the role `pulse`: LOGIN and pg_monitor, nothing more. */
  readonly onPrimary: PostgresClient
  readonly onStandby: PostgresClient
  readonly stop: () => Promise<void>
}

export const clientOf = (
  server: PostgresServer,
  more: Readonly<Record<string, unknown>> = {},
): Promise<PostgresClient> =>
  connect(
    config.parse({
      host: '127.0.0.1',
      port: server.port,
      user: 'pulse',
      password: { env: 'X' },
      sslmode: 'disable',
      ...more,
    }),
    { secret: async () => PASSWORD, signal: AbortSignal.timeout(10_000) },
  )

/** A primary with the database of one tenant, and its standby. */
export const startEstate = async (version: number, settings: Settings, standbySettings: Settings): Promise<Estate> => {
  const primary = await startPostgres({ version, settings })
  try {
    await primary.query(`create role pulse login password '${PASSWORD}' in role pg_monitor`)
    await primary.query(`create database ${TENANT}`)
    const standby = await startStandby(primary, { settings: standbySettings })
    const [onPrimary, onStandby] = [await clientOf(primary), await clientOf(standby)]
    const stop = async () => {
      await Promise.all([close(onPrimary), close(onStandby)])
      await standby.stop()
      await primary.stop()
    }
    return { primary, standby, onPrimary, onStandby, stop }
  } catch (error) {
    await primary.stop()
    throw error
  }
}

/** One poll as the engine does it; a sample the engine would drop fails the test. */
export const poll = async <Raw>(
  probe: Probe<PostgresClient, Raw>,
  client: PostgresClient,
): Promise<readonly Sample[]> => {
  const raw = await probe.read(client, AbortSignal.timeout(probe.deadline ?? Math.min(probe.interval, 10_000)))
  const { samples, dropped } = vet(probe.map(raw, Date.now()), { server: 'db1' }, probe.metrics)
  if (dropped.length > 0) throw new Error(`${probe.name} has dropped samples: ${dropped}`)
  return samples
}

/** The values of a metric whose labels are (at least) these. */
export const valuesOf = (
  samples: readonly Sample[],
  metric: MetricDescriptor,
  labels: Readonly<Record<string, string>> = {},
): readonly number[] =>
  samples
    .filter((s) => s.metric === metric && Object.entries(labels).every(([name, value]) => s.labels[name] === value))
    .map(({ value }) => (typeof value === 'number' ? value : Number.NaN))

/** The one value; undefined where there is none. */
export const theValue = (...[samples, metric, labels]: Parameters<typeof valuesOf>): number | undefined => {
  const values = valuesOf(samples, metric, labels)
  if (values.length > 1) throw new Error(`${metric.name} has ${values.length} such series`)
  return values[0]
}

/** Superuser sessions that stay open while `use` runs. */
export const withSessions = async <T>(
  server: PostgresServer,
  count: number,
  use: (...sessions: readonly pg.Client[]) => Promise<T>,
): Promise<T> => {
  const url = new URL(server.url)
  url.pathname = TENANT
  const sessions = Array.from({ length: count }, () => new pg.Client({ connectionString: url.href, ssl: false }))
  for (const session of sessions) session.on('error', () => undefined)
  try {
    await Promise.all(sessions.map((session) => session.connect()))
    return await use(...sessions)
  } finally {
    await Promise.all(sessions.map((session) => session.end()))
  }
}
