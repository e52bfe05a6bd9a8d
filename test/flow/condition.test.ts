import { expect, test } from 'vitest'
import { condition } from '../../src/flow/condition/condition.ts'
import { toDomain } from '../../src/flow/condition/domain.ts'
import { evaluate } from '../../src/flow/condition/evaluate.ts'
import { toSql } from '../../src/flow/condition/sql.ts'
import { catalogueOf } from './stand_in.ts'

const NOW = Date.parse('2026-11-20T12:00:00.900Z')
const setting = (model: string, version: 17 | 18 | 19 = 18) => ({ catalogue: catalogueOf(version), model, now: NOW })
const domain = (model: string, written: object, version: 17 | 18 | 19 = 18) => {
  const result = toDomain(setting(model, version), condition.parse(written))
  return 'domain' in result ? result.domain : result.problems
}

test('times go out as whole seconds of UTC, without a zone', () => {
  expect(domain('stock.picking', { field: 'scheduled_date', '<': { parameter: 'now' } })).toEqual([
    ['scheduled_date', '<', '2026-11-20 12:00:00'],
  ])
  // A column holds microseconds: after a second means from the next one on.
  expect(domain('stock.picking', { field: 'scheduled_date', '>': '2026-02-28 23:59:59' })).toEqual([
    ['scheduled_date', '>=', '2026-03-01 00:00:00'],
  ])
  expect(domain('account.move', { field: 'invoice_date', '<=': { parameter: 'now' } })).toEqual([
    ['invoice_date', '<=', '2026-11-20'],
  ])
})

test('a denial is said positively, and of a relation that is empty too', () => {
  const fixed = { field: 'carrier_id.delivery_type', in: ['fixed', 'base_on_rule'] }
  expect(domain('stock.picking', { not: fixed })).toEqual([
    '|',
    ['carrier_id', '=', false],
    ['carrier_id.delivery_type', 'not in', ['fixed', 'base_on_rule']],
  ])
  expect(domain('stock.picking', { not: { field: 'scheduled_date', '<': '2026-01-01 00:00:00' } })).toEqual([
    '|',
    ['scheduled_date', '>=', '2026-01-01 00:00:00'],
    ['scheduled_date', '=', false],
  ])
})

test('17 does not yet take nothing for 0 or an empty text', () => {
  expect(domain('stock.picking', { field: 'weight', '<=': 5 }, 17)).toEqual([
    '|',
    ['weight', '<=', 5],
    ['weight', '=', false],
  ])
  expect(domain('stock.picking', { field: 'weight', '<=': 5 })).toEqual([['weight', '<=', 5]])
  expect(domain('stock.picking', { field: 'carrier_tracking_ref', is: 'set' }, 17)).toEqual([
    ['carrier_tracking_ref', 'not in', [false, '']],
  ])
  expect(domain('stock.picking', { field: 'carrier_tracking_ref', is: 'set' })).toEqual([
    ['carrier_tracking_ref', '!=', false],
  ])
})

test('SQL joins each many2one once, takes no value into its text, and reads translated names', () => {
  const parsed = condition.parse({
    and: [
      { field: 'picking_type_id.code', '=': "out'going" },
      { field: 'picking_type_id.name', '=': 'Receipts' },
      { field: 'picking_type_id.warehouse_id.code', '=': 'WH1' },
    ],
  })
  const sql = toSql(setting('stock.picking'), parsed, 'p', ['before'])
  expect(sql).toEqual({
    joins:
      'LEFT JOIN "stock_picking_type" p_1 ON p_1."id" = p."picking_type_id" LEFT JOIN "stock_warehouse" p_2 ON p_2."id" = p_1."warehouse_id"',
    where: `((p_1."id" IS NOT NULL AND p_1."code" = ANY ($2::text[])) AND (p_1."id" IS NOT NULL AND (p_1."name"->>'en_US') = ANY ($3::text[])) AND (p_1."id" IS NOT NULL AND (p_2."id" IS NOT NULL AND p_2."code" = ANY ($4::text[]))))`,
    values: ['before', ["out'going"], ['Receipts'], ['WH1']],
  })
})

test.for([
  ['a field that is not there', { field: 'colour', is: 'set' }, 'sale.order has no stored field colour'],
  ['a field that can’t be searched', { field: 'is_expired', '=': true }, 'no stored field is_expired'],
  ['a path through no relation', { field: 'state.name', is: 'set' }, 'sale.order.state is no relation'],
  ['values no such field has', { field: 'state', in: ['paid', 'lost'] }, 'none of these values here: paid, lost'],
  ['a text for a number', { field: 'amount_total', '=': '5' }, 'amount_total takes a number'],
  ['a name for a record', { field: 'team_id', '=': 'Sales' }, 'for its name add .name'],
  ['an id past 32 bits', { field: 'team_id', '=': 2 ** 31 }, 'takes an id'],
  [
    'a day that is none',
    { field: 'date_order', '<': '2026-02-30 00:00:00' },
    'a second as YYYY-MM-DD HH:MM:SS, in UTC',
  ],
  ['a time with a zone', { field: 'date_order', '<': '2026-02-20T00:00:00Z' }, 'in UTC'],
  ['one second exactly', { field: 'date_order', '=': '2026-02-20 00:00:00' }, 'compare a datetime with <'],
  ['now of a number', { field: 'amount_total', '<': { parameter: 'now' } }, 'is no time'],
  ['an order of texts', { field: 'name', '<': 'b' }, 'has no order'],
  ['a list of true and false', { field: 'locked', in: [true, false] }, 'is true or false: ask with ='],
  ['an unset number', { field: 'amount_total', is: 'unset' }, "can't be told from 0 when unset"],
  ['a denial of many', { not: { field: 'picking_ids.state', '=': 'done' } }, "can't deny it of all of them"],
] as const)('refused by both compilers: %s', ([, written, message]) => {
  const parsed = condition.parse(written)
  for (const result of [toDomain(setting('sale.order'), parsed), toSql(setting('sale.order'), parsed)]) {
    expect('problems' in result && result.problems.join()).toContain(message)
  }
})

test('all problems come at once', () => {
  expect(domain('sale.order', { or: [{ field: 'a', is: 'set' }, { not: { field: 'b', is: 'set' } }] })).toHaveLength(2)
})

test('a row that lacks what is asked can’t be judged', () => {
  const asked = condition.parse({
    or: [
      { field: 'state', '=': 'sale' },
      { field: 'team_id.name', '=': 'Sales' },
    ],
  })
  expect(evaluate(asked, { state: 'sale' }, NOW)).toEqual({ missing: 'team_id.name' })
  expect(evaluate(asked, { state: 'sale', team_id: [3, 'Sales'] }, NOW)).toEqual({ missing: 'team_id.name' })
  expect(evaluate(asked, { state: 'draft', team_id: false }, NOW)).toBe(false)
})
