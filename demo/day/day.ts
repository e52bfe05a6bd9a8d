/** A distributor's business day in each tenant's Odoo: the plan's steps written as they fall due, crons and jobs running. */
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { z } from 'zod'
import { hours } from '../../src/metric.ts'
import type { Role } from '../estate.ts'
import type { PostgresServer } from '../postgres.ts'
import { keepSession, openSession, type Session, type SessionOptions } from '../sessions.ts'
import type { Book } from './book.ts'
import { write } from './business.ts'
import { busyness, type DayClock, dayClock } from './clock.ts'
import { type Conditions, createConditions } from './conditions.ts'
import { sell } from './counter.ts'
import { listenForCrons, runCrons } from './crons.ts'
import { advance, agendaFrom, type Step, type Trade } from './plan.ts'
import { randomFrom } from './random.ts'
import { type Newest, newestOf, prune } from './retention.ts'
import { listenForJobs, runJobs } from './runner.ts'
import { readTables } from './tables.ts'

export interface DayTenant extends Trade {
  /** Its database; the tables are there. */
  readonly name: string
  /** Of its first process; the others have the next ones. */
  readonly pid: number
}

export interface DayOptions {
  readonly estate: { readonly primary: PostgresServer; readonly odoo: Role }
  readonly tenants: readonly DayTenant[]
  /** How many seconds of business go by in one; crons and jobs are machines, and keep the real time. */
  readonly speed: number
  /** Told what went wrong that is no doing of a server that is down, full, frozen or locked. */
  readonly troubled: (error: Error) => void
}

/** Connection lost or refused, too many of them, shutting down, lock not had in time (PostgreSQL, appendix A). */
const EXPECTED = /^(08|28|53|55P03|57)/

/** Whether a statement of ours is wrong, by its SQLSTATE; all else is what the demo shows, and the session is opened anew. */
const isOurs = (error: unknown): error is Error =>
  error instanceof pg.DatabaseError ? !EXPECTED.test(error.code ?? '') : error instanceof z.ZodError

export interface Day {
  /** What each tenant suffers from, by name. Throws for a name that is none. */
  readonly conditions: (tenant: string) => Conditions
  readonly stop: () => Promise<void>
}

/** Between two looks, in real time. */
const PAUSE = { business: 1000, jobs: 500, crons: 1000 }

/** A backlog beyond this loses its oldest steps: a demo left alone with a fault for days does not grow without end. */
const MOST_WAITING = 20_000

/** Sales at the counter for each order of the marketplace, and how many at most between two looks. */
const COUNTER = 1 / 3
const MOST_SALES = 20

/** What a tenant's parts share. */
interface Shop {
  readonly tenant: DayTenant
  readonly clock: DayClock
  readonly book: Book
  readonly conditions: Conditions
}

/** Writes what falls due; goes on where it was when its session had to be opened anew. */
const trade = (
  { tenant, clock, book, conditions }: Shop,
  speed: number,
): ((session: Session, signal: AbortSignal) => Promise<void>) => {
  const random = randomFrom(tenant.seed, 2)
  const salesARound = (tenant.ordersPerHour * COUNTER * speed * PAUSE.business) / hours(1)
  // The morning so far comes in at once, so that there are transfers to pick and to label from the start.
  let agenda = agendaFrom(clock(Date.now()) - hours(3))
  let waiting: readonly Step[] = []
  let loaded: Newest | undefined
  return async ({ client }, signal) => {
    await client.query("SET lock_timeout = '2s'")
    const tables = await readTables(client)
    loaded ??= await newestOf(client)
    for (let round = 0; !signal.aborted; round += 1) {
      const next = advance(tenant, agenda, clock(Date.now()))
      const steps = [...waiting, ...next.due]
      if (steps.length > 0) waiting = (await write({ client, tables, book, conditions }, steps)).slice(-MOST_WAITING)
      agenda = next.agenda
      await sell({ client, tables }, random, Math.min(salesARound * busyness(clock(Date.now())), MOST_SALES))
      if (round % 60 === 59) await prune(client, loaded)
      await delay(PAUSE.business, undefined, { signal })
    }
  }
}

/** The sessions of one tenant's Odoo: web worker, job worker, job runner, cron worker. */
const openShop = (
  { estate, speed, troubled }: DayOptions,
  shop: Shop,
  signal: AbortSignal,
): readonly Promise<void>[] => {
  const { tenant, book, conditions } = shop
  const keep = (options: SessionOptions, live: (session: Session) => Promise<void>): Promise<void> =>
    keepSession(
      estate,
      options,
      (session) =>
        live(session).catch((error: unknown) => {
          if (isOurs(error)) troubled(error)
        }),
      signal,
    )
  const { name: database, pid, seed } = tenant
  const session = (offset: number, on = database) => ({ database: on, applicationName: `odoo-${pid + offset}` })
  const trading = trade(shop, speed)
  return [
    keep(session(0), (web) => trading(web, signal)),
    keep(session(1), async ({ client }) => {
      const tables = await readTables(client)
      await runJobs({ client, tables, book, conditions, pid: pid + 1 }, PAUSE.jobs, signal)
    }),
    keep(session(2), (listening) => listenForJobs(listening, conditions, signal)),
    keep(session(3, 'postgres'), (listening) => listenForCrons(listening, conditions, signal)),
    keep(session(3), async ({ client: worker }) => {
      const holder = await openSession(estate, session(3))
      signal.addEventListener('abort', holder.close, { once: true })
      try {
        const tables = await readTables(worker)
        const cron = { holder: holder.client, worker, tables, conditions, random: randomFrom(seed, 1) }
        await Promise.race([runCrons(cron, PAUSE.crons, signal), holder.ended])
      } finally {
        signal.removeEventListener('abort', holder.close)
        holder.close()
      }
    }),
  ]
}

/** The tenants' databases are as `createOdooDatabase` makes them. */
export const startDay = (options: DayOptions): Day => {
  const { tenants, speed } = options
  const stopping = new AbortController()
  const shops = new Map(tenants.map(({ name }) => [name, createConditions()]))
  const clock = dayClock(speed, Date.now())
  const conditions = (name: string): Conditions => {
    const found = shops.get(name)
    if (found === undefined) throw new Error(`${name} has no day in the demo`)
    return found
  }
  const running = tenants.flatMap((tenant) =>
    openShop(options, { tenant, clock, book: new Map(), conditions: conditions(tenant.name) }, stopping.signal),
  )
  return {
    conditions,
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
