/** The faults the demo can show: each started on the estate, and healed by what its start returned. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Estate } from './estate.ts'
import { freePort } from './processes.ts'
import { openSession, type Session } from './sessions.ts'

/** Undoes a fault. Never throws because the estate suffers in other ways too. */
export type Heal = () => Promise<void>

export interface Fault {
  readonly title: string
  readonly start: (estate: Estate) => Promise<Heal>
}

const standbyPaused: Fault = {
  title: 'the standby receives but replays nothing, so that its lag grows',
  start: async ({ standby }) => {
    await standby.query('SELECT pg_wal_replay_pause()')
    return async () => {
      await standby.query('SELECT pg_wal_replay_resume()')
    }
  },
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

const standbyCutOff: Fault = {
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

const lockHeld: Fault = {
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
        LOCK TABLE ir_module_module IN ACCESS EXCLUSIVE MODE`)
      const waits = [
        'UPDATE sale_order SET write_date = now() WHERE id = 1',
        'UPDATE sale_order SET write_date = now() WHERE id = 1',
        'SELECT count(*) FROM ir_module_module',
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

const connectionsFull: Fault = {
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

/** The faults that work now. */
export const FAULTS = {
  'standby-paused': standbyPaused,
  'standby-cut-off': standbyCutOff,
  'lock-held': lockHeld,
  'connections-full': connectionsFull,
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS

/** Names that are given away already: their parts of the estate are not there yet. */
const PLANNED = new Set([
  ...['redis-full', 'redis-down', 'ingress-slow', 'certificate-expiring', 'odoo-hanging', 'odoo-down', 'workers-busy'],
  ...['cron-stopped', 'cron-failing', 'jobs-stuck', 'job-runner-dead', 'carrier-down', 'import-stalled'],
  ...['reservations-failing', 'rights-lost'],
])

const isFault = (name: string): name is FaultName => Object.hasOwn(FAULTS, name)

/** Throws an Error that lists the faults that work. */
export const faultNamed = (name: string): FaultName => {
  if (isFault(name)) return name
  const problem = PLANNED.has(name) ? 'is not in the demo yet' : 'is no fault of the demo'
  throw new Error(`${name} ${problem}. These work: ${Object.keys(FAULTS).join(', ')}.`)
}

export interface FaultSwitch {
  readonly active: () => readonly FaultName[]
  /** Nothing happens if it is active already. Throws what the estate says. */
  readonly start: (name: FaultName) => Promise<void>
  /** Nothing happens if it is not active. */
  readonly heal: (name: FaultName) => Promise<void>
  readonly healAll: () => Promise<void>
}

/** Switches faults on one estate, one change at a time. */
export const createFaultSwitch = (estate: Estate): FaultSwitch => {
  const heals = new Map<FaultName, Heal>()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const next = last.then(change)
    last = next.catch(() => undefined)
    return next
  }
  const heal = (name: FaultName) =>
    inTurn(async () => {
      await heals.get(name)?.()
      heals.delete(name)
    })
  return {
    active: () => [...heals.keys()],
    start: (name) =>
      inTurn(async () => {
        if (!heals.has(name)) heals.set(name, await FAULTS[name].start(estate))
      }),
    heal,
    healAll: async () => {
      for (const name of heals.keys()) await heal(name)
    },
  }
}
