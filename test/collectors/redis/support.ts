/** What the tests of the Redis collector share: real servers, the ACL user of deploy/redis, one poll of a probe. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { connect, type RedisClient } from '../../../collectors/redis/client.ts'
import { config, type RedisConfig } from '../../../collectors/redis/config.ts'
import { type RedisServer, startRedis } from '../../../demo/redis.ts'
import { CollectError, type Probe } from '../../../src/collector.ts'
import { vet } from '../../../src/exposition.ts'
import type { MetricDescriptor, Sample } from '../../../src/metric.ts'
import { findBinary, lackingParts } from '../../../tools/debian.ts'

export const isLacking = lackingParts().some(({ name }) => name === 'redis')

export interface TestRedis extends RedisServer {
  /** As the default user. */
  readonly admin: Redis
  /** The server's folder, gone with it. */
  readonly dir: string
}

export const startTestRedis = async (
  settings: readonly string[] = [],
  sessions = 0,
  setUp: (dir: string) => Promise<readonly string[]> = async () => [],
): Promise<TestRedis> => {
  const binary = findBinary(['redis-server'])
  if (binary === undefined) throw new Error('redis-server is lacking')
  const dir = await mkdtemp(join(tmpdir(), 'odoo-pulse-redis-'))
  try {
    const more = [...settings, ...(await setUp(dir))]
    const server = await startRedis({ binary, dir, sessions, settings: more })
    const admin = new Redis({ host: '127.0.0.1', port: server.port, password: server.password, protocol: 2 })
    admin.on('error', () => undefined)
    const stop = async () => {
      admin.disconnect()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
    return {
      ...server,
      get process() {
        return server.process
      },
      admin,
      dir,
      stop,
    }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

export const configOf = (port: number, more: Readonly<Record<string, unknown>> = {}): RedisConfig =>
  config.parse({ host: '127.0.0.1', port, user: 'odoo_pulse', password: { env: 'X' }, ...more })

export const soon = (ms = 5000) => AbortSignal.timeout(ms)

export const contextOf = (server: Pick<RedisServer, 'monitor'>, ms = 5000) => ({
  secret: async () => server.monitor.password,
  signal: soon(ms),
})

export const clientOf = (server: RedisServer, more: Readonly<Record<string, unknown>> = {}): Promise<RedisClient> =>
  connect(configOf(server.port, more), contextOf(server))

/** One poll as the engine does it; a sample the engine would drop fails the test. */
export const poll = async <Raw>(probe: Probe<RedisClient, Raw>, client: RedisClient): Promise<readonly Sample[]> => {
  const raw = await probe.read(client, soon(probe.deadline ?? 5000))
  const { samples, dropped } = vet(probe.map(raw, Date.now()), { server: 'cache' }, probe.metrics)
  if (dropped.length > 0) throw new Error(`${probe.name} has dropped samples: ${dropped}`)
  return samples
}

/** The value of the one series whose labels are (at least) these; undefined where there is none. */
export const theValue = (
  samples: readonly Sample[],
  metric: MetricDescriptor,
  labels: Readonly<Record<string, string>> = {},
): number | undefined => {
  const found = samples.filter(
    (s) => s.metric === metric && Object.entries(labels).every(([name, value]) => s.labels[name] === value),
  )
  if (found.length > 1) throw new Error(`${metric.name} has ${found.length} such series`)
  const value = found[0]?.value
  return typeof value === 'number' ? value : undefined
}

export const failureOf = async (work: Promise<unknown>): Promise<CollectError> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!(error instanceof CollectError)) throw new Error(`not a CollectError: ${error}`)
  return error
}

export const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const begun = performance.now()
  const done = await work
  const took = performance.now() - begun
  if (took > ms) throw new Error(`took ${Math.round(took)} ms, over ${ms}`)
  return done
}

/** Sockets of this process that lead somewhere. */
export const sockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TLSSocket/.test(kind)).length
