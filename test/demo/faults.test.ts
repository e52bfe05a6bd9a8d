import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startControl } from '../../demo/control.ts'
import { type Estate, seed } from '../../demo/estate.ts'
import { createFaultSwitch, FAULTS, faultNamed } from '../../demo/faults.ts'
import { type PostgresServer, startPostgres, startStandby } from '../../demo/postgres.ts'
import { startWorkload, type Workload } from '../../demo/workload.ts'
import { eventually } from '../support/eventually.ts'

describe('the names of faults', () => {
  test.each(Object.keys(FAULTS))('%s is known', (name) => expect(faultNamed(name)).toBe(name))

  test.each([
    ['carrier-down', 'carrier-down is not in the demo yet'],
    ['lock-hold', 'lock-hold is no fault of the demo'],
    ['toString', 'toString is no fault of the demo'],
  ])('%s is refused, with those that work', (name, problem) => {
    expect(() => faultNamed(name)).toThrow(
      `${problem}. These work: standby-paused, standby-cut-off, lock-held, connections-full.`,
    )
  })
})

describe('on an estate', () => {
  let primary: PostgresServer
  let standby: PostgresServer
  let estate: Estate
  let workload: Workload

  beforeAll(async () => {
    primary = await startPostgres({ settings: { max_connections: '30' } })
    const roles = await seed(primary)
    standby = await startStandby(primary, { slot: 'standby', settings: { max_connections: '30' } })
    estate = { primary, standby, ...roles }
    workload = startWorkload(estate, 100)
  })
  afterAll(async () => {
    await workload?.stop()
    await standby?.stop()
    await primary?.stop()
  })

  const count = async (server: PostgresServer, sql: string, dbname?: string): Promise<number> =>
    Number((await server.query(`SELECT (${sql}) AS n`, undefined, dbname))[0]?.n)
  const grows = async (server: PostgresServer, sql: string) => {
    const before = await count(server, sql, 'acme')
    await eventually(async () => expect(await count(server, sql, 'acme')).toBeGreaterThan(before))
  }
  const replayed = "pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')"
  const written = "pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')"

  test('the workload writes, the standby follows, and the listening sessions are named as Odoo names them', async () => {
    await grows(primary, written)
    await grows(standby, replayed)
    const listening = await eventually(async () => {
      const rows = await primary.query(
        "SELECT datname, application_name, query FROM pg_stat_activity WHERE query LIKE 'LISTEN%' ORDER BY 1",
      )
      expect(rows).toHaveLength(2)
      return rows
    })
    expect(listening).toEqual([
      { datname: 'acme', application_name: 'odoo-4120', query: 'LISTEN queue_job' },
      { datname: 'postgres', application_name: 'odoo-4110', query: 'LISTEN cron_trigger' },
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
    await eventually(async () => expect(await count(primary, clients)).toBe(5))
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
      expect(await call('POST', '/faults/odoo-down')).toMatchObject({
        status: 404,
        body: expect.stringContaining('These work: '),
      })
      expect((await call('POST', '/faults/standby-paused', { origin: 'http://example.com' })).status).toBe(403)
      expect(faults.active()).toEqual([])
    } finally {
      await faults.healAll()
      await control.stop()
    }
  })
})
