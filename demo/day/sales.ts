/** An order comes in, is paid in advance or not, and is confirmed or cancelled. */
import { minutes } from '../../src/metric.ts'
import { type Business, ofIds, remember, type Write } from './book.ts'
import { cameIn } from './conditions.ts'
import { CHANNELS, enqueue } from './jobs.ts'
import { houseOf, totalOf } from './orders.ts'
import type { Order } from './plan.ts'
import { insert, type NewRow } from './tables.ts'

export const imported: Write = async (business, orders) => {
  await enqueue(
    business,
    orders.map((order) => ({ channel: CHANNELS.import, order })),
    ['import-stalled'],
  )
  return orders
}

export const prepaid: Write = async (business, orders) => {
  const { client, tables, book, conditions } = business
  const cameAt = cameIn(conditions, ['cron-stopped'])
  const happened = await ofIds(business, orders, 'order', 'SELECT id FROM sale_order WHERE id = ANY ($1)')
  const transactions = [...happened.values()].map((order, i) => {
    const { provider, company, currency } = houseOf(order.customer)
    const at = cameAt(i)
    return {
      provider_id: provider,
      company_id: company,
      payment_method_id: 1,
      currency_id: currency,
      partner_id: order.customer,
      reference: order.reference,
      state: 'done',
      operation: 'online_direct',
      amount: totalOf(order),
      is_post_processed: false,
      last_state_change: at,
      create_date: at,
      write_date: at,
    }
  })
  const ids = await insert(client, tables, 'payment_transaction', transactions)
  if (ids.length > 0) {
    await client.query(
      'INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id) SELECT * FROM unnest($1::int[], $2::int[])',
      [ids, [...happened.values()].map(({ reference }) => book.get(reference)?.order)],
    )
  }
  return [...happened.values()]
}

export const cancelled: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'order',
    "UPDATE sale_order SET state = 'cancel', write_date = now() WHERE id = ANY ($1) AND state IN ('draft', 'sent') RETURNING id",
  )
  return [...happened.values()]
}

/** When transfers are to be done: in a few minutes, or some time ago already where their goods can't be reserved. */
const scheduledFor = ({ conditions }: Business): ((i: number) => Date) => {
  if (conditions.has('reservations-failing')) return cameIn(conditions, ['reservations-failing'])
  const soon = new Date(Date.now() + minutes(5))
  return () => soon
}

const pickingOf = (sale: number, { customer, reference }: Order, at: Date, scheduled: Date): NewRow => ({
  name: `WH/OUT/${String(sale).padStart(7, '0')}`,
  origin: reference,
  sale_id: sale,
  partner_id: customer,
  company_id: houseOf(customer).company,
  location_id: 8,
  location_dest_id: 5,
  picking_type_id: houseOf(customer).deliveries,
  move_type: 'direct',
  state: 'confirmed',
  priority: '0',
  carrier_id: 1,
  is_locked: true,
  scheduled_date: scheduled,
  date_deadline: scheduled,
  date: at,
  create_date: at,
  write_date: at,
})

const movesOf = (
  picking: number,
  { customer, lines, reference }: Order,
  at: Date,
  scheduled: Date,
): readonly NewRow[] =>
  lines.map(({ product, quantity }) => ({
    name: `Article ${product}`,
    picking_id: picking,
    picking_type_id: houseOf(customer).deliveries,
    company_id: houseOf(customer).company,
    product_id: product,
    product_uom: 1,
    location_id: 8,
    location_dest_id: 5,
    state: 'confirmed',
    origin: reference,
    procure_method: 'make_to_stock',
    product_uom_qty: quantity,
    product_qty: quantity,
    quantity: 0,
    picked: false,
    date: scheduled,
    create_date: at,
    write_date: at,
  }))

/** Odoo confirms what is paid in advance once it has processed the payment, by a cron; until then it waits. */
const isPaidFor = `AND NOT EXISTS (SELECT FROM sale_order_transaction_rel r JOIN payment_transaction t ON t.id = r.transaction_id
  WHERE r.sale_order_id = sale_order.id AND NOT t.is_post_processed)`

export const confirmed: Write = async (business, orders) => {
  const { client, tables, book, conditions } = business
  const at = new Date()
  const scheduled = scheduledFor(business)
  const happened = await ofIds(
    business,
    orders,
    'order',
    `UPDATE sale_order SET state = 'sale', invoice_status = 'to invoice', date_order = now(), write_date = now()
    WHERE id = ANY ($1) AND state IN ('draft', 'sent') ${conditions.has('cron-stopped') ? isPaidFor : ''} RETURNING id`,
  )
  const entries = [...happened]
  const pickings = await insert(
    client,
    tables,
    'stock_picking',
    entries.map(([id, order], i) => pickingOf(id, order, at, scheduled(i))),
  )
  const moves = entries.flatMap(([, order], i) => movesOf(pickings[i] ?? 0, order, at, scheduled(i)))
  await insert(client, tables, 'stock_move', moves)
  for (const [i, [, order]] of entries.entries()) remember(book, order, { picking: pickings[i] })
  return entries.map(([, order]) => order)
}
