/** The collector as a whole on a real server, under exactly the ACL user of deploy/redis; and what its commands find. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { close, type RedisClient } from '../../../collectors/redis/client.ts'
import { redisErrors } from '../../../collectors/redis/errors.ts'
import { redis } from '../../../collectors/redis/index.ts'
import { keys, redisKeyMemory, redisKeySize } from '../../../collectors/redis/keys.ts'
import { redisOdooSessions, sessions } from '../../../collectors/redis/sessions.ts'
import { redisLastSlowExecution, redisSlowlogLastId, slowlog } from '../../../collectors/redis/slowlog.ts'
import { redisEvictedKeys, stats } from '../../../collectors/redis/stats.ts'
import {
  redisStreamGroupLag,
  redisStreamGroupPending,
  redisStreamLength,
  streams,
} from '../../../collectors/redis/streams.ts'
import { Unsupported } from '../../../src/collector.ts'
import { needs } from '../../support/needs.ts'
import { clientOf, configOf, isLacking, poll, soon, startTestRedis, type TestRedis, theValue } from './support.ts'

const ASKED = {
  keys: [
    { key: 'text' },
    { key: 'list', memory: true },
    { key: 'set' },
    { key: 'sorted' },
    { key: 'hash' },
    { key: 'gone' },
    { key: 'bus' },
    { key: 'elsewhere', db: 2 },
  ],
  streams: [{ key: 'bus' }, { key: 'gone' }],
  sessions: [{ tenant: 'acme', prefix: 'session::acme:' }, {}, { db: 2, prefix: 's[*]:' }],
}

let server: TestRedis
let major: number
/** Percentiles of latency came with 7.0. */
const isKnown = (probe: string): boolean => probe !== 'latency' || major >= 7
beforeAll(async () => {
  if (isLacking) return
  server = await startTestRedis([], 40)
  const { admin } = server
  major = Number(/redis_version:(\d+)/.exec(await admin.info('server'))?.[1])
  await admin.call('ACL', 'SETUSER', 'odoo_pulse', ...[...ASKED.keys, ...ASKED.streams].map(({ key }) => `~${key}`))
  await admin.set('text', 'four')
  await admin.rpush('list', 'a', 'b', 'c')
  await admin.sadd('set', 'a', 'b')
  await admin.zadd('sorted', 1, 'a')
  await admin.hset('hash', { a: 1, b: 2 })
  await admin.xgroup('CREATE', 'bus', 'workers', '0', 'MKSTREAM')
  for (const n of [1, 2, 3]) await admin.xadd('bus', '*', 'n', n)
  await admin.xreadgroup('GROUP', 'workers', 'one', 'COUNT', 2, 'STREAMS', 'bus', '>')
  await admin.mset({ 'session::acme:1': 'x', 'session::acme:2': 'x', sessions: 'x' })
  await admin
    .pipeline([
      ['select', '2'],
      ['mset', 's[*]:1', 'x', 's*:2', 'x', 'elsewhere', 'xyz'],
      ['select', '0'],
    ])
    .exec()
})
afterAll(() => server?.stop())
beforeEach((context) => needs(context, 'redis'))

const withClient = async (use: (client: RedisClient) => Promise<void>, more = {}): Promise<void> => {
  const client = await clientOf(server, { ...ASKED, ...more })
  try {
    await use(client)
  } finally {
    await close(client)
  }
}

test('every probe works under the ACL user, nothing is refused, and nothing but reading is allowed', () =>
  withClient(async (client) => {
    await server.admin.call('ACL', 'LOG', 'RESET')
    for (const probe of redis.probes) if (isKnown(probe.name)) await poll(probe, client)
    expect(await server.admin.call('ACL', 'LOG')).toEqual([])
    const refused: readonly (readonly [string, ...string[]])[] = [
      ['GET', 'text'],
      ['SET', 'text', 'x'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['FLUSHALL'],
      ['CLIENT', 'LIST'],
      ['SLOWLOG', 'RESET'],
      ['LLEN', 'another'],
    ]
    for (const command of refused) await expect(client.ask(command, soon()), command[0]).rejects.toThrow(Unsupported)
  }))

test('each word of the ACL line is needed', () =>
  withClient(async (client) => {
    const line = String(await server.admin.call('ACL', 'GETUSER', 'odoo_pulse'))
    const words = [...line.matchAll(/\+([a-z|]+)/g)]
      .map(([, word = '']) => word)
      // PING may be refused, that is another test; 6.2 gives subcommands and can't take them away again
      .filter((word) => word !== 'ping' && (major >= 7 || !word.includes('|')))
    expect(words.length).toBeGreaterThan(8)
    const idle: string[] = []
    for (const word of words) {
      await server.admin.call('ACL', 'SETUSER', 'odoo_pulse', `-${word}`)
      await server.admin.call('ACL', 'LOG', 'RESET')
      const outcomes = await Promise.allSettled(
        redis.probes.filter(({ name }) => isKnown(name)).map((probe) => poll(probe, client)),
      )
      await clientOf(server).then(close)
      const isMissed = outcomes.some(({ status }) => status === 'rejected')
      const log = await server.admin.call('ACL', 'LOG')
      if (!isMissed && Array.isArray(log) && log.length === 0) idle.push(word)
      await server.admin.call('ACL', 'SETUSER', 'odoo_pulse', `+${word}`)
    }
    expect(idle).toEqual([])
  }))

test('lengths by type, missing keys as 0, memory only where it is asked', () =>
  withClient(async (client) => {
    const samples = await poll(keys, client)
    const sizes = Object.fromEntries(
      ASKED.keys.map(({ key }) => [key, theValue(samples, redisKeySize, { key })] as const),
    )
    expect(sizes).toEqual({ text: 4, list: 3, set: 2, sorted: 1, hash: 2, gone: 0, bus: 3, elsewhere: 3 })
    expect(theValue(samples, redisKeySize, { key: 'elsewhere', db: 'db2' })).toBe(3)
    expect(samples.filter(({ metric }) => metric === redisKeyMemory).map(({ labels }) => labels.key)).toEqual(['list'])
    expect(theValue(samples, redisKeyMemory)).toBeGreaterThan(20)
  }))

test('streams and their groups', () =>
  withClient(async (client) => {
    const samples = await poll(streams, client)
    expect(theValue(samples, redisStreamLength, { stream: 'bus' })).toBe(3)
    expect(theValue(samples, redisStreamLength, { stream: 'gone' })).toBe(0)
    expect(theValue(samples, redisStreamGroupPending, { stream: 'bus', group: 'workers' })).toBe(2)
    expect(theValue(samples, redisStreamGroupLag, { stream: 'bus', group: 'workers' })).toBe(major >= 7 ? 1 : undefined)
  }))

describe('sessions', () => {
  test('each key counts for its longest prefix, in its own database, signs of patterns by their letter', () =>
    withClient(async (client) => {
      const samples = await poll(sessions, client)
      expect(theValue(samples, redisOdooSessions, { tenant: 'acme' })).toBe(2)
      expect(theValue(samples, redisOdooSessions, { prefix: 'session:' })).toBe(40)
      expect(theValue(samples, redisOdooSessions, { db: 'db2' })).toBe(1)
    }))

  test('many keys take many small calls, and are counted', async () => {
    const { admin } = server
    const pipeline = admin.pipeline()
    for (let i = 0; i < 6000; i += 1) pipeline.set(i % 2 ? `session:many:${i}` : `cache:${i}`, 'x')
    await pipeline.exec()
    await withClient(async (client) => {
      const samples = await poll(sessions, client)
      expect(theValue(samples, redisOdooSessions, { prefix: 'session:' })).toBe(3040)
    })
    await withClient(
      async (client) => {
        await expect(poll(sessions, client)).rejects.toThrow(Unsupported)
        await expect(poll(sessions, client)).rejects.toThrow(/redis\.scan_limit \(1000\)/)
      },
      { scan_limit: 1000 },
    )
  })
})

test('a slow call is told by number and duration, without a word of what it was', () =>
  withClient(async (client) => {
    const before = theValue(await poll(slowlog, client), redisSlowlogLastId)
    await server.admin.call('EVAL', "local t = redis.call('TIME')[2] for i = 1, 3e6 do t = i end return 'private'", '0')
    const raw = await slowlog.read(client, soon())
    expect(JSON.stringify(raw)).not.toContain('private')
    const samples = slowlog.map(raw, 0)
    expect(theValue(samples, redisSlowlogLastId)).not.toBe(before)
    expect(theValue(samples, redisLastSlowExecution)).toBeGreaterThanOrEqual(0.01)
  }))

test('full: keys are evicted, sessions fall; drained, everybody is there again', async () => {
  const full = await startTestRedis([], 200)
  try {
    const client = await clientOf(full, { sessions: [{}] })
    const errors = redis.probes.find(({ name }) => name === 'errors')
    expect(theValue(await poll(sessions, client), redisOdooSessions)).toBe(200)
    await full.fill()
    expect(theValue(await poll(sessions, client), redisOdooSessions)).toBeLessThanOrEqual(50)
    expect(theValue(await poll(stats, client), redisEvictedKeys)).toBeGreaterThan(150)
    await full.drain()
    expect(theValue(await poll(sessions, client), redisOdooSessions)).toBe(200)
    await full.admin.call('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await full.admin.call('CONFIG', 'SET', 'maxmemory', '1mb')
    await expect(full.admin.set('one', 'more')).rejects.toThrow('OOM')
    if (errors !== undefined) expect(theValue(await poll(errors, client), redisErrors, { err: 'OOM' })).toBe(1)
    await close(client)
  } finally {
    await full.stop()
  }
})

test('what nothing is configured for is not asked; only: new leaves out what redis_exporter gives', () => {
  const asked = (more: Readonly<Record<string, unknown>>) =>
    redis.probes
      .filter(({ metrics }) => metrics.some((m) => !redis.leavesOut?.(configOf(1, more), m)))
      .map(({ name }) => name)
  expect(asked({})).not.toContain('keys')
  expect(asked({})).not.toContain('streams')
  expect(asked({})).not.toContain('sessions')
  expect(asked(ASKED)).toEqual(redis.probes.map(({ name }) => name))
  expect(asked({ ...ASKED, only: 'new' })).toEqual(['server', 'sessions'])
})
