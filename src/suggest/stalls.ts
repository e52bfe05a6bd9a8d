/** The standstills that were: items waiting, and nothing done while other weeks had much done. Pure. */

import { floorMinute, HOUR, MINUTE } from '../flow/ledger/counts.ts'
import { type LocalTime, median } from '../flow/ledger/expected.ts'
import { completedAt, type Promised } from '../flow/ledger/verdict.ts'
import { type Duration, type Instant, minutes } from '../metric.ts'
import type { History } from './history.ts'
import { minutesOf, type Period, type Series, seriesOf, sumIn } from './timeline.ts'

export interface Stall {
  readonly from: Instant
  readonly to: Instant
  /** Items open at the most. */
  readonly waiting: number
  /** Completions in the same span of other weeks. */
  readonly usual: number
}

const SHORTEST: Duration = minutes(10)
/** Minutes with completions that other weeks have at the least. */
const SEVERAL = 5
const WEEK = 7 * 24 * HOUR
/** Fewer weeks to compare with say nothing about what is usual. */
const FEWEST = 2

interface Past {
  readonly period: Period
  readonly completions: Series
  /** Minutes with a completion, so that a burst of a hundred counts once. */
  readonly active: Series
  /** Of each minute: items open at its end. */
  readonly waiting: Float64Array
}

const pastOf = <T>(history: History, promise: Promised<T>, period: Period): Past => {
  const size = minutesOf(period)
  const [completions, change] = [new Float64Array(size), new Float64Array(size)]
  const count = (counts: Float64Array, at: Instant, by: number): void => {
    if (at >= period.to) return
    const minute = Math.max(0, (floorMinute(at) - period.from) / MINUTE)
    counts[minute] = (counts[minute] ?? 0) + by
  }
  for (let i = 0; i < history.size(); i++) {
    const item = history.at(i)
    const ended = completedAt(item, promise) ?? item.ended
    // Ended, and nobody knows when: whether it waited can't be said.
    if (item.state !== 'open' && ended === undefined) continue
    if (item.state === 'done' && ended !== undefined && ended >= period.from) count(completions, ended, 1)
    count(change, item.start, 1)
    if (ended !== undefined) count(change, Math.max(item.start, ended), -1)
  }
  const waiting = seriesOf(period.from, change).sums.slice(1)
  return {
    period,
    completions: seriesOf(period.from, completions),
    active: seriesOf(
      period.from,
      completions.map((n) => Math.sign(n)),
    ),
    waiting,
  }
}

/** The same time on the clock in the other weeks of the period, holidays left out. */
const otherWeeks = ({ from, to }: Period, whole: Period, time: LocalTime): readonly Period[] => {
  const here = time.local(from)
  return [-4, -3, -2, -1, 1, 2, 3, 4].flatMap((weeks) =>
    [0, -HOUR, HOUR]
      .map((shift) => ({ from: from + weeks * WEEK + shift, to: to + weeks * WEEK + shift }))
      .filter((other) => {
        const there = time.local(other.from)
        return there.weekday === here.weekday && there.hour === here.hour && !time.isHoliday(other.from)
      })
      .slice(0, 1)
      .filter((other) => other.from >= whole.from && other.to <= whole.to),
  )
}

/** Spans of minutes in which items waited and none was done. */
const idle = ({ period, completions, waiting }: Past): readonly Period[] => {
  const spans: Period[] = []
  let from: Instant | undefined
  for (let i = 0; i <= waiting.length; i++) {
    const at = period.from + i * MINUTE
    const isIdle = i < waiting.length && (waiting[i] ?? 0) > 0 && sumIn(completions, at, at + MINUTE) === 0
    if (isIdle) from ??= at
    else if (from !== undefined) {
      if (at - from >= SHORTEST) spans.push({ from, to: at })
      from = undefined
    }
  }
  return spans
}

/**
 * Where other weeks had so many minutes with a completion that chance alone gives one such span in a year or two,
 * however many gaps a month has; undefined where completions are not stored.
 */
export const stallsOf = <T>(
  history: History,
  promise: Promised<T>,
  time: LocalTime,
  period: Period,
): readonly Stall[] | undefined => {
  if (promise.evidence !== 'ledger') return undefined
  const past = pastOf(history, promise, period)
  // Gaps between events at random outlast the mean gap n times once in e^n gaps.
  const several = Math.max(SEVERAL, 3 + Math.log(1 + sumIn(past.active, period.from, period.to)))
  return idle(past).flatMap((span): readonly Stall[] => {
    const others = time.isHoliday(span.from) ? [] : otherWeeks(span, period, time)
    const active = median(others.map(({ from, to }) => sumIn(past.active, from, to)))
    const usual = median(others.map(({ from, to }) => sumIn(past.completions, from, to)))
    if (others.length < FEWEST || active === undefined || usual === undefined || active < several) return []
    const first = (span.from - period.from) / MINUTE
    const waiting = past.waiting.slice(first, first + minutesOf(span)).reduce((most, n) => Math.max(most, n), 0)
    return [{ ...span, waiting, usual }]
  })
}
