/** What is shipped is invoiced, the invoice posted, and paid. */
import { known, ofIds, remember, type Write } from './book.ts'

export const invoiced: Write = async (business, orders) => {
  const { client, book } = business
  const delivered = await ofIds(
    business,
    orders,
    'picking',
    "SELECT id FROM stock_picking WHERE id = ANY ($1) AND state = 'done'",
  )
  const sales = known(book, [...delivered.values()], 'order')
  const { rows } = await client.query<{ id: number; origin: string }>(
    `INSERT INTO account_move (journal_id, company_id, partner_id, commercial_partner_id, currency_id, state, move_type, auto_post,
      payment_state, invoice_origin, date, amount_untaxed, amount_tax, amount_total, amount_residual, amount_total_signed,
      create_date, write_date)
    SELECT 3 * company_id - 2, company_id, partner_id, partner_id, currency_id, 'draft', 'out_invoice', 'no', 'not_paid', client_order_ref,
      current_date, amount_untaxed, amount_tax, amount_total, amount_total, amount_total, now(), now()
    FROM sale_order WHERE id = ANY ($1) RETURNING id, invoice_origin AS origin`,
    [[...sales.keys()]],
  )
  const invoices = new Map(rows.map(({ id, origin }) => [origin, id]))
  for (const order of sales.values()) remember(book, order, { invoice: invoices.get(order.reference) })
  return [...sales.values()]
}

export const posted: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'invoice',
    `UPDATE account_move m SET state = 'posted', name = 'INV/' || to_char(now(), 'YYYY') || '/' || lpad(id::text, 6, '0'),
      invoice_date = current_date, write_date = now()
    WHERE id = ANY ($1) AND state = 'draft' RETURNING id`,
  )
  // What Odoo's daily run is to send.
  await business.client.query(
    `INSERT INTO account_edi_document (move_id, edi_format_id, state, create_date, write_date)
    SELECT id, 1, 'to_send', now(), now() FROM unnest($1::int[]) id`,
    [[...happened.keys()]],
  )
  const postedOrders = [...happened.values()]
  const sales = known(business.book, postedOrders, 'order')
  if (sales.size === 0) return postedOrders
  await business.client.query(
    "UPDATE sale_order SET invoice_status = 'invoiced', write_date = now() WHERE id = ANY ($1)",
    [[...sales.keys()]],
  )
  await business.client.query(
    `UPDATE account_move m SET payment_state = 'paid', amount_residual = 0 FROM payment_transaction t
    WHERE m.id = ANY ($1) AND t.reference = m.invoice_origin`,
    [[...happened.keys()]],
  )
  return postedOrders
}

export const paid: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'invoice',
    `UPDATE account_move SET payment_state = 'paid', amount_residual = 0, write_date = now()
    WHERE id = ANY ($1) AND state = 'posted' AND payment_state = 'not_paid' RETURNING id`,
  )
  return [...happened.values()]
}
