/** What a demo left running throws away, so that it does not fill the disk: the oldest of what the day brought and is over. */
import type { ClientBase } from 'pg'

/** How many rows of each table stay in any case. */
const KEPT = 20_000
/** Deleted at a time, so that nobody waits for it. */
const PORTION = 2000

const OVER: readonly (readonly [table: string, created: string, over: string])[] = [
  ['queue_job', 'date_created', "state = 'done'"],
  ['sale_order', 'create_date', "invoice_status = 'invoiced' OR state = 'cancel'"],
  ['stock_picking', 'create_date', "state = 'done'"],
  ['stock_move', 'create_date', "state = 'done'"],
  ['account_move', 'create_date', "payment_state = 'paid'"],
  ['payment_transaction', 'create_date', 'is_post_processed'],
]

/** Deletes rows made since then; what was loaded before stays. */
export const prune = async (client: ClientBase, since: Date): Promise<void> => {
  for (const [table, created, over] of OVER) {
    await client.query(
      `WITH gone AS (
        DELETE FROM ${table} WHERE id IN (
          SELECT id FROM ${table} WHERE id < (SELECT max(id) FROM ${table}) - ${KEPT} AND ${created} >= $1 AND (${over})
          ORDER BY id LIMIT ${PORTION})
        RETURNING id)
      ${table === 'sale_order' ? 'DELETE FROM sale_order_line WHERE order_id IN (SELECT id FROM gone)' : 'SELECT FROM gone'}`,
      [since],
    )
  }
}
