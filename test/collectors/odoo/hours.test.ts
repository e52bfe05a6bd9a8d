/** Which hour a group is of, as each series tells it. */
import { expect, test } from 'vitest'
import { readGroup } from '../../../collectors/odoo/calls.ts'

const domain = [['date_order', '>=', '2026-10-24 22:00:00']] as const
const own = ['&', ['date_order', '>=', '2026-10-25 13:00:00'], ['date_order', '<', '2026-10-25 14:00:00']]
const hour = 'date_order:hour'
const keyOf = (version: number, row: Readonly<Record<string, unknown>>): unknown =>
  readGroup(version, 'sale.order', domain, [hour], []).rows([{ __count: 3, ...row }])[0]?.[hour]

test.for([
  [19, { [hour]: ['2026-10-25 13:00:00', '01:00 25 Oct'] }],
  [18, { [hour]: '01:00 25 Oct', __range: { [hour]: { from: '2026-10-25 13:00:00', to: '2026-10-25 14:00:00' } } }],
  [16, { [hour]: '01:00 25 Oct', __range: { date_order: { from: '2026-10-25 13:00:00', to: '2026-10-25 14:00:00' } } }],
  [15, { [hour]: '01:00 25 Oct', __domain: ['&', ...domain, ...own] }],
] as const)('%i: its first second, never the label', ([version, row]) => {
  expect(keyOf(version, row)).toBe('2026-10-25 13:00:00')
})

test('rows without a time, and an hour nobody can tell', () => {
  expect(keyOf(19, { [hour]: false })).toBe(false)
  expect(keyOf(18, { [hour]: false, __range: { [hour]: false } })).toBe(false)
  expect(keyOf(15, { [hour]: '01:00 25 Oct' })).toBeUndefined()
})
