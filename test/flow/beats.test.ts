import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { thinned } from '../../src/flow/ledger/beat.ts'
import { beatsReading, type Heartbeat, presentReading } from '../../src/flow/ledger/beats.ts'
import { floorHour, floorMinute, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { leftEdge, verdictWindows } from '../../src/flow/ledger/windows.ts'
import type { Duration, Instant } from '../../src/metric.ts'

const DAY = 24 * HOUR
/** Spring: the clocks of Europe change in the night of the 29th. */
const now = Date.UTC(2026, 2, 30, 12, 34, 56)
const asOf = floorMinute(now)

const heartbeat = (beats: readonly Instant[], more: Partial<Heartbeat> = {}): Heartbeat => ({
  beats,
  knownFrom: now - 10 * DAY,
  period: undefined,
  targets: [{ since: 0, target: { within: 30 * MINUTE } }],
  ...more,
})
const every = (period: Duration, from: Instant, to: Instant): readonly Instant[] =>
  Array.from({ length: Math.floor((to - from) / period) + 1 }, (_, i) => from + i * period)
const window = (name: string, of: Heartbeat, at: Instant = now) =>
  beatsReading(of, at).windows.verdicts.find((each) => each.window === name)

describe('a heartbeat', () => {
  test('whose gaps are as short as allowed is good', () => {
    const of = heartbeat(every(10 * MINUTE, now - 2 * DAY, now))
    expect(window('1h', of)).toEqual({ window: '1h', good: 6, bad: 0 })
    expect(beatsReading(of, now).windows.backlog).toMatchObject({ open: 1, overdue: 0, oldest: now })
  })

  test('that stops is bad once, when its gap has become too long, and overdue from then on', () => {
    const last = now - 3 * HOUR
    const of = heartbeat(every(10 * MINUTE, now - 2 * DAY, last))
    expect(window('5m', of, last + 30 * MINUTE)).toMatchObject({ bad: 0 })
    expect(window('5m', of, last + 32 * MINUTE)).toMatchObject({ good: 0, bad: 1 })
    expect(beatsReading(of, last + 30 * MINUTE).windows.backlog?.overdue).toBe(0)
    expect(beatsReading(of, now).windows.backlog).toMatchObject({ open: 1, overdue: 1, oldest: last })
    expect(window('1d', of)?.bad).toBe(1)
  })

  test('learns its period from the last day it beat, runs of many beats and standstills notwithstanding', () => {
    const runs = every(15 * MINUTE, now - 2 * DAY, now - 3 * DAY + 2.5 * DAY).flatMap((at) =>
      every(500, at, at + 50_000),
    )
    const targets = [{ since: 0, target: { periods: 2 } }] as const
    const last = runs.at(-1) ?? 0
    const of = heartbeat(runs, { targets })
    // Its gaps last 14:10.
    expect(beatsReading(of, last + 28 * MINUTE).windows.backlog?.overdue).toBe(0)
    expect(beatsReading(of, last + 29.5 * MINUTE).windows.backlog?.overdue).toBe(1)
    expect(beatsReading(of, last + 5 * DAY).windows.backlog?.overdue).toBe(1)
  })

  test('without a period to go by has no verdict: only its last beat is known', () => {
    const of = heartbeat([now - 3 * HOUR, now - HOUR, now + 1], { targets: [{ since: 0, target: { periods: 2 } }] })
    const { windows } = beatsReading(of, now)
    expect(windows.verdicts).toEqual([])
    expect(windows.backlog).toEqual({ open: 1, overdue: undefined, oldest: now - HOUR, due: [] })
    expect(window('1d', { ...of, period: HOUR })).toMatchObject({ good: 1, bad: 0 })
  })

  test('never seen is overdue once all is known for longer than allowed, and unknown before', () => {
    expect(beatsReading(heartbeat([]), now).windows.backlog).toEqual({
      open: 1,
      overdue: 1,
      oldest: undefined,
      due: [],
    })
    expect(beatsReading(heartbeat([], { knownFrom: now - 20 * MINUTE }), now).windows.backlog).toBeUndefined()
    const periods = heartbeat([], { targets: [{ since: 0, target: { periods: 2 } }] })
    expect(beatsReading(periods, now).windows.backlog).toBeUndefined()
  })

  test('is judged as a reading of all its gaps would judge it', () => {
    const gap = fc.oneof(
      fc.integer({ min: 0, max: 20 * MINUTE }),
      fc.integer({ min: 0, max: 3 * HOUR }),
      fc.integer({ min: 0, max: 30_000 }),
    )
    const allowed = fc.integer({ min: MINUTE, max: 4 * HOUR })
    const known = fc.integer({ min: HOUR, max: 5 * DAY })
    let verdicts = 0
    fc.assert(
      fc.property(
        fc.array(gap, { minLength: 1, maxLength: 300, size: 'max' }),
        allowed,
        known,
        (gaps, within, span) => {
          let at = now - 2 * DAY
          const beats = gaps.map((ms) => (at += ms)).filter((beat) => beat >= now - span)
          const of = heartbeat(beats.toReversed(), {
            knownFrom: now - span,
            targets: [{ since: 0, target: { within } }],
          })
          const { windows } = beatsReading(of, now)
          const minutes = [
            ...Map.groupBy(
              beats.filter((beat) => beat <= now),
              floorMinute,
            ).values(),
          ]
          const seen = minutes.map((of) => ({ first: of[0] ?? 0, last: of.at(-1) ?? 0 }))
          const judged = seen.map(({ last }, i) => ({
            at: last + within,
            isGood: (seen[i + 1]?.first ?? Number.POSITIVE_INFINITY) <= last + within,
          }))
          const whole = verdictWindows.filter((name) => floorHour(leftEdge(name, asOf) - within) >= now - span)
          if (seen.length === 0) return
          verdicts += judged.length
          expect(windows.verdicts).toEqual(
            whole.map((name) => {
              const inside = judged.filter((each) => each.at >= leftEdge(name, asOf) && each.at < asOf)
              const good = inside.filter(({ isGood }) => isGood).length
              return { window: name, good, bad: inside.length - good }
            }),
          )
          const last = seen.at(-1)?.last ?? 0
          // What has yet to come was not there to be thinned.
          const thin = thinned(of.beats.filter((beat) => beat <= now))
          expect(beatsReading({ ...of, beats: thin }, now).windows).toEqual(windows)
          expect(windows.backlog).toMatchObject({ open: 1, overdue: last + within < asOf ? 1 : 0, oldest: last })
        },
      ),
      { numRuns: 300 },
    )
    expect(verdicts).toBeGreaterThan(3000)
  })
})

describe('a slice', () => {
  const present = { count: 7, oldest: now - DAY, newest: now, groups: [], period: undefined }

  test('has no verdicts: what is more than allowed is overdue', () => {
    const { windows } = presentReading(present, { at_most: 5 }, now)
    expect(windows).toEqual({
      asOf,
      verdicts: [],
      starts: [],
      completions: [],
      groups: [],
      backlog: { open: 7, overdue: 2, oldest: now - DAY, due: [] },
    })
    expect(presentReading({ ...present, count: 5 }, { at_most: 5 }, now).windows.backlog?.overdue).toBe(0)
  })

  test('without a number that is allowed has none overdue that anybody knows of', () => {
    expect(presentReading(present, { periods: 2 }, now).windows.backlog?.overdue).toBeUndefined()
  })
})
