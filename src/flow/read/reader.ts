/** The seam between the ledger and whatever reads Odoo's tables, RPC or SQL. Types only. */
import type { Duration, Instant } from '../../metric.ts'
import type { Item } from '../ledger/item.ts'
import type { KeptRows } from './kept.ts'

/** One hour of the slot field, named by its first instant. */
export interface HourChecksum {
  readonly hour: Instant
  readonly count: number
  /**
   * Opaque; differs whenever the items of this hour may have changed: counts by state and the newest write_date, or for
   * tables without one (queue.job) the newest of its dates, `eta` and `retry`. What an item takes from another table
   * belongs in it too.
   */
  readonly sum: string
  /** The newest stamp in the hour; undefined where the table has none. */
  readonly newest: Instant | undefined
}

export interface ChangedHour {
  readonly hour: Instant
  readonly newest: Instant
}

/**
 * Flows whose rows lie in one table and are partitioned by one field may be asked for together: what all of them need is
 * then read once. Where `kept` is given, rows that it has are not read again, and it is kept up to date.
 */
export interface FlowReader<Flow> {
  /** The hours in [from, to) that hold rows of any of them, in any order. A sum is good for these flows together. */
  readonly checksums: (
    flows: readonly Flow[],
    from: Instant,
    to: Instant,
    signal: AbortSignal,
    kept?: KeptRows,
  ) => Promise<readonly HourChecksum[]>
  /** All rows of these hours, in pages: an hour may hold hundreds of thousands. Each page has the items of each flow, in their order. */
  readonly rows: (
    flows: readonly Flow[],
    hours: readonly Instant[],
    signal: AbortSignal,
    kept?: KeptRows,
  ) => AsyncIterable<readonly (readonly Item[])[]>
  /**
   * The rows of hours in [from, to) of which some time that an item is made of (its start, its due date, its end) is not
   * before `to`, in pages: few, where most items are over soon after their slot. Maybe more than these.
   */
  readonly reaching: (
    flows: readonly Flow[],
    from: Instant,
    to: Instant,
    signal: AbortSignal,
  ) => AsyncIterable<readonly (readonly Item[])[]>
  /**
   * The hours in [from, to) with rows of any of them stamped at or after `since`, or `too_many` if more than `limit` rows
   * are; of what is kept, also the hours that such rows have left. What an item takes from another table is looked at for
   * rows of the last hours; older ones' changes show in their checksums.
   */
  readonly changedSince: (
    flows: readonly Flow[],
    since: Instant,
    from: Instant,
    to: Instant,
    limit: number,
    signal: AbortSignal,
    kept?: KeptRows,
  ) => Promise<readonly ChangedHour[] | 'too_many'>
  /** What stands there now, of the rows of the base, counted by the server: of all where the flow is a slice, else of its horizon. */
  readonly present: (flow: Flow, signal: AbortSignal) => Promise<Present>
  /** Open items, at most `limit`, the oldest start first as far as the server can tell cheaply; asked only when people ask. */
  readonly documents: (flow: Flow, limit: number, signal: AbortSignal) => Promise<readonly Document[]>
  /** What these members of the flow's group are called; without those that have no name of their own, and without people. */
  readonly groupNames: (
    flow: Flow,
    members: readonly string[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, string>>
}

export interface Present {
  readonly count: number
  /** The oldest and the newest start; undefined where there is no row, or the start can't be aggregated. */
  readonly oldest: Instant | undefined
  readonly newest: Instant | undefined
  /** By the flow's group; empty where it has none. */
  readonly groups: readonly { readonly member: string | undefined; readonly count: number }[]
  /** How often they should come, where the rows say so themselves (ir.cron); of several the shortest. */
  readonly period: Duration | undefined
}

export interface Document {
  readonly item: Item
  /** The model of the row: the flow's, or its further one. */
  readonly model: string
  /** As Odoo calls it, S00042 say; undefined where it has no name of its own. */
  readonly name: string | undefined
}
