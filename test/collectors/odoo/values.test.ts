import fc from 'fast-check'
import { expect, test } from 'vitest'
import { datetime, instant, many2one, number, text } from '../../../collectors/odoo/values.ts'

test('a datetime there and back, in UTC whatever the machine says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (epoch) => {
      expect(instant(datetime(epoch))).toBe(epoch)
      expect(datetime(epoch)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    }),
  )
  expect(instant('2026-11-20 15:18:42')).toBe(Date.UTC(2026, 10, 20, 15, 18, 42) / 1000)
  expect(instant('2026-11-20 15:18:42.123456')).toBe(Date.UTC(2026, 10, 20, 15, 18, 42) / 1000)
  expect(instant('2026-11-20')).toBe(Date.UTC(2026, 10, 20) / 1000)
})

test('what is nothing, or something else, is unknown', () => {
  for (const value of [false, null, undefined, '', 0, 'soon', '2026-11-20T15:18:42Z', ['2026-11-20']]) {
    expect(instant(value)).toBeUndefined()
  }
  for (const value of [false, null, undefined, '', 5, ['a']]) expect(text(value)).toBeUndefined()
  for (const value of [false, null, undefined, '5', Number.NaN]) expect(number(value)).toBeUndefined()
  for (const value of [false, null, undefined, 5, [], [5], ['a', 5]]) expect(many2one(value)).toBeUndefined()
})

test('values', () => {
  expect(text('a')).toBe('a')
  expect(number(0)).toBe(0)
  expect(many2one([5, 'Pick'])).toEqual({ id: 5, name: 'Pick' })
})
