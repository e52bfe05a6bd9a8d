import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BURN_RATES, fires, HIGHEST_THRESHOLD, RESOLVE_AT, thresholdOf } from '../../src/flow/burn.ts'

const pairOf = (severity: string, long: string) => {
  const found = BURN_RATES.find((pair) => pair.severity === severity && pair.long === long)
  if (found === undefined) throw new Error('no such pair')
  return found
}
const fast = pairOf('page', '1h')
const slow = pairOf('ticket', '3d')

test('the pairs are those of the SRE workbook', () => {
  expect(BURN_RATES.map(({ severity, long, short, factor }) => [severity, long, short, factor])).toEqual([
    ['page', '1h', '5m', 14.4],
    ['page', '6h', '30m', 6],
    ['ticket', '1d', '2h', 3],
    ['ticket', '3d', '6h', 1],
  ])
})

test('a threshold that no share of misses could reach is nine of ten', () => {
  expect(thresholdOf(fast, 0.99)).toBeCloseTo(0.144)
  expect(thresholdOf(fast, 0.95)).toBeCloseTo(0.72)
  expect(thresholdOf(fast, 0.9)).toBe(0.9)
  expect(thresholdOf(fast, 0.5)).toBe(0.9)
  expect(thresholdOf(slow, 0.5)).toBe(0.5)
})

test('whatever the objective, each pair can fire, and no threshold is lower than its factor makes it', () => {
  const objectives = fc.double({ min: 0.5, max: 0.9999, noNaN: true })
  fc.assert(
    fc.property(objectives, fc.constantFrom(...BURN_RATES), (objective, pair) => {
      const threshold = thresholdOf(pair, objective)
      expect(threshold).toBe(Math.min(HIGHEST_THRESHOLD, pair.factor * (1 - objective)))
      const all = { good: 0, bad: 100 }
      expect(fires(pair, objective, all, all, false)).toBe(true)
    }),
    { numRuns: 200 },
  )
})

const share = (bad: number, of = 1000) => ({ good: of - bad, bad })

test('both windows must burn', () => {
  const limit = Math.round(thresholdOf(fast, 0.99) * 1000)
  expect(fires(fast, 0.99, share(limit + 1), share(limit + 1), false)).toBe(true)
  expect(fires(fast, 0.99, share(limit), share(limit + 1), false)).toBe(false)
  expect(fires(fast, 0.99, share(limit + 1), share(limit), false)).toBe(false)
})

test('a few bad items call nobody, however few there were', () => {
  expect(fires(fast, 0.99, share(4, 4), share(4, 4), false)).toBe(false)
  expect(fires(fast, 0.99, share(5, 5), share(5, 5), false)).toBe(true)
})

test('it ends well below where it began, and a short window without a verdict ends nothing', () => {
  const half = Math.round(thresholdOf(fast, 0.99) * RESOLVE_AT * 1000)
  const none = share(0, 0)
  expect(fires(fast, 0.99, share(half + 1), share(half + 1), true)).toBe(true)
  expect(fires(fast, 0.99, share(half + 1), share(half + 1), false)).toBe(false)
  expect(fires(fast, 0.99, share(half), share(half + 1), true)).toBe(false)
  expect(fires(fast, 0.99, share(half + 1), share(half), true)).toBe(false)
  expect(fires(fast, 0.99, share(500), none, true)).toBe(true)
  expect(fires(fast, 0.99, share(500), none, false)).toBe(false)
  expect(fires(fast, 0.99, none, none, true)).toBe(false)
})
