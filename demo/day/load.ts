/** Fills a tenant's tables with the past of a big distributor, set by set, in under a minute. */
import pg from 'pg'
import type { PostgresServer } from '../postgres.ts'

export interface BulkSizes {
  readonly orders: number
  readonly pickings: number
  readonly jobs: number
}

// More by day than by night: the hours of the day, each as often as its share of a hundred orders.
const HOURS =
  "(string_to_array('0,1,3,5,6,6,7,7,7,7,8,8,8,8,8,8,8,9,9,9,9,9,9,9,9,9,10,10,10,10,10,10,10,10,10,10,11,11,11,11,11,11,11,11,11," +
  '12,12,12,12,12,12,12,13,13,13,13,13,13,13,13,14,14,14,14,14,14,14,14,14,15,15,15,15,15,15,15,15,15,16,16,16,16,16,16,16,' +
  "17,17,17,17,17,18,18,18,18,19,19,19,20,20,21,22', ',')::int[])[1 + floor(random() * 96)::int]"

/** An instant of the last `days` days, never in the future. */
const past = (days: number): string =>
  `least(date_trunc('day', now()) - floor(random() * ${days}) * interval '1 day' + (${HOURS} + random()) * interval '1 hour',
    now() - random() * interval '1 hour')::timestamp`

/** Most are quick, a few take long. */
const about = (mean: string): string => `-ln(1 - random()) * interval '${mean}'`

const orders = (count: number): string => `
  INSERT INTO sale_order (id, name, client_order_ref, state, company_id, warehouse_id, partner_id, partner_invoice_id,
    partner_shipping_id, currency_id, currency_rate, user_id, team_id, carrier_id, picking_policy, invoice_status,
    amount_untaxed, amount_tax, amount_total, locked, create_uid, create_date, date_order, write_date)
  SELECT id, 'S' || lpad(id::text, 8, '0'), 'OLD-' || id, state, company, company, customer, customer, customer,
    CASE company WHEN 3 THEN 2 ELSE 1 END, 1, 2, 1, 1, 'direct',
    CASE state WHEN 'sale' THEN 'invoiced' ELSE 'no' END, untaxed, round(untaxed * 0.19, 2), untaxed + round(untaxed * 0.19, 2),
    false, 2, created, decided, decided
  FROM (
    SELECT id, state, customer, untaxed, created, CASE WHEN customer <= 140 THEN 1 WHEN customer <= 180 THEN 2 ELSE 3 END AS company,
      CASE state WHEN 'sale' THEN least(created + ${about('4 min')}, now()) ELSE created END AS decided
    FROM (
      SELECT base + i AS id, (1 + floor(random() * 200))::int AS customer,
        round((20 + 400 * -ln(1 - random()))::numeric, 2) AS untaxed, ${past(90)} AS created,
        CASE WHEN chance < 0.93 THEN 'sale' WHEN chance < 0.97 THEN 'cancel' WHEN chance < 0.99 THEN 'sent' ELSE 'draft' END AS state
      FROM (SELECT i, random() AS chance FROM generate_series(1, ${count}) i) n,
        (SELECT coalesce(max(id), 0) AS base FROM sale_order) b
    ) made
  ) decided`

// Every confirmed order has a delivery; where more are asked for, a transfer within the house before it.
const pickings = (count: number): string => `
  INSERT INTO stock_picking (id, name, origin, sale_id, partner_id, company_id, location_id, location_dest_id, picking_type_id,
    move_type, state, priority, carrier_id, carrier_tracking_ref, is_locked, scheduled_date, date_done, create_date, write_date)
  SELECT id, CASE WHEN outgoing THEN 'WH/OUT/' ELSE 'WH/INT/' END || 'L' || lpad(id::text, 8, '0'), client_order_ref, sale,
    partner_id, company_id, 8, CASE WHEN outgoing THEN 5 ELSE 8 END,
    -- as createOdooDatabase numbers them: receipts, deliveries, internal transfers of each company
    3 * (company_id - 1) + CASE WHEN outgoing THEN 2 ELSE 3 END, 'direct', state, '0', CASE WHEN outgoing THEN 1 END,
    CASE WHEN outgoing AND state = 'done' AND chance < 0.99 THEN '1Z' || lpad(id::text, 16, '0') END, true,
    scheduled, CASE state WHEN 'done' THEN least(scheduled + ${about('3 h')}, now()) END, date_order, scheduled
  FROM (
    SELECT base + i AS id, s.id AS sale, client_order_ref, partner_id, company_id, date_order, random() AS chance,
      i <= confirmed AS outgoing, date_order + interval '4 h' * random() AS scheduled,
      CASE WHEN date_order < now() - interval '3 days' THEN CASE WHEN random() < 0.985 THEN 'done' ELSE 'cancel' END
        ELSE (ARRAY['done', 'done', 'assigned', 'confirmed'])[1 + floor(random() * 4)::int] END AS state
    FROM generate_series(1, ${count}) i
      CROSS JOIN (SELECT coalesce(max(id), 0) AS base FROM stock_picking) b
      CROSS JOIN (SELECT count(*) AS confirmed FROM sale_order WHERE state = 'sale') c
      JOIN (SELECT row_number() OVER (ORDER BY id) AS n, id, client_order_ref, partner_id, company_id, date_order
        FROM sale_order WHERE state = 'sale') s ON s.n = 1 + i % c.confirmed
  ) made`

const jobs = (count: number): string => `
  INSERT INTO queue_job (uuid, name, model_name, method_name, func_string, channel, state, priority, retry, max_retries, user_id,
    company_id, records, args, kwargs, date_created, date_enqueued, date_started, date_done, exec_time, exc_name, exc_message)
  SELECT gen_random_uuid()::text, channel || ' ' || i, 'stock.picking', 'run', 'stock.picking().run()', channel, state, 10,
    CASE state WHEN 'done' THEN 1 WHEN 'failed' THEN 5 ELSE 0 END, 5, 2, 1, records, '[]', '{}', created,
    enqueued, CASE WHEN state <> 'cancelled' THEN started END,
    CASE state WHEN 'done' THEN started + spent * interval '1 s' END, CASE state WHEN 'done' THEN spent ELSE 0 END,
    CASE state WHEN 'failed' THEN 'odoo.exceptions.UserError' END, CASE state WHEN 'failed' THEN 'The address is incomplete.' END
  FROM (
    SELECT i, created, created + lag AS enqueued, created + lag + interval '40 ms' AS started, 0.05 + 0.8 * -ln(1 - random()) AS spent,
      '{"_type": "odoo_recordset", "model": "stock.picking", "ids": [], "uid": 2}'::jsonb AS records,
      (ARRAY['root.sale', 'root.inventory', 'root.delivery'])[1 + floor(random() * 3)::int] AS channel,
      CASE WHEN chance < 0.995 THEN 'done' WHEN chance < 0.998 THEN 'cancelled' ELSE 'failed' END AS state
    FROM (SELECT i, random() AS chance, ${past(30)} - interval '10 min' AS created, ${about('3 s')} AS lag
      FROM generate_series(1, ${count}) i) n
  ) made`

/** An index is built faster over the whole than row by row: those that are no constraint are left out while a table fills. */
const withoutIndexes = async (client: pg.Client, table: string, fill: () => Promise<unknown>): Promise<void> => {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)`,
    [table],
  )
  for (const { name } of rows) await client.query(`DROP INDEX "${name}"`)
  await fill()
  for (const { definition } of rows) await client.query(definition)
}

/** Fills on top of what is there, while nothing else writes; the same sizes give the same rows, but for instants and uuids. */
export const loadBulk = async (
  { port, password }: Pick<PostgresServer, 'port' | 'password'>,
  database: string,
  sizes: BulkSizes,
): Promise<void> => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database, ssl: false })
  // Said by the query in flight.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SELECT setseed(0.42)")
    for (const [table, sql, count] of [
      ['sale_order', orders, sizes.orders],
      ['stock_picking', pickings, sizes.pickings],
      ['queue_job', jobs, sizes.jobs],
    ] as const) {
      if (count === 0) continue
      await client.query('BEGIN')
      await withoutIndexes(client, table, () => client.query(sql(count)))
      await client.query(`SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM ${table}))`)
      await client.query('COMMIT')
      await client.query(`ANALYZE ${table}`)
    }
  } finally {
    await client.end()
  }
}
