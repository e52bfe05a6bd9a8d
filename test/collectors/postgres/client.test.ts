/** The connections: what they are bound by, how they end, and what their errors mean. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check, close, connect, type PostgresClient } from '../../../collectors/postgres/client.ts'
import { config, type PostgresConfig } from '../../../collectors/postgres/config.ts'
import { connections, pgConnectionsUsed, pgSettingsMaxConnections } from '../../../collectors/postgres/connections.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { CollectError, Unsupported } from '../../../src/collector.ts'
import { eventually } from '../../support/eventually.ts'
import { startTcpProxy } from '../../support/tcp_proxy.ts'
import { clientOf, poll, TENANT, theValue, valuesOf, versions, withSessions } from './statistics_support.ts'

const soon = (ms = 5000) => AbortSignal.timeout(ms)
const secret = async () => 'of-the-monitor'
const configOf = (port: number, more: Readonly<Record<string, unknown>> = {}): PostgresConfig =>
  config.parse({ host: '127.0.0.1', port, user: 'pulse', password: { env: 'X' }, ...more })

/** Sockets of this process that lead somewhere; those of the test's own helpers are closed by then. */
const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TLSSocket/.test(kind)).length

const failureOf = async (work: Promise<unknown>): Promise<CollectError> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!(error instanceof CollectError)) throw new Error(`not a CollectError: ${error}`)
  return error
}

const OURS = "select count(*)::int as n from pg_stat_activity where usename = 'pulse'"

const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  const begun = performance.now()
  const done = await work
  expect(performance.now() - begun).toBeLessThan(ms)
  return done
}

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({
    version: versions.at(-1) ?? 18,
    settings: { max_connections: '20', superuser_reserved_connections: '3' },
  })
  await server.query("create role pulse login password 'of-the-monitor' in role pg_monitor")
  await server.query("create role plain login password 'of-the-monitor'")
  await server.query(`create database ${TENANT}`)
  await server.query('create database closed allow_connections false')
})
afterAll(() => server?.stop())

const withClient = async (use: (client: PostgresClient) => Promise<void>, more = {}): Promise<void> => {
  const client = await connect(configOf(server.port, more), { secret, signal: soon() })
  try {
    await use(client)
  } finally {
    await close(client)
  }
}

describe('the persistent connection', () => {
  test('many questions at once; one that fails rejects alone, with its reason', () =>
    withClient(async ({ query }) => {
      const [one, zero, big, two] = await Promise.allSettled([
        query<{ x: number }>('select 1::int8 as x, 0.5::numeric as y', [], soon()),
        query('select 1/0', [], soon()),
        query('select 9223372036854775807 as x', [], soon()),
        query<{ x: string }>('select $1::text as x', ['ü'], soon()),
      ])
      expect(one).toMatchObject({ value: [{ x: 1, y: 0.5 }] })
      expect(zero).toMatchObject({ reason: { reason: 'query' } })
      expect(big).toMatchObject({ reason: { reason: 'decode' } })
      expect(two).toMatchObject({ value: [{ x: 'ü' }] })
    }))

  test('is bound: read-only, named, with timeouts, without jit, on pg_catalog', () =>
    withClient(async ({ query, version }) => {
      const names = [
        'transaction_read_only',
        'application_name',
        'lock_timeout',
        'statement_timeout',
        'jit',
        'search_path',
      ]
      const rows = await query<{ setting: string }>(
        'select current_setting(name) as setting from unnest($1::text[]) with ordinality as n (name, i) order by i',
        [names],
        soon(),
      )
      expect(rows.map(({ setting }) => setting)).toEqual(['on', 'odoo-pulse', '500ms', '4s', 'off', 'pg_catalog'])
      expect(Math.floor(version / 10_000)).toBe(server.version)
    }))

  test('a question past statement_timeout fails as timeout, and the connection goes on', () =>
    withClient(async ({ query }) => {
      expect((await failureOf(query('select pg_sleep(60)', [], soon(10_000)))).reason).toBe('timeout')
      expect(await query('select 1 as x', [], soon())).toEqual([{ x: 1 }])
    }))

  test('an abort ends it at once, and everything that waited on it', () =>
    withClient(async ({ query }) => {
      const abort = new AbortController()
      const asked = [query('select pg_sleep(60)', [], abort.signal), query('select 1', [], soon())]
      setTimeout(() => abort.abort(), 100)
      const failures = await within(1000, Promise.all(asked.map(failureOf)))
      expect(failures.map(({ reason }) => reason)).toEqual(['timeout', 'timeout'])
      expect((await failureOf(query('select 1', [], soon()))).reason).toBe('timeout')
    }))

  test('ended by the server: connect', () =>
    withClient(async ({ query }) => {
      await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'pulse'")
      expect((await eventually(() => failureOf(query('select 1', [], soon())))).reason).toBe('connect')
    }))

  test('what pg_monitor would allow is unsupported without it, and says so', () =>
    withClient(
      async ({ query }) => {
        const refused = query('select * from pg_ls_waldir()', [], soon())
        await expect(refused).rejects.toThrow(Unsupported)
        await expect(refused).rejects.toThrow('GRANT pg_monitor TO "plain"')
      },
      { user: 'plain' },
    ))
})

describe('side connections', () => {
  test('each database that can be visited, once; what fails in one is reported there', () =>
    withClient(async ({ eachDatabase }) => {
      const results = await eachDatabase(soon(), async (query, datname) => {
        if (datname === TENANT) await query('select 1/0')
        return (await query<{ name: string }>('select current_database() as name'))[0]?.name
      })
      expect(results.map(({ datname }) => datname)).toEqual([TENANT, 'postgres'])
      expect(results[0]?.result).toMatchObject({ reason: 'query' })
      expect(results[1]?.result).toBe('postgres')
    }))

  test('only the databases of the configuration', () =>
    withClient(
      async ({ eachDatabase }) => {
        expect(await eachDatabase(soon(), async () => 1)).toEqual([{ datname: TENANT, result: 1 }])
      },
      { databases: [TENANT, 'none'] },
    ))

  test('never more than two at once', () =>
    withClient(async ({ aside, query }) => {
      const seen: number[] = []
      const others = "select count(*) from pg_stat_activity where usename = 'pulse' and pid <> pg_backend_pid()"
      const look = () =>
        aside(soon(), async (ask) => {
          await ask('select pg_sleep(0.1)')
          // One that has said goodbye may still be on its way out, idle.
          seen.push((await ask<{ count: number }>(`${others} and state = 'active'`))[0]?.count ?? Number.NaN)
          await ask('select pg_sleep(0.1)')
        })
      await Promise.all(Array.from({ length: 6 }, look))
      // Beside the one that counts.
      expect(Math.max(...seen)).toBe(1)
      await eventually(async () => expect(await query(others, [], soon())).toEqual([{ count: 0 }]))
    }))

  test('an abort while waiting for a turn gives up the turn', () =>
    withClient(async ({ aside }) => {
      const busy = [1, 2].map(() => aside(soon(), (ask) => ask('select pg_sleep(0.5)')))
      expect((await within(300, failureOf(aside(AbortSignal.timeout(50), (ask) => ask('select 1'))))).reason).toBe(
        'timeout',
      )
      await Promise.all(busy)
      expect(await aside(soon(), (ask) => ask('select 1 as x'))).toEqual([{ x: 1 }])
    }))

  test('an abort in the middle of a visit rejects, and leaves the persistent connection alone', () =>
    withClient(async ({ eachDatabase, query }) => {
      const visits = eachDatabase(AbortSignal.timeout(100), (ask) => ask('select pg_sleep(60)'))
      expect((await within(1000, failureOf(visits))).reason).toBe('timeout')
      expect(await query('select 1 as x', [], soon())).toEqual([{ x: 1 }])
    }))

  test('what was given up does not run on in the server until its statement_timeout', () =>
    withClient(async ({ aside, query }) => {
      await failureOf(aside(AbortSignal.timeout(100), (ask) => ask('select pg_sleep(60)')))
      const running = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'"
      await eventually(async () => expect(await query(running, [], soon())).toEqual([{ count: 0 }]), 8000)
    }))

  test('are said goodbye to: no session counts as abandoned', () =>
    withClient(async ({ aside }) => {
      const abandoned = "select sessions_abandoned::int as n from pg_stat_database where datname = 'postgres'"
      const before = await server.query(abandoned)
      await aside(soon(), (ask) => ask('select 1'))
      await check(configOf(server.port), { secret, signal: soon() })
      await eventually(async () => expect(await server.query(OURS)).toEqual([{ n: 1 }]))
      expect(await server.query(abandoned)).toEqual(before)
    }))
})

describe('failures to connect', () => {
  test.for([
    ['a wrong password', {}, 'auth', 'password authentication failed'],
    ['no password given', { password: undefined }, 'auth', 'give postgres.password'],
    ['no such database', { dbname: 'nowhere' }, 'connect', 'postgres.dbname'],
    ['TLS required, but not offered', { sslmode: 'require' }, 'connect', 'does not support SSL'],
    ['a host that is none', { host: 'host.invalid' }, 'connect', 'no such host name'],
    ['a socket that is none', { host: '/nowhere' }, 'connect', 'no such socket'],
  ] as const)('%s', async ([name, more, reason, message]) => {
    const wrong = async () => (name === 'a wrong password' ? 'wrong' : 'of-the-monitor')
    const failure = await failureOf(connect(configOf(server.port, more), { secret: wrong, signal: soon() }))
    expect(failure).toMatchObject({ reason, message: expect.stringContaining(message) })
    expect(failure.message).not.toContain('of-the-monitor')
  })

  test('nobody listens', async () => {
    const failure = await failureOf(check(configOf(1), { secret, signal: soon() }))
    expect(failure).toMatchObject({
      reason: 'connect',
      message: expect.stringContaining('127.0.0.1:1: connection refused'),
    })
  })
})

test('connections exhausted: said, also by who holds them, and recovered from', () =>
  withClient(async (client) => {
    // One is ours, three are reserved for superusers; those of earlier tests may just be going.
    const holders: PostgresClient[] = []
    try {
      const refused = await eventually(async () => {
        while (holders.length < 16) holders.push(await clientOf(server))
        return failureOf(clientOf(server))
      })
      expect(refused).toMatchObject({
        reason: 'connect',
        message: expect.stringContaining('all connections are taken'),
      })
      // The one that was refused has a backend for a moment, too.
      await eventually(async () => {
        const samples = await poll(connections, client)
        expect(theValue(samples, pgConnectionsUsed, { usename: 'pulse', application_name: 'odoo-pulse' })).toBe(17)
        expect(theValue(samples, pgSettingsMaxConnections)).toBe(20)
        expect(valuesOf(samples, pgConnectionsUsed).reduce((sum, n) => sum + n, 0)).toBe(17)
      })
      // The server is not gone: a side connection that finds no room is no reason to give up the persistent one.
      expect((await failureOf(client.aside(soon(), (ask) => ask('select 1')))).reason).toBe('query')
    } finally {
      await Promise.all(holders.map(close))
    }
    await eventually(() => check(configOf(server.port), { secret, signal: soon() }))
    expect(await client.aside(soon(), (ask) => ask('select 1 as x'))).toEqual([{ x: 1 }])
  }))

test('a held ACCESS EXCLUSIVE lock: the question fails by itself, soon, as timeout', () =>
  withSessions(server, 1, async (session) => {
    await session?.query('create table held (id int)')
    await session?.query('grant select on held to pulse')
    await session?.query('begin; lock table held in access exclusive mode')
    await withClient(
      async ({ query }) => {
        const refused = await within(1500, failureOf(query('select * from public.held', [], soon())))
        expect(refused).toMatchObject({ reason: 'timeout', message: expect.stringContaining('holds a lock') })
        expect(await query('select 1 as x', [], soon())).toEqual([{ x: 1 }])
      },
      { dbname: TENANT },
    )
  }))

describe('nobody answers', () => {
  const allEnd = async (port: number, before: PostgresClient): Promise<void> => {
    const context = () => ({ secret, signal: AbortSignal.timeout(300) })
    const asked = [
      before.query('select 1', [], AbortSignal.timeout(300)),
      before.query('select 2', [], AbortSignal.timeout(300)),
      before.aside(AbortSignal.timeout(300), (ask) => ask('select 1')),
      before.eachDatabase(AbortSignal.timeout(300), (ask) => ask('select 1')),
      check(configOf(port), context()),
      connect(configOf(port), context()),
    ]
    const failures = await within(1500, Promise.all(asked.map(failureOf)))
    expect(new Set(failures.map(({ reason }) => reason))).toEqual(new Set(['timeout']))
    await within(100, close(before))
  }

  test('a stopped server: everything ends at its abort, no socket is left, and it recovers', async () => {
    const sockets0 = sockets()
    const client = await clientOf(server)
    server.freeze()
    try {
      await allEnd(server.port, client)
      await eventually(() => expect(sockets()).toBe(sockets0))
    } finally {
      server.thaw()
    }
    await withClient(async ({ query }) => expect(await query('select 1 as x', [], soon())).toEqual([{ x: 1 }]))
  })

  test('a proxy that swallows: the same', async () => {
    const proxy = await startTcpProxy(server.port)
    try {
      const client = await connect(configOf(proxy.port), { secret, signal: soon() })
      proxy.swallow()
      await allEnd(proxy.port, client)
      await eventually(() => expect(proxy.open()).toBe(0))
      proxy.pass()
      await check(configOf(proxy.port), { secret, signal: soon() })
    } finally {
      await proxy.close()
    }
  })

  test('closing while questions are under way', async () => {
    const client = await clientOf(server)
    const asked = client.query('select pg_sleep(60)', [], soon())
    await within(100, close(client))
    expect((await within(500, failureOf(asked))).reason).toBe('connect')
  })
})
