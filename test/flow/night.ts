/** Rows of the night on which Paris goes back an hour (2026-10-25, 01:00 UTC), above many of the weeks before. */
import type { Instant } from '../../src/metric.ts'

export const HOUR = 3_600_000
export const NIGHT: Instant = Date.parse('2026-10-24T22:00:00Z')
export const MORNING: Instant = NIGHT + 6 * HOUR
/** The hour that is more than a page, at the end of the night. */
export const FULL: Instant = NIGHT + 5 * HOUR
/** When the rows were last written. */
export const WRITTEN: Instant = MORNING + HOUR

/** A table before that night, in rows. */
export const BEFORE = 20_000
export const IN_FULL = 1_100
const IN_NIGHT = 150

// 150 rows two minutes apart fill the five hours before; microseconds as PostgreSQL stores them.
const night = "timestamp '2026-10-24 22:00:00'"
export const times = `
  SELECT n, ${night} - interval '40 days' + n * interval '2 minutes' AS at FROM generate_series(1, ${BEFORE}) n
  UNION ALL SELECT n, ${night} + (n - 1) * interval '2 minutes' + interval '123456 microseconds' FROM generate_series(1, ${IN_NIGHT}) n
  UNION ALL SELECT n, ${night} + interval '5 hours' + n * interval '3 seconds' FROM generate_series(1, ${IN_FULL}) n`
export const every = (n: number, yes: string) => `CASE WHEN n % ${n} = 0 THEN ${yes} END`
export const written = "timestamp '2026-10-25 05:00:00'"

const jobs = `INSERT INTO queue_job
    (uuid, state, retry, channel, company_id, date_created, eta, date_started, date_done, date_cancelled)
  SELECT gen_random_uuid()::text, (ARRAY['pending', 'done', 'failed', 'cancelled'])[1 + n % 4], n % 3, 'root.sale', 1, at,
    ${every(5, "at + interval '9 minutes'")}, at + interval '1 minute', CASE WHEN n % 4 = 1 THEN at + interval '2 minutes' END, at
  FROM (${times}) times ORDER BY times.at`
const pickings = `INSERT INTO stock_picking (name, location_id, location_dest_id, company_id, picking_type_id, carrier_id,
    carrier_tracking_ref, state, scheduled_date, date_done, create_date, write_date)
  SELECT 'OUT/' || row_number() OVER (), 8, 5, 1, 1 + n % 3, ${every(2, '1')}, ${every(4, "'LBL' || n")},
    (ARRAY['assigned', 'done', 'draft', 'cancel', 'done'])[1 + n % 5], at, CASE WHEN n % 5 IN (1, 4) THEN at + interval '1 hour' END, at - interval '1 day', ${written}
  FROM (${times}) times ORDER BY times.at`
const invoices = `INSERT INTO account_move (journal_id, company_id, currency_id, state, move_type, auto_post, date, invoice_date,
    amount_total_signed, create_date, write_date)
  SELECT 1, 1 + n % 2, 1, (ARRAY['draft', 'posted', 'cancel'])[1 + n % 3],
    (ARRAY['out_invoice', 'in_invoice', 'out_refund'])[1 + n % 3], 'no', at::date, ${every(2, 'at::date')}, n * 0.25, at, ${written}
  FROM (${times}) times ORDER BY times.at`

/** Paris is the database's zone: naive times must not be read in it. */
export const rowsOf = (database: string): string =>
  [
    `ALTER DATABASE "${database}" SET timezone = 'Europe/Paris'`,
    jobs,
    pickings,
    invoices,
    'ANALYZE queue_job, stock_picking, account_move',
  ].join(';\n')
