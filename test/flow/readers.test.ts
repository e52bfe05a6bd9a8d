/** RPC and SQL over one database: the same hours, the same items, and the same changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { flowReader as rpcReader } from '../../collectors/odoo/flow_reader.ts'
import { flowReader as sqlReader } from '../../collectors/odoo_sql/flow_reader.ts'
import { close, type PostgresClient, type Query } from '../../collectors/postgres/client.ts'
import { startStandby } from '../../demo/postgres.ts'
import { condition } from '../../src/flow/condition/condition.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import { keptRows } from '../../src/flow/read/kept.ts'
import { planOf } from '../../src/flow/read/plan.ts'
import type { FlowReader, HourChecksum } from '../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import type { Instant } from '../../src/metric.ts'
import { clientOf, type Estate, startEstate } from '../collectors/odoo/estate.ts'
import { eventually } from '../support/eventually.ts'
import { BEFORE, FULL, HOUR, IN_FULL, MORNING, NIGHT, rowsOf, WRITTEN } from './night.ts'
import { moreRowsOf } from './night_more.ts'
import { hourlyOn, readable } from './readable.ts'
import { changes, filtered, hourly, opened, signal } from './reading.ts'
import { catalogueOf } from './stand_in.ts'

const currencies = { currencies: new Map([[1, 'EUR']]), companyCurrencies: new Map([[1, 'EUR']]) }
/** The span of a month holds that night. */
const NOW = WRITTEN + HOUR
const BY_CRON = 'stock-sync, by cron'
const stampless = new Set(['queue.job', 'mail.notification'])
/** Each with questions of a shape of its own. */
const NAMES = ['background-jobs', 'picking', 'invoice-posting', 'carrier-label'] as const

/** Those that share a table. */
const SHARING = [
  ['picking', 'shipment-validation', 'carrier-label'],
  ['background-jobs', 'order-import', 'stock-sync'],
  ['paid-order', 'payment-sync'],
] as const

/** What people call a row by, as it is filled. */
const NAMED: Readonly<Record<string, unknown>> = {
  'sale.order': expect.stringMatching(/^S\d+$/),
  'payment.transaction': expect.stringMatching(/^P\d+$/),
  'stock.picking': expect.stringMatching(/^OUT\/\d+$/),
  'stock.move': expect.stringMatching(/^(Desk|WH\/OUT\/\d+)$/),
}

/** A copied payment is for the order of the first. */
const LINKED = `INSERT INTO sale_order_transaction_rel (transaction_id, sale_order_id)
  SELECT p.id, 1 FROM payment_transaction p WHERE p.id = 900000`
const paid = `state = 'done' AND EXISTS
  (SELECT 1 FROM sale_order_transaction_rel l WHERE l.transaction_id = t.id)`

/** Way, table, which rows; and the hour of the stamps: later and later, as two are of one table. */
const changing = (version: number) =>
  [
    ['picking', 'stock_picking', "picking_type_id = 2 AND state = 'done'", '06'],
    ['carrier-label', 'stock_picking', "picking_type_id = 2 AND carrier_id = 1 AND state = 'done'", '08'],
    ['shipment-validation', 'stock_picking', "picking_type_id = 2 AND state = 'done'", '10'],
    ['invoice-posting', 'account_move', "move_type = 'out_invoice'", '06'],
    ['order-confirmation', 'sale_order', "state = 'draft'", '06'],
    ['payment-sync', 'payment_transaction', paid, '06'],
    ['paid-order', 'payment_transaction', paid, '08'],
    ['edi-documents', 'account_edi_document', "state = 'to_send'", '06'],
    ['pos-sync', 'pos_order', "state = 'paid'", '06'],
    ['outgoing-mail', 'mail_mail', "state = 'outgoing'", '06'],
    ...(version < 18 ? [] : [[BY_CRON, 'ir_cron_progress', 'timed_out_counter = 0', '06'] as const]),
  ] as const

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([17, 18, 19])
}, 60_000)
afterAll(() => estate?.stop())

describe.for([17, 18, 19] as const)('%i', (version) => {
  const asked: { readonly sql: string; readonly params: readonly unknown[] }[] = []
  let postgres: PostgresClient
  let query: Query
  let readers: readonly (readonly [string, FlowReader<ResolvedFlow>])[]
  const database = `odoo${version}`
  const change = (sql: string) => estate.postgres.query(sql, undefined, database)
  const flow = (name: string): ResolvedFlow => {
    const way = readable[name]
    if (!way) throw new Error(`There is no way ${name}.`)
    return way(version)
  }
  /** What both say, first RPC, then SQL. */
  const both = <T>(ask: (reader: FlowReader<ResolvedFlow>) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(readers.map(([, reader]) => ask(reader)))
  const pagesOf = async (reader: FlowReader<ResolvedFlow>, name: string, hours: readonly Instant[]) => {
    const pages: (readonly Item[])[] = []
    for await (const [page = []] of reader.rows([flow(name)], hours, signal())) pages.push(page)
    return pages
  }
  const sums = (name: string) => both((reader) => reader.checksums([flow(name)], NIGHT, MORNING, signal()))

  beforeAll(async () => {
    await change(rowsOf(database))
    await change(moreRowsOf(version))
    postgres = await opened(estate.postgres, database)
    query = (sql, params = []) => {
      asked.push({ sql, params })
      return postgres.query(sql, params, signal())
    }
    const shared = { catalogue: catalogueOf(version), currencies }
    const client = await clientOf(estate.of(version))
    expect(client.protocol).toBe(version === 19 ? 'json2' : 'xmlrpc')
    readers = [
      ['rpc', rpcReader({ ...shared, client: { ...client, now: () => NOW } })],
      ['sql', sqlReader({ ...shared, query, now: () => NOW })],
    ]
  }, 60_000)
  afterAll(() => postgres && close(postgres))

  test.for(SHARING)(
    '%j read together: to each the items it has alone, and sums that any change changes',
    async (names) => {
      const flows = names.map(flow)
      for (const [, reader] of readers) {
        const sums = await reader.checksums(flows, NIGHT, MORNING, signal())
        const hours = sums.map(({ hour }) => hour).sort((a, b) => a - b)
        const together: Item[][] = names.map(() => [])
        for await (const page of reader.rows(flows, hours, signal())) {
          for (const [i, items] of page.entries()) together[i]?.push(...items)
        }
        const union = new Set<number>()
        for (const [i, name] of names.entries()) {
          const alone = (await pagesOf(reader, name, hours)).flat()
          expect(alone.length).toBeGreaterThan(0)
          expect(together[i]).toEqual(alone)
          for (const { id } of alone) union.add(id)
          const own = await reader.checksums([flow(name)], NIGHT, MORNING, signal())
          for (const { hour, count } of own) {
            expect(sums.find((each) => each.hour === hour)?.count).toBeGreaterThanOrEqual(count)
          }
        }
        const isPaid = new Set<string>(names).has('paid-order')
        // Payments of several orders are counted by the server, and are no items.
        if (!isPaid) expect(sums.reduce((all, { count }) => all + count, 0)).toBe(union.size)
      }
    },
  )

  test.for(hourlyOn(version))('%s: the same hours and items', async (name) => {
    const [rpc = [], sql = []] = await sums(name)
    expect(hourly(sql)).toEqual(hourly(rpc))
    const hours = rpc.map(({ hour }) => hour).sort((a, b) => a - b)
    // Each hour of UTC once, where Paris has one twice.
    expect(hours).toEqual([0, 1, 2, 3, 4, 5].map((n) => NIGHT + n * HOUR))
    const [byRpc = [], bySql = []] = await both((reader) => pagesOf(reader, name, hours))
    expect(bySql.flat()).toEqual(byRpc.flat())
    const { only } = flow(name)
    for (const { hour, count, newest } of sql) {
      const items = byRpc.flat().filter(({ slot }) => slot >= hour && slot < hour + HOUR)
      expect(items.length).toBeGreaterThan(0)
      // Payments of several orders are counted by the server, and are no items.
      if (only) expect(items.length).toBeLessThan(count)
      else expect(items).toHaveLength(count)
      expect(newest).toBe(stampless.has(flow(name).model) ? undefined : name === BY_CRON ? newest : WRITTEN)
    }
    // What left is known from the notifications.
    const judged = flow(name).open !== undefined && name !== 'outgoing-mail'
    expect(new Set(byRpc.flat().map(({ state }) => state)).size).toBeGreaterThan(judged ? 1 : 0)
  })

  test.for(hourlyOn(version).filter((name) => !stampless.has(readable[name]?.(version).model ?? '')))(
    '%s: rows that are kept add up to what the server says',
    async (name) => {
      const hours = [0, 1, 2, 3, 4, 5].map((n) => NIGHT + n * HOUR)
      for (const [, reader] of readers) {
        const kept = keptRows()
        let rows = 0
        for await (const [page = []] of reader.rows([flow(name)], hours, signal(), kept)) rows += page.length
        expect(rows).toBeGreaterThan(0)
        await reader.checksums([flow(name)], NIGHT, MORNING, signal(), kept)
        const plan = planOf([flow(name)], catalogueOf(version))
        const left = hours.filter((hour) => (kept.rowsOf(plan, hour, NOW)?.length ?? 0) > 0)
        expect(left).toEqual(hours)
      }
    },
  )

  test('the rows that reach beyond their hours are among those asked for, and most others are not', async () => {
    const to = NIGHT + 4 * HOUR
    const hours = [0, 1, 2, 3].map((n) => NIGHT + n * HOUR)
    let [reached, spared] = [0, 0]
    for (const name of hourlyOn(version)) {
      const [byRpc = [], bySql = []] = await both(async (reader) => {
        const items: Item[] = []
        for await (const [page = []] of reader.reaching([flow(name)], NIGHT, to, signal())) items.push(...page)
        return items
      })
      expect(bySql, name).toEqual(byRpc)
      const [pages = []] = await both((reader) => pagesOf(reader, name, hours))
      const all = pages.flat()
      const isLater = ({ start, promised, ended, visible }: Item): boolean =>
        [start, promised, ended, visible].some((at) => at !== undefined && at >= to)
      const later = all.filter(isLater)
      expect(byRpc, name).toEqual(expect.arrayContaining(later))
      expect(all, name).toEqual(expect.arrayContaining(byRpc))
      reached += later.length
      spared += all.length - byRpc.length
    }
    expect(reached).toBeGreaterThan(20)
    expect(spared).toBeGreaterThan(200)
  })

  test('counts are those of a plain question', async () => {
    const where = "date_created >= '2026-10-24 22:00' AND date_created < '2026-10-25 04:00'"
    const [jobs] = await change(`SELECT count(*)::int AS n FROM queue_job WHERE ${where}`)
    const [transfers] = await change(`SELECT count(*)::int AS n FROM stock_picking WHERE picking_type_id IN (2, 3)
      AND state <> 'draft' AND scheduled_date >= '2026-10-24 22:00' AND scheduled_date < '2026-10-25 04:00'`)
    const total = (hours: readonly HourChecksum[]) => hours.reduce((n, { count }) => n + count, 0)
    expect((await sums('background-jobs')).map(total)).toEqual([jobs?.n, jobs?.n])
    expect((await sums('picking')).map(total)).toEqual([transfers?.n, transfers?.n])
    expect(Number(transfers?.n)).toBeGreaterThan(500)
  })

  test('an hour of more rows than a page', async () => {
    const pages = await both((reader) => pagesOf(reader, 'background-jobs', [FULL]))
    // However many come at once, they are worked on in turns.
    for (const page of pages) {
      expect(Math.max(...page.map((rows) => rows.length))).toBeLessThanOrEqual(300)
      expect(page.flat()).toHaveLength(IN_FULL)
    }
    const ids = pages.map((p) => p.flat().map(({ id }) => id))
    expect(ids[0]).toEqual([...new Set(ids[0])].sort((a, b) => a - b))
    expect(ids[1]).toEqual(ids[0])
  })

  test('a mass write is left alone', async () => {
    const ask = (limit: number) =>
      both((reader) => reader.changedSince([flow('picking')], WRITTEN, NIGHT, MORNING, limit, signal()))
    expect(await ask(500)).toEqual(['too_many', 'too_many'])
    const [rpc, sql] = await ask(5_000)
    expect(rpc).toHaveLength(6)
    expect(sql).toEqual(rpc)
    const none = await both((r) => r.changedSince([flow('picking')], WRITTEN + 1_000, NIGHT, MORNING, 500, signal()))
    expect(none).toEqual([[], []])
  })

  test.for(changing(version))('%s: changes are found', async ([name, table, where, clock]) => {
    const { slot } = flow(name)
    if (!slot) throw new Error(`${name} has no hours`)
    const [second, third] = [NIGHT + 2 * HOUR, NIGHT + 3 * HOUR]
    const rows = `SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${where} AND ${slot.field} >= '2026-10-25 00:00'
      AND ${slot.field} < '2026-10-25 01:00' ORDER BY id LIMIT 1`
    const [found] = await change(rows)
    const row = z.record(z.string(), z.unknown()).parse(found?.row)
    const stamp = (minute: number) => `2026-10-25 ${clock}:${minute}:00`
    const at = (minute: number) => ({ write_date: stamp(minute) })
    const insert = (own: object) =>
      `INSERT INTO ${table} SELECT * FROM jsonb_populate_record(NULL::${table}, '${JSON.stringify({ ...row, ...own })}')`
    const update = (set: string, minute: number) =>
      `UPDATE ${table} SET ${set}, write_date = '${stamp(minute)}' WHERE id = ${row.id}`
    const late = { id: 900_000, name: 'late', reference: 'late' }
    const steps: readonly (readonly [sql: string, hours: readonly Instant[], stamped?: readonly [number, Instant]])[] =
      [
        [update('id = id', 10), [second], [10, second]],
        [update(`${slot.field} = '2026-10-25 01:40:00'`, 20), [second, third], [20, third]],
        [update(`${slot.field} = '2026-10-25 00:30:00'`, 30), [second, third], [30, second]],
        [`DELETE FROM ${table} WHERE id = ${row.id}`, [second]],
        [insert(at(30)), [second], [30, second]],
        [`${insert({ ...late, ...at(40) })}; ${LINKED}`, [second], [40, second]],
      ]
    for (const [sql, hours, stamped] of steps) {
      const before = await sums(name)
      await change(sql)
      const after = await sums(name)
      expect(
        before.map((old, i) => changes(old, after[i] ?? [])),
        sql,
      ).toEqual([hours, hours])
      if (!stamped) continue
      const [minute, hour] = stamped
      const since = Date.parse(`${stamp(minute).replace(' ', 'T')}Z`)
      const expected = [{ hour, newest: since }]
      expect(await both((r) => r.changedSince([flow(name)], since, NIGHT, MORNING, 500, signal()))).toEqual([
        expected,
        expected,
      ])
    }
    await change(
      `DELETE FROM ${table} WHERE id = 900000; DELETE FROM sale_order_transaction_rel WHERE transaction_id = 900000`,
    )
  })

  test('a payment changes with its order', async () => {
    const [found] = await change(`SELECT p.id, min(o.id) AS order_id FROM payment_transaction p
      JOIN sale_order_transaction_rel l ON l.transaction_id = p.id JOIN sale_order o ON o.id = l.sale_order_id
      WHERE p.state = 'done' AND p.last_state_change >= '2026-10-25 00:00' AND p.last_state_change < '2026-10-25 01:00'
      GROUP BY p.id, p.amount HAVING count(*) = 1 AND min(o.state) = 'draft' AND min(o.amount_total) <= p.amount
      AND (SELECT count(*) FROM sale_order_transaction_rel r WHERE r.sale_order_id = min(o.id)) = 1 ORDER BY p.id LIMIT 1`)
    const hour = NIGHT + 2 * HOUR
    const item = async (): Promise<readonly (Item | undefined)[]> => {
      const pages = await both((reader) => pagesOf(reader, 'paid-order', [hour]))
      return pages.map((p) => p.flat().find(({ id }) => id === found?.id))
    }
    expect(await item()).toMatchObject([{ state: 'open' }, { state: 'open' }])
    const confirmed = Date.parse('2026-10-25T10:00:00Z')
    const steps = [
      ["state = 'sale', date_order = '2026-10-25 10:00:00'", '10:00:00', true, { state: 'done', ended: confirmed }],
      // Neither counted nor stamped on the payment: seen by its stamp, or by the nightly rescan.
      ["date_order = '2026-10-25 10:05:00'", '10:05:00', false, { state: 'done', ended: confirmed + 300_000 }],
      ["state = 'cancel'", '10:06:00', true, { state: 'cancelled', ended: undefined }],
      ["state = 'sent'", '10:07:00', true, { state: 'open', ended: undefined }],
      ['amount_total = 1000', '10:08:00', false, undefined],
      ['amount_total = 12', '10:09:00', false, { state: 'open', ended: undefined }],
    ] as const
    for (const [set, clock, isCounted, state] of steps) {
      const stamp = `2026-10-25 ${clock}`
      const before = await sums('paid-order')
      await change(`UPDATE sale_order SET ${set}, write_date = '${stamp}' WHERE id = ${found?.order_id}`)
      const after = await sums('paid-order')
      const counted = isCounted ? [hour] : []
      expect(
        before.map((old, i) => changes(old, after[i] ?? [])),
        set,
      ).toEqual([counted, counted])
      const since = Date.parse(`${stamp.replace(' ', 'T')}Z`)
      const ask = () => both((r) => r.changedSince([flow('paid-order')], since, NIGHT, MORNING, 500, signal()))
      expect(await ask(), set).toEqual([[{ hour, newest: since }], [{ hour, newest: since }]])
      for (const each of await item()) state ? expect(each).toMatchObject(state) : expect(each).toBeUndefined()
    }
    await change("UPDATE sale_order SET write_date = '2026-10-25 11:00:00'")
    const mass = (limit: number) =>
      both((r) => r.changedSince([flow('paid-order')], WRITTEN + 6 * HOUR, 0, MORNING, limit, signal()))
    expect(await mass(3)).toEqual(['too_many', 'too_many'])
    // Of payments older than a day the checksums tell.
    await change(`UPDATE payment_transaction SET last_state_change = '2026-10-22 12:30:00' WHERE id = ${found?.id}`)
    const all = await mass(5_000)
    for (const hours of all) {
      expect(hours).toContainEqual({ hour, newest: WRITTEN + 6 * HOUR })
      expect(hours).not.toContainEqual(expect.objectContaining({ hour: Date.UTC(2026, 9, 22, 12) }))
    }
    expect(all[1]).toEqual(all[0])
  })

  test('mail that left carries no stamp: changes are found in counts and times', async () => {
    const name = 'outgoing-mail, sent'
    const [one] = await change(`SELECT min(id) AS id FROM mail_notification WHERE notification_type = 'email'
      AND notification_status = 'sent' AND read_date >= '2026-10-25 00:00'`)
    const [second, third] = [NIGHT + 2 * HOUR, NIGHT + 3 * HOUR]
    const set = (what: string) => `UPDATE mail_notification SET ${what} WHERE id = ${one?.id}`
    const steps = [
      [set("notification_status = 'bounce'"), [second]],
      [set("notification_status = 'sent'"), [second]],
      [set("read_date = '2026-10-25 01:20:00'"), [second, third]],
      [set("read_date = '2026-10-25 00:20:00'"), [second, third]],
      [`DELETE FROM mail_notification WHERE id = ${one?.id}`, [second]],
    ] as const
    for (const [sql, hours] of steps) {
      const before = await sums(name)
      await change(sql)
      const after = await sums(name)
      expect(
        before.map((old, i) => changes(old, after[i] ?? [])),
        sql,
      ).toEqual([hours, hours])
    }
    for (const [, reader] of readers) {
      const ask = reader.changedSince([flow(name)], WRITTEN, NIGHT, MORNING, 500, signal())
      await expect(ask).rejects.toMatchObject({ name: 'Unsupported', message: expect.stringContaining('write_date') })
    }
  })

  test('what stands there now', async () => {
    const waiting = `FROM stock_move WHERE state IN ('confirmed', 'partially_available') AND picking_type_id = 2`
    const counts = await change(
      `SELECT company_id::text AS member, count(*)::int AS count ${waiting} GROUP BY 1 ORDER BY 1`,
    )
    const [ends] = await change(
      `SELECT count(*)::int AS count, min(date)::text AS oldest, max(date)::text AS newest ${waiting}`,
    )
    const [rpc, sql] = await both((reader) => reader.present(flow('stock-reservation'), signal()))
    expect(sql).toEqual(rpc)
    expect([...(rpc?.groups ?? [])].sort((a, b) => String(a.member).localeCompare(String(b.member)))).toEqual(counts)
    expect(counts.length).toBe(2)
    const instant = (text: unknown) => Date.parse(`${String(text).slice(0, 19).replace(' ', 'T')}Z`)
    expect(rpc).toMatchObject({ count: ends?.count, oldest: instant(ends?.oldest), newest: instant(ends?.newest) })
    expect(rpc?.period).toBeUndefined()
  })

  test('a heartbeat: its last beats, and how often it should beat', async () => {
    const beat = readable[BY_CRON]?.(version)
    if (!beat) throw new Error('no heartbeat')
    const crons: ResolvedFlow = {
      ...beat,
      model: 'ir.cron',
      base: [condition.parse({ field: 'cron_name', '=': 'Marketplace: export stock' })],
      start: 'lastcall',
      slot: undefined,
    }
    await change("UPDATE ir_cron SET lastcall = '2026-10-25 03:00:00' WHERE cron_name = 'Marketplace: export stock'")
    const present = await both((reader) => reader.present(crons, signal()))
    const lastcall = Date.parse('2026-10-25T03:00:00Z')
    const expected = { count: 1, oldest: lastcall, newest: lastcall, groups: [], period: 900_000 }
    expect(present).toEqual([expected, expected])
    const none = { ...crons, base: [condition.parse({ field: 'cron_name', '=': 'none such' })] }
    const nothing = { count: 0, oldest: undefined, newest: undefined, groups: [], period: undefined }
    expect(await both((reader) => reader.present(none, signal()))).toEqual([nothing, nothing])
  })

  test.for(Object.keys(readable))('%s: the documents that stand open', async (name) => {
    const [rpc = [], sql] = await both((reader) => reader.documents(flow(name), 120, signal()))
    expect(sql).toEqual(rpc)
    const { kind, open, model } = flow(name)
    if (!open && kind !== 'backlog') return expect(rpc).toEqual([])
    expect(rpc).toHaveLength(name === 'carrier-label' ? rpc.length : 120)
    expect(rpc.length).toBeGreaterThan(20)
    expect(rpc.every((each) => each.item.state === 'open' && each.model === model)).toBe(true)
    expect(rpc.map(({ item }) => item.start)).toEqual(rpc.map(({ item }) => item.start).sort((a, b) => a - b))
    expect(rpc.map((each) => each.name)).toEqual(rpc.map(() => NAMED[model]))
    const few = await both((reader) => reader.documents(flow(name), 3, signal()))
    expect(few[0]).toHaveLength(3)
    expect(few[1]).toEqual(few[0])
    expect(rpc).toEqual(expect.arrayContaining([...(few[0] ?? [])]))
    expect(await both((reader) => reader.documents(flow(name), 10_000, signal()))).toMatchObject([
      { length: expect.toSatisfy((n: number) => n <= 200) },
      { length: expect.toSatisfy((n: number) => n <= 200) },
    ])
  })

  test('jobs carry no stamp: changes are found in their dates', async () => {
    const [job] = await change(`SELECT min(id) AS id FROM queue_job
      WHERE state = 'pending' AND eta IS NOT NULL AND date_created >= '2026-10-25 00:00'`)
    const one = Number(job?.id)
    const set = (change: string) => `UPDATE queue_job SET ${change} WHERE id = ${one}`
    const insert = (uuid: string, eta: string) =>
      `INSERT INTO queue_job (uuid, state, retry, date_created, eta) VALUES ('${uuid}', 'pending', 0, '2026-10-25 00:30:00', ${eta})`
    const steps = [
      [insert('rival', "'2026-10-25 02:00:00'"), true],
      [set("state = 'done', date_done = '2026-10-25 06:00:00'"), true],
      [set("state = 'pending', date_done = NULL"), true],
      [set('retry = retry + 1'), true],
      [set("eta = '2026-10-25 08:00:00'"), true],
      [set("eta = '2026-10-25 00:10:00'"), true],
      // Neither the newest nor one more or less of the hour's: by RPC for the nightly rescan.
      [set("eta = '2026-10-25 00:11:00'"), 'by SQL'],
      [set("state = 'cancelled'"), true],
      [`DELETE FROM queue_job WHERE id = ${one}`, true],
      [insert('late', 'NULL'), true],
    ] as const
    for (const [sql, isSeen] of steps) {
      const before = await sums('background-jobs')
      await change(sql)
      const after = await sums('background-jobs')
      const found = before.map((old, i) => changes(old, after[i] ?? []))
      const hour = [NIGHT + 2 * HOUR]
      expect(found, sql).toEqual([isSeen === true ? hour : [], hour])
    }
    for (const [, reader] of readers) {
      const ask = reader.changedSince([flow('background-jobs')], WRITTEN, NIGHT, MORNING, 500, signal())
      await expect(ask).rejects.toMatchObject({ name: 'Unsupported', message: expect.stringContaining('write_date') })
    }
  })

  /** The plan of each question asked meanwhile, and how much of the table it goes through. */
  const plansOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    // The first look of a day looks for the floors too.
    await work()
    asked.length = 0
    await work()
    const plans = asked.filter(({ sql }) => !sql.includes('set_config'))
    return Promise.all(
      plans.map(async ({ sql, params }) => {
        const rows = await postgres.query<{ 'QUERY PLAN': string }>(`EXPLAIN ANALYZE ${sql}`, params, signal())
        return rows.map((row) => row['QUERY PLAN']).join('\n')
      }),
    )
  }
  test.for(NAMES)('%s: SQL goes by an index', async (name) => {
    const sql = readers[1]?.[1]
    if (!sql) throw new Error('no reader')
    const { model } = flow(name)
    const plans = await plansOf(async () => {
      await sql.checksums([flow(name)], NIGHT, MORNING, signal())
      await pagesOf(sql, name, [NIGHT, NIGHT + HOUR])
      if (name !== 'background-jobs') await sql.changedSince([flow(name)], WRITTEN, NIGHT, MORNING, 5_000, signal())
    })
    expect(plans.length).toBeGreaterThan(1)
    for (const plan of plans) {
      expect(plan).not.toContain(`Seq Scan on ${model.replace('.', '_')} `)
      expect(filtered(plan), plan).toBeLessThan(BEFORE / 4)
    }
  })

  test('a quiet table is not gone through at each look, and what comes is seen', async () => {
    const [from, to] = [NIGHT + 10 * 24 * HOUR, NIGHT + 11 * 24 * HOUR]
    const look = () => both((reader) => reader.checksums([flow('background-jobs')], from, to, signal()))
    const plans = await plansOf(async () => expect(await look()).toEqual([[], []]))
    expect(plans.map(filtered).every((rows) => rows <= IN_FULL)).toBe(true)
    await change("INSERT INTO queue_job (uuid, state, date_created) VALUES ('next', 'pending', '2026-11-04 00:00:00')")
    const [rpc, sql] = (await look()).map(hourly)
    expect(rpc).toEqual([{ hour: Date.parse('2026-11-04T00:00:00Z'), count: 1, newest: undefined }])
    expect(sql).toEqual(rpc)
  })

  test('SQL says the same on a standby', async () => {
    const standby = await startStandby(estate.postgres)
    try {
      await eventually(async () =>
        expect(await standby.query('SELECT 1 FROM queue_job LIMIT 1', [], database)).toHaveLength(1),
      )
      const client = await opened(standby, database)
      const ask: Query = (sql, params = []) => client.query(sql, params, signal())
      const reader = sqlReader({ query: ask, catalogue: catalogueOf(version), currencies, now: () => MORNING })
      for (const name of NAMES) {
        const [, primary] = await sums(name)
        const there = await reader.checksums([flow(name)], NIGHT, MORNING, signal())
        expect(there).toHaveLength(6)
        expect(changes(primary ?? [], there)).toEqual([])
      }
      expect(await ask('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }])
      await close(client)
    } finally {
      await standby.stop()
    }
  })

  test('nothing can be written on the connection of the reader', async () => {
    await expect(query("UPDATE queue_job SET state = 'done'")).rejects.toThrow(/read-only/)
    expect(await query("SELECT current_setting('statement_timeout') AS timeout")).toEqual([{ timeout: '10s' }])
    expect(await query("SELECT current_setting('max_parallel_workers_per_gather') AS processes")).toEqual([
      { processes: '0' },
    ])
  })
})
