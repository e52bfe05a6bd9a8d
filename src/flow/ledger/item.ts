/** What the ledger is made of: one item of a flow, as its row in Odoo reads now. Pure data, whichever reader brought it. */
import type { Instant } from '../../metric.ts'

export type ItemState = 'open' | 'done' | 'failed' | 'cancelled'

export interface Item {
  /** Odoo's id of the row. */
  readonly id: number
  /** The field that partitions rows into hours. */
  readonly slot: Instant
  /** When the promise began to run. */
  readonly start: Instant
  /** The row's own due date, where the flow has one: it stands before the target. */
  readonly promised: Instant | undefined
  readonly state: ItemState
  /** When it came to be done, failed or cancelled; undefined where Odoo does not store it (`evidence: at-deadline`). */
  readonly ended: Instant | undefined
  /** When the row first could be seen (create_date); a row visible only after its deadline is judged then. */
  readonly visible: Instant | undefined
  /** The member of the flow's grouping dimension, and its company. */
  readonly group: string | undefined
  readonly company: number | undefined
  readonly value: number | undefined
  readonly currency: string | undefined
}
