import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { daysOf, hasDays, needsStart, problemInRule } from '../../src/calendar/recurrence.ts'
import { formatDay, parseDay, parseTime, parseWall } from '../../src/calendar/window.ts'

const day = (text: string): number => parseDay(text) ?? Number.NaN
const days = (rule: string, from: string, to: string, start?: string): readonly string[] =>
  daysOf(rule, start === undefined ? undefined : day(start), day(from), day(to)).map(formatDay)

test('dates and times', () => {
  expect([parseDay('1970-01-02'), parseDay('2028-02-29')]).toEqual([1, 21243])
  for (const wrong of ['2027-02-29', '2026-13-01', '2026-1-1', '1969-12-31', '', '26-01-01'])
    expect(parseDay(wrong)).toBeUndefined()
  expect([parseTime('00:00'), parseTime('16:30'), parseTime('24:00')]).toEqual([0, 990, 1440])
  for (const wrong of ['24:01', '16:60', '4:00', '', '16']) expect(parseTime(wrong)).toBeUndefined()
  expect(parseWall('1970-01-02', 'from')).toBe(1440)
  expect(parseWall('1970-01-02', 'to')).toBe(2880)
  expect(parseWall('1970-01-02T08:00', 'to')).toBe(1920)
})

describe('days', () => {
  test.each([
    ['FREQ=MONTHLY;BYMONTHDAY=-1', ['2028-01-31', '2028-02-29', '2028-03-31']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', ['2028-01-31', '2028-02-29', '2028-03-31']],
    ['FREQ=MONTHLY;BYDAY=-1SU', ['2028-01-30', '2028-02-27', '2028-03-26']],
    ['FREQ=MONTHLY;BYMONTHDAY=30', ['2028-01-30', '2028-03-30']],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', ['2028-02-29']],
    ['FREQ=YEARLY;BYWEEKNO=9;BYDAY=MO', ['2028-02-28']],
    ['FREQ=YEARLY;BYYEARDAY=60', ['2028-02-29']],
    ['FREQ=DAILY;UNTIL=20280103', ['2028-01-01', '2028-01-02', '2028-01-03']],
  ])('%s', (rule, expected) => {
    expect(problemInRule(rule)).toBeUndefined()
    expect(days(rule, '2028-01-01', '2028-03-31')).toEqual(expected)
  })

  test('what counts from a first day', () => {
    expect(days('FREQ=WEEKLY;INTERVAL=2;BYDAY=MO', '2026-11-01', '2026-12-01', '2026-11-02')).toEqual([
      '2026-11-02',
      '2026-11-16',
      '2026-11-30',
    ])
    expect(days('FREQ=DAILY;COUNT=3', '2026-01-01', '2026-12-31', '2026-11-02')).toEqual([
      '2026-11-02',
      '2026-11-03',
      '2026-11-04',
    ])
    expect(days('FREQ=MONTHLY', '2026-01-01', '2026-04-30', '2026-01-31')).toEqual(['2026-01-31', '2026-03-31'])
  })

  test('what is selected of a week that began the year before', () => {
    expect(days('FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=1', '2027-01-01', '2027-01-11')).toEqual(['2027-01-04', '2027-01-11'])
    expect(days('FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO', '2025-12-01', '2026-12-31')).toEqual(['2025-12-29'])
  })

  test('each day of every rule is within the range, ascending, and found however the range is cut', () => {
    const rule = fc.constantFrom(
      'FREQ=DAILY',
      'FREQ=WEEKLY;BYDAY=SA,SU',
      'FREQ=MONTHLY;BYMONTHDAY=1,-1',
      'FREQ=MONTHLY;BYDAY=2TU',
      'FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=-1',
      'FREQ=YEARLY;BYDAY=1MO',
    )
    fc.assert(
      fc.property(rule, fc.integer({ min: 15_000, max: 25_000 }), fc.nat(60), fc.nat(60), (r, from, a, b) => {
        const whole = daysOf(r, undefined, from, from + a + b + 1)
        expect([
          ...daysOf(r, undefined, from, from + a),
          ...daysOf(r, undefined, from + a + 1, from + a + b + 1),
        ]).toEqual(whole)
        expect(whole.every((d, i) => d >= from && d <= from + a + b + 1 && d > (whole[i - 1] ?? 0))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})

test.each([
  ['', 'write NAME=VALUE parts'],
  ['BYDAY=MO', 'FREQ is missing'],
  ['FREQ=HOURLY', 'FREQ takes DAILY, WEEKLY, MONTHLY or YEARLY; times are given by `from` and `to`'],
  ['FREQ=DAILY;BYHOUR=9', 'write NAME=VALUE parts'],
  ['RRULE:FREQ=DAILY', 'write NAME=VALUE parts'],
  ['FREQ=DAILY\nEXDATE:20261101T000000Z', 'FREQ takes'],
  ['FREQ=DAILY;', 'write NAME=VALUE parts'],
  ['FREQ=DAILY;FREQ=DAILY', 'a part stands twice'],
  ['FREQ=DAILY;INTERVAL=0', 'INTERVAL takes'],
  ['FREQ=DAILY;COUNT=x', 'COUNT takes'],
  ['FREQ=DAILY;UNTIL=20260230', 'UNTIL takes a date'],
  ['FREQ=DAILY;UNTIL=20261231T000000Z', 'UNTIL takes a date'],
  ['FREQ=DAILY;UNTIL=20261231;COUNT=2', 'COUNT and UNTIL exclude one another'],
  ['FREQ=MONTHLY;BYMONTHDAY=0', 'BYMONTHDAY takes'],
  ['FREQ=MONTHLY;BYMONTHDAY=-32', 'BYMONTHDAY takes'],
  ['FREQ=YEARLY;BYMONTH=13', 'BYMONTH takes'],
  ['FREQ=WEEKLY;BYDAY=XX', 'BYDAY takes'],
  ['FREQ=WEEKLY;BYDAY=1MO', 'BYDAY with numbers goes with MONTHLY and YEARLY only'],
  ['FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=1', 'BYMONTHDAY does not go with FREQ=WEEKLY'],
  ['FREQ=MONTHLY;BYWEEKNO=1', 'BYWEEKNO goes with'],
  ['FREQ=MONTHLY;BYYEARDAY=1', 'BYYEARDAY goes with'],
  ['FREQ=MONTHLY;BYSETPOS=1', 'BYSETPOS selects'],
])('%j is refused', (rule, problem) => {
  expect(problemInRule(rule)).toContain(problem)
})

test('which rules need a first day', () => {
  const rules = ['FREQ=DAILY', 'FREQ=WEEKLY;BYDAY=MO', 'FREQ=MONTHLY;BYMONTHDAY=1', 'FREQ=YEARLY;BYMONTH=2;BYDAY=1MO']
  expect(rules.filter(needsStart)).toEqual([])
  const anchored = [
    'FREQ=WEEKLY',
    'FREQ=MONTHLY',
    'FREQ=YEARLY;BYMONTH=2',
    'FREQ=DAILY;INTERVAL=2',
    'FREQ=DAILY;COUNT=2',
  ]
  expect(anchored.filter((rule) => !needsStart(rule))).toEqual([])
})

test('whether any day matches', () => {
  expect(hasDays('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', undefined)).toBe(true)
  expect(hasDays('FREQ=YEARLY;BYMONTH=2;BYDAY=5TU', undefined)).toBe(true)
  expect(hasDays('FREQ=DAILY;COUNT=1', day('2026-11-20'))).toBe(true)
  for (const never of [
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31',
    'FREQ=MONTHLY;BYDAY=9MO',
  ])
    expect(hasDays(never, undefined)).toBe(false)
  expect(hasDays('FREQ=DAILY;UNTIL=20260101', day('2026-11-20'))).toBe(false)
})
