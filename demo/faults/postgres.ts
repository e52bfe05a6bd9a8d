/** Faults of PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../processes.ts'
import { openSession, type Session } from '../sessions.ts'
import type { Fault } from './fault.ts'

export const standbyPaused: Fault = {
  title: 'the standby receives but replays nothing, so that its lag grows',
  start: async ({ standby }) => {
    await standby.query('SELECT pg_wal_replay_pause()')
    return async () => {
      await standby.query('SELECT pg_wal_replay_resume()')
    }
  },
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

export const standbyCutOff: Fault = {
  title: 'the standby has lost its primary, which goes on writing',
  start: async ({ standby }) => {
    const [row] = await standby.query('SHOW primary_conninfo')
    const conninfo = String(row?.primary_conninfo)
    const follow = async (to: string) => {
      await standby.query(`ALTER SYSTEM SET primary_conninfo = ${quote(to)}`)
      // A changed primary_conninfo ends the receiver and starts another one (since 13).
      await standby.query('SELECT pg_reload_conf()')
    }
    const nobody = await freePort()
    await follow(conninfo.replace(/\bport=\d+/, `port=${nobody}`))
    return () => follow(conninfo)
  },
}

/** Waits behind another session's lock; when the lock is freed it is done, and stays idle. */
const wait = async ({ client }: Session, sql: string): Promise<void> => {
  await client.query(sql).catch(() => undefined)
}

export const lockHeld: Fault = {
  title: 'one Odoo session holds a row and a whole table, three others wait for them',
  start: async (estate) => {
    const database = 'acme'
    const holder = await openSession(estate, { database, applicationName: 'odoo-4666' })
    const sessions = [holder]
    const heal = async () => {
      for (const session of sessions) session.close()
    }
    try {
      await holder.client.query(`BEGIN; UPDATE sale_order SET write_date = now() WHERE id = 1;
        LOCK TABLE account_journal IN ACCESS EXCLUSIVE MODE`)
      const waits = [
        'UPDATE sale_order SET write_date = now() WHERE id = 1',
        'UPDATE sale_order SET write_date = now() WHERE id = 1',
        'SELECT count(*) FROM account_journal',
      ]
      for (const [i, sql] of waits.entries()) {
        const waiter = await openSession(estate, { database, applicationName: `odoo-${4667 + i}` })
        sessions.push(waiter)
        void wait(waiter, sql)
      }
    } catch (error) {
      await heal()
      throw error
    }
    return heal
  },
}

/** More than any server of the demo allows. */
const MOST_CONNECTIONS = 500

export const connectionsFull: Fault = {
  title: "Odoo's sessions take every connection that is not reserved to superusers",
  start: async (estate) => {
    const healing = new AbortController()
    const options = { database: 'globex', applicationName: 'odoo-4777' }
    const sessions: Session[] = []
    const fill = async () => {
      while (!healing.signal.aborted && sessions.length < MOST_CONNECTIONS) {
        const session = await openSession(estate, options).catch(() => undefined)
        if (session === undefined) return
        sessions.push(session)
      }
    }
    await fill()
    // What others give back is taken too.
    const filling = (async () => {
      while (!healing.signal.aborted) {
        await delay(500, undefined, { signal: healing.signal }).catch(() => undefined)
        await fill()
      }
    })()
    return async () => {
      healing.abort()
      await filling
      for (const session of sessions) session.close()
    }
  },
}
