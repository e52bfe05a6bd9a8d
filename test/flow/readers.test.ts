/** RPC and SQL over one database: the same hours, the same items, and the same changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { flowReader as rpcReader } from '../../collectors/odoo/flow_reader.ts'
import { close, type PostgresClient, type Query } from '../../collectors/postgres/client.ts'
import { flowReader as sqlReader } from '../../collectors/odoo_sql/flow_reader.ts'
import { startStandby } from '../../demo/postgres.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import type { FlowReader, HourChecksum } from '../../src/flow/read/reader.ts'
import { type ResolvedFlow, resolveFlow } from '../../src/flow/spec/resolve.ts'
import type { Instant } from '../../src/metric.ts'
import { clientOf, type Estate, startEstate } from '../collectors/odoo/estate.ts'
import { eventually } from '../support/eventually.ts'
import { BEFORE, FULL, HOUR, IN_FULL, MORNING, NIGHT, rowsOf, WRITTEN } from './night.ts'
import { changes, filtered, hourly, opened, signal } from './reading.ts'
import { shipped } from './shipped.ts'
import { catalogueOf } from './stand_in.ts'

const modules = new Set(['account', 'mail', 'payment', 'queue_job', 'sale', 'stock', 'stock_delivery'])
const currencies = { currencies: new Map([[1, 'EUR']]), companyCurrencies: new Map([[1, 'EUR']]) }
const NAMES = ['background-jobs', 'picking', 'invoice-posting', 'carrier-label'] as const

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
    const parsed = shipped(`${name}.yaml`).flow
    const result = parsed && resolveFlow(parsed, { catalogue: catalogueOf(version), modules })
    if (!result || 'unsupported' in result) throw new Error(`${name}: ${JSON.stringify(result)}`)
    return result.flow
  }
  /** What both say, first RPC, then SQL. */
  const both = <T>(ask: (reader: FlowReader<ResolvedFlow>) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(readers.map(([, reader]) => ask(reader)))
  const pagesOf = async (reader: FlowReader<ResolvedFlow>, name: string, hours: readonly Instant[]) => {
    const pages: (readonly Item[])[] = []
    for await (const page of reader.rows(flow(name), hours, signal())) pages.push(page)
    return pages
  }
  const sums = (name: string) => both((reader) => reader.checksums(flow(name), NIGHT, MORNING, signal()))

  beforeAll(async () => {
    await change(rowsOf(database))
    postgres = await opened(estate.postgres, database)
    query = (sql, params = []) => {
      asked.push({ sql, params })
      return postgres.query(sql, params, signal())
    }
    const shared = { catalogue: catalogueOf(version), currencies }
    const client = await clientOf(estate.of(version))
    expect(client.protocol).toBe(version === 19 ? 'json2' : 'xmlrpc')
    readers = [
      ['rpc', rpcReader({ ...shared, client })],
      ['sql', sqlReader({ ...shared, query, now: client.now })],
    ]
  }, 60_000)
  afterAll(() => postgres && close(postgres))

  test.for(NAMES)('%s: the same hours and items', async (name) => {
    const [rpc = [], sql = []] = await sums(name)
    expect(hourly(sql)).toEqual(hourly(rpc))
    const hours = rpc.map(({ hour }) => hour).sort((a, b) => a - b)
    // Each hour of UTC once, where Paris has one twice.
    expect(hours).toEqual([0, 1, 2, 3, 4, 5].map((n) => NIGHT + n * HOUR))
    const [byRpc = [], bySql = []] = await both((reader) => pagesOf(reader, name, hours))
    expect(bySql.flat()).toEqual(byRpc.flat())
    for (const { hour, count, newest } of sql) {
      expect(byRpc.flat().filter(({ slot }) => slot >= hour && slot < hour + HOUR)).toHaveLength(count)
      expect(newest).toBe(name === 'background-jobs' ? undefined : WRITTEN)
    }
    expect(new Set(byRpc.flat().map(({ state }) => state)).size).toBeGreaterThan(1)
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
    expect(pages.map((p) => p.map((page) => page.length))).toEqual([[500, 500, 100], [IN_FULL]])
    const ids = pages.map((p) => p.flat().map(({ id }) => id))
    expect(ids[0]).toEqual([...new Set(ids[0])].sort((a, b) => a - b))
    expect(ids[1]).toEqual(ids[0])
  })

  test('a mass write is left alone', async () => {
    const ask = (limit: number) =>
      both((reader) => reader.changedSince(flow('picking'), WRITTEN, NIGHT, MORNING, limit, signal()))
    expect(await ask(500)).toEqual(['too_many', 'too_many'])
    const [rpc, sql] = await ask(5_000)
    expect(rpc).toHaveLength(6)
    expect(sql).toEqual(rpc)
    const none = await both((r) => r.changedSince(flow('picking'), WRITTEN + 1_000, NIGHT, MORNING, 500, signal()))
    expect(none).toEqual([[], []])
  })

  // Later and later, as stamps are: two of them are of one table.
  const stamped = [
    ['picking', 'stock_picking', 'scheduled_date', "picking_type_id IN (2, 3) AND state = 'done'", '06'],
    [
      'carrier-label',
      'stock_picking',
      'scheduled_date',
      "picking_type_id = 2 AND carrier_id = 1 AND state = 'done'",
      '08',
    ],
    ['invoice-posting', 'account_move', 'create_date', "move_type = 'out_invoice'", '06'],
  ] as const
  test.for(stamped)('%s: changes are found', async ([name, table, slot, where, clock]) => {
    const second = NIGHT + 2 * HOUR
    const one = `(SELECT min(id) FROM ${table} WHERE ${where} AND ${slot} >= '2026-10-25 00:00' AND ${slot} < '2026-10-25 01:00')`
    const since = (at: Instant) => both((reader) => reader.changedSince(flow(name), at, NIGHT, MORNING, 500, signal()))
    const columns = Object.keys((await change(`SELECT * FROM ${table} WHERE id = ${one}`))[0] ?? {})
      .filter((column) => !['id', 'name', 'write_date'].includes(column))
      .map((column) => `"${column}"`)
      .join(', ')
    const steps = [
      [`${clock}:10:00`, `UPDATE ${table} SET write_date = '2026-10-25 ${clock}:10:00' WHERE id = ${one}`],
      [undefined, `DELETE FROM ${table} WHERE id = ${one}`],
      [
        `${clock}:20:00`,
        `INSERT INTO ${table} (name, write_date, ${columns})
        SELECT 'late ${name}', '2026-10-25 ${clock}:20:00', ${columns} FROM ${table} WHERE id = ${one}`,
      ],
    ] as const
    for (const [stamp, sql] of steps) {
      const before = await sums(name)
      await change(sql)
      const after = await sums(name)
      expect(before.map((old, i) => changes(old, after[i] ?? []))).toEqual([[second], [second]])
      if (stamp === undefined) continue
      const at = Date.parse(`2026-10-25T${stamp}Z`)
      const hour = { hour: second, newest: at }
      expect(await since(at)).toEqual([[hour], [hour]])
    }
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
      // Neither the newest nor another of the hour's: for the nightly rescan.
      [set("eta = '2026-10-25 00:11:00'"), false],
      [set("state = 'cancelled'"), true],
      [`DELETE FROM queue_job WHERE id = ${one}`, true],
      [insert('late', 'NULL'), true],
    ] as const
    for (const [sql, isSeen] of steps) {
      const before = await sums('background-jobs')
      await change(sql)
      const after = await sums('background-jobs')
      const found = before.map((old, i) => changes(old, after[i] ?? []))
      const expected = isSeen ? [NIGHT + 2 * HOUR] : []
      expect(found, sql).toEqual([expected, expected])
    }
    for (const [, reader] of readers) {
      const ask = reader.changedSince(flow('background-jobs'), WRITTEN, NIGHT, MORNING, 500, signal())
      await expect(ask).rejects.toMatchObject({ name: 'Unsupported', message: expect.stringContaining('write_date') })
    }
  })

  test.for([
    ['paid-order', 'sale_order_ids'],
    ['outgoing-mail', 'mail.notification'],
    ['stock-reservation', 'no slot'],
  ])('%s is refused by both, with the reason', async ([name = '', reason = '']) => {
    for (const [, reader] of readers) {
      const refused = { name: 'Unsupported', message: expect.stringContaining(reason) }
      await expect(reader.checksums(flow(name), NIGHT, MORNING, signal())).rejects.toMatchObject(refused)
      await expect(pagesOf(reader, name, [NIGHT])).rejects.toMatchObject(refused)
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
      await sql.checksums(flow(name), NIGHT, MORNING, signal())
      await pagesOf(sql, name, [NIGHT, NIGHT + HOUR])
      if (name !== 'background-jobs') await sql.changedSince(flow(name), WRITTEN, NIGHT, MORNING, 5_000, signal())
    })
    expect(plans.length).toBeGreaterThan(1)
    for (const plan of plans) {
      expect(plan).not.toContain(`Seq Scan on ${model.replace('.', '_')} `)
      expect(filtered(plan), plan).toBeLessThan(BEFORE / 4)
    }
  })

  test('a quiet table is not gone through at each look, and what comes is seen', async () => {
    const [from, to] = [NIGHT + 10 * 24 * HOUR, NIGHT + 11 * 24 * HOUR]
    const look = () => both((reader) => reader.checksums(flow('background-jobs'), from, to, signal()))
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
        const there = await reader.checksums(flow(name), NIGHT, MORNING, signal())
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
    expect(await query("SELECT current_setting('statement_timeout') AS timeout")).toEqual([{ timeout: '20s' }])
  })
})
