import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { occurrencesOf, spansOf } from '../../src/calendar/timeline.ts'
import { parseWall } from '../../src/calendar/window.ts'
import { dayAt, instantAt, zoneOf } from '../../src/calendar/zone.ts'
import { hours, minutes } from '../../src/metric.ts'
import { windowOf } from './arbitrary.ts'
import { MINUTE, minuteOf, walk } from './oracle.ts'

const wall = (text: string): number => parseWall(text, 'from') ?? Number.NaN
const iso = (at: number): string => new Date(at).toISOString().slice(0, 16)

describe('a time on the wall', () => {
  test.each([
    ['skipped', 'Europe/Paris', '2026-03-29T02:30', '2026-03-29T01:30'],
    ['shown twice', 'Europe/Paris', '2026-10-25T02:30', '2026-10-25T00:30'],
    ['skipped', 'America/New_York', '2026-03-08T02:30', '2026-03-08T07:30'],
    ['shown twice', 'America/New_York', '2026-11-01T01:30', '2026-11-01T05:30'],
    ['within the half hour skipped', 'Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-03T15:45'],
    ['within the half hour shown twice', 'Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-04T14:45'],
    ['a midnight that is skipped', 'Africa/Cairo', '2026-04-24T00:00', '2026-04-23T22:00'],
    ['of a zone with half an hour', 'Asia/Kolkata', '2026-03-29T02:30', '2026-03-28T21:00'],
    ['on a leap day', 'Asia/Kolkata', '2028-02-29T00:00', '2028-02-28T18:30'],
  ])('%s: %s %s', (_, zone, text, instant) => {
    expect(iso(instantAt(zone, wall(text)))).toBe(instant)
  })

  test.each([
    ['Europe/Paris', '2026-03-28T12:00Z'],
    ['Europe/Paris', '2026-10-24T12:00Z'],
    ['America/New_York', '2026-03-07T12:00Z'],
    ['America/New_York', '2026-10-31T12:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T00:00Z'],
    ['Africa/Cairo', '2026-04-23T12:00Z'],
    ['Africa/Cairo', '2026-10-29T12:00Z'],
    ['Asia/Kolkata', '2026-12-31T00:00Z'],
  ])('every minute of a night on which clocks change: %s %s', (zone, from) => {
    const of = walk(zone, Date.parse(from), 2)
    const [first = 0, last = 0] = [of.wall[0], of.wall.at(-1)]
    const each = Array.from({ length: last - first }, (_, i) => first + i)
    const quick = zoneOf(zone)
    expect(each.filter((w) => quick.instantAt(w) !== instantAt(zone, w))).toEqual([])
    expect(each.filter((w) => instantAt(zone, w) !== of.start + minuteOf(of, w) * MINUTE)).toEqual([])
    expect(
      [...of.wall.entries()].filter(([i, w]) => dayAt(zone, of.start + i * MINUTE) !== Math.floor(w / 1440)),
    ).toEqual([])
  })
})

test('many times of one zone are each as one alone, in every zone, and where clocks skip a day', () => {
  const wallOf = (text: string) => Math.floor(Date.parse(text) / 60_000)
  const anyWall = fc.oneof(
    fc.record({
      zone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
      wall: fc.integer({ min: wallOf('1990-01-01Z'), max: wallOf('2037-12-31Z') }),
    }),
    fc.record({
      zone: fc.constantFrom('Pacific/Apia', 'Pacific/Fakaofo'),
      wall: fc.integer({ min: wallOf('2011-12-27Z'), max: wallOf('2012-01-03Z') }),
    }),
  )
  fc.assert(
    fc.property(anyWall, ({ zone, wall }) => {
      const quick = zoneOf(zone)
      expect(quick.instantAt(wall)).toBe(instantAt(zone, wall))
      expect(quick.dayAt(wall * 60_000)).toBe(dayAt(zone, wall * 60_000))
    }),
    { numRuns: 500 },
  )
})

test('a window that lies in an hour the clocks skip is moved past it, whole; one they show twice is not doubled', () => {
  const window = windowOf({
    occurs: { rrule: 'FREQ=DAILY', start: undefined, from: 135, to: 165, days: 0, holidays: [] },
  })
  const on = (day: string) =>
    occurrencesOf(window, Date.parse(`${day}T00:00Z`), Date.parse(`${day}T12:00Z`)).map((s) => [
      iso(s.start),
      s.end - s.start,
    ])
  expect(on('2026-03-29')).toEqual([['2026-03-29T01:15', minutes(30)]])
  expect(on('2026-10-25')).toEqual([['2026-10-25T00:15', minutes(30)]])
})

test('what was to be on a day that clocks skip is on the next', () => {
  const occurs = { rrule: 'FREQ=DAILY', start: undefined, from: 480, to: 600, days: 0, holidays: ['2011-12-31'] }
  const found = occurrencesOf(
    windowOf({ timezone: 'Pacific/Apia', occurs }),
    Date.parse('2011-12-31T09:00+14:00'),
    Date.parse('2011-12-31T09:01+14:00'),
  )
  expect(found.map(({ start }) => iso(start))).toEqual(['2011-12-30T18:00'])
})

test('a day has 23, 24 or 25 hours, and months their own ends', () => {
  const monthEnd = windowOf({
    occurs: { rrule: 'FREQ=MONTHLY;BYMONTHDAY=-1', start: undefined, from: 0, to: 1440, days: 0, holidays: [] },
  })
  const ends = spansOf([monthEnd], Date.parse('2028-01-15T00:00Z'), Date.parse('2028-05-15T00:00Z'))
  expect(ends.map(({ start }) => iso(start + hours(12)).slice(0, 10))).toEqual([
    '2028-01-31',
    '2028-02-29',
    '2028-03-31',
    '2028-04-30',
  ])
  const daily = windowOf({ occurs: { ...monthEnd.occurs, rrule: 'FREQ=DAILY' } })
  const lengths = (from: string, to: string) =>
    occurrencesOf(daily, Date.parse(from), Date.parse(to)).map(({ start, end }) => (end - start) / hours(1))
  expect(lengths('2026-03-28T12:00Z', '2026-03-30T12:00Z')).toEqual([24, 23, 24])
  expect(lengths('2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual([24, 25, 24])
})

test('spans of several windows are one union, across zones', () => {
  const shift = (timezone: string, from: number, to: number) =>
    windowOf({ timezone, occurs: { rrule: 'FREQ=DAILY', start: undefined, from, to, days: 0, holidays: [] } })
  const day = [Date.parse('2026-11-20T00:00Z'), Date.parse('2026-11-20T22:00Z')] as const
  const found = (...windows: readonly ReturnType<typeof shift>[]) =>
    spansOf(windows, ...day).map(({ start, end }) => `${iso(start).slice(11)}-${iso(end).slice(11)}`)
  expect(found(shift('UTC', 480, 1080), shift('UTC', 600, 720))).toEqual(['08:00-18:00'])
  expect(found(shift('UTC', 480, 720), shift('UTC', 720, 1080))).toEqual(['08:00-18:00'])
  expect(found(shift('UTC', 480, 720), shift('Europe/Paris', 840, 960))).toEqual(['08:00-12:00', '13:00-15:00'])
  expect(found()).toEqual([])
})
