/** The replay holds what the ledger would have said, at every minute. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BURN_RATES, fires, KEEP_FIRING } from '../../src/flow/burn.ts'
import { floorHour } from '../../src/flow/ledger/counts.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import { tallyOf } from '../../src/flow/ledger/tally.ts'
import { type View, verdictWindows, windowsOf } from '../../src/flow/ledger/windows.ts'
import type { Target } from '../../src/flow/spec/tenant_flow.ts'
import type { Instant } from '../../src/metric.ts'
import { replayOf } from '../../src/suggest/replay.ts'
import { timelineOf, windowAt } from '../../src/suggest/timeline.ts'
import { clock, DAY, done, HOUR, historyOf, item, MINUTE, NOW, promiseFor, QUARTER } from './histories.ts'

const FROM = floorHour(NOW - 8 * DAY)
const REACH = 26 * HOUR

const time = fc.integer({ min: 0, max: NOW - FROM }).map((ms) => FROM + ms)
/** Verdicts come within the reach, as windows suppose. */
const anItem: fc.Arbitrary<Item> = fc
  .record({
    start: time,
    state: fc.constantFrom('open', 'done', 'done', 'done', 'failed', 'cancelled'),
    took: fc.option(fc.integer({ min: -10 * MINUTE, max: 3 * HOUR }), { nil: undefined }),
    promised: fc.option(fc.integer({ min: -HOUR, max: 20 * HOUR }), { nil: undefined, freq: 3 }),
    seen: fc.option(fc.integer({ min: 0, max: 25 * HOUR }), { nil: undefined }),
  })
  .map(({ start, state, took, promised, seen }) =>
    item(start, {
      state,
      ended: state === 'open' || took === undefined ? undefined : start + took,
      promised: promised === undefined ? undefined : start + promised,
      visible: seen === undefined ? undefined : start + seen,
    }),
  )

const promises = fc.record({
  kind: fc.constantFrom('journey', 'outcome'),
  evidence: fc.constantFrom('ledger', 'at-deadline'),
  targets: fc.constantFrom<ReturnType<typeof promiseFor>['targets']>(
    [{ since: 0, target: QUARTER }],
    [
      { since: 0, target: { within: 4 * HOUR } },
      { since: NOW - 2 * DAY, target: { within: 10 * MINUTE } },
    ],
  ),
})

/** As the ledger sees them at that minute, the rows reading as they do now. */
const viewAt = (items: readonly Item[], promise: ReturnType<typeof promiseFor>, asOf: Instant): View => ({
  asOf,
  slots: [...Map.groupBy(items, ({ slot }) => floorHour(slot))].map(([hour, of]) => [
    hour,
    tallyOf(of, { promise, deadline: clock, countsWorth: false }, asOf),
  ]),
  coveredFrom: FROM,
  spanFrom: FROM,
  reach: REACH,
  horizon: undefined,
  hasCompletions: promise.evidence === 'ledger',
})

test('windows are those of the ledger, whatever the items, the promise and the minute', () => {
  const minute = fc.integer({ min: 5 * 1440, max: (NOW - FROM) / MINUTE }).map((n) => FROM + n * MINUTE)
  fc.assert(
    fc.property(fc.array(anItem, { maxLength: 60 }), promises, minute, (items, promise, asOf) => {
      const timeline = timelineOf(historyOf(items), promise, clock, { from: FROM, to: NOW })
      const wanted = windowsOf(viewAt(items, promise, asOf)).verdicts
      expect(wanted.map(({ window }) => window)).toEqual(verdictWindows.slice(0, -1))
      for (const { window, good, bad } of wanted) expect(windowAt(timeline, window, asOf)).toEqual({ good, bad })
    }),
    { numRuns: 150 },
  )
})

test('a window that begins before what is known is unknown', () => {
  const timeline = timelineOf(historyOf([]), promiseFor(QUARTER), clock, { from: FROM, to: NOW })
  expect(windowAt(timeline, '1d', FROM + DAY)).toEqual({ good: 0, bad: 0 })
  expect(windowAt(timeline, '1d', FROM + DAY - MINUTE)).toBeUndefined()
  expect(windowAt(timeline, '30d', NOW)).toBeUndefined()
})

/** Hours in which all is late. */
const outages = (...hours: readonly (readonly [from: number, length: number])[]) =>
  Array.from({ length: (NOW - FROM) / MINUTE }, (_, n) => {
    const start = FROM + n * MINUTE
    const isOut = hours.some(([from, length]) => start >= from && start < from + length)
    return done(start, isOut ? HOUR : MINUTE)
  })
const replayed = (items: readonly Item[], target: Target = QUARTER, objective = 0.99) => {
  const timeline = timelineOf(historyOf(items), promiseFor(target), clock, { from: FROM, to: NOW })
  return { timeline, replay: replayOf(timeline, objective) }
}

test('episodes begin and end as minute after minute of the rule does', () => {
  const { timeline, replay } = replayed(outages([NOW - 4 * DAY, 2 * HOUR], [NOW - 2 * DAY, 20 * MINUTE]))
  const pairs = BURN_RATES.filter(({ severity }) => severity === 'page')
  let isFiring = false
  const paged: Instant[] = []
  for (let at = FROM; at <= NOW; at += MINUTE) {
    const before = isFiring
    isFiring = pairs.some((pair) => {
      const [long, short] = [windowAt(timeline, pair.long, at), windowAt(timeline, pair.short, at)]
      return long !== undefined && short !== undefined && fires(pair, 0.99, long, short, before)
    })
    if (isFiring) paged.push(at)
  }
  const { episodes, total } = replay.page
  expect(episodes).toHaveLength(2)
  expect(episodes[0]?.from).toBe(paged[0])
  expect(episodes[1]?.to).toBe((paged.at(-1) ?? 0) + MINUTE + KEEP_FIRING)
  const isIn = (at: Instant) => episodes.some(({ from, to }) => at >= from && at < to)
  expect(paged.every(isIn)).toBe(true)
  expect(total).toBe(episodes.reduce((sum, { from, to }) => sum + to - from, 0))
})

test('what still fires at the end lasts until then', () => {
  const { replay } = replayed(outages([NOW - 3 * HOUR, 3 * HOUR]))
  expect(replay.page.episodes.at(-1)?.to).toBe(NOW)
  expect(replay.ticket.episodes.at(-1)?.to).toBe(NOW)
})

test('a longer target or a lower objective calls less often', () => {
  const items = outages([NOW - 4 * DAY, 2 * HOUR])
  expect(replayed(items).replay.page.episodes).toHaveLength(1)
  expect(replayed(items, { within: 2 * HOUR }).replay.page.episodes).toHaveLength(0)
  const [strict, lax] = [replayed(items).replay.ticket, replayed(items, QUARTER, 0.9).replay.ticket]
  expect(lax.total).toBeLessThan(strict.total)
})

test('each severity could be replayed from where its windows are whole', () => {
  const { page, ticket } = replayed([]).replay
  // The right edge of a window of a day or more is the minute, its left edge the hour.
  expect(NOW - FROM - page.replayed).toBe(HOUR)
  expect(NOW - FROM - ticket.replayed).toBe(DAY)
})
