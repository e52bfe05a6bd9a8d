/** A few rows of each kind, so that recorded answers find their like. */

const utc = "now() AT TIME ZONE 'UTC'"

const jobs = `
  INSERT INTO queue_job (uuid, name, model_name, channel, state, retry, max_retries, date_created, date_enqueued, date_started, date_done, exec_time, company_id)
  VALUES
    ('a', 'export stock', 'product.product', 'root.inventory', 'failed', 1, 5, ${utc}, ${utc}, ${utc}, NULL, 0, 1),
    ('b', 'make label', 'stock.picking', 'root.delivery', 'failed', 1, 5, ${utc}, ${utc}, ${utc}, NULL, 0, 1),
    ('c', 'send invoice', 'account.move', 'root.edi', 'pending', 0, 5, ${utc}, NULL, NULL, NULL, 0, 1),
    ('d', 'send invoice', 'account.move', 'root.edi', 'wait_dependencies', 0, 5, ${utc}, NULL, NULL, NULL, 0, 1),
    ('e', 'import order', 'sale.order', 'root.sale', 'done', 1, 5, ${utc}, ${utc}, ${utc}, ${utc}, 0.0123, 1)`

const business = `
  INSERT INTO sale_order (name, state, partner_id, partner_invoice_id, partner_shipping_id, company_id, currency_id, team_id, warehouse_id, amount_total, date_order)
  SELECT 'S' || i, (ARRAY['draft', 'sale', 'sent', 'sale', 'sale'])[1 + i % 5], 1, 1, 1, 1, 1, CASE WHEN i % 2 = 0 THEN 1 END, 1, 10.5, ${utc} - i * interval '1 day'
  FROM generate_series(1, 25) i;
  INSERT INTO stock_picking (name, state, picking_type_id, location_id, location_dest_id, company_id, carrier_id, scheduled_date, date_done)
  SELECT 'WH/OUT/' || i, (ARRAY['assigned', 'confirmed', 'done', 'draft'])[1 + i % 4], 1 + i % 2, 8, 5, 1, CASE WHEN i % 3 > 0 THEN i % 3 END,
    ${utc} - i * interval '1 hour', CASE WHEN i % 4 = 2 THEN ${utc} END
  FROM generate_series(1, 24) i;
  INSERT INTO stock_move (STOCK_MOVE_NAME product_id, product_uom, location_id, location_dest_id, company_id, picking_type_id, state, date)
  SELECT STOCK_MOVE_VALUE 1, 1, 8, 5, 1, 2, (ARRAY['confirmed', 'partially_available'])[1 + i % 2], ${utc} - interval '1 day' FROM generate_series(1, 4) i;
  INSERT INTO payment_transaction (reference, state, operation, provider_id, payment_method_id, currency_id, partner_id, company_id, amount, is_post_processed, last_state_change)
  SELECT 'T' || i, (ARRAY['done', 'error', 'pending'])[1 + i % 3], 'online_direct', 1, 1, 1, 1, 1, 10, false, ${utc} FROM generate_series(1, 6) i;
  INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id) SELECT i, i FROM generate_series(1, 6) i;
  INSERT INTO account_move (journal_id, currency_id, company_id, name, state, move_type, date) SELECT 1, 1, 1, 'INV/' || i, 'posted', 'out_invoice', current_date FROM generate_series(1, 3) i;
  INSERT INTO mail_mail (mail_message_id, state, failure_type) VALUES (1, 'exception', 'mail_email_invalid'), (2, 'outgoing', NULL)`

const crons = `
  UPDATE ir_cron SET active = false WHERE id IN (3, 8);
  UPDATE ir_cron SET nextcall = ${utc} - interval '1 hour', lastcall = NULL WHERE id IN (4, 5);
  INSERT INTO ir_cron_trigger (cron_id, call_at) VALUES (1, ${utc} + interval '1 hour'), (2, ${utc} + interval '1 hour')`

const progress = `
  INSERT INTO ir_cron_progress (cron_id, done, remaining, timed_out_counter) VALUES (1, 3, 0, 0), (2, 0, 5, 1), (1, 1, 0, 0)`

/** Statements for a database of that version. */
export const odooRows = (version: number): string =>
  [jobs, business, crons, ...(version >= 18 ? [progress] : [])]
    .join(';\n')
    .replace('STOCK_MOVE_NAME', version >= 19 ? '' : 'name,')
    .replace('STOCK_MOVE_VALUE', version >= 19 ? '' : "'move',")
