/** One Odoo, asked one question at a time, by whichever protocol it speaks. */
import { CollectError } from '../../src/collector.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import * as calls from './calls.ts'
import { inTurn, sparing, timed } from './careful.ts'
import type { OdooConfig } from './config.ts'
import type { CallName, Durations } from './durations.ts'
import type { Pages } from './pages.ts'
import type { Call, Protocol } from './protocol.ts'
import type { Domain } from './values.ts'
import { askVersion, type Version } from './version.ts'
import type { Wire } from './wire.ts'

export type { FieldInfo, GroupRow, ReadOptions } from './calls.ts'

/**
 * Every call rejects with CollectError, or with Unsupported where the model, method, field or access was never there
 * (the message says what mends it). Nothing is sent once the signal has aborted, and a call under way is cut off.
 */
export interface OdooClient {
  readonly config: OdooConfig
  /** The series: 17, 18, 19, 20. */
  readonly version: number
  readonly protocol: 'xmlrpc' | 'json2'
  readonly uid: number
  readonly searchRead: <Row>(
    model: string,
    domain: Domain,
    fields: readonly string[],
    options: calls.ReadOptions,
    signal: AbortSignal,
  ) => Promise<readonly Row[]>
  /** `limit` caps what is counted (16 and newer; before, it is left out). */
  readonly searchCount: (
    model: string,
    domain: Domain,
    limit: number | undefined,
    signal: AbortSignal,
  ) => Promise<number>
  /** `aggregates` are `field:function`; `__count` is always there. One shape whatever the version. */
  readonly readGroup: (
    model: string,
    domain: Domain,
    groupby: readonly string[],
    aggregates: readonly string[],
    signal: AbortSignal,
  ) => Promise<readonly calls.GroupRow[]>
  /** Fields the model does not have are absent from the answer. */
  readonly fieldsGet: (
    model: string,
    fields: readonly string[],
    attributes: readonly string[],
    signal: AbortSignal,
  ) => Promise<Readonly<Record<string, calls.FieldInfo>>>
  /** The server's clock, by the Date header of its last answer; ours where it sent none. */
  readonly now: () => Instant
  /** How long its answers were waited for so far; to parse them is our time. */
  readonly waited: () => Duration
  /** Asked anew. */
  readonly askVersion: (signal: AbortSignal) => Promise<Version>
  /** Asked on sockets of their own, beside the one call. */
  readonly pages: Pages
  /** Seconds the calls took lately, by kind: see `Durations.longest`. */
  readonly durations: () => ReadonlyMap<CallName, number>
}

export interface Session {
  readonly config: OdooConfig
  readonly wire: Wire
  readonly series: number
  readonly protocol: OdooClient['protocol']
  readonly uid: number
  readonly call: Protocol
  readonly durations: Durations
  /** The credentials hold no longer. */
  readonly onRefused: () => void
}

/** The client of a session that stands. */
export const clientOf = ({ config, wire, series, protocol, uid, call, durations, onRefused }: Session): OdooClient => {
  const turn = inTurn()
  const spare = sparing(wire.pages)
  const carefully = <T>(name: CallName, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    turn(signal, () => timed(durations, name, () => spare(signal, work)))
  const ask = (name: CallName, question: Call, signal: AbortSignal): Promise<unknown> =>
    carefully(name, signal, (both) => call(question, both)).catch((error: unknown) => {
      if (error instanceof CollectError && error.reason === 'auth') onRefused()
      throw error
    })
  return {
    config,
    version: series,
    protocol,
    uid,
    now: wire.now,
    waited: wire.waited,
    pages: wire.pages,
    durations: () => durations.longest(Date.now()),
    askVersion: (signal) => carefully('version', signal, (both) => askVersion(wire.http, series, wire.exchange, both)),
    searchRead: async <Row>(
      model: string,
      domain: Domain,
      fields: readonly string[],
      options: calls.ReadOptions,
      signal: AbortSignal,
    ) => {
      const call = calls.searchRead(model, domain, fields, options)
      // which fields a row has is the question's affair; that it is a row is checked
      return calls.rowsOf(call, await ask('search_read', call, signal)) as readonly Row[]
    },
    searchCount: async (model, domain, limit, signal) => {
      const call = calls.searchCount(series, model, domain, limit)
      return calls.countOf(call, await ask('search_count', call, signal))
    },
    readGroup: async (model, domain, groupby, aggregates, signal) => {
      const { call, rows } = calls.readGroup(series, model, domain, groupby, aggregates)
      return rows(await ask('read_group', call, signal))
    },
    fieldsGet: async (model, fields, attributes, signal) => {
      const call = calls.fieldsGet(model, fields, attributes)
      return calls.fieldsOf(call, await ask('fields_get', call, signal))
    },
  }
}
