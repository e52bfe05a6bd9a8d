/** The seam between the ledger and whatever reads Odoo's tables, RPC or SQL. Types only. */
import type { Instant } from '../metric.ts'
import type { Item } from './item.ts'

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

export interface FlowReader<Flow> {
  /** The hours in [from, to) that hold rows, in any order. */
  readonly checksums: (flow: Flow, from: Instant, to: Instant, signal: AbortSignal) => Promise<readonly HourChecksum[]>
  /** All rows of these hours, in pages: an hour may hold hundreds of thousands. */
  readonly rows: (flow: Flow, hours: readonly Instant[], signal: AbortSignal) => AsyncIterable<readonly Item[]>
  /**
   * The hours in [from, to) with rows stamped at or after `since`, or `too_many` if more than `limit` rows are: counted
   * first, with that bound, so that a mass write costs as little as any other look.
   */
  readonly changedSince: (
    flow: Flow,
    since: Instant,
    from: Instant,
    to: Instant,
    limit: number,
    signal: AbortSignal,
  ) => Promise<readonly ChangedHour[] | 'too_many'>
}
