import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rewound, skewWith } from '../../../src/flow/follow/clock.ts'
import { createGate, createPace, paceAfter } from '../../../src/flow/follow/share.ts'
import { backoff, chooseTurn, nextOnGrid, type Turn } from '../../../src/flow/follow/turns.ts'
import { HOUR, MINUTE } from '../../../src/flow/ledger/counts.ts'
import { emptyLedger } from '../../../src/flow/ledger/ledger_state.ts'

const NOW = Date.UTC(2026, 4, 4, 12, 30)
const turn = (asker: string, purpose: Turn<string>['purpose'], due: number, depth = 0, urgency = 0): Turn<string> => ({
  asker,
  purpose,
  due: NOW + due,
  depth,
  urgency,
})
const order = (turns: readonly Turn<string>[]): readonly string[] => {
  const { turn: first } = chooseTurn(turns, NOW, { first: 0, background: 0 })
  return first === undefined ? [] : [first.asker, ...order(turns.filter((each) => each !== first))]
}

test('looks that are due go first, the most overdue before the others; then the newest rows, whichever flow; then rescans', () => {
  const turns = [
    turn('a rescan', 'rescan', -9000),
    turn('3 days back', 'backfill', -9000, 72 * HOUR),
    turn('6 hours back', 'backfill', -10, 6 * HOUR),
    turn('a late look', 'look', -10),
    turn('a later look', 'look', -1000),
    turn('not yet', 'look', 1),
    turn('a first look', 'first', -5),
  ]
  expect(order(turns)).toEqual([
    'a later look',
    'a late look',
    'a first look',
    '6 hours back',
    '3 days back',
    'a rescan',
  ])
})

test('backfill rests until its pause is over, looks never do', () => {
  const turns = [turn('rows', 'backfill', -5), turn('a look', 'look', 2 * MINUTE)]
  const rests = { first: 0, background: NOW + MINUTE }
  const chosen = chooseTurn(turns, NOW, rests)
  expect(chosen).toEqual({ turn: undefined, wakeAt: NOW + MINUTE })
  expect(chooseTurn([turn('a look', 'look', -5), ...turns], NOW, rests).turn?.asker).toBe('a look')
})

test('the next look is on its own place in the interval by their clock, and never in the past', () => {
  const skew = fc.integer({ min: -10 * HOUR, max: 10 * HOUR })
  fc.assert(
    fc.property(fc.nat(1e12), skew, fc.nat(59_999), (at, ahead, phase) => {
      const next = nextOnGrid(at, ahead, MINUTE, phase)
      expect(next).toBeGreaterThan(at)
      expect(next).toBeLessThanOrEqual(at + MINUTE)
      expect(Math.abs((next + ahead - phase) % MINUTE)).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('pauses after failures double, to ten minutes', () => {
  const pauses = [1, 2, 3, 4, 5, 50, 5000].map((times) => backoff(times, MINUTE, 10 * MINUTE) / MINUTE)
  expect(pauses).toEqual([1, 2, 4, 8, 10, 10, 10])
  expect(backoff(1, 15 * MINUTE, 10 * MINUTE)).toBe(15 * MINUTE)
})

test('backfill takes a tenth of the target’s time, half of that while answers take twice as long, a quarter beyond four', () => {
  let latencies = {}
  const pause = (took: number, kind = 'rows'): number => {
    const paced = paceAfter(latencies, kind, took)
    latencies = paced.latencies
    return Math.round(paced.pause)
  }
  expect([100, 110, 90, 100, 100].map((took) => pause(took))).toEqual([900, 990, 810, 900, 900])
  expect(pause(201)).toBe(201 * 19)
  expect(pause(401)).toBe(401 * 39)
  expect(pause(100)).toBe(900)
  // A checksum is not a page of rows.
  expect(pause(500, 'checksums')).toBe(4500)
  expect(pause(10_000_000)).toBe(5 * MINUTE)
})

test('first looks take half of the target’s time and go before backfill, looks never rest; then backfill takes its tenth', () => {
  const pace = createPace()
  pace.asked('first', 'checksums', 1000, NOW)
  expect(pace.rests()).toEqual({ first: NOW + 1000, background: NOW + 1000 })
  const turns = [turn('rows', 'backfill', -5), turn('of nothing known', 'first', -5)]
  expect(chooseTurn(turns, NOW, pace.rests())).toEqual({ turn: undefined, wakeAt: NOW + 1000 })
  expect(chooseTurn(turns, NOW + 1000, pace.rests()).turn?.asker).toBe('of nothing known')
  pace.asked('look', 'changed', 1000, NOW + 500)
  expect(pace.rests()).toEqual({ first: NOW + 1000, background: NOW + 1000 })
  pace.asked('backfill', 'rows', 1000, NOW + 2000)
  expect(pace.rests()).toEqual({ first: NOW + 3000, background: NOW + 11_000 })
  // A flow that is new has its first look though backfill rests.
  expect(chooseTurn(turns, NOW + 3000, pace.rests()).turn?.asker).toBe('of nothing known')
})

test('so many backfills at once, the newest rows first; who no longer asks keeps nobody waiting', () => {
  const gate = createGate(2)
  const leave = gate.enter('a', 30 * HOUR, NOW)
  expect(leave).toBeTypeOf('function')
  expect(gate.enter('b', 30 * HOUR, NOW)).toBeTypeOf('function')
  expect(gate.enter('c', 30 * HOUR, NOW)).toBeUndefined()
  expect(gate.enter('d', 6 * HOUR, NOW)).toBeUndefined()
  leave?.()
  expect(gate.enter('c', 30 * HOUR, NOW + 1000)).toBeUndefined()
  expect(gate.enter('c', 30 * HOUR, NOW + MINUTE)).toBeTypeOf('function')
})

test('skew is smoothed, a clock that was set is followed at once, and no nonsense is believed', () => {
  expect(skewWith(undefined, NOW + 700, NOW)).toBe(700)
  expect(skewWith(700, NOW + 200, NOW)).toBe(600)
  expect(skewWith(700, NOW - HOUR, NOW)).toBe(-HOUR)
  expect(skewWith(700, Number.NaN, NOW)).toBe(700)
  expect(skewWith(undefined, Number.POSITIVE_INFINITY, NOW)).toBeUndefined()
})

test('a ledger whose clock was set back goes on looking', () => {
  const ahead = {
    ...emptyLedger,
    lastLook: NOW + HOUR,
    lastFull: NOW + HOUR,
    lastWhole: NOW + HOUR,
    lastRescan: NOW - HOUR,
    notBefore: NOW + HOUR,
  }
  const back = rewound(ahead, NOW)
  expect(back.lastLook).toBeLessThan(NOW)
  expect(back.lastFull).toBeLessThan(NOW)
  expect(back.lastWhole).toBeLessThan(NOW)
  expect(back.notBefore).toBe(NOW)
  expect(back.lastRescan).toBe(NOW - HOUR)
  const fine = { ...emptyLedger, lastLook: NOW + 1000 }
  expect(rewound(fine, NOW)).toBe(fine)
})
