/** What came of the past's orders and transfers: payments, invoices, documents, mails, moves; and sales at the counter. */
import { about, daysOf, past } from './past.ts'
import type { Tables } from './tables.ts'

/** Rows with ids beyond these are new. */
export interface Before {
  readonly order: number
  readonly picking: number
}

export interface RecordSet {
  readonly table: string
  readonly sql: string
}

/** Of rows whose columns are given by SQL over a FROM; columns that this version of Odoo does not have are left out. */
const filling =
  (tables: Tables) =>
  (table: string, columns: Readonly<Record<string, string>>, from: string): RecordSet => {
    const there = Object.entries(columns).filter(([name]) => tables.get(table)?.has(name))
    const names = there.map(([name]) => `"${name}"`).join(', ')
    // Ids are given in the order of time.
    const at = columns.create_date ?? columns.read_date
    return {
      table,
      sql: `INSERT INTO ${table} (${names}) SELECT ${there.map(([, sql]) => sql).join(', ')} FROM ${from}${at === undefined ? '' : ` ORDER BY ${at}`}`,
    }
  }

const robot = { create_uid: '2', write_uid: '2' }

/** Three in five orders of the marketplace are paid in advance, half a minute before they are confirmed or more. */
const payments = (fill: ReturnType<typeof filling>, { order }: Before): readonly RecordSet[] => [
  fill(
    'payment_transaction',
    {
      ...robot,
      provider_id: '2 * o.company_id - 1',
      company_id: 'o.company_id',
      payment_method_id: '1',
      currency_id: 'o.currency_id',
      partner_id: 'o.partner_id',
      reference: 'o.client_order_ref',
      state: "'done'",
      operation: "'online_direct'",
      amount: 'o.amount_total',
      // Odoo gives up after four days.
      is_post_processed: 'random() < 0.9995',
      last_state_change: 'o.create_date + (o.date_order - o.create_date) * 0.4',
      create_date: 'o.create_date + (o.date_order - o.create_date) * 0.2',
      write_date: 'o.date_order',
    },
    `(SELECT * FROM sale_order WHERE id > ${order} AND origin = 'Marketplace' AND state = 'sale' AND id % 5 < 3) o`,
  ),
  {
    table: 'sale_order_transaction_rel',
    sql: `INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id)
      SELECT t.id, o.id FROM sale_order o JOIN payment_transaction t ON t.reference = o.client_order_ref WHERE o.id > ${order}`,
  },
]

/** Deliveries that are done. */
const shipments = ({ picking }: Before): string =>
  `stock_picking p JOIN sale_order o ON o.id = p.sale_id
    WHERE p.id > ${picking} AND p.state = 'done' AND p.picking_type_id % 3 = 2`

/** Some invoices wait for somebody to look at them. */
const invoices = (fill: ReturnType<typeof filling>, before: Before): readonly RecordSet[] => [
  fill(
    'account_move',
    {
      ...robot,
      journal_id: '3 * o.company_id - 2',
      company_id: 'o.company_id',
      partner_id: 'o.partner_id',
      commercial_partner_id: 'o.partner_id',
      currency_id: 'o.currency_id',
      state: 'i.state',
      name: "CASE i.state WHEN 'posted' THEN 'INV/OLD/' || o.id END",
      move_type: "'out_invoice'",
      auto_post: "'no'",
      payment_state:
        "CASE WHEN i.state = 'posted' AND i.created < now() - interval '14 days' THEN 'paid' ELSE 'not_paid' END",
      invoice_origin: 'o.name',
      invoice_date: "CASE i.state WHEN 'posted' THEN i.created::date END",
      date: 'i.created::date',
      amount_untaxed: 'o.amount_untaxed',
      amount_tax: 'o.amount_tax',
      amount_total: 'o.amount_total',
      amount_residual: "CASE WHEN i.created < now() - interval '14 days' THEN 0 ELSE o.amount_total END",
      amount_total_signed: 'o.amount_total',
      create_date: 'i.created',
      write_date: 'i.created',
    },
    `(SELECT p.sale_id, least(p.date_done + ${about('6 min')}, now()) AS created,
        CASE WHEN random() < 0.994 THEN 'posted' ELSE 'draft' END AS state FROM ${shipments(before)}) i
      JOIN sale_order o ON o.id = i.sale_id`,
  ),
  // The daily run sends them.
  fill(
    'account_edi_document',
    {
      ...robot,
      move_id: 'm.id',
      edi_format_id: '1',
      state: "CASE WHEN m.create_date > now() - interval '12 h' OR m.failed THEN 'to_send' ELSE 'sent' END",
      blocking_level: "CASE WHEN m.failed THEN 'error' END",
      error: "CASE WHEN m.failed THEN 'The buyer has no VAT number.' END",
      create_date: 'm.create_date',
      write_date: "least(m.create_date + interval '12 h', now())",
    },
    `(SELECT m.id, m.create_date, random() < 0.002 AS failed FROM account_move m JOIN sale_order o ON o.name = m.invoice_origin
      WHERE m.state = 'posted' AND m.name LIKE 'INV/OLD/%' AND NOT EXISTS (SELECT FROM account_edi_document d WHERE d.move_id = m.id)
    ) m`,
  ),
]

/** A customer hears of each delivery; mail that went out is gone, its notification stays. */
const mails = (fill: ReturnType<typeof filling>, before: Before): readonly RecordSet[] => [
  fill(
    'mail_message',
    {
      ...robot,
      subject: "'Your order is on its way'",
      model: "'stock.picking'",
      res_id: 'p.id',
      message_type: "'notification'",
      date: 'p.date_done',
      create_date: 'p.date_done',
      write_date: 'p.date_done',
    },
    shipments(before),
  ),
  fill(
    'mail_notification',
    {
      mail_message_id: 'm.id',
      res_partner_id: 'p.partner_id',
      notification_type: "'email'",
      notification_status: "CASE WHEN m.id % 250 = 0 THEN 'exception' ELSE 'sent' END",
      failure_type: "CASE WHEN m.id % 250 = 0 THEN 'mail_email_invalid' END",
      is_read: 'true',
      read_date: 'm.create_date',
    },
    `mail_message m JOIN stock_picking p ON m.model = 'stock.picking' AND p.id = m.res_id WHERE p.id > ${before.picking}`,
  ),
  fill(
    'mail_mail',
    {
      ...robot,
      mail_message_id: 'm.id',
      state: "'exception'",
      failure_type: "'mail_email_invalid'",
      is_notification: 'true',
      auto_delete: 'true',
      create_date: 'm.create_date',
      write_date: 'm.create_date',
    },
    `mail_message m JOIN stock_picking p ON m.model = 'stock.picking' AND p.id = m.res_id
      WHERE p.id > ${before.picking} AND m.id % 250 = 0`,
  ),
]

/** One a delivery; of a forgotten one it is not reserved. */
const moves = (fill: ReturnType<typeof filling>, { picking }: Before): RecordSet =>
  fill(
    'stock_move',
    {
      ...robot,
      name: "'Article 1'",
      picking_id: 'p.id',
      picking_type_id: 'p.picking_type_id',
      company_id: 'p.company_id',
      product_id: '1',
      product_uom: '1',
      location_id: '8',
      location_dest_id: '5',
      state: 'p.state',
      procure_method: "'make_to_stock'",
      product_uom_qty: '1',
      product_qty: '1',
      quantity: "CASE p.state WHEN 'done' THEN 1 ELSE 0 END",
      picked: "p.state = 'done'",
      date: 'p.scheduled_date',
      create_date: 'p.create_date',
      write_date: 'p.write_date',
    },
    `stock_picking p WHERE p.id > ${picking} AND p.picking_type_id % 3 = 2`,
  )

/** A session a day and counter; a sale arrives within seconds, or with the next connection. */
const counter = (fill: ReturnType<typeof filling>, sales: number, days: number): readonly RecordSet[] => [
  fill(
    'pos_session',
    {
      ...robot,
      config_id: 'c.id',
      user_id: '2',
      name: "'POS/' || c.id || '/' || to_char(day, 'YYYYMMDD')",
      state: "CASE WHEN day::date < current_date THEN 'closed' ELSE 'opened' END",
      rescue: 'false',
      start_at: "day + interval '6 h'",
      stop_at: "CASE WHEN day::date < current_date THEN day + interval '23 h' END",
      create_date: "day + interval '6 h'",
      write_date: "day + interval '6 h'",
    },
    `pos_config c, generate_series(current_date - ${days - 1}, current_date, interval '1 day') day
      WHERE NOT EXISTS (SELECT FROM pos_session)`,
  ),
  fill(
    'pos_order',
    {
      ...robot,
      user_id: '2',
      company_id: 's.config_id',
      config_id: 's.config_id',
      session_id: 's.id',
      name: "'Counter ' || s.config_id || '/' || n.i",
      state: "CASE s.state WHEN 'closed' THEN 'done' ELSE 'paid' END",
      amount_tax: 'round(n.total * 0.16, 2)',
      amount_total: 'n.total',
      amount_paid: 'n.total',
      amount_return: '0',
      currency_rate: '1',
      date_order: 'n.at',
      create_date: `least(n.at + CASE WHEN n.chance < 0.996 THEN ${about('6 s')} ELSE ${about('40 min')} END, now())`,
      write_date: 'n.at',
    },
    `(SELECT i, random() AS chance, 1 + i % 3 AS config, ${past(days - 1)} AS at, round((5 + 60 * -ln(1 - random()))::numeric, 2) AS total
        FROM generate_series(1, ${sales}) i) n
      JOIN pos_session s ON s.config_id = n.config AND s.start_at::date = n.at::date`,
  ),
]

/** In the order in which they can be run. */
export const records = (tables: Tables, before: Before, orders: number): readonly RecordSet[] => {
  const fill = filling(tables)
  return [
    ...payments(fill, before),
    ...invoices(fill, before),
    ...mails(fill, before),
    moves(fill, before),
    // A third of the sales, in a third of the days.
    ...counter(fill, Math.ceil(orders / 3), Math.ceil(daysOf(orders) / 3)),
  ]
}
