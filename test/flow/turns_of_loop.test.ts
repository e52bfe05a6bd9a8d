/** However many rows there are, others have their turn on the event loop after a few: counted in rows and turns, not time. */
import { expect, test } from 'vitest'
import { parseReply } from '../../collectors/odoo/xmlrpc.ts'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import { datetimeText } from '../../src/flow/read/naive.ts'
import { readerOver } from '../../src/flow/read/read.ts'
import type { Source } from '../../src/flow/read/source.ts'
import { HOUR, MORNING } from './night.ts'
import { flowOf } from './readable.ts'
import { signal } from './reading.ts'
import { catalogueOf } from './stand_in.ts'

/** Of rows, and of bytes of XML: each some milliseconds of work, well below 50. */
const MOST_ROWS = 500
const MOST_BYTES = 16 * 1024
const ROWS = 40_000

/** How often the event loop came round. */
const turnsOfLoop = () => {
  let turns = 0
  let isOver = false
  const tick = (): void => {
    turns += 1
    if (!isOver) setImmediate(tick)
  }
  setImmediate(tick)
  return {
    turns: () => turns,
    stop: () => {
      isOver = true
    },
  }
}

const jobs = (from: number, count: number): readonly Row[] =>
  Array.from({ length: count }, (_, i) => ({
    id: from + i,
    date_created: datetimeText(MORNING - HOUR + (i % 3600) * 1000),
    state: 'done',
    retry: 0,
    eta: false,
    date_done: datetimeText(MORNING),
    date_started: datetimeText(MORNING),
    date_cancelled: false,
    channel: i % 3 === 0 ? 'root.import' : 'root',
    company_id: 1,
  }))

/** All of its answers are there at once, in pages as large as are asked for. */
const sourceOf = (page: number): Source => ({
  connection: {},
  catalogue: catalogueOf(18),
  currencies: { currencies: new Map(), companyCurrencies: new Map() },
  now: () => MORNING,
  page,
  stretch: undefined,
  groups: async () => [],
  rows: async ({ atLeast }, fields, _order, limit) =>
    fields.length === 1
      ? [{ id: 1 }]
      : jobs(Math.max(1, atLeast), Math.max(0, Math.min(limit, ROWS + 1 - Math.max(1, atLeast)))),
})

test.for([
  ['one flow', ['background-jobs']],
  ['three that share a table', ['background-jobs', 'order-import', 'stock-sync']],
] as const)('an hour of 40,000 rows, of %s', async ([, names]) => {
  const flows = names.map((name) => flowOf(name, 18))
  const loop = turnsOfLoop()
  let [rows, before] = [0, loop.turns()]
  for await (const page of readerOver(sourceOf(ROWS)).rows(flows, [MORNING - HOUR], signal())) {
    const most = Math.max(...page.map((items) => items.length))
    expect(most).toBeLessThanOrEqual(MOST_ROWS)
    expect(loop.turns()).toBeGreaterThan(before)
    before = loop.turns()
    rows += most
  }
  loop.stop()
  expect(rows).toBe(ROWS)
})

test('an answer of megabytes of XML', async () => {
  const member = '<member><name>state</name><value><string>done</string></value></member>'
  const row = `<value><struct>${member.repeat(8)}</struct></value>`
  const count = 5_000
  const body = Buffer.from(
    `<methodResponse><params><param><value><array><data>${row.repeat(count)}</data></array></value></param></params></methodResponse>`,
  )
  const loop = turnsOfLoop()
  const reply = await parseReply(body, signal())
  loop.stop()
  expect(reply).toMatchObject({ value: { length: count } })
  expect(body.length).toBeGreaterThan(2_000_000)
  expect(loop.turns()).toBeGreaterThanOrEqual(Math.floor(body.length / MOST_BYTES))
})
