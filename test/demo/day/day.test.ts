import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Day, startDay } from '../../../demo/day/day.ts'
import { loadBulk } from '../../../demo/day/load.ts'
import { seed, TENANTS } from '../../../demo/estate.ts'
import { createOdooDatabase } from '../../../demo/odoo/database.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { eventually } from '../../support/eventually.ts'

let primary: PostgresServer
beforeAll(async () => {
  primary = await startPostgres()
})
afterAll(() => primary?.stop())

const count = async (database: string, sql: string): Promise<number> =>
  Number((await primary.query(`SELECT (${sql}) AS n`, undefined, database))[0]?.n)

/** What can be true of no row, by what it would say. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  'a transfer of an order that is not confirmed':
    "stock_picking p JOIN sale_order o ON o.id = p.sale_id WHERE o.state <> 'sale' OR p.create_date < o.create_date",
  'shipped without a label or before it was made':
    "stock_picking WHERE state = 'done' AND name NOT LIKE '%L%' AND (carrier_tracking_ref IS NULL OR date_done < create_date)",
  'shipped without being reserved and picked':
    "stock_move m JOIN stock_picking p ON p.id = m.picking_id WHERE p.state = 'done' AND NOT (m.state = 'done' AND m.picked AND m.quantity = m.product_uom_qty)",
  'an invoice of what is not shipped':
    "account_move m JOIN sale_order o ON o.client_order_ref = m.invoice_origin JOIN stock_picking p ON p.sale_id = o.id WHERE p.state <> 'done'",
  'paid and not posted': "account_move WHERE payment_state = 'paid' AND state <> 'posted'",
  'a job done without its times in turn':
    "queue_job WHERE state = 'done' AND NOT (date_created <= date_enqueued AND date_enqueued <= date_started AND date_started <= date_done AND exec_time >= 0)",
  'a job with a time it can not have yet':
    "queue_job WHERE state = 'pending' AND (date_enqueued IS NOT NULL OR date_started IS NOT NULL OR date_done IS NOT NULL)",
  'a cron that has its next call before its last': "ir_cron WHERE active AND lastcall > nextcall + interval '1 minute'",
  'another company on a transfer than on its order':
    'stock_picking p JOIN sale_order o ON o.id = p.sale_id WHERE p.company_id <> o.company_id',
  'a payment that does not cover its order':
    'payment_transaction t JOIN sale_order_transaction_rel r ON r.transaction_id = t.id JOIN sale_order o ON o.id = r.sale_order_id WHERE t.amount < o.amount_total',
  'a document of an invoice that is not posted':
    "account_edi_document d JOIN account_move m ON m.id = d.move_id WHERE m.state <> 'posted'",
  'a notification without its message':
    'mail_notification n WHERE NOT EXISTS (SELECT FROM mail_message m WHERE m.id = n.mail_message_id)',
  'a sale that arrived before it was made, or in a session of another counter':
    'pos_order o JOIN pos_session s ON s.id = o.session_id WHERE o.create_date < o.date_order OR s.config_id <> o.company_id',
  'a transfer of a type that is not its company’s':
    'stock_picking p JOIN stock_picking_type t ON t.id = p.picking_type_id WHERE t.company_id <> p.company_id',
}

describe('the day', () => {
  let day: Day
  const troubles: Error[] = []
  const names = ['acme', 'globex'] as const

  beforeAll(async () => {
    const roles = await seed(primary)
    const tenants = names.map((name) => ({ name, ...TENANTS[name], ordersPerHour: 240 }))
    day = startDay({ estate: { primary, ...roles }, tenants, speed: 600, troubled: (error) => troubles.push(error) })
  })
  afterAll(async () => {
    await day?.stop()
    expect(troubles).toEqual([])
  })

  test.each(names)(
    'orders of %s go all the way through the tables, and nothing impossible is found in them',
    async (name) => {
      const kinds = {
        imported: "SELECT count(*) FROM sale_order WHERE client_order_ref LIKE 'WEB%'",
        cancelled: "SELECT count(*) FROM sale_order WHERE client_order_ref LIKE 'WEB%' AND state = 'cancel'",
        shipped: "SELECT count(*) FROM stock_picking WHERE origin LIKE 'WEB%' AND state = 'done'",
        posted: "SELECT count(*) FROM account_move WHERE state = 'posted' AND payment_state = 'not_paid'",
        paid: "SELECT count(*) FROM account_move WHERE payment_state = 'paid'",
        mailed:
          "SELECT count(*) FROM mail_notification WHERE notification_status = 'sent' AND mail_mail_id IS NOT NULL",
        sold: "SELECT count(*) FROM pos_order WHERE create_date > now() - interval '1 minute'",
        documented: "SELECT count(*) FROM account_edi_document WHERE create_date > now() - interval '1 minute'",
        progress: 'SELECT count(*) FROM ir_cron_progress WHERE done = 1 AND timed_out_counter = 0',
      }
      for (const sql of Object.values(kinds)) {
        await eventually(async () => expect(await count(name, sql)).toBeGreaterThan(0), 40_000)
      }
      for (const [what, where] of Object.entries(IMPOSSIBLE)) {
        expect([what, await count(name, `SELECT count(*) FROM ${where}`)]).toEqual([what, 0])
      }
    },
  )

  test('a cron that runs holds its row, idle in transaction', async () => {
    await primary.query("UPDATE ir_cron SET nextcall = now() WHERE cron_name LIKE 'Procurement%'", undefined, 'acme')
    const holding = `SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 'ir_cron'::regclass
      AND l.mode = 'RowShareLock' AND a.state = 'idle in transaction' AND a.application_name = 'odoo-4103'`
    await eventually(async () => expect(await count('acme', holding)).toBe(1))
    await eventually(async () => expect(await count('acme', holding)).toBe(0))
    const next = "SELECT extract(epoch FROM nextcall - now()) / 3600 FROM ir_cron WHERE cron_name LIKE 'Procurement%'"
    await eventually(async () => expect(await count('acme', next)).toBeCloseTo(24, 1))
  })
})

describe('the loader', () => {
  const sizes = { orders: 3000, pickings: 5000, jobs: 10_000 }
  const database = `bulk_${randomBytes(4).toString('hex')}`
  const indexes = async () =>
    (await primary.query('SELECT indexdef FROM pg_indexes ORDER BY 1', undefined, database)).map((row) => row.indexdef)
  let before: readonly unknown[]

  beforeAll(async () => {
    await createOdooDatabase(primary, database, 19)
    before = await indexes()
    await loadBulk(primary, database, sizes)
  })

  test('brings as many rows as it was asked for, and the indexes are as they were', async () => {
    expect(await count(database, 'SELECT count(*) FROM sale_order')).toBe(sizes.orders)
    expect(await count(database, 'SELECT count(*) FROM stock_picking')).toBe(sizes.pickings)
    expect(await count(database, 'SELECT count(*) FROM queue_job')).toBe(sizes.jobs)
    expect(await indexes()).toEqual(before)
  })

  test('the rows are plausible', async () => {
    for (const [what, where] of Object.entries(IMPOSSIBLE)) {
      expect([what, await count(database, `SELECT count(*) FROM ${where}`)]).toEqual([what, 0])
    }
    const future = (table: string, column: string) =>
      count(database, `SELECT count(*) FROM ${table} WHERE ${column} > now()`)
    expect(await future('sale_order', 'create_date')).toBe(0)
    expect(await future('stock_picking', 'date_done')).toBe(0)
    expect(await future('queue_job', 'date_created')).toBe(0)
    for (const table of ['payment_transaction', 'account_move', 'account_edi_document', 'mail_message', 'pos_order']) {
      expect([table, await future(table, 'create_date')]).toEqual([table, 0])
      expect([table, await count(database, `SELECT (count(*) > 500)::int FROM ${table}`)]).toEqual([table, 1])
    }
    const share = async (table: string, where: string) =>
      (await count(database, `SELECT count(*) FROM ${table} WHERE ${where}`)) /
      (await count(database, `SELECT count(*) FROM ${table}`))
    expect(await share('sale_order', "state = 'sale'")).toBeCloseTo(0.93, 1)
    expect(await share('stock_picking', "state = 'done'")).toBeGreaterThan(0.9)
    expect(await share('queue_job', "state = 'done'")).toBeGreaterThan(0.98)
    expect(await count(database, "SELECT count(*) FROM queue_job WHERE state = 'failed'")).toBeGreaterThan(0)
    const [night, noon] = [
      await share('sale_order', 'extract(hour FROM create_date) BETWEEN 0 AND 4'),
      await share('sale_order', 'extract(hour FROM create_date) BETWEEN 9 AND 13'),
    ]
    expect(noon).toBeGreaterThan(5 * night)
  })

  test('fills on top of what is there', async () => {
    await loadBulk(primary, database, { orders: 10, pickings: 0, jobs: 10 })
    expect(await count(database, 'SELECT count(*) FROM sale_order')).toBe(sizes.orders + 10)
    expect(await count(database, 'SELECT count(*) FROM stock_picking')).toBe(sizes.pickings)
    expect(await count(database, "SELECT nextval('queue_job_id_seq')")).toBe(sizes.jobs + 11)
  })
})
