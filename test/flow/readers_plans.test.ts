/** Each statement of each flow, explained: none goes through a big table, or its whole key, where it asks for a part. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadBulk } from '../../demo/day/load.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { askAll, explaining } from '../../tools/flow-plans.ts'
import { oneLine } from '../../tools/flow-queries-page.ts'
import { filtered } from './reading.ts'
import { flowFiles } from './shipped.ts'

const SIZES = { orders: 60_000, pickings: 70_000, jobs: 80_000 }
/** More than three months of them, of which a ledger spans one. */
const LONG = [
  'sale_order',
  'stock_picking',
  'stock_move',
  'account_move',
  'account_edi_document',
  'payment_transaction',
  'mail_notification',
]
/** A month of them, little more. */
const SPAN = ['queue_job', 'pos_order']

interface Planned {
  readonly flow: string
  readonly question: string
  readonly sql: string
  readonly plan: string
}

let postgres: PostgresServer
let plans: readonly Planned[] = []
const rows = new Map<string, number>()
beforeAll(async () => {
  postgres = await startPostgres()
  await createOdooDatabase(postgres, 'big', 18)
  await loadBulk(postgres, 'big', SIZES)
  for (const table of [...LONG, ...SPAN]) {
    const [counted] = await postgres.query(`SELECT count(*)::int AS n FROM ${table}`, undefined, 'big')
    rows.set(table, Number(counted?.n))
  }
  const questions = await askAll(postgres, 'big')
  const { explain, end } = await explaining(postgres, 'big')
  const found: Planned[] = []
  for (const { flow, question, asked } of questions) {
    for (const each of asked)
      found.push({ flow, question, sql: each.sql, plan: await explain(each, 'ANALYZE, COSTS OFF') })
  }
  end()
  plans = found
}, 180_000)
afterAll(() => postgres?.stop())

/** Of each table once a day. */
const isDaily = ({ sql }: Planned): boolean => sql.includes("date_trunc('day'")
const tableOf = ({ sql }: Planned): string => /FROM "(\w+)" t/.exec(sql)?.[1] ?? ''
const sizeOf = (planned: Planned): number => rows.get(tableOf(planned)) ?? Number.POSITIVE_INFINITY
const scanned = ({ plan }: Planned): readonly string[] =>
  [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table ?? '')
const told = ({ flow, question, sql, plan }: Planned): string => `${flow}: ${question}\n${sql}\n${plan}`

const about = (question: RegExp): readonly Planned[] =>
  plans.filter((each) => question.test(each.question) && !isDaily(each))

test('the tables are big enough to tell, and all flows are asked', () => {
  for (const [table, count] of rows) expect([table, count > 10_000]).toEqual([table, true])
  const named = new Set(plans.map(({ flow }) => flow.split(',')[0]))
  expect([...named].sort()).toEqual(flowFiles.map((file) => file.replace('.yaml', '')))
})

test('no question of a minute or an hour goes through a table', () => {
  const asked = about(/each minute|each three minutes|rows of an hour/)
  expect(asked.length).toBeGreaterThan(60)
  for (const each of asked) {
    expect(
      scanned(each).filter((table) => LONG.includes(table)),
      told(each),
    ).toEqual([])
  }
})

test('no question of a minute throws away more than the span', () => {
  for (const each of about(/each minute|each three minutes/)) {
    const share = SPAN.includes(tableOf(each)) ? 1 : 0.45
    expect(filtered(each.plan), told(each)).toBeLessThanOrEqual(sizeOf(each) * share)
  }
})

test('rows of an hour are found among those of its day', () => {
  const asked = about(/rows of an hour/).filter((each) => rows.has(tableOf(each)))
  expect(asked.length).toBeGreaterThan(20)
  for (const each of asked) {
    expect(
      scanned(each).filter((table) => rows.has(table)),
      told(each),
    ).toEqual([])
    // A payment's hour moves with its state: it may be of any day of the span.
    const share = tableOf(each) === 'payment_transaction' ? 0.45 : 0.1
    // And the ids that may not have been committed.
    expect(filtered(each.plan), told(each)).toBeLessThan(sizeOf(each) * share + 2_000)
  }
})

test('what is asked of a table once a day is asked once', () => {
  const daily = plans.filter(isDaily)
  expect(new Set(daily.map(tableOf))).toEqual(
    new Set([...SPAN, 'account_move', 'account_edi_document', 'payment_transaction', 'mail_notification', 'mail_mail']),
  )
})

test('docs/flow-queries.md has every statement: run `node tools/flow-queries.ts`', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/flow-queries.md'), 'utf8')
  const missing = plans.filter(({ sql }) => !page.includes(`\`\`\`sql\n${oneLine(sql)}\n\`\`\``))
  expect(missing.map(({ flow, question, sql }) => `${flow}: ${question}: ${oneLine(sql)}`)).toEqual([])
})
