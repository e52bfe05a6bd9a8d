/** What a demo left running throws away, so that it does not fill the disk: the oldest of what the day brought and is over. */
import type { ClientBase } from 'pg'

/** How many rows of each table stay in any case. */
const KEPT = 20_000
/** Deleted at a time, so that nobody waits for it. */
const PORTION = 2000

const OVER: readonly (readonly [table: string, over: string])[] = [
  ['queue_job', "state = 'done'"],
  ['sale_order', "invoice_status = 'invoiced' OR state = 'cancel'"],
  ['stock_picking', "state = 'done'"],
  ['stock_move', "state = 'done'"],
  ['account_move', "payment_state = 'paid'"],
  ['payment_transaction', 'is_post_processed'],
  ['account_edi_document', "state = 'sent'"],
  ['pos_order', 'TRUE'],
  ['mail_message', 'NOT EXISTS (SELECT FROM mail_mail m WHERE m.mail_message_id = mail_message.id)'],
]

/** What is deleted with a row. */
const WITH_IT: Readonly<Record<string, string>> = {
  sale_order: 'DELETE FROM sale_order_line WHERE order_id IN (SELECT id FROM gone)',
  payment_transaction: 'DELETE FROM sale_order_transaction_rel WHERE transaction_id IN (SELECT id FROM gone)',
  mail_message: 'DELETE FROM mail_notification WHERE mail_message_id IN (SELECT id FROM gone)',
}

/** The newest row of each table that is pruned. */
export type Newest = ReadonlyMap<string, number>

export const newestOf = async (client: ClientBase): Promise<Newest> => {
  const newest = new Map<string, number>()
  for (const [table] of OVER) {
    const { rows } = await client.query<{ id: number }>(`SELECT coalesce(max(id), 0) AS id FROM ${table}`)
    newest.set(table, rows[0]?.id ?? 0)
  }
  return newest
}

/** Deletes rows made since then, by the primary key: tables may be big. What was loaded before stays. */
export const prune = async (client: ClientBase, since: Newest): Promise<void> => {
  for (const [table, over] of OVER) {
    await client.query(
      `WITH gone AS (
        DELETE FROM ${table} WHERE id IN (
          SELECT id FROM ${table} WHERE id > $1 AND id < (SELECT max(id) FROM ${table}) - ${KEPT} AND (${over})
          ORDER BY id LIMIT ${PORTION})
        RETURNING id)
      ${WITH_IT[table] ?? 'SELECT FROM gone'}`,
      [since.get(table) ?? 0],
    )
  }
}
