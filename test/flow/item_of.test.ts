import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import { type ItemContext, itemOf } from '../../src/flow/read/item_of.ts'
import { furtherOf, type ResolvedFlow, resolveFlow } from '../../src/flow/spec/resolve.ts'
import { shipped } from './shipped.ts'
import { catalogueOf } from './stand_in.ts'

const modules = new Set(['account', 'mail', 'payment', 'point_of_sale', 'queue_job', 'sale', 'stock', 'stock_delivery'])
const flow = (name: string): ResolvedFlow => {
  const parsed = shipped(`${name}.yaml`).flow
  const result = parsed && resolveFlow(parsed, { catalogue: catalogueOf(18), modules })
  if (!result || 'unsupported' in result) throw new Error(`${name}: ${JSON.stringify(result)}`)
  return result.flow
}

const utc = (text: string) => Date.parse(`2026-11-20T${text}Z`)
const context: ItemContext = {
  now: utc('12:00:00'),
  currencies: new Map([[1, 'EUR']]),
  companyCurrencies: new Map([[1, 'PLN']]),
}

interface Order {
  readonly id: number
  readonly state: string
  readonly created: number
  readonly ordered: number | null
  readonly promised: number | null
  readonly team: number | null
  readonly total: number | null
  readonly currency: number | null
}

const at = fc.integer({ min: utc('00:00:00'), max: utc('23:00:00') })
const order: fc.Arbitrary<Order> = fc.record({
  id: fc.integer({ min: 1, max: 2_000_000_000 }),
  state: fc.constantFrom('draft', 'sent', 'sale', 'cancel'),
  created: at,
  ordered: fc.option(at),
  promised: fc.option(at),
  team: fc.option(fc.integer({ min: 1, max: 9 })),
  total: fc.option(fc.integer({ min: -100_000, max: 100_000 }).map((cents) => cents / 100)),
  currency: fc.option(fc.constantFrom(1, 7)),
})

const naive = (ms: number): string => new Date(ms).toISOString().slice(0, 23).replace('T', ' ')

const bySql = (o: Order): Row => ({
  id: o.id,
  state: o.state,
  create_date: `${naive(o.created)}417`,
  date_order: o.ordered === null ? null : naive(o.ordered),
  commitment_date: o.promised === null ? null : naive(o.promised),
  team_id: o.team,
  amount_total: o.total === null ? null : o.total.toFixed(2),
  currency_id: o.currency,
  company_id: 1,
})
const byRpc = (o: Order): Row => ({
  id: o.id,
  state: o.state,
  create_date: naive(o.created).slice(0, 19),
  date_order: o.ordered === null ? false : naive(o.ordered).slice(0, 19),
  commitment_date: o.promised === null ? false : naive(o.promised).slice(0, 19),
  team_id: o.team === null ? false : [o.team, 'Sales'],
  amount_total: o.total ?? 0,
  currency_id: o.currency === null ? false : [o.currency, 'EUR'],
  company_id: [1, 'Nordwind'],
})

test('a row by RPC and by SQL is one item', () => {
  const confirmation = flow('order-confirmation')
  fc.assert(
    fc.property(order, (o) => {
      const item = itemOf(confirmation, byRpc(o), context)
      expect(itemOf(confirmation, bySql(o), context)).toEqual(item)
      const second = (ms: number | null) => (ms === null ? undefined : Math.floor(ms / 1000) * 1000)
      const isDone = o.state === 'sale'
      expect(item).toEqual({
        item: {
          id: o.id,
          slot: second(o.created),
          start: second(o.created),
          promised: second(o.promised),
          state: isDone ? 'done' : o.state === 'cancel' ? 'cancelled' : 'open',
          ended: isDone ? second(o.ordered) : undefined,
          visible: second(o.created),
          group: o.team === null ? undefined : String(o.team),
          company: 1,
          value: o.currency === 1 ? (o.total ?? 0) : undefined,
          currency: o.currency === 1 ? 'EUR' : undefined,
        },
      })
    }),
  )
})

test('whatever a row holds, it is an item, none, or a problem', () => {
  const names = ['order-confirmation', 'background-jobs', 'paid-order', 'picking', 'invoice-posting'] as const
  const flows = names.map(flow)
  const keys = [
    'id',
    'state',
    'create_date',
    'date_order',
    'commitment_date',
    'sale_order_ids',
    'company_id',
    'eta',
    'retry',
    'date_created',
    'amount',
  ]
  const row = fc.dictionary(
    fc.constantFrom(...keys),
    fc.oneof(fc.jsonValue(), fc.constantFrom('2026-02-30 00:00:00', undefined, [1, 'a'], [[]])),
  )
  fc.assert(
    fc.property(row, fc.constantFrom(...flows), (r, f) => {
      const [kind] = Object.keys(itemOf(f, r, context))
      expect(['item', 'outside', 'problem']).toContain(kind)
    }),
  )
})

const job = (change: Row): Row => ({
  id: 5,
  state: 'pending',
  retry: 0,
  date_created: '2026-11-20 08:00:00',
  eta: '2026-11-20 09:00:00',
  date_done: false,
  date_started: false,
  date_cancelled: false,
  channel: 'root.sale',
  company_id: [1, 'Nordwind'],
  ...change,
})

test.for([
  ['waits for its eta', {}, '09:00:00', 'open', undefined],
  ['has no eta', { eta: false }, '08:00:00', 'open', undefined],
  ['was put off by a retry', { retry: 1 }, '08:00:00', 'open', undefined],
  [
    'done at the first try',
    { state: 'done', retry: 1, date_done: '2026-11-20 09:01:00' },
    '09:00:00',
    'done',
    '09:01:00',
  ],
  ['done at the second', { state: 'done', retry: 2, date_done: '2026-11-20 09:01:00' }, '08:00:00', 'done', '09:01:00'],
  ['failed', { state: 'failed', retry: 1, date_started: '2026-11-20 09:02:00' }, '09:00:00', 'failed', '09:02:00'],
  ['cancelled', { state: 'cancelled', date_cancelled: '2026-11-20 09:03:00' }, '08:00:00', 'cancelled', '09:03:00'],
] as const)('a job that %s', ([, change, start, state, ended]) => {
  expect(itemOf(flow('background-jobs'), job(change), context)).toMatchObject({
    item: { start: utc(start), state, ended: ended && utc(ended), group: 'root.sale', visible: utc('08:00:00') },
  })
})

test('a payment is an item with exactly one order that it covers', () => {
  const orders = [{ id: 3, state: 'sale', date_order: '2026-11-20 10:05:00', amount_total: 20 }]
  const payment = (change: Row): Row => ({
    id: 8,
    state: 'done',
    last_state_change: '2026-11-20 10:00:00',
    create_date: '2026-11-20 09:59:00',
    sale_order_ids: orders,
    provider_id: [2, 'Card'],
    amount: 20,
    currency_id: [1, 'EUR'],
    company_id: 1,
    ...change,
  })
  const read = (change: Row) => itemOf(flow('paid-order'), payment(change), context)
  expect(read({})).toMatchObject({ item: { start: utc('10:00:00'), state: 'done', ended: utc('10:05:00'), value: 20 } })
  expect(read({ amount: '19.99' })).toEqual({ outside: 'amount does not cover sale_order_ids.amount_total' })
  expect(read({ sale_order_ids: [...orders, ...orders] })).toEqual({
    outside: 'sale_order_ids has not exactly one record',
  })
  expect(read({ sale_order_ids: [3] })).toEqual({ problem: 'the row has no sale_order_ids.amount_total' })
  expect(read({ last_state_change: false })).toEqual({ outside: 'its start is not set' })
  expect(read({ last_state_change: 'soon' })).toEqual({ problem: 'last_state_change is no time' })
})

test('what is owed runs from the latest of its dates', () => {
  const transfer = {
    id: 1,
    state: 'assigned',
    create_date: '2026-11-20 09:00:00',
    scheduled_date: '2026-11-20 07:00:00',
    date_deadline: false,
    date_done: '2026-11-20 07:30:00',
    picking_type_id: { id: 2, code: 'outgoing' },
    company_id: 1,
  }
  const shipment = flow('shipment-validation')
  // A backorder copies a date that is past, and date_done may stand on what is not done.
  expect(itemOf(shipment, transfer, context)).toMatchObject({
    item: { start: utc('09:00:00'), state: 'open', ended: undefined, group: '2' },
  })
  expect(itemOf(shipment, { ...transfer, date_deadline: '2026-11-20 15:00:00' }, context)).toMatchObject({
    item: { start: utc('15:00:00') },
  })
  expect(itemOf(shipment, { ...transfer, state: 'draft' }, context)).toEqual({
    problem: 'the row is neither open, done, failed nor cancelled',
  })
})

test('mail that left is known from its notification', () => {
  const mail = flow('outgoing-mail')
  const sent = furtherOf(mail)
  const row = { id: 4, read_date: '2026-11-20 10:00:00', failure_type: false }
  expect(sent && itemOf(sent, row, context)).toMatchObject({
    item: { start: utc('10:00:00'), slot: utc('10:00:00'), state: 'done', ended: undefined, company: undefined },
  })
  expect(furtherOf(flow('picking'))).toBeUndefined()
})

test('a row of a heartbeat is a beat', () => {
  const row = { id: 7, date_created: '2026-11-20 09:00:00', date_done: '2026-11-20 10:00:00', company_id: [1, 'One'] }
  expect(itemOf(flow('stock-sync'), row, context)).toMatchObject({
    item: { slot: utc('09:00:00'), start: utc('10:00:00'), state: 'done', ended: utc('10:00:00'), company: 1 },
  })
})

test('a row of a slice has no hours but its start', () => {
  const row = { id: 8, date: '2026-11-20 10:00:00', create_date: false, company_id: [1, 'One'] }
  expect(itemOf(flow('stock-reservation'), row, context)).toMatchObject({
    item: { slot: utc('10:00:00'), start: utc('10:00:00'), state: 'open', group: '1' },
  })
})
