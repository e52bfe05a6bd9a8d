/** The verdicts of a span by the minute, so that any window of any minute is two subtractions. Pure. */
import type { Counts } from '../flow/burn.ts'
import { floorMinute, MINUTE } from '../flow/ledger/counts.ts'
import { type Deadline, type Promised, verdictOf } from '../flow/ledger/verdict.ts'
import { leftEdge, type WindowName } from '../flow/ledger/windows.ts'
import type { Instant } from '../metric.ts'
import type { History } from './history.ts'

/** Whole minutes, from up to but without to. */
export interface Period {
  readonly from: Instant
  readonly to: Instant
}

/** Counts in [from, to), added up: at i, those of the first i minutes. */
export interface Series {
  readonly from: Instant
  readonly sums: Float64Array
}

export const minutesOf = ({ from, to }: Period): number => Math.max(0, Math.round((to - from) / MINUTE))

/** `counts` by minute of the period; they are overwritten. */
export const seriesOf = (from: Instant, counts: Float64Array): Series => {
  const sums = new Float64Array(counts.length + 1)
  for (let i = 0; i < counts.length; i++) sums[i + 1] = (sums[i] ?? 0) + (counts[i] ?? 0)
  return { from, sums }
}

/** In [from, to), as far as the series reaches. */
export const sumIn = ({ from: begin, sums }: Series, from: Instant, to: Instant): number => {
  const index = (at: Instant) => Math.min(sums.length - 1, Math.max(0, Math.round((at - begin) / MINUTE)))
  return (sums[index(to)] ?? 0) - (sums[index(from)] ?? 0)
}

export interface Timeline extends Period {
  readonly good: Series
  readonly bad: Series
}

/** The verdicts that were passed in the period. */
export const timelineOf = <T>(
  history: History,
  promise: Promised<T>,
  deadline: Deadline<T>,
  { from, to }: Period,
): Timeline => {
  const size = minutesOf({ from, to })
  const [good, bad] = [new Float64Array(size), new Float64Array(size)]
  for (let i = 0; i < history.size(); i++) {
    const verdict = verdictOf(history.at(i), promise, deadline)
    if (verdict === 'not_counted' || verdict.at < from || verdict.at >= to) continue
    const counts = verdict.result === 'good' ? good : bad
    const minute = (floorMinute(verdict.at) - from) / MINUTE
    counts[minute] = (counts[minute] ?? 0) + 1
  }
  return { from, to, good: seriesOf(from, good), bad: seriesOf(from, bad) }
}

export const countsIn = ({ good, bad }: Timeline, from: Instant, to: Instant): Counts => ({
  good: sumIn(good, from, to),
  bad: sumIn(bad, from, to),
})

/** What the ledger's window held as of a whole minute; undefined where it begins before the period. */
export const windowAt = (timeline: Timeline, window: WindowName, asOf: Instant): Counts | undefined => {
  const left = leftEdge(window, asOf)
  return left < timeline.from ? undefined : countsIn(timeline, left, asOf)
}
