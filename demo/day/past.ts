/** What the past of a big distributor is made of: orders, transfers and jobs, a statement a set. */

// More by day than by night: the hours of the day, each as often as its share of a hundred orders.
const HOURS =
  "(string_to_array('0,1,3,5,6,6,7,7,7,7,8,8,8,8,8,8,8,9,9,9,9,9,9,9,9,9,10,10,10,10,10,10,10,10,10,10,11,11,11,11,11,11,11,11,11," +
  '12,12,12,12,12,12,12,13,13,13,13,13,13,13,13,14,14,14,14,14,14,14,14,14,15,15,15,15,15,15,15,15,15,16,16,16,16,16,16,16,' +
  "17,17,17,17,17,18,18,18,18,19,19,19,20,20,21,22', ',')::int[])[1 + floor(random() * 96)::int]"

/** What a big distributor takes in a day. */
const ORDERS_A_DAY = 555

/**
 * How many days of orders there are: few of them lie dense in three months, so that a small past has something in each
 * hour; many go back as far as a year and a half, as an old database's do.
 */
export const daysOf = (count: number): number => Math.min(540, Math.max(90, Math.round(count / ORDERS_A_DAY)))

/** An instant of the last `days` days, never in the future. */
export const past = (days: number): string =>
  `least(date_trunc('day', now()) - floor(random() * ${days}) * interval '1 day' + (${HOURS} + random()) * interval '1 hour',
    now() - random() * interval '1 hour')::timestamp`

/** Most are quick, a few take long. */
export const about = (mean: string): string => `-ln(1 - random()) * interval '${mean}'`

/** Some are quotations of the sales team, which customers think about for days; the others are the marketplace's. */
export const orders = (count: number): string => `
  INSERT INTO sale_order (id, name, client_order_ref, origin, state, company_id, warehouse_id, partner_id, partner_invoice_id,
    partner_shipping_id, currency_id, currency_rate, user_id, team_id, carrier_id, picking_policy, invoice_status,
    amount_untaxed, amount_tax, amount_total, locked, create_uid, create_date, date_order, write_date)
  SELECT id, 'S' || lpad(id::text, 8, '0'), 'OLD-' || id, CASE WHEN NOT quoted THEN 'Marketplace' END, state,
    company, company, customer, customer, customer, CASE company WHEN 3 THEN 2 ELSE 1 END, 1, 2,
    CASE WHEN quoted THEN 1 ELSE 3 END, 1, 'direct', CASE state WHEN 'sale' THEN 'invoiced' ELSE 'no' END,
    untaxed, round(untaxed * 0.19, 2), untaxed + round(untaxed * 0.19, 2), false, 2, created, decided, decided
  FROM (
    SELECT id, state, quoted, customer, untaxed, created,
      CASE WHEN customer <= 140 THEN 1 WHEN customer <= 180 THEN 2 ELSE 3 END AS company,
      CASE state WHEN 'sale' THEN least(created + CASE WHEN quoted THEN ${about('2 days')} ELSE ${about('3 min')} END, now())
        ELSE created END AS decided
    FROM (
      -- Ids are given in the order of time: bounds by id are good for something only then.
      SELECT base + row_number() OVER (ORDER BY created) AS id, (1 + floor(random() * 200))::int AS customer,
        chance < 0.02 OR chance >= 0.97 AS quoted, round((20 + 400 * -ln(1 - random()))::numeric, 2) AS untaxed, created,
        CASE WHEN chance < 0.93 THEN 'sale' WHEN chance < 0.97 THEN 'cancel' WHEN chance < 0.99 THEN 'sent' ELSE 'draft' END AS state
      FROM (SELECT random() AS chance, ${past(daysOf(count))} AS created FROM generate_series(1, ${count}) i) n,
        (SELECT coalesce(max(id), 0) AS base FROM sale_order) b
    ) made
  ) decided`

/** Every confirmed order has a delivery; where more are asked for, a transfer within the house before it. A few are forgotten. */
export const pickings = (count: number): string => `
  INSERT INTO stock_picking (id, name, origin, sale_id, partner_id, company_id, location_id, location_dest_id, picking_type_id,
    move_type, state, priority, carrier_id, carrier_tracking_ref, is_locked, scheduled_date, date_deadline, date_done, create_date,
    write_date)
  SELECT id, CASE WHEN outgoing THEN 'WH/OUT/' ELSE 'WH/INT/' END || 'L' || lpad(id::text, 8, '0'), client_order_ref, sale,
    partner_id, company_id, 8, CASE WHEN outgoing THEN 5 ELSE 8 END,
    -- as createOdooDatabase numbers them: receipts, deliveries, internal transfers of each company
    3 * (company_id - 1) + CASE WHEN outgoing THEN 2 ELSE 3 END, 'direct', state, '0', CASE WHEN outgoing THEN 1 + id % 2 END,
    CASE WHEN outgoing AND state = 'done' AND chance < 0.99 THEN '1Z' || lpad(id::text, 16, '0') END, true, scheduled,
    CASE WHEN outgoing THEN scheduled END, CASE state WHEN 'done' THEN done END, date_order,
    CASE state WHEN 'done' THEN done ELSE date_order END
  FROM (
    SELECT *, least(scheduled + ${about('14 min')}, now()) AS done FROM (
      SELECT base + row_number() OVER (ORDER BY date_order, i) AS id, s.id AS sale, client_order_ref, partner_id, company_id, date_order, random() AS chance,
        i <= confirmed AS outgoing,
        least(date_order + interval '4 h' * random(), greatest(date_order, now() - interval '5 min')) AS scheduled,
        CASE WHEN random() < 0.984 THEN 'done' WHEN random() < 0.94 THEN 'cancel' ELSE 'confirmed' END AS state
      FROM generate_series(1, ${count}) i
        CROSS JOIN (SELECT coalesce(max(id), 0) AS base FROM stock_picking) b
        CROSS JOIN (SELECT count(*) AS confirmed FROM sale_order WHERE state = 'sale') c
        JOIN (SELECT row_number() OVER (ORDER BY id) AS n, id, client_order_ref, partner_id, company_id, date_order
          FROM sale_order WHERE state = 'sale') s ON s.n = 1 + i % c.confirmed
    ) planned
  ) made`

/** How many exports of stock there were: one each quarter of an hour, or as many as a tenth of the jobs. */
const exportsOf = (count: number): number => Math.min(30 * 24 * 4, Math.ceil(count / 10))

export const jobs = (count: number): string => `
  INSERT INTO queue_job (uuid, name, model_name, method_name, func_string, channel, state, priority, retry, max_retries, user_id,
    company_id, records, args, kwargs, date_created, date_enqueued, date_started, date_done, exec_time, exc_name, exc_message)
  SELECT gen_random_uuid()::text, channel || ' ' || i, 'stock.picking', 'run', 'stock.picking().run()', channel, state, 10,
    CASE state WHEN 'done' THEN 1 WHEN 'failed' THEN 5 ELSE 0 END, 5, 2, 1, records, '[]', '{}', created,
    enqueued, CASE WHEN state <> 'cancelled' THEN started END,
    CASE state WHEN 'done' THEN started + spent * interval '1 s' END, CASE state WHEN 'done' THEN spent ELSE 0 END,
    CASE state WHEN 'failed' THEN 'odoo.exceptions.UserError' END, CASE state WHEN 'failed' THEN 'The address is incomplete.' END
  FROM (
    SELECT i, created, created + lag AS enqueued, created + lag + interval '40 ms' AS started, 0.05 + 0.8 * -ln(1 - random()) AS spent,
      '{"_type": "odoo_recordset", "model": "stock.picking", "ids": [], "uid": 2}'::jsonb AS records, channel,
      CASE WHEN channel = 'root.stock' OR chance < 0.995 THEN 'done' WHEN chance < 0.998 THEN 'cancelled' ELSE 'failed' END AS state
    FROM (
      SELECT i, random() AS chance, ${about('3 s')} AS lag,
        CASE WHEN i <= exports THEN 'root.stock'
          ELSE (ARRAY['root.sale', 'root.inventory', 'root.delivery'])[1 + floor(random() * 3)::int] END AS channel,
        CASE WHEN i <= exports THEN (now() - interval '10 min' - interval '30 days' * (i - 1) / exports)::timestamp
          ELSE ${past(30)} - interval '10 min' END AS created
      FROM generate_series(1, ${count}) i, (SELECT ${exportsOf(count)} AS exports) e
    ) n
  ) made ORDER BY created`
