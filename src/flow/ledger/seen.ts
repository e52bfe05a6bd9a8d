/**
 * What was seen to happen since the process began, and only ever grows: how long completions took, and failures, of which
 * Odoo may forget some. Windows never rest on it.
 */
import { type Duration, type Histogram, type Instant, minutes } from '../../metric.ts'
import { floorMinute, MINUTE, sumIn } from './counts.ts'
import { DURATION_BOUNDS, type Tally } from './tally.ts'

/** A minute is counted once, when what committed late has come in. */
const SETTLES: Duration = minutes(5)

/** How long completions took. */
export interface Durations {
  /** Completions before this minute are counted. */
  readonly upTo: Instant
  /** Not cumulative, by upper bound in seconds; the last bound is infinite. */
  readonly byBound: ReadonlyMap<number, number>
  readonly sum: number
}

export interface Seen {
  /** Undefined until the whole span has been read: an item of any age may be done today. */
  readonly durations: Durations | undefined
  readonly failures: number
}

export const nothingSeen: Seen = { durations: undefined, failures: 0 }

/** The first minute that is not settled yet. */
const settledTo = (asOf: Instant, overlap: Duration): Instant => floorMinute(asOf - Math.max(SETTLES, overlap))

/**
 * The minutes that have settled since, counted. An hour of a tally is left out once it is older than its minutes are
 * kept (six hours): after a longer outage what was completed in it is missing.
 */
export const withSettled = (
  before: Durations | undefined,
  tallies: Iterable<Tally>,
  asOf: Instant,
  overlap: Duration,
): Durations => {
  const to = settledTo(asOf, overlap)
  if (before === undefined) return { upTo: to, byBound: new Map(), sum: 0 }
  if (to < before.upTo + MINUTE) return before
  const byBound = new Map(before.byBound)
  let { sum } = before
  for (const { took, tookSeconds } of tallies) {
    for (const [bound, counts] of took) {
      const count = sumIn(counts, before.upTo, to)
      if (count > 0) byBound.set(bound, (byBound.get(bound) ?? 0) + count)
    }
    sum += sumIn(tookSeconds, before.upTo, to)
  }
  return { upTo: to, byBound, sum }
}

/** Of all ledgers of a flow together. */
export const histogramOf = (parts: readonly Durations[]): Histogram => {
  const within = (limit: number): number =>
    parts
      .flatMap(({ byBound }) => [...byBound])
      .reduce((total, [bound, count]) => total + (bound <= limit ? count : 0), 0)
  return {
    buckets: new Map(DURATION_BOUNDS.map((bound) => [bound, within(bound)])),
    sum: parts.reduce((total, { sum }) => total + sum, 0),
    count: within(Number.POSITIVE_INFINITY),
  }
}
