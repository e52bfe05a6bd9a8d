import { describe, expect, test } from 'vitest'
import { floorHour, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { expectedIn, expectedOf, type LocalTime } from '../../src/flow/ledger/expected.ts'
import { emptyTally, type Tally } from '../../src/flow/ledger/tally.ts'
import type { View } from '../../src/flow/ledger/windows.ts'
import type { Instant } from '../../src/metric.ts'

const DAY = 24 * HOUR
const WEEK = 7 * DAY
/** Monday, 08:00 UTC. */
const monday = Date.UTC(2026, 5, 1, 8)

const zone = (offset: (at: Instant) => number, holidays: readonly string[] = []): LocalTime => {
  const there = (at: Instant) => new Date(at + offset(at))
  return {
    local: (at) => ({ weekday: there(at).getUTCDay(), hour: there(at).getUTCHours() }),
    isHoliday: (at) => holidays.includes(there(at).toISOString().slice(0, 10)),
  }
}
const utc = zone(() => 0)

const weeksBefore = (hour: Instant, counts: readonly number[]) =>
  new Map(counts.map((count, i) => [hour - (i + 1) * WEEK, count]))

describe('what a window would usually hold', () => {
  test('is the median of the same weekday and hour over four weeks: one odd week does not count', () => {
    expect(expectedIn(weeksBefore(monday, [40, 44, 9000, 42]), monday, monday + HOUR, utc)).toBe(43)
    expect(expectedIn(weeksBefore(monday, [40, 44]), monday, monday + HOUR, utc)).toBe(20)
  })

  test('goes by parts of hours', () => {
    const counts = new Map([...weeksBefore(monday, [40, 40, 40, 40]), ...weeksBefore(monday + HOUR, [80, 80, 80, 80])])
    expect(expectedIn(counts, monday + 45 * MINUTE, monday + 75 * MINUTE, utc)).toBe(10 + 20)
  })

  test('leaves holidays out, and says nothing on one, or from a single week', () => {
    const counts = weeksBefore(monday, [0, 40, 40, 40])
    const of = (...holidays: string[]) =>
      expectedIn(
        counts,
        monday,
        monday + HOUR,
        zone(() => 0, holidays),
      )
    expect(of('2026-05-25')).toBe(40)
    expect(of('2026-05-25', '2026-05-18')).toBe(40)
    expect(of('2026-05-25', '2026-05-18', '2026-05-11')).toBeUndefined()
    expect(of('2026-06-01')).toBeUndefined()
  })

  test('compares the same hour on the clock across a change of it', () => {
    const change = monday - 10 * DAY
    const summer = zone((at) => (at < change ? 1 : 2) * HOUR)
    // 10:00 there is 08:00 UTC now, and was 09:00 UTC before the change.
    const counts = new Map([
      [monday - WEEK, 50],
      [monday - 2 * WEEK + HOUR, 50],
      [monday - 3 * WEEK + HOUR, 50],
      [monday - 4 * WEEK + HOUR, 50],
    ])
    expect(expectedIn(counts, monday, monday + HOUR, summer)).toBe(50)
    expect(expectedIn(counts, monday, monday + HOUR, utc)).toBe(0)
  })
})

describe('the expectation of a flow', () => {
  const asOf = monday + 30 * MINUTE
  const at = (hour: Instant, starts: number, completions: number): readonly [Instant, Tally] => {
    const counts = (n: number) => [hour / MINUTE, n]
    return [
      hour,
      {
        ...emptyTally,
        starts: counts(starts),
        completions: counts(completions),
        items: starts,
        first: hour,
        last: hour,
      },
    ]
  }
  const spanFrom = floorHour(asOf - 30 * DAY) - HOUR
  const view: View = {
    asOf,
    slots: Array.from({ length: 30 * 24 }, (_, i) => at(floorHour(asOf) - i * HOUR, 12, 6)),
    coveredFrom: spanFrom,
    spanFrom,
    reach: 15 * MINUTE,
    horizon: undefined,
    hasCompletions: true,
  }
  const rates = (counts: readonly number[]) => ['30m', '1h', '1d'].map((window, i) => ({ window, count: counts[i] }))

  test('holds the windows that starts and completions have', () => {
    // The window of a day begins with a whole hour: 24 and a half.
    expect(expectedOf(view, utc)).toEqual({ starts: rates([6, 12, 294]), completions: rates([3, 6, 147]) })
  })

  test('is absent until the weeks before have been read, and where Odoo forgets them', () => {
    const absent = { starts: [], completions: [] }
    expect(expectedOf({ ...view, coveredFrom: asOf - 28 * DAY }, utc)).toEqual(absent)
    expect(expectedOf({ ...view, horizon: 28 * DAY }, utc)).toEqual(absent)
    expect(expectedOf({ ...view, hasCompletions: false }, utc).completions).toEqual([])
  })
})
