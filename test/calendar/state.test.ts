import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stateAt } from '../../src/calendar/state.ts'
import { type BusinessWindow, parseWall, type Recurring } from '../../src/calendar/window.ts'
import { windowOf } from './arbitrary.ts'

const t = Date.parse
const recurring = (occurs: Partial<Recurring>, over: Partial<BusinessWindow> = {}): BusinessWindow =>
  windowOf({
    occurs: { rrule: 'FREQ=DAILY', start: undefined, from: 0, to: 1440, days: 0, holidays: [], ...occurs },
    ...over,
  })
const dated = (...dates: readonly (readonly [string, string])[]): BusinessWindow =>
  windowOf({
    occurs: {
      dates: dates.map(([from, to]) => ({ from: parseWall(from, 'from') ?? 0, to: parseWall(to, 'to') ?? 0 })),
    },
  })
const stateOf = (window: BusinessWindow, at: string) => {
  const { active, end, changesAt } = stateAt(window, t(at))
  return [active, end && new Date(end).toISOString().slice(0, 16), new Date(changesAt).toISOString().slice(0, 16)]
}

test('a window has an end while it is active', () => {
  const office = recurring({ rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', from: 540, to: 1020 })
  expect(stateOf(office, '2026-11-20T07:59Z')).toEqual([false, undefined, '2026-11-20T08:00'])
  expect(stateOf(office, '2026-11-20T08:00Z')).toEqual([true, '2026-11-20T16:00', '2026-11-20T16:00'])
  expect(stateOf(office, '2026-11-20T16:00Z')).toEqual([false, undefined, '2026-11-23T08:00'])
})

test('a cut-off has an end always: its own while it is active, else the next one', () => {
  const truck = recurring({ rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', from: 840, to: 960 }, { kind: 'cut-off' })
  expect(stateOf(truck, '2026-11-20T12:59Z')).toEqual([false, '2026-11-20T15:00', '2026-11-20T13:00'])
  expect(stateOf(truck, '2026-11-20T13:00Z')).toEqual([true, '2026-11-20T15:00', '2026-11-20T15:00'])
  expect(stateOf(truck, '2026-11-20T15:00Z')).toEqual([false, '2026-11-23T15:00', '2026-11-23T13:00'])
  // One that presses round the clock is still one a day.
  const midnight = recurring({}, { kind: 'cut-off' })
  expect(stateOf(midnight, '2026-11-20T12:00Z')).toEqual([true, '2026-11-20T23:00', '2026-11-20T23:00'])
  const yearly = recurring({ rrule: 'FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=1' }, { kind: 'cut-off' })
  expect(stateOf(yearly, '2026-11-20T12:00Z').slice(0, 2)).toEqual([false, '2027-07-01T22:00'])
})

test('what touches is one window, and what has no end within a year shows none', () => {
  const weekdays = recurring({ rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR' })
  expect(stateOf(weekdays, '2026-11-17T12:00Z')[1]).toBe('2026-11-20T23:00')
  expect(stateOf(recurring({}), '2026-11-17T12:00Z').slice(0, 2)).toEqual([true, undefined])
  const season = dated(['2026-11-20', '2026-12-31'], ['2026-12-24', '2027-01-06'])
  expect(stateOf(season, '2026-11-21T12:00Z').slice(0, 2)).toEqual([true, '2027-01-06T23:00'])
  expect(stateOf(season, '2027-02-01T12:00Z').slice(0, 2)).toEqual([false, undefined])
})

test('in its own time zone, over a change of the clocks', () => {
  const upkeep = recurring({ rrule: 'FREQ=WEEKLY;BYDAY=SA', from: 22 * 60, to: 6 * 60, days: 1 })
  expect(stateOf(upkeep, '2026-03-28T21:30Z')).toEqual([true, '2026-03-29T04:00', '2026-03-29T04:00'])
  expect(stateOf({ ...upkeep, timezone: 'Asia/Kolkata' }, '2026-03-28T16:30Z').slice(0, 2)).toEqual([
    true,
    '2026-03-29T00:30',
  ])
  expect(stateOf({ ...upkeep, timezone: 'Australia/Lord_Howe' }, '2026-10-03T12:00Z').slice(0, 2)).toEqual([
    true,
    '2026-10-03T19:00',
  ])
})

test('until changesAt the state stands', () => {
  const times = fc.integer({ min: 0, max: 1440 })
  const arbitrary = fc
    .record({
      from: times,
      to: times,
      rrule: fc.constantFrom('FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=SU', 'FREQ=MONTHLY;BYMONTHDAY=-1'),
    })
    .map(({ from, to, rrule }) => recurring({ from, to, rrule, days: to > from ? 0 : 1 }))
  const at = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(
      arbitrary,
      fc.constantFrom('open', 'cut-off'),
      at,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (w, kind, date, part) => {
        const window: BusinessWindow = { ...w, kind: kind === 'open' ? 'open' : 'cut-off' }
        const now = stateAt(window, date.getTime())
        expect(now.changesAt).toBeGreaterThan(date.getTime())
        const later = stateAt(window, date.getTime() + Math.floor(part * (now.changesAt - date.getTime())))
        expect([later.active, later.end]).toEqual([now.active, now.end])
      },
    ),
    { numRuns: 100 },
  )
})
