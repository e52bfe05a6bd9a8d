/** How many starts and completions a window would usually hold: what the same weekday and hour held in the weeks before. */
import type { Instant } from '../../metric.ts'
import { floorHour, HOUR } from './counts.ts'
import { hourlyCounts, leftEdge, type Rate, rateWindows, type View, type WindowName } from './windows.ts'

const WEEKS = 4
const WEEK = 7 * 24 * HOUR
/** Fewer weeks say nothing about what is usual. */
const FEWEST = 2

/** The local calendar of a flow. */
export interface LocalTime {
  /** Weekday (0–6) and hour (0–23) on the clock there. */
  readonly local: (at: Instant) => { readonly weekday: number; readonly hour: number }
  readonly isHoliday: (at: Instant) => boolean
}

/** Of hours without an entry nothing happened: they count 0. */
export type HourlyCounts = ReadonlyMap<Instant, number>

/** Of an even number the mean of the two in the middle; undefined of none. */
export const median = (values: readonly number[]): number | undefined => {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

/** The same hour on the clock, one to four weeks before: an hour earlier or later where the clock was changed between. */
const sameHours = (hour: Instant, time: LocalTime): readonly Instant[] => {
  const here = time.local(hour)
  return Array.from({ length: WEEKS }, (_, i) => hour - (i + 1) * WEEK).flatMap((before) =>
    [before, before - HOUR, before + HOUR]
      .filter((at) => {
        const there = time.local(at)
        return there.weekday === here.weekday && there.hour === here.hour && !time.isHoliday(at)
      })
      // The hour that a clock set back repeats is one sample, not two.
      .slice(0, 1),
  )
}

/** What [from, to) would usually hold; undefined on a holiday, and where too few weeks can be compared. */
export const expectedIn = (counts: HourlyCounts, from: Instant, to: Instant, time: LocalTime): number | undefined => {
  let sum = 0
  for (let hour = floorHour(from); hour < to; hour += HOUR) {
    const samples = sameHours(hour, time).map((at) => counts.get(at) ?? 0)
    const usual = samples.length < FEWEST ? undefined : median(samples)
    if (usual === undefined || time.isHoliday(hour)) return undefined
    sum += (usual * (Math.min(to, hour + HOUR) - Math.max(from, hour))) / HOUR
  }
  return sum
}

export interface Expected {
  readonly starts: readonly Rate[]
  readonly completions: readonly Rate[]
}

/** The oldest hour a window's expectation is learnt from. */
const learntFrom = (window: WindowName, asOf: Instant): Instant =>
  floorHour(leftEdge(window, asOf)) - WEEKS * WEEK - HOUR

/** For the windows that `starts` and `completions` have; absent until the weeks before have been read. */
export const expectedOf = (view: View, time: LocalTime): Expected => {
  const byHour = [...hourlyCounts(view)]
  const rates = (what: 'starts' | 'completions', knownFrom: Instant): readonly Rate[] => {
    const counts = new Map(byHour.map(([hour, each]) => [hour, each[what]]))
    return rateWindows.flatMap((window) => {
      if (learntFrom(window, view.asOf) < knownFrom) return []
      const count = expectedIn(counts, leftEdge(window, view.asOf), view.asOf, time)
      return count === undefined ? [] : [{ window, count }]
    })
  }
  const isWhole = view.coveredFrom <= view.spanFrom
  const existing = view.horizon === undefined ? Number.NEGATIVE_INFINITY : view.asOf - view.horizon
  const knownFrom = Math.max(view.coveredFrom, view.spanFrom, existing) + view.reach
  return {
    starts: rates('starts', knownFrom),
    completions: isWhole && view.hasCompletions ? rates('completions', knownFrom) : [],
  }
}
