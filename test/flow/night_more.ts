/** More of that night, in the tables of sales, payments, counters and mail. */
import { every, times, written } from './night.ts'

const numbered = `SELECT row_number() OVER (ORDER BY at)::int AS i, n, at FROM (${times}) times`
const state = (...states: readonly string[]) => `(ARRAY['${states.join("', '")}'])[1 + n % ${states.length}]`

const orders = `INSERT INTO sale_order (id, name, company_id, partner_id, partner_invoice_id, partner_shipping_id, currency_id,
    team_id, state, amount_total, commitment_date, date_order, create_date, write_date)
  SELECT i, 'S' || i, 1 + n % 2, 1, 1, 1, 1 + n % 2, ${every(3, '2')}, ${state('draft', 'sale', 'cancel', 'sent')}, 10 + n % 7,
    ${every(6, "at + interval '1 hour'")}, at + interval '5 minutes', at, ${written}
  FROM (${numbered}) rows ORDER BY i`
// Of 7 payments one is for no order, of 11 one for two, of 5 one too small.
const payments = `INSERT INTO payment_transaction (id, provider_id, company_id, currency_id, partner_id, reference, state, operation,
    amount, is_post_processed, last_state_change, create_date, write_date)
  SELECT i, 1 + n % 2, 1, 1, 1, 'P' || i, ${state('done', 'authorized', 'done', 'error')}, ${every(2, "'online_direct'")},
    CASE WHEN n % 5 = 0 THEN 5 ELSE 20 END, n % 3 = 0, at, at - interval '1 minute', ${written}
  FROM (${numbered}) rows ORDER BY i`
const links = `INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id)
  SELECT i, i FROM (${numbered}) rows WHERE n % 7 <> 0
  UNION ALL SELECT i, i - 1 FROM (${numbered}) rows WHERE n % 11 = 0 AND i > 1`
const documents = `INSERT INTO account_edi_document (move_id, edi_format_id, state, blocking_level, create_date, write_date)
  SELECT i, 1, ${state('to_send', 'sent', 'to_cancel', 'cancelled')}, ${every(8, "'error'")}, at, ${written}
  FROM (${numbered}) rows ORDER BY i`
const sales = `INSERT INTO pos_order (company_id, session_id, name, state, amount_total, date_order, create_date, write_date)
  SELECT 1, 1 + n % 3, 'Counter/' || i, ${state('paid', 'done', 'draft')}, n % 40, at - interval '4 minutes', at, ${written}
  FROM (${numbered}) rows ORDER BY i`
const mails = `INSERT INTO mail_mail (state, failure_type, scheduled_date, create_date, write_date)
  SELECT ${state('outgoing', 'exception', 'sent')}, ${every(2, "'mail_smtp'")}, ${every(4, "at + interval '30 minutes'")}, at, ${written}
  FROM (${numbered}) rows ORDER BY i`
const notifications = `INSERT INTO mail_notification (notification_type, notification_status, is_read, read_date)
  SELECT ${state('email', 'email', 'inbox')}, CASE n % 4 WHEN 0 THEN 'ready' ELSE 'sent' END, true, at
  FROM (${numbered}) rows ORDER BY i`
const moves = `INSERT INTO stock_move (company_id, location_id, location_dest_id, picking_type_id, name, reference, state,
    product_uom_qty, date, create_date, write_date)
  SELECT 1 + n / 4 % 2, 8, 5, 1 + n % 3, 'Desk', 'WH/OUT/' || i, ${state('confirmed', 'done', 'partially_available', 'done')}, 1, at, at, ${written}
  FROM (${numbered}) rows ORDER BY i`
const progress = `INSERT INTO ir_cron_progress (cron_id, timed_out_counter, create_date, write_date)
  SELECT 1 + n % 3, CASE WHEN n % 6 = 0 THEN 1 ELSE 0 END, at, at + interval '20 seconds'
  FROM (${numbered}) rows ORDER BY i`

const sequence = (table: string) => `SELECT setval('${table}_id_seq', (SELECT max(id) FROM ${table}))`

export const moreRowsOf = (version: number): string =>
  [
    orders,
    payments,
    links,
    documents,
    sales,
    mails,
    notifications,
    version < 19 ? moves : moves.replace(' name,', '').replace("'Desk', ", ''),
    ...(version < 18 ? [] : [progress]),
    ...['sale_order', 'payment_transaction'].map(sequence),
    'ANALYZE',
  ].join(';\n')
