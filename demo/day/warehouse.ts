/** A confirmed order is reserved, picked, labelled and shipped; its customer gets a mail. */
import { minutes } from '../../src/metric.ts'
import { type Business, type Known, known, ofIds, type Write } from './book.ts'
import { cameIn } from './conditions.ts'
import { CHANNELS, enqueue } from './jobs.ts'
import { insert } from './tables.ts'

/** Queues a mail for each order, with the notification it is for; Odoo wakes its mail cron by a trigger. */
const mail = async ({ client, tables, conditions }: Business, pickings: Known): Promise<void> => {
  // Mail may take a little longer than an hour.
  const at = cameIn(conditions, ['cron-stopped'], minutes(150))
  const stamps = (i: number) => ({ create_date: at(i), write_date: at(i) })
  const entries = [...pickings]
  const messages = await insert(
    client,
    tables,
    'mail_message',
    entries.map(([picking], i) => ({
      subject: 'Your order is on its way',
      model: 'stock.picking',
      res_id: picking,
      message_type: 'notification',
      date: at(i),
      ...stamps(i),
    })),
  )
  const mails = await insert(
    client,
    tables,
    'mail_mail',
    messages.map((message, i) => ({
      mail_message_id: message,
      state: 'outgoing',
      auto_delete: true,
      is_notification: true,
      email_to: 'customer@example.com',
      ...stamps(i),
    })),
  )
  await insert(
    client,
    tables,
    'mail_notification',
    entries.map(([, { customer }], i) => ({
      mail_message_id: messages[i],
      mail_mail_id: mails[i],
      res_partner_id: customer,
      notification_type: 'email',
      notification_status: 'ready',
      is_read: true,
    })),
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
    business,
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
    business,
    [...happened.keys()].map((id) => ({ channel: CHANNELS.label, records: [id] })),
  )
  return [...happened.values()]
}

/**
 * While the carrier does not answer, a transfer validated by itself stays as it is, without a trace; of those validated in
 * a batch some are done without a label (18 and newer), here over the last hour.
 */
const SHIPS = `UPDATE stock_picking SET state = 'done', write_date = now(),
    date_done = now() - CASE WHEN carrier_tracking_ref IS NULL THEN random() * interval '1 h' ELSE interval '0' END
  WHERE id = ANY ($1) AND state = 'assigned' AND`

export const shipped: Write = async (business, orders) => {
  const labelled = 'carrier_tracking_ref IS NOT NULL'
  const happened = await ofIds(
    business,
    orders,
    'picking',
    `${SHIPS} ${business.conditions.has('carrier-down') ? `(${labelled} OR id % 3 = 0)` : labelled} RETURNING id`,
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
  await mail(business, happened)
  return shippedOrders
}
