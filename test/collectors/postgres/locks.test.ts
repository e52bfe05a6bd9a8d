/** Who waits, for whom, and what the sessions of Odoo are seen to do: on real servers. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  activity,
  pgIdleInTransaction,
  pgIdleInTransactionLongest,
  pgStatActivityCount,
  pgStatActivityMaxTx,
} from '../../../collectors/postgres/activity.ts'
import { close, type PostgresClient } from '../../../collectors/postgres/client.ts'
import { connections, pgConnectionsUsed } from '../../../collectors/postgres/connections.ts'
import {
  locks,
  pgBlockedSessions,
  pgBlockingSessions,
  pgLocksCount,
  pgLongestBlocked,
  pgRootBlockerAge,
} from '../../../collectors/postgres/locks.ts'
import { odooCronWorkers, odooProcesses, odooQueueRunners } from '../../../collectors/postgres/odoo_processes.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { eventually } from '../../support/eventually.ts'
import { clientOf, poll, TENANT, theValue, valuesOf, versions } from './statistics_support.ts'

describe.for(versions)('PostgreSQL %i', (version) => {
  let server: PostgresServer
  let client: PostgresClient
  const open: pg.Client[] = []

  beforeAll(async () => {
    server = await startPostgres({ version })
    await server.query("create role pulse login password 'of-the-monitor' in role pg_monitor")
    await server.query(`create role odoo login superuser password 'odoo'`)
    await server.query(`create database ${TENANT} owner odoo`)
    await server.query(
      `create table orders (id int primary key, note text); insert into orders values (1), (2), (3);
       create table ir_cron (id int primary key); insert into ir_cron values (1);
       create table queue_job (uuid text, state text); insert into queue_job values ('a', 'enqueued')`,
      undefined,
      TENANT,
    )
    client = await clientOf(server)
  })
  afterAll(async () => {
    if (client) await close(client)
    await server?.stop()
  })

  const session = async (application_name: string, database: string = TENANT): Promise<pg.Client> => {
    const connection = { host: '127.0.0.1', port: server.port, user: 'odoo', password: 'odoo', ssl: false }
    const opened = new pg.Client({ ...connection, database, application_name })
    opened.on('error', () => undefined)
    await opened.connect()
    open.push(opened)
    return opened
  }
  /** Runs `body`, then ends the sessions it has opened. */
  const withSessions = (body: () => Promise<void>) => async () => {
    try {
      await body()
    } finally {
      await Promise.all(open.splice(0).map((opened) => opened.end().catch(() => undefined)))
      await server.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'odoo'")
    }
  }
  /** Sends what will wait; its end is of no interest. */
  const send = (waiter: pg.Client, sql: string) => void waiter.query(sql).catch(() => undefined)
  const here = { datname: TENANT }

  test('nobody waits: zeros, and no root blocker', async () => {
    const samples = await poll(locks, client)
    for (const metric of [pgBlockedSessions, pgBlockingSessions, pgLongestBlocked]) {
      expect(theValue(samples, metric, here)).toBe(0)
    }
    expect(valuesOf(samples, pgRootBlockerAge)).toEqual([])
    expect(valuesOf(samples, pgLocksCount, here)).toHaveLength(9)
  })

  test(
    'a chain of row waiters: all are counted, and the one at its head is named by its role and age',
    withSessions(async () => {
      const [root, middle, last] = [await session('odoo-1'), await session('odoo-2'), await session('odoo-3')]
      await root.query('begin; update orders set note = 1 where id = 1')
      await middle.query('begin; update orders set note = 1 where id = 2')
      send(middle, 'update orders set note = 2 where id = 1')
      send(last, 'update orders set note = 2 where id = 2')
      const age = await eventually(async () => {
        const samples = await poll(locks, client)
        expect(theValue(samples, pgBlockedSessions, here)).toBe(2)
        expect(theValue(samples, pgBlockingSessions, here)).toBe(2)
        expect(theValue(samples, pgLongestBlocked, here)).toBeGreaterThan(0)
        expect(theValue(samples, pgBlockedSessions, { datname: 'postgres' })).toBe(0)
        expect(valuesOf(samples, pgRootBlockerAge)).toHaveLength(1)
        return theValue(samples, pgRootBlockerAge, { ...here, role: 'odoo_web' }) ?? Number.NaN
      })
      await eventually(async () =>
        expect(theValue(await poll(locks, client), pgRootBlockerAge, here)).toBeGreaterThan(age + 0.2),
      )
      await root.query('rollback')
      await middle.query('rollback')
      await eventually(async () => expect(theValue(await poll(locks, client), pgBlockedSessions, here)).toBe(0))
    }),
  )

  test(
    'a running cron: its process blocks by another session than the one that holds its row',
    withSessions(async () => {
      const [row, cursor, web, waiter] = [
        await session('odoo-7'),
        await session('odoo-7'),
        await session('odoo-8'),
        await session('odoo-9'),
      ]
      await row.query('begin; SELECT * FROM ir_cron WHERE id = 1 FOR NO KEY UPDATE SKIP LOCKED')
      await cursor.query('begin; update orders set note = 1 where id = 1')
      await web.query('begin; select * from orders')
      send(waiter, 'update orders set note = 2 where id = 1')
      await eventually(async () =>
        expect(theValue(await poll(locks, client), pgRootBlockerAge, { role: 'odoo_cron' })).toBeGreaterThan(0),
      )
      const samples = await poll(activity, client)
      expect(theValue(samples, pgIdleInTransaction, { ...here, role: 'odoo_cron' })).toBe(2)
      expect(theValue(samples, pgIdleInTransaction, { ...here, role: 'odoo_web' })).toBe(1)
      expect(theValue(samples, pgIdleInTransactionLongest, { ...here, role: 'odoo_web' })).toBeGreaterThan(0)
      expect(theValue(samples, pgIdleInTransactionLongest, { ...here, role: 'other' })).toBeUndefined()
    }),
  )

  test(
    'a job and a prepared transaction as root blockers; a person with psql',
    withSessions(async () => {
      const [job, psql, two] = [await session('odoo-5'), await session('psql'), await session('odoo-6')]
      for (const sql of ['begin', `UPDATE "queue_job" SET "state" = 'done' WHERE uuid = 'a'`]) await job.query(sql)
      await psql.query('begin; lock table orders in access exclusive mode')
      await two.query("begin; update ir_cron set id = 2; prepare transaction 'forgotten'")
      const waiters = [await session('odoo-10'), await session('odoo-11'), await session('odoo-12')]
      ;["update queue_job set state = 'pending'", 'select from orders', 'update ir_cron set id = 3'].forEach(
        (sql, i) => {
          if (waiters[i]) send(waiters[i], sql)
        },
      )
      try {
        await eventually(async () => {
          const samples = await poll(locks, client)
          for (const role of ['odoo_job', 'other', 'prepared_xact']) {
            expect(theValue(samples, pgRootBlockerAge, { ...here, role })).toBeGreaterThan(0)
          }
          expect(theValue(samples, pgBlockedSessions, here)).toBe(3)
          expect(theValue(samples, pgBlockingSessions, here)).toBe(3)
          expect(theValue(samples, pgLocksCount, { ...here, mode: 'accessexclusivelock' })).toBeGreaterThan(0)
        })
      } finally {
        await server.query("rollback prepared 'forgotten'", undefined, TENANT)
      }
    }),
  )

  test(
    'activity: the processes of Odoo are one series, whatever their pids; states without sessions are 0',
    withSessions(async () => {
      for (const name of ['odoo-101', 'odoo-102', 'made-up-1', 'made-up-2']) await session(name)
      // A session that has just connected is not waiting for its client yet.
      await eventually(async () => {
        const samples = await poll(activity, client)
        const idle = { ...here, state: 'idle', backend_type: 'client backend', usename: 'odoo' }
        expect(theValue(samples, pgStatActivityCount, { ...idle, application_name: 'odoo' })).toBe(2)
        expect(theValue(samples, pgStatActivityCount, { ...idle, application_name: 'other' })).toBe(2)
        expect(valuesOf(samples, pgStatActivityMaxTx, idle)).toEqual([])
        expect(theValue(samples, pgStatActivityCount, { ...here, state: 'idle in transaction' })).toBe(0)
        expect(theValue(samples, pgStatActivityCount, { backend_type: 'checkpointer', datname: '' })).toBe(1)
      })
      const used = await poll(connections, client)
      expect(theValue(used, pgConnectionsUsed, { ...here, usename: 'odoo', application_name: 'odoo' })).toBe(2)
    }),
  )

  test(
    'cron workers and job runners, by what their idle sessions said last',
    withSessions(async () => {
      const none = await poll(odooProcesses, client)
      expect(theValue(none, odooCronWorkers)).toBe(0)
      expect(theValue(none, odooQueueRunners, here)).toBe(0)
      const [cron, newer] = [await session('odoo-1', 'postgres'), await session('odoo-2', 'postgres')]
      // As Odoo does: LISTEN in a transaction, so that its last statement is COMMIT.
      for (const sql of ['begin', 'LISTEN cron_trigger', 'COMMIT']) await cron.query(sql)
      await newer.query('LISTEN cron_trigger')
      const [runner, second, web] = [await session('odoo-3'), await session('odoo-3'), await session('odoo-4')]
      await runner.query('LISTEN queue_job')
      for (const sql of ['begin', 'select from orders', 'COMMIT']) await web.query(sql)
      await eventually(async () => {
        const samples = await poll(odooProcesses, client)
        expect(theValue(samples, odooCronWorkers)).toBe(2)
        expect(theValue(samples, odooQueueRunners, here)).toBe(1)
      })
      // What the runner says later on, in its life.
      for (const sql of [
        `DECLARE "select_jobs" CURSOR WITH HOLD FOR SELECT uuid FROM queue_job`,
        'CLOSE "select_jobs"',
        "UPDATE queue_job SET state='enqueued' WHERE uuid='a'",
        'SELECT 1',
      ]) {
        await runner.query(sql)
        await eventually(async () =>
          expect(theValue(await poll(odooProcesses, client), odooQueueRunners, here)).toBe(1),
        )
      }
      await second.query('LISTEN queue_job')
      await eventually(async () => expect(theValue(await poll(odooProcesses, client), odooQueueRunners, here)).toBe(2))
    }),
  )
})
