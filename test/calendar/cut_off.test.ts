import { expect, test } from 'vitest'
import { createCutOffs } from '../../src/calendar/cut_off.ts'
import type { BusinessWindow } from '../../src/calendar/window.ts'

const window = (name: string, over: Partial<BusinessWindow> = {}): BusinessWindow => ({
  name,
  kind: 'cut-off',
  timezone: 'Europe/Paris',
  occurs: {
    rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
    start: undefined,
    from: 14 * 60,
    to: 16 * 60,
    days: 0,
    holidays: ['12-25'],
  },
  sensitivity: 1,
  tenants: ['acme'],
  warehouse: '',
  process: 'logistics',
  ...over,
})
const at = (text: string) => Date.parse(text)
const text = (instant: number | undefined) => instant && new Date(instant).toISOString()

test('today’s cut-off is known from the evening before, and is over at its end', () => {
  const cutOffAt = createCutOffs([window('last-truck')])
  // A Monday, 16:00 in Paris in winter.
  expect(text(cutOffAt('logistics', at('2026-11-30T07:00:00Z')))).toBe('2026-11-30T15:00:00.000Z')
  expect(text(cutOffAt('logistics', at('2026-11-30T14:59:00Z')))).toBe('2026-11-30T15:00:00.000Z')
  expect(text(cutOffAt('logistics', at('2026-11-30T15:00:00Z')))).toBe('2026-12-01T15:00:00.000Z')
})

test('none within a day is none: a weekend, a holiday; what was said of an earlier time does not stand', () => {
  const cutOffAt = createCutOffs([window('last-truck')])
  expect(cutOffAt('logistics', at('2026-11-28T12:00:00Z'))).toBeUndefined()
  expect(text(cutOffAt('logistics', at('2026-11-29T16:00:00Z')))).toBe('2026-11-30T15:00:00.000Z')
  // Friday, 25 December.
  expect(cutOffAt('logistics', at('2026-12-24T15:30:00Z'))).toBeUndefined()
  expect(text(cutOffAt('logistics', at('2026-11-30T07:00:00Z')))).toBe('2026-11-30T15:00:00.000Z')
})

test('the earliest of those that concern the process; other kinds and processes say nothing', () => {
  const cutOffAt = createCutOffs([
    window('late', { process: '' }),
    window('early', {
      occurs: { rrule: 'FREQ=DAILY', start: undefined, from: 0, to: 9 * 60, days: 0, holidays: [] },
    }),
    window('hours', { kind: 'open', process: 'sales' }),
  ])
  const monday = at('2026-11-30T07:00:00Z')
  expect(text(cutOffAt('logistics', monday))).toBe('2026-11-30T08:00:00.000Z')
  expect(text(cutOffAt('sales', monday))).toBe('2026-11-30T15:00:00.000Z')
})

test('a window that can’t be worked out hides no other', () => {
  const cutOffAt = createCutOffs([window('broken', { timezone: 'Nowhere/At_All' }), window('last-truck')])
  expect(text(cutOffAt('logistics', at('2026-11-30T07:00:00Z')))).toBe('2026-11-30T15:00:00.000Z')
})
