/** The small parts: columns, quick deadlines, percentiles, candidates, and what people read. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { businessTimeOf } from '../../src/calendar/business_time.ts'
import { completedAt } from '../../src/flow/ledger/verdict.ts'
import { NEVER } from '../../src/flow/promise.ts'
import type { Target } from '../../src/flow/spec/tenant_flow.ts'
import { candidatesFor, isNear, targetText } from '../../src/suggest/candidates.ts'
import { quick } from '../../src/suggest/deadlines.ts'
import { delaysOf, percentile } from '../../src/suggest/delays.ts'
import { percent } from '../../src/suggest/propose.ts'
import { about, amount, WIDTH, wrapped } from '../../src/suggest/table.ts'
import { anyWalk, walkAt, windowsIn } from '../calendar/arbitrary.ts'
import { done, HOUR, historyOf, item, MINUTE, MONTH, NOW, promiseFor, QUARTER } from './histories.ts'

test('columns give back what was put in, however many', () => {
  const items = Array.from({ length: 70_000 }, (_, n) => {
    const state = (['open', 'done', 'failed', 'cancelled'] as const)[n % 4] ?? 'open'
    const some = (m: number, value: number) => (n % m === 0 ? undefined : value)
    return item(n * 1000 + 0.25, { id: n, state, promised: some(3, n), ended: some(5, n + 1), visible: some(7, n + 2) })
  })
  const history = historyOf(items)
  expect(history.size()).toBe(items.length)
  expect(items.map((_, i) => history.at(i))).toEqual(items)
})

describe('quick deadlines', () => {
  const targets: readonly Target[] = [
    ...[15, 60, 90, 480, 2400].map((n) => ({ within_open_hours: n * MINUTE })),
    ...['16:00', 'end_of_day', '02:30'].flatMap((by) => [0, 1].map((after_open_days) => ({ by, after_open_days }))),
  ]

  test('are the calendar’s own, over nights when the clocks change', () => {
    const cases = anyWalk.chain((i) => fc.record({ i: fc.constant(i), windows: windowsIn(walkAt(i).timezone) }))
    fc.assert(
      fc.property(cases, fc.constantFrom(...targets), fc.infiniteStream(fc.nat()), ({ i, windows }, target, any) => {
        const walk = walkAt(i)
        const time = businessTimeOf(windows, walk.timezone)
        const exact = (start: number): number => {
          if ('within_open_hours' in target) return time.add(start, target.within_open_hours) ?? NEVER
          if (!('by' in target)) return NEVER
          const of =
            target.by === 'end_of_day' ? target.by : Number(target.by.slice(0, 2)) * 60 + Number(target.by.slice(3))
          return time.by(start, of, target.after_open_days) ?? NEVER
        }
        const fast = quick(exact)
        const span = 10 * 24 * HOUR
        for (const offset of any.take(40)) {
          const start = walk.start + (offset % span)
          expect(fast(start, target)).toBe(exact(start))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('ask the calendar far less often', () => {
    let asked = 0
    const fast = quick((start, target) => {
      asked += 1
      return start + ('within_open_hours' in target ? target.within_open_hours : 0)
    })
    const target = { within_open_hours: HOUR }
    for (let n = 0; n < 100_000; n++) expect(fast(NOW + n * 36, target)).toBe(NOW + n * 36 + HOUR)
    expect(asked).toBeLessThan(200)
  })
})

describe('delays', () => {
  test('percentiles lie between the two nearest', () => {
    const of = (...values: number[]) => new Float64Array(values)
    expect(percentile(of(1, 2, 3, 4), 0.5)).toBe(2.5)
    expect(percentile(of(10, 20), 0.95)).toBeCloseTo(19.5)
    expect(percentile(of(7), 0.99)).toBe(7)
    expect(percentile(of(), 0.5)).toBeUndefined()
  })

  test('are of what was completed in the period, never negative', () => {
    const items = [
      done(NOW - HOUR, 5 * MINUTE),
      done(NOW - HOUR, -5 * MINUTE),
      done(MONTH.from - HOUR, MINUTE),
      item(NOW - HOUR),
      item(NOW - HOUR, { state: 'cancelled', ended: NOW - MINUTE }),
    ]
    const promise = promiseFor(QUARTER)
    expect(delaysOf(historyOf(items), promise, MONTH)).toMatchObject({
      completions: 2,
      max: 5 * MINUTE,
      p50: 2.5 * MINUTE,
    })
    expect(items.map((each) => completedAt(each, promise) !== undefined)).toEqual([true, true, true, false, false])
  })
})

describe('candidates', () => {
  test.for<readonly [Target, string]>([
    [{ within: 20 * MINUTE }, '5m 10m 15m 20m 30m 1h 2h 4h 8h 1d 2d 3d 7d'],
    [
      { within_open_hours: HOUR, calendar: 'office' },
      '15m open,30m open,1h open,2h open,4h open,8h open,16h open,24h open,40h open',
    ],
    [{ by: '16:00', after_open_days: 0 }, 'by 16:00,by 16:00 +1d,by 16:00 +2d,by 16:00 +3d,by 16:00 +5d,by 16:00 +10d'],
    [{ periods: 2 }, ''],
  ])('of %o', ([target, wanted]) => {
    const texts = candidatesFor(target).map(targetText)
    expect(texts.join(wanted.includes(',') ? ',' : ' ')).toBe(wanted)
  })

  test('keep the calendar', () => {
    const all = candidatesFor({ by: 'end_of_day', after_open_days: 1, calendar: 'office' })
    expect(all.every((target) => 'calendar' in target && target.calendar === 'office')).toBe(true)
  })

  test('up to four times as long are near', () => {
    expect(isNear({ within: HOUR }, QUARTER)).toBe(true)
    expect(isNear({ within: 2 * HOUR }, QUARTER)).toBe(false)
    expect(isNear({ by: '16:00', after_open_days: 1 }, { by: '16:00', after_open_days: 0 })).toBe(true)
    expect(isNear({ by: '16:00', after_open_days: 2 }, { by: '16:00', after_open_days: 0 })).toBe(false)
  })
})

describe('what people read', () => {
  test('nearly all is not all, and a little is not nothing', () => {
    expect([1, 0.99999, 0.9995, 0.99, 0.9, 0.00001, 0].map(percent)).toEqual([
      '100%',
      '99.999%',
      '99.95%',
      '99%',
      '90%',
      '0.01%',
      '0%',
    ])
  })

  test('times and amounts', () => {
    const times = [0, 420, 9_940, 14_000, 123_400, 2 * HOUR + 3 * MINUTE + 9_000, 76 * HOUR + MINUTE]
    expect(times.map(about)).toEqual(['0s', '0.4s', '9.9s', '14s', '2m3s', '2h3m', '3d4h'])
    expect([0, 0.25, 7, 12.4, 9_999, 33_333, 1_234_567].map(amount)).toEqual([
      '0',
      '0.3',
      '7',
      '12',
      '9999',
      '33k',
      '1.23M',
    ])
  })

  test('lines end in time', () => {
    const lines = wrapped('  mode   ', 'word '.repeat(80).trim())
    expect(lines.every((line) => line.length <= WIDTH)).toBe(true)
    expect(lines.every((line) => line.startsWith('  mode   w') || line.startsWith('         w'))).toBe(true)
    expect(lines.join(' ').match(/word/g)).toHaveLength(80)
  })
})
