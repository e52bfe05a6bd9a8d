/**
 * What can be made to go wrong with a stand-in, and set right again:
 *
 *     odoo.faults.badReplies('html', 'sale.order')   // calls of sale.order get a page, all others their answer
 *     odoo.faults.badReplies(undefined, 'sale.order')
 *     odoo.faults.badReplies('huge')                 // whatever model is called
 *     odoo.faults.clock(-90_000)                     // the Date header is a minute and a half behind
 *     odoo.faults.down(true)                         // refuses connections
 *
 * The kinds of bad replies are listed in bad_replies.ts. They concern calls of models (execute_kw, JSON-2), not
 * authenticate, health or version. The clock is that of the Date header alone: the database, which stamps rows and
 * which SQL asks for the time, keeps its own, so a shifted clock is what two machines out of step look like.
 */
import type { BadReply } from './bad_replies.ts'
import type { Listener } from './listener.ts'
import { userIds } from './seed.ts'
import type { Environment } from './sql.ts'
import type { loginsOf } from './users.ts'
import type { Workers } from './workers.ts'

type Who = keyof ReturnType<typeof loginsOf>

export interface OdooFaults {
  /** Accepts and answers nothing, on both ports; what waits is answered once it is off. */
  readonly hang: (on: boolean) => void
  /** Refuses connections on both ports. */
  readonly down: (on: boolean) => Promise<void>
  /** So many workers are taken; with all of them the HTTP port hangs while the gevent port answers. */
  readonly busyWorkers: (count: number) => void
  /** Every answer of a worker takes so much longer; 0 ends it. */
  readonly slow: (milliseconds: number) => void
  /** So many requests end in a connection reset, as when a worker is killed at its limit. */
  readonly reset: (count: number) => void
  /** Calls of that model (default: all that have no other) are answered so; undefined ends it, for all models where none is named. */
  readonly badReplies: (reply: BadReply | undefined, model?: string) => void
  /** The Date header is so many milliseconds ahead of the database's clock, or behind; 0 ends it. */
  readonly clock: (ahead: number) => void
  /** The user is in no group that gives it rights, but what every internal user has; default `pulse`. */
  readonly rightsLost: (on: boolean, login?: string) => void
  /** The companies on the user; default `pulse`. */
  readonly companies: (ids: readonly number[], login?: Who) => Promise<void>
  /** When the user's keys end (18 and newer). */
  readonly keysExpire: (at: Date, login?: Who) => Promise<void>
}

interface Gate {
  readonly opened: Promise<void>
  readonly open: () => void
}

/** What the server looks at. */
export interface FaultState {
  gate: Gate | undefined
  /** Milliseconds. */
  slow: number
  /** Requests still to be cut. */
  resets: number
  /** Milliseconds. */
  clock: number
  /** By model; `*` for the others. */
  readonly badReplies: Map<string, BadReply>
  /** Logins. */
  readonly withoutRights: Set<string>
}

export const newFaultState = (): FaultState => ({
  gate: undefined,
  slow: 0,
  resets: 0,
  clock: 0,
  badReplies: new Map(),
  withoutRights: new Set(),
})

const newGate = (): Gate => {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

export interface FaultContext {
  readonly state: FaultState
  readonly workers: Workers
  readonly query: Environment['query']
  readonly ports: readonly Listener[]
}

export const newFaults = ({ state, workers, query, ports }: FaultContext): OdooFaults => ({
  hang: (on) => {
    state.gate?.open()
    state.gate = on ? newGate() : undefined
  },
  down: async (on) => {
    await Promise.all(ports.map((port) => (on ? port.close() : port.open())))
  },
  busyWorkers: (count) => workers.occupy(count),
  slow: (milliseconds) => {
    state.slow = milliseconds
  },
  reset: (count) => {
    state.resets = count
  },
  badReplies: (reply, model = '*') => {
    if (reply !== undefined) state.badReplies.set(model, reply)
    else if (model === '*') state.badReplies.clear()
    else state.badReplies.delete(model)
  },
  clock: (ahead) => {
    state.clock = ahead
  },
  rightsLost: (on, login = 'pulse') => {
    if (on) state.withoutRights.add(login)
    else state.withoutRights.delete(login)
  },
  companies: async (ids, login = 'pulse') => {
    const uid = userIds[login]
    await query('DELETE FROM res_company_users_rel WHERE user_id = $1::int4', [uid])
    await query('INSERT INTO res_company_users_rel (user_id, cid) SELECT $1::int4, unnest($2::int4[])', [uid, ids])
  },
  keysExpire: async (at, login = 'pulse') => {
    const sql = 'UPDATE res_users_apikeys SET expiration_date = $2::timestamp WHERE user_id = $1::int4'
    await query(sql, [userIds[login], at.toISOString()])
  },
})
