import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addOpenTime, businessTimeOf, FURTHEST } from '../../src/calendar/business_time.ts'
import { spansOf } from '../../src/calendar/timeline.ts'
import { type BusinessWindow, parseDay, parseTime } from '../../src/calendar/window.ts'
import { hours, minutes } from '../../src/metric.ts'
import { anyWalk, DAYS, LEAD_DAYS, walkAt, windowOf, windowsIn } from './arbitrary.ts'
import { addByWalking, byWalking, MINUTE, marks } from './oracle.ts'

const RUNS = { numRuns: 60 }
/** A minute of the walk, so that windows begun before it are over and there are days enough to come. */
const anyMinute = fc.oneof(
  fc.integer({ min: LEAD_DAYS * 1440, max: (DAYS - 6) * 1440 }),
  fc.integer({ min: 10 * 1440, max: 12 * 1440 }), // just before the clocks change
)
const anyCase = anyWalk.chain((walk) =>
  fc.record({
    walk: fc.constant(walk),
    windows: windowsIn(walkAt(walk).timezone),
    from: anyMinute,
    later: fc.nat(3000),
  }),
)

describe('against a walk through every minute', () => {
  test('spans are the minutes at which a window is active', () => {
    fc.assert(
      fc.property(anyCase, ({ walk, windows, from }) => {
        const of = walkAt(walk)
        const open = marks(of, windows)
        const at = of.start + from * MINUTE
        const spans = spansOf(windows, at, at + 5 * 1440 * MINUTE)
        const wrong = Array.from({ length: 5 * 1440 }, (_, i) => i).filter((i) => {
          const isActive = spans.some(({ start, end }) => start <= at + i * MINUTE && at + i * MINUTE < end)
          return isActive !== (open[from + i] === 1)
        })
        expect(wrong).toEqual([])
      }),
      RUNS,
    )
  })

  test('adding open time', () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 0, max: 4000 }), ({ walk, windows, from, later }, duration) => {
        const of = walkAt(walk)
        const { add } = businessTimeOf(windows, of.timezone)
        const at = (minute: number) => of.start + minute * MINUTE
        const expected = addByWalking(marks(of, windows), from, duration)
        const got = add(at(from), minutes(duration))
        if (expected !== undefined) expect(got).toBe(at(expected))
        else if (got !== undefined) expect(got).toBeGreaterThan(at(DAYS * 1440) - 1)
        // Monotone in both arguments, and in two steps as in one.
        if (got === undefined) return
        expect(add(at(from + later), minutes(duration)) ?? Infinity).toBeGreaterThanOrEqual(got)
        expect(add(at(from), minutes(duration + later)) ?? Infinity).toBeGreaterThanOrEqual(got)
        const whole = add(at(from), minutes(duration + later))
        // In two steps one comes further than in one: each may take a year.
        if (duration > 0 && later > 0 && whole !== undefined) expect(add(got, minutes(later))).toBe(whole)
      }),
      RUNS,
    )
  })

  test('by a time of day, or its end', () => {
    const anyTime = fc.oneof(fc.integer({ min: 0, max: 1440 }), fc.constant('end_of_day' as const))
    fc.assert(
      fc.property(anyCase, anyTime, fc.nat(3), ({ walk, windows, from, later }, time, afterDays) => {
        const of = walkAt(walk)
        const { by } = businessTimeOf(windows, of.timezone)
        const at = (m: number) => of.start + m * MINUTE
        const expected = byWalking(of, windows, from, time, afterDays)
        const got = by(at(from), time, afterDays)
        if (expected !== undefined) expect(got).toBe(at(expected))
        if (got === undefined) return
        expect(got).toBeGreaterThan(at(from))
        expect(by(at(from + later), time, afterDays) ?? Infinity).toBeGreaterThanOrEqual(got)
        expect(by(at(from), time, afterDays + 1) ?? Infinity).toBeGreaterThanOrEqual(got)
      }),
      RUNS,
    )
  })
})

const working = (over: Partial<Extract<BusinessWindow['occurs'], { rrule: string }>> = {}, timezone = 'Europe/Paris') =>
  windowOf({
    timezone,
    occurs: {
      rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
      start: undefined,
      from: parseTime('08:00') ?? 0,
      to: parseTime('18:00') ?? 0,
      days: 0,
      holidays: [],
      ...over,
    },
  })
const t = Date.parse

describe('four open hours', () => {
  const { add } = businessTimeOf([working({ holidays: ['12-25', '2027-01-01'] })], 'Europe/Paris')
  test.each([
    ['within a day', '2026-11-18T09:00+01:00', '2026-11-18T13:00+01:00'],
    ['used up at closing time', '2026-11-18T14:00+01:00', '2026-11-18T18:00+01:00'],
    ['over night', '2026-11-18T15:00:30+01:00', '2026-11-19T09:00:30+01:00'],
    ['begun at closing time', '2026-11-18T18:00+01:00', '2026-11-19T12:00+01:00'],
    ['over a weekend on which clocks go back', '2026-10-23T16:00+02:00', '2026-10-26T10:00+01:00'],
    ['over a weekend on which clocks go forward', '2026-03-27T16:00+01:00', '2026-03-30T10:00+02:00'],
    ['over Christmas and a weekend', '2026-12-24T17:00+01:00', '2026-12-28T11:00+01:00'],
    ['over the New Year of one year', '2026-12-31T17:00+01:00', '2027-01-04T11:00+01:00'],
    ['over the New Year of another, which is no holiday there', '2025-12-31T17:00+01:00', '2026-01-01T11:00+01:00'],
    ['on a leap day', '2028-02-28T16:00+01:00', '2028-02-29T10:00+01:00'],
  ])('%s', (_, from, due) => {
    expect(new Date(add(t(from), hours(4)) ?? 0)).toEqual(new Date(due))
  })
})

test('a night shift is an hour shorter or longer when the clocks change, and what began before a holiday goes on', () => {
  const night = { rrule: 'FREQ=DAILY', from: 22 * 60, to: 6 * 60, days: 1, holidays: ['2026-12-25'] }
  const lengths = (from: string, to: string) =>
    spansOf([working(night)], t(from), t(to)).map(({ start, end }) => (end - start) / hours(1))
  expect(lengths('2026-03-27T12:00Z', '2026-03-30T12:00Z')).toEqual([8, 7, 8])
  expect(lengths('2026-10-23T12:00Z', '2026-10-26T12:00Z')).toEqual([8, 9, 8])
  const christmas = spansOf([working(night)], t('2026-12-24T12:00Z'), t('2026-12-27T03:00Z'))
  expect(christmas.map(({ start, end }) => [new Date(start).toISOString(), new Date(end).toISOString()])).toEqual([
    ['2026-12-24T21:00:00.000Z', '2026-12-25T05:00:00.000Z'],
    ['2026-12-26T21:00:00.000Z', '2026-12-27T05:00:00.000Z'],
  ])
})

describe('by 16:00', () => {
  const { by } = businessTimeOf([working({ holidays: ['12-25'] })], 'Europe/Paris')
  test.each([
    ['the same day', '2026-11-18T09:00+01:00', '2026-11-18T16:00+01:00'],
    ['the same open day, before it opens', '2026-11-18T03:00+01:00', '2026-11-18T16:00+01:00'],
    ['at the deadline, the next', '2026-11-18T16:00+01:00', '2026-11-19T16:00+01:00'],
    ['after a weekend', '2026-10-23T16:30+02:00', '2026-10-26T16:00+01:00'],
    ['after a holiday', '2026-12-24T17:00+01:00', '2026-12-28T16:00+01:00'],
  ])('%s', (_, from, due) => {
    expect(new Date(by(t(from), 960) ?? 0)).toEqual(new Date(due))
  })

  test('24:00 is the midnight that ends an open day', () => {
    expect(by(t('2026-11-20T23:59+01:00'), 1440)).toBe(t('2026-11-21T00:00+01:00'))
    expect(by(t('2026-11-21T00:00+01:00'), 1440)).toBe(t('2026-11-24T00:00+01:00'))
  })
})

describe('nothing within a year', () => {
  const never = [
    ['no window', []],
    ['one that is over', [working({ rrule: 'FREQ=DAILY;UNTIL=20200101' })]],
    ['every day a holiday', [working({ rrule: 'FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25', holidays: ['12-25'] })]],
    ['one far ahead', [working({ rrule: 'FREQ=DAILY', start: parseDay('2040-01-01') })]],
  ] as const
  test.each(never)('%s', (_, windows) => {
    const { add, by } = businessTimeOf(windows, 'Europe/Paris')
    const begun = performance.now()
    expect([add(t('2026-11-20'), hours(1)), by(t('2026-11-20'), 960)]).toEqual([undefined, undefined])
    expect(performance.now() - begun).toBeLessThan(5000)
  })

  test('more open time than there is in one', () => {
    const { add } = businessTimeOf([working()], 'Europe/Paris')
    const from = t('2026-11-20T09:00Z')
    expect(add(from, hours(100_000))).toBeUndefined()
    expect(add(from, hours(2000))).toBeLessThan(from + FURTHEST)
    expect(addOpenTime([{ start: from, end: from + 2 * FURTHEST }], from, FURTHEST + 1)).toBeUndefined()
    expect(addOpenTime([{ start: from, end: from + 2 * FURTHEST }], from, FURTHEST)).toBe(from + FURTHEST)
  })
})
