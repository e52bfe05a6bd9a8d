/** An Odoo as a monitoring service sees it, on a database of the embedded PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '../postgres.ts'
import type { Version } from './columns.ts'
import type { CustomModel } from './custom.ts'
import { openDatabase, type Role } from './database.ts'
import { type FaultState, newFaultState, newFaults, type OdooFaults } from './faults.ts'
import { listener, type Outcome } from './listener.ts'
import { registryOf } from './models.ts'
import { type Answer, type Request, route, type Site } from './routes.ts'
import { userIds } from './seed.ts'
import { defaultRights, type Login, loginsOf, noRights, type Rights } from './users.ts'
import { newWorkers, type Workers } from './workers.ts'

export interface OdooOptions {
  readonly version: Version
  readonly postgres: PostgresServer
  /** Made by `createOdooDatabase`. */
  readonly database: string
  /** As whom it connects; default the superuser, to whom the last connections are reserved. */
  readonly role?: Role
  /** Default 2. */
  readonly workers?: number
  /** What checking a password takes; default 20 ms (a real one takes 400). */
  readonly authenticateMs?: number
  /** By login, in place of the defaults. */
  readonly rights?: Readonly<Record<string, Rights>>
  /** As in the application name of its connections; default 4100. */
  readonly processId?: number
  /** Those the database was made with. */
  readonly custom?: readonly CustomModel[]
  /** Told of every answer. */
  readonly observed?: (answered: Answered) => void
  /** What has gone wrong in the stand-in itself; default: thrown to the process. */
  readonly onError?: (error: unknown) => void
}

export type { OdooFaults }

/** One answer, and what it took. */
export interface Answered {
  readonly path: string
  /** Of the request. */
  readonly body: string
  /** Of the reply. */
  readonly bytes: number
  /** From first to last, in ms. */
  readonly took: number
  /** Of these, waiting for the database. */
  readonly database: number
}

export interface OdooServer {
  readonly version: Version
  readonly database: string
  readonly url: string
  /** The second port, which has no workers to wait for. */
  readonly geventUrl: string
  readonly users: Readonly<Record<'admin' | 'pulse' | 'lowpriv', Login & { readonly uid: number }>>
  readonly faults: OdooFaults
  /** Requests answered so far, by path. */
  readonly requests: () => ReadonlyMap<string, number>
  /** Safe to call again. */
  readonly stop: () => Promise<void>
}

const raise = (error: unknown): void => {
  setImmediate(() => {
    throw error
  })
}

/** A request in a worker: killed with it, or answered in the time it takes. */
const inWorker = async (
  workers: Workers,
  state: FaultState,
  answer: () => Promise<Answer>,
  isWanted: () => boolean,
): Promise<Outcome> => {
  let outcome: Outcome = 'reset'
  await workers.run(async () => {
    if (state.resets > 0) {
      state.resets -= 1
      return
    }
    outcome = await answer()
    await delay(state.slow)
  }, isWanted)
  return outcome
}

const measured = async (site: Site, request: Request, tell: (answered: Answered) => void): Promise<Answer> => {
  const begun = performance.now()
  let database = 0
  const query: Site['query'] = async (sql, values) => {
    const asked = performance.now()
    try {
      return await site.query(sql, values)
    } finally {
      database += performance.now() - asked
    }
  }
  const answer = await route({ ...site, query }, request)
  const took = performance.now() - begun
  tell({ path: request.path, body: request.body, bytes: Buffer.byteLength(answer.body), took, database })
  return answer
}

const usersOf = (database: string): OdooServer['users'] => {
  const { admin, pulse, lowpriv } = loginsOf(database)
  return {
    admin: { ...admin, uid: userIds.admin },
    pulse: { ...pulse, uid: userIds.pulse },
    lowpriv: { ...lowpriv, uid: userIds.lowpriv },
  }
}

/** Both ports on free ones of loopback. Ends with `stop`; the database stays. */
export const startOdoo = async (options: OdooOptions): Promise<OdooServer> => {
  const { version, postgres, database, observed, onError = raise, rights = defaultRights } = options
  const workers = newWorkers(options.workers ?? 2)
  const db = openDatabase({
    postgres,
    database,
    size: workers.size + 2,
    processId: options.processId ?? 4100,
    ...(options.role && { role: options.role }),
  })
  const state = newFaultState()
  const counts = new Map<string, number>()
  const site: Site = {
    version,
    database,
    registry: registryOf(version, options.custom),
    query: db.query,
    authenticateMs: options.authenticateMs ?? 20,
    badReply: (model) => state.badReplies.get(model) ?? state.badReplies.get('*'),
    rightsOf: (login) => (state.withoutRights.has(login) ? noRights : (rights[login] ?? noRights)),
  }

  const answer = async (request: Request): Promise<Answer> => {
    await state.gate?.opened
    counts.set(request.path, (counts.get(request.path) ?? 0) + 1)
    return observed ? measured(site, request, observed) : route(site, request)
  }
  const now = () => Date.now() + state.clock
  const http = listener((request, isWanted) => inWorker(workers, state, () => answer(request), isWanted), now, onError)
  const gevent = listener(answer, now, onError)
  await Promise.all([http.open(), gevent.open()])
  const faults = newFaults({ state, workers, query: db.query, ports: [http, gevent] })
  return {
    version,
    database,
    url: `http://127.0.0.1:${http.port()}`,
    geventUrl: `http://127.0.0.1:${gevent.port()}`,
    users: usersOf(database),
    faults,
    requests: () => new Map(counts),
    stop: async () => {
      faults.hang(false)
      faults.badReplies(undefined)
      workers.occupy(0)
      await Promise.all([http.close(), gevent.close()])
      // Not waited for without end: its far side may be frozen.
      await Promise.race([db.close(), delay(2_000, undefined, { ref: false })])
    },
  }
}
