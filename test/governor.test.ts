import fc from 'fast-check'
import { expect, test } from 'vitest'
import { busyRatio, LONGEST_INTERVAL, stretch } from '../src/governor.ts'

const load = fc.record({
  interval: fc.integer({ min: 1000, max: 3_600_000 }),
  priority: fc.constantFrom('essential' as const, 'normal' as const, 'detail' as const),
  cost: fc.integer({ min: 0, max: 30_000 }),
})
const at = (loads: readonly { cost: number }[], intervals: readonly number[]) =>
  loads.map((l, i) => ({ ...l, priority: 'normal' as const, interval: intervals[i] ?? 0 }))

test('intervals are never shortened, the essential never stretched, none past the longest', () => {
  fc.assert(
    fc.property(fc.array(load), fc.double({ min: 0.001, max: 1, noNaN: true }), (loads, share) => {
      stretch(loads, share).forEach((interval, i) => {
        const asked = loads[i]
        if (!asked) throw new Error('one interval a load')
        expect(interval).toBeGreaterThanOrEqual(asked.interval)
        expect(interval).toBeLessThanOrEqual(Math.max(asked.interval, LONGEST_INTERVAL))
        if (asked.priority === 'essential') expect(interval).toBe(asked.interval)
      })
    }),
  )
})

test('the share is kept, or everything that may yield has yielded all it can', () => {
  fc.assert(
    fc.property(fc.array(load), fc.double({ min: 0.001, max: 1, noNaN: true }), (loads, share) => {
      const intervals = stretch(loads, share)
      const fits = busyRatio(at(loads, intervals)) <= share + 1e-6
      const spent = loads.every(
        (l, i) => l.priority === 'essential' || l.cost === 0 || (intervals[i] ?? 0) >= LONGEST_INTERVAL,
      )
      expect(fits || spent).toBe(true)
    }),
  )
})

test('detail yields before the normal does', () => {
  const loads = [
    { interval: 10_000, priority: 'normal' as const, cost: 50 },
    { interval: 10_000, priority: 'detail' as const, cost: 100 },
  ]
  const [normal, detail] = stretch(loads, 0.01)
  expect(normal).toBe(10_000)
  expect(detail).toBeCloseTo(20_000)
})
