/** The settings: strict, secrets never inline, every problem named. */
import { expect, test } from 'vitest'
import { config } from '../../../collectors/redis/config.ts'
import { redis } from '../../../collectors/redis/index.ts'
import { formatProblem, parseConfig } from '../../../src/config.ts'

const problems = (input: unknown) => config.safeParse(input).error?.issues.map((issue) => issue.path.join('.')) ?? []
const messages = (input: unknown) => config.safeParse(input).error?.issues.map(({ message }) => message) ?? []

test('the least, and everything', () => {
  expect(problems({ host: 'cache' })).toEqual([])
  expect(config.parse({ host: 'cache', sessions: [{}] })).toMatchObject({
    port: 6379,
    only: 'all',
    keys: [],
    streams: [],
    sessions: [{ prefix: 'session:', db: 0 }],
    scan_limit: 200_000,
  })
  const sentinel = { master: 'odoo', sentinels: [{ host: 's1' }, { host: 's2', port: 5000 }], password: { env: 'S' } }
  const tls = { ca: { file: 'ca.pem' }, cert: { file: 'c.pem' }, key: { file: 'k.pem' }, verify: 'ca' }
  const keys = [{ key: 'queue', db: 3, memory: true }]
  const streams = [{ key: 'bus' }]
  const rest = { user: 'odoo_pulse', password: { file: 'p' }, only: 'new', scan_limit: 5000 }
  expect(problems({ sentinel, tls, keys, streams, sessions: [{ tenant: 'acme', prefix: 'a:' }], ...rest })).toEqual([])
})

test('what is wrong is named by its path', () => {
  expect(problems({ host: 'cache', password: 'of-the-monitor' })).toEqual(['password'])
  expect(problems({ host: 'cache', prot: 6380 })).toEqual([''])
  expect(problems({ host: '', port: 0, only: 'old', scan_limit: 1 })).toEqual(['host', 'port', 'only', 'scan_limit'])
  expect(problems({ host: 'cache', keys: [{ key: '' }, { key: 'a', db: -1 }] })).toEqual(['keys.0.key', 'keys.1.db'])
  expect(problems({ host: 'cache', tls: { cert: { file: 'c.pem' } } })).toEqual(['tls'])
})

test('what does not go together', () => {
  expect(messages({})).toEqual(['give host, or sentinel: one of the two'])
  expect(messages({ host: 'a', sentinel: { master: 'm', sentinels: [{ host: 's' }] } })).toHaveLength(1)
  expect(messages({ host: 'a', user: 'u' })).toEqual(['a user needs its password'])
  expect(messages({ host: 'a', sessions: [{}, { prefix: 'session:' }] })).toEqual([
    'the same key, stream or session store is given twice',
  ])
  expect(messages({ host: 'a', keys: [{ key: 'k' }, { key: 'k', memory: true }] })).toHaveLength(1)
  expect(messages({ host: 'a', keys: [{ key: 'k' }, { key: 'k', db: 1 }] })).toEqual([])
})

test('the tenant of a session store stands under tenants', () => {
  const text = [
    'servers: { cache: { redis: { host: cache, sessions: [{ tenant: acme }, { tenant: amce, prefix: "b:" }] } } }',
    'tenants: { acme: { tier: shared, db_cluster: main } }',
  ].join('\n')
  expect(parseConfig({ file: 'p.yaml', text }, [], [redis]).problems.map(formatProblem)).toEqual([
    'p.yaml:1:82 servers.cache.redis.sessions[1].tenant: no such tenant under `tenants`; did you mean "acme"?',
  ])
})
