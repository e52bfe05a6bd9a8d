/** The connection itself, on a primary and on a standby. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check, close, type OdooSqlClient } from '../../../collectors/odoo_sql/client.ts'
import { createClock } from '../../../collectors/odoo_sql/clock.ts'
import { config } from '../../../collectors/odoo_sql/config.ts'
import { openFlows, seriesOf } from '../../../collectors/odoo_sql/flow_access.ts'
import { odooSqlReplayLag, odooSqlReplica, replica } from '../../../collectors/odoo_sql/replica.ts'
import { createOdooDatabase } from '../../../demo/odoo/database.ts'
import { type PostgresServer, startPostgres, startStandby } from '../../../demo/postgres.ts'
import { eventually } from '../../support/eventually.ts'
import { startTcpProxy } from '../../support/tcp_proxy.ts'
import { allWanted, opened, settingsOf, signal } from './access.ts'

let primary: PostgresServer
let standby: PostgresServer
beforeAll(async () => {
  primary = await startPostgres({ version: 16 })
  await createOdooDatabase(primary, 'acme', 18)
  await primary.query('create database other')
  standby = await startStandby(primary)
  await primary.query("create role bare login password 'bare'")
  await eventually(async () =>
    expect(await standby.query("select from pg_roles where rolname = 'bare'")).toHaveLength(1),
  )
}, 60_000)
afterAll(async () => {
  await standby?.stop()
  await primary?.stop()
})

const figures = async (client: OdooSqlClient) => {
  const samples = replica.map(await replica.read(client, signal()), Date.now())
  return new Map(samples.map(({ metric, value }) => [metric, value]))
}

const withClient = async <T>(
  server: PostgresServer,
  work: (client: OdooSqlClient) => Promise<T>,
  role?: { readonly user: string; readonly password: string },
): Promise<T> => {
  const client = await opened(server, 'acme', role)
  try {
    return await work(client)
  } finally {
    await close(client)
  }
}

test('a primary is no replica, and has no lag', async () => {
  const seen = await withClient(primary, figures)
  expect(seen.get(odooSqlReplica)).toBe(0)
  expect(seen.has(odooSqlReplayLag)).toBe(false)
})

test('a standby that has replayed all is not behind, however long nothing was written', async () => {
  await withClient(standby, (client) =>
    eventually(async () => {
      const seen = await figures(client)
      expect(seen.get(odooSqlReplica)).toBe(1)
      expect(seen.get(odooSqlReplayLag)).toBe(0)
    }),
  )
})

test('one whose replay stands still falls behind', async () => {
  await standby.query('select pg_wal_replay_pause()')
  try {
    await primary.query("update ir_cron set lastcall = now() at time zone 'UTC'", undefined, 'acme')
    await withClient(standby, (client) =>
      eventually(async () => expect((await figures(client)).get(odooSqlReplayLag)).toBeGreaterThan(0)),
    )
  } finally {
    await standby.query('select pg_wal_replay_resume()')
  }
})

test('without pg_read_all_stats the age of the newest transaction is all there is', async () => {
  const seen = await withClient(standby, figures, { user: 'bare', password: 'bare' })
  expect(seen.get(odooSqlReplica)).toBe(1)
  expect(seen.get(odooSqlReplayLag)).toBeGreaterThan(0)
})

test('flows are opened on the standby as on the primary', async () => {
  const access = await withClient(standby, (client) => openFlows(client, allWanted, signal()))
  expect(access.odoo.catalogue.version).toBe(18)
  expect(access.odoo.catalogue.field('stock.picking', 'state')?.kind).toBe('selection')
})

describe('what can’t be opened says why', () => {
  const failing = (work: Promise<unknown>) => expect(work).rejects
  test('a database that is not Odoo’s', async () => {
    const client = await opened(primary, 'other')
    await failing(openFlows(client, allWanted, signal())).toMatchObject({
      name: 'Unsupported',
      message: expect.stringMatching(/"other" is no database of Odoo; check odoo_sql\.dbname/),
    })
    await close(client)
  })

  test('a role without grants', async () => {
    const asked = withClient(primary, (client) => openFlows(client, allWanted, signal()), {
      user: 'bare',
      password: 'bare',
    })
    await failing(asked).toMatchObject({
      name: 'Unsupported',
      message: expect.stringMatching(
        /"bare" may not read ir_module_module: run deploy\/postgres\/flows\.sql in "acme"/,
      ),
    })
  })

  test('a table refused while flows are read', async () => {
    const asked = withClient(primary, (client) => client.query('select * from public.sale_order', [], signal()), {
      user: 'bare',
      password: 'bare',
    })
    await failing(asked).toMatchObject({
      message: expect.stringMatching(/GRANT SELECT ON public\."sale_order" TO "bare"/),
    })
  })

  test('a database that is not there, in this collector’s own words', async () => {
    const context = { secret: async () => primary.password, signal: signal() }
    const asked = check(settingsOf(primary, 'none'), context)
    await failing(asked).toMatchObject({ reason: 'connect', message: expect.stringContaining('odoo_sql.dbname') })
  })
})

test('a question that takes too long ends the connection, which says so to whoever asks next', () =>
  withClient(primary, async (client) => {
    const soon = AbortSignal.timeout(50)
    await expect(client.query('select pg_sleep(3)', [], soon)).rejects.toMatchObject({ reason: 'timeout' })
    await expect(client.query('select 1', [], signal())).rejects.toMatchObject({ reason: 'connect' })
  }))

test('a database that says nothing any more holds nobody up', async () => {
  const proxy = await startTcpProxy(primary.port)
  const client = await opened({ ...primary, port: proxy.port }, 'acme')
  proxy.swallow()
  const begun = performance.now()
  await expect(openFlows(client, allWanted, AbortSignal.timeout(200))).rejects.toMatchObject({ reason: 'timeout' })
  await close(client)
  expect(performance.now() - begun).toBeLessThan(2_000)
  await proxy.close()
})

test('nothing can be written, whatever the role may', () =>
  withClient(primary, async (client) => {
    const asked = client.query("update public.queue_job set state = 'done'", [], signal())
    await expect(asked).rejects.toThrow(/read-only/)
  }))

test('the clock is followed, but not by answers that were long under way', () => {
  let ours = 1_000_000
  const clock = createClock(() => ours)
  expect(clock.now()).toBe(1_000_000)
  clock.heard(1_005_010, 1_000_000, 1_000_020)
  expect(clock.now()).toBe(1_005_000)
  clock.heard(1_099_000, 1_000_000, 1_003_000)
  expect(clock.now()).toBe(1_005_000)
  ours += 60_000
  clock.heard(1_061_000, 1_060_000, 1_060_010)
  expect(clock.now()).toBe(1_060_995)
})

test('series', () => {
  expect(['18.0.1.3', 'saas~18.2.1.3', '17.0.1.0', '14.0.1.3'].map(seriesOf)).toEqual([18, 18, 17, 14])
  expect([null, '', 'eighteen', '18'].map(seriesOf)).toEqual([undefined, undefined, undefined, undefined])
})

test('settings', () => {
  const least = { host: 'db2', user: 'u', dbname: 'acme' }
  expect(config.parse(least)).toMatchObject({ port: 5432, sslmode: 'prefer' })
  expect(config.safeParse({ host: 'db2', user: 'u' }).success).toBe(false)
  expect(config.safeParse({ ...least, only: 'all' }).success).toBe(false)
  expect(config.safeParse({ ...least, sslcert: { file: 'x' } }).error?.message).toContain('belong together')
})
