import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCleanups } from '../../demo/cleanups.ts'
import { startControl } from '../../demo/control.ts'
import { type Estate, startEstate, type TenantName } from '../../demo/estate.ts'
import { createFaultSwitch, FAULTS, type FaultName, faultNamed } from '../../demo/faults.ts'
import type { PostgresServer } from '../../demo/postgres.ts'
import { findBinary, PARTS } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'

describe('the names of faults', () => {
  test.each(Object.keys(FAULTS))('%s is known', (name) => expect(faultNamed(name)).toBe(name))

  test.each(['lock-hold', 'toString'])('%s is refused, with those there are', (name) => {
    expect(() => faultNamed(name)).toThrow(
      `${name} is no fault of the demo. These are: standby-paused, standby-cut-off,`,
    )
  })
})

describe('on an estate', () => {
  const cleanups = createCleanups()
  const troubles: Error[] = []
  let dir: string
  let estate: Estate
  let primary: PostgresServer
  let standby: PostgresServer

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
    const redis = findBinary(PARTS.find(({ name }) => name === 'redis')?.binaries[0] ?? [])
    const settings = { max_connections: '30' }
    const troubled = (error: Error) => troubles.push(error)
    estate = await startEstate({ dir, speed: 120, redis, settings, cleanups, troubled, step: (_, run) => run() })
    ;({ primary, standby } = estate)
  })
  afterAll(async () => {
    const failures = await cleanups.run()
    rmSync(dir, { recursive: true, force: true })
    expect(failures).toEqual([])
    expect(troubles).toEqual([])
  })

  const count = async (server: PostgresServer, sql: string, dbname?: string): Promise<number> =>
    Number((await server.query(`SELECT (${sql}) AS n`, undefined, dbname))[0]?.n)
  const grows = async (server: PostgresServer, sql: string) => {
    const before = await count(server, sql, 'acme')
    await eventually(async () => expect(await count(server, sql, 'acme')).toBeGreaterThan(before))
  }
  const replayed = "pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')"
  const written = "pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"

  test('the day writes, the standby follows, and the listening sessions are named as Odoo names them', async () => {
    await grows(primary, written)
    await grows(standby, replayed)
    const listening = await eventually(async () => {
      const rows = await primary.query(
        "SELECT datname, application_name, query FROM pg_stat_activity WHERE query LIKE 'LISTEN%' ORDER BY 1, 2",
      )
      expect(rows).toHaveLength(4)
      return rows
    })
    expect(listening).toEqual([
      { datname: 'acme', application_name: 'odoo-4102', query: 'LISTEN queue_job' },
      { datname: 'globex', application_name: 'odoo-4202', query: 'LISTEN queue_job' },
      { datname: 'postgres', application_name: 'odoo-4103', query: 'LISTEN cron_trigger' },
      { datname: 'postgres', application_name: 'odoo-4203', query: 'LISTEN cron_trigger' },
    ])
  })

  test('the role of the service has pg_monitor and nothing more', async () => {
    const [role] = await primary.query(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication,
        ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid) AS member_of
      FROM pg_roles r WHERE rolname = $1`,
      [estate.monitor.user],
    )
    const no = { rolsuper: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false }
    expect(role).toEqual({ ...no, member_of: ['pg_monitor'] })
  })

  test('standby-paused: WAL arrives and is not replayed, until healed', async () => {
    const heal = await FAULTS['standby-paused'].start(estate)
    await eventually(async () =>
      expect(await count(standby, "(pg_get_wal_replay_pause_state() = 'paused')::int")).toBe(1),
    )
    const stuck = await count(standby, replayed)
    await grows(standby, "pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')")
    expect(await count(standby, replayed)).toBe(stuck)
    await heal()
    await grows(standby, replayed)
  })

  test('standby-cut-off: no receiver while the primary writes, until healed', async () => {
    const receivers = 'SELECT count(*) FROM pg_stat_wal_receiver'
    await eventually(async () => expect(await count(standby, receivers)).toBe(1))
    const heal = await FAULTS['standby-cut-off'].start(estate)
    await eventually(async () => expect(await count(standby, receivers)).toBe(0))
    await grows(primary, written)
    expect(await count(primary, 'SELECT count(*) FROM pg_stat_replication')).toBe(0)
    await heal()
    await eventually(async () => expect(await count(standby, receivers)).toBe(1))
    await grows(standby, replayed)
  })

  test('lock-held: three sessions wait for one, which is idle in transaction, until healed', async () => {
    const blocked = `SELECT count(*) FROM pg_stat_activity a
      JOIN pg_stat_activity b ON b.pid = ANY (pg_blocking_pids(a.pid))
      WHERE b.application_name = 'odoo-4666' AND b.state = 'idle in transaction'`
    const heal = await FAULTS['lock-held'].start(estate)
    // Of the two that want the row, the second queues behind the first.
    await eventually(async () => expect(await count(primary, blocked)).toBeGreaterThanOrEqual(2))
    const waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await eventually(async () => expect(await count(primary, waiting)).toBe(3))
    await grows(primary, 'SELECT max(id) FROM sale_order')
    await heal()
    await eventually(async () => expect(await count(primary, waiting)).toBe(0))
  })

  test('connections-full: nobody else gets in but superusers, and what is given back is taken too, until healed', async () => {
    const heal = await FAULTS['connections-full'].start(estate)
    const clients =
      "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> 'postgres'"
    expect(await count(primary, clients)).toBe(27)
    await primary.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'odoo-4777' LIMIT 5",
    )
    await eventually(async () => expect(await count(primary, clients)).toBe(27))
    await grows(primary, 'SELECT max(id) FROM sale_order')
    await heal()
    // The day's sessions are there again, and nothing else of Odoo's role.
    await eventually(async () => expect(await count(primary, clients)).toBe(12))
  })

  /** Starts a fault, waits until its trace is there, heals it, and waits until it is gone. */
  const comesAndGoes = async (fault: FaultName, tenant: TenantName, trace: string) => {
    const traces = () => count(primary, trace, tenant)
    expect(await traces()).toBe(0)
    const heal = await FAULTS[fault].start(estate)
    try {
      await eventually(async () => expect(await traces()).toBeGreaterThan(0))
    } finally {
      await heal()
    }
    await eventually(async () => expect(await traces()).toBe(0))
  }

  const jobs = (channel: string, where: string) =>
    `SELECT count(*) FROM queue_job WHERE channel = 'root.${channel}' AND ${where}`
  const cases: readonly (readonly [FaultName, TenantName, string])[] = [
    ['cron-stopped', 'globex', "SELECT count(*) FROM ir_cron WHERE active AND nextcall < now() - interval '50 min'"],
    ['cron-failing', 'acme', 'SELECT count(*) FROM ir_cron WHERE failure_count > 3 AND first_failure_date IS NOT NULL'],
    [
      'jobs-stuck',
      'acme',
      "SELECT count(*) FROM queue_job WHERE state = 'started' AND date_started < now() - interval '2 h'",
    ],
    ['import-stalled', 'acme', jobs('sale', "state = 'pending' AND date_created < now() - interval '50 min'")],
    ['reservations-failing', 'acme', jobs('inventory', "state = 'pending' AND retry > 1 AND eta IS NOT NULL")],
    ['carrier-down', 'acme', jobs('delivery', "state = 'failed' AND exc_message LIKE '%503%'")],
    // What the flows judge: each past its deadline from the start.
    [
      'carrier-down',
      'acme',
      `SELECT count(*) FROM stock_picking WHERE state = 'done' AND carrier_tracking_ref IS NULL
        AND origin LIKE 'WEB%' AND date_done < now() - interval '15 min'`,
    ],
    [
      'cron-stopped',
      'globex',
      `SELECT count(*) FROM payment_transaction t JOIN sale_order_transaction_rel r ON r.transaction_id = t.id
        JOIN sale_order o ON o.id = r.sale_order_id
        WHERE t.state = 'done' AND o.state = 'draft' AND t.last_state_change < now() - interval '15 min'`,
    ],
    [
      'cron-stopped',
      'globex',
      "SELECT count(*) FROM mail_mail WHERE state = 'outgoing' AND create_date < now() - interval '75 min'",
    ],
    [
      'job-runner-dead',
      'globex',
      "SELECT count(*) FROM queue_job WHERE state = 'pending' AND date_created < now() - interval '10 min'",
    ],
    [
      'reservations-failing',
      'acme',
      "SELECT count(*) FROM stock_move WHERE state = 'confirmed' AND date < create_date",
    ],
  ]
  test.each(cases)('%s leaves its traces in the tables, until healed', comesAndGoes)

  test('job-runner-dead: nobody listens for jobs, and they stay pending, until healed', async () => {
    const listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'globex' AND query = 'LISTEN queue_job'"
    await eventually(async () => expect(await count(primary, listening)).toBe(1))
    const heal = await FAULTS['job-runner-dead'].start(estate)
    await eventually(async () => expect(await count(primary, listening)).toBe(0))
    const open = "SELECT count(*) FROM queue_job WHERE state = 'pending'"
    await eventually(async () => expect(await count(primary, open, 'globex')).toBeGreaterThan(3))
    await heal()
    await eventually(async () => expect(await count(primary, listening)).toBe(1))
    await eventually(async () => expect(await count(primary, open, 'globex')).toBeLessThan(3))
  })

  const health = async (tenant: TenantName, port: 'url' | 'geventUrl' = 'url'): Promise<number | string> =>
    fetch(`${estate.odoos[tenant][port]}/web/health`, { signal: AbortSignal.timeout(1000) }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status
      },
      (error: Error) => error.name,
    )

  test.each([
    ['odoo-hanging', 'acme', 'TimeoutError', 'TimeoutError'],
    ['odoo-down', 'globex', 'TypeError', 'TypeError'],
    ['workers-busy', 'acme', 'TimeoutError', 200],
  ] as const)('%s shows on the HTTP port and on the gevent port, until healed', async (fault, tenant, http, gevent) => {
    expect(await health(tenant)).toBe(200)
    const heal = await FAULTS[fault].start(estate)
    expect(await health(tenant)).toBe(http)
    expect(await health(tenant, 'geventUrl')).toBe(gevent)
    await heal()
    await eventually(async () => expect(await health(tenant)).toBe(200))
  })

  test('ingress-slow: an answer takes seconds; certificate-expiring: its end is near; until healed', async () => {
    const metrics = async () => (await fetch(estate.ingress.metricsUrl)).text()
    const soon = async () => {
      const ends = [...(await metrics()).matchAll(/^traefik_tls_certs_not_after\{.*acme.*\} (\S+)/gm)].map((m) =>
        Number(m[1]),
      )
      return Math.max(...ends) < Date.now() / 1000 + 3 * 24 * 3600
    }
    expect(await soon()).toBe(false)
    const heals = [await FAULTS['certificate-expiring'].start(estate), await FAULTS['ingress-slow'].start(estate)]
    expect(await soon()).toBe(true)
    const answer = (patience: number) =>
      fetch(estate.ingress.url, { signal: AbortSignal.timeout(patience) }).then(
        (response) => response.status,
        (error: Error) => error.name,
      )
    expect(await answer(1000)).toBe('TimeoutError')
    for (const heal of heals) await heal()
    expect(await soon()).toBe(false)
    expect(await answer(5000)).toBe(404)
  })

  test('redis-full: sessions are thrown away; redis-down: it has ended; until healed', async (context) => {
    needs(context, 'redis')
    const { redis } = estate
    if (redis === undefined) throw new Error('there is no Redis')
    const before = await redis.sessions()
    for (const fault of ['redis-full', 'redis-down'] as const) {
      const heal = await FAULTS[fault].start(estate)
      expect(await redis.sessions().catch(() => 0)).toBeLessThan(before / 2)
      await heal()
      expect(await redis.sessions()).toBe(before)
    }
  })

  test('the control address starts, lists and heals; it refuses unknown names and web pages', async () => {
    const faults = createFaultSwitch(estate)
    const said: string[] = []
    const control = await startControl(faults, (line) => said.push(line))
    const call = async (method: string, path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${control.url}${path}`, { method, headers })
      return { status: response.status, body: JSON.stringify(await response.json()) }
    }
    const paused = 'pg_is_wal_replay_paused()::int'
    try {
      expect((await call('POST', '/faults/standby-paused')).body).toContain('"name":"standby-paused"')
      expect(await count(standby, paused)).toBe(1)
      await call('POST', '/faults/standby-paused')
      expect(faults.active()).toEqual(['standby-paused'])
      expect((await call('DELETE', '/faults/standby-paused')).status).toBe(200)
      expect(await count(standby, paused)).toBe(0)
      expect(faults.active()).toEqual([])
      expect(said.at(-1)).toMatch(/^fault healed, standby-paused/)
      expect(await call('POST', '/faults/odoo-dawn')).toMatchObject({
        status: 404,
        body: expect.stringContaining('These are: '),
      })
      expect((await call('POST', '/faults/standby-paused', { origin: 'http://example.com' })).status).toBe(403)
      expect(faults.active()).toEqual([])
    } finally {
      await faults.healAll()
      await control.stop()
    }
  })
})
