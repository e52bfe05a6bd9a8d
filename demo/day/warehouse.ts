/** A confirmed order is reserved, picked, labelled and shipped; its customer gets a mail. */
import { type Business, known, ofIds, type Write } from './book.ts'
import { CHANNELS, enqueue } from './jobs.ts'
import type { Order } from './plan.ts'
import { insert } from './tables.ts'

const MAIL = {
  mail_message_id: 1,
  state: 'outgoing',
  auto_delete: true,
  is_notification: true,
  email_to: 'customer@example.com',
}

/** Queues a mail for each order; Odoo wakes its mail cron by a trigger. */
const mail = async ({ client, tables }: Business, orders: readonly Order[], at: Date): Promise<void> => {
  await insert(
    client,
    tables,
    'mail_mail',
    orders.map(() => ({ ...MAIL, create_date: at, write_date: at })),
  )
  await client.query(
    `INSERT INTO ir_cron_trigger (cron_id, call_at, create_date, write_date)
    SELECT id, now(), now(), now() FROM ir_cron c WHERE cron_name LIKE 'Mail: Email Queue%'
      AND NOT EXISTS (SELECT FROM ir_cron_trigger t WHERE t.cron_id = c.id)`,
  )
}

export const reserved: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'picking',
    "SELECT id FROM stock_picking WHERE id = ANY ($1) AND state = 'confirmed'",
  )
  await enqueue(
    business.client,
    business.tables,
    [...happened.keys()].map((id) => ({ channel: CHANNELS.reserve, records: [id] })),
  )
  return [...happened.values()]
}

export const picked: Write = async (business, orders) => [
  ...(
    await ofIds(
      business,
      orders,
      'picking',
      `UPDATE stock_move m SET picked = true, write_date = now() FROM stock_picking p
      WHERE p.id = ANY ($1) AND p.state = 'assigned' AND m.picking_id = p.id RETURNING p.id`,
    )
  ).values(),
]

export const labelled: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'picking',
    `SELECT id FROM stock_picking p WHERE id = ANY ($1) AND state = 'assigned'
      AND NOT EXISTS (SELECT FROM stock_move m WHERE m.picking_id = p.id AND NOT m.picked)`,
  )
  await enqueue(
    business.client,
    business.tables,
    [...happened.keys()].map((id) => ({ channel: CHANNELS.label, records: [id] })),
  )
  return [...happened.values()]
}

export const shipped: Write = async (business, orders) => {
  const happened = await ofIds(
    business,
    orders,
    'picking',
    `UPDATE stock_picking SET state = 'done', date_done = now(), write_date = now()
    WHERE id = ANY ($1) AND state = 'assigned' AND carrier_tracking_ref IS NOT NULL RETURNING id`,
  )
  const shippedOrders = [...happened.values()]
  if (happened.size === 0) return shippedOrders
  await business.client.query(
    "UPDATE stock_move SET state = 'done', date = now(), write_date = now() WHERE picking_id = ANY ($1)",
    [[...happened.keys()]],
  )
  await business.client.query(
    "UPDATE sale_order SET delivery_status = 'full', effective_date = now(), write_date = now() WHERE id = ANY ($1)",
    [[...known(business.book, shippedOrders, 'order').keys()]],
  )
  await mail(business, shippedOrders, new Date())
  return shippedOrders
}
