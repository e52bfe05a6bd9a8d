/** Arithmetic in business time: how far an instant is carried by so many open hours, or to `by: "16:00"`. */
import type { Duration, Instant } from '../metric.ts'
import { dayAt, instantAt, type Span, spansOf } from './timeline.ts'
import { type BusinessWindow, MINUTES_A_DAY } from './window.ts'

const DAY = MINUTES_A_DAY * 60_000
/** A deadline that lies further off is none: undefined, never an endless search. */
export const FURTHEST: Duration = 366 * DAY
const YEARS_KEPT = 8

/** The first index whose span ends after an instant. */
const firstEndingAfter = (spans: readonly Span[], at: Instant): number => {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle]?.end ?? 0) > at) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The instant at which `duration` of open time has passed since `from`; a span that is used up ends it at its end.
 * `open`: merged, ascending, known for FURTHEST after `from`. Undefined where that lies further off.
 */
export const addOpenTime = (open: readonly Span[], from: Instant, duration: Duration): Instant | undefined => {
  let left = duration
  for (const { start, end } of open.values().drop(firstEndingAfter(open, from))) {
    const begin = Math.max(start, from)
    if (begin > from + FURTHEST) return undefined
    if (left <= end - begin) return begin + left <= from + FURTHEST ? begin + left : undefined
    left -= end - begin
  }
  return undefined
}

/**
 * The first time after `from` that clocks show `minute` (of the day, 0–1440) on a day with any open time.
 * `open` as above. Undefined where there is no such day within FURTHEST.
 */
export const nextTimeOfDay = (
  open: readonly Span[],
  timezone: string,
  minute: number,
  from: Instant,
): Instant | undefined => {
  // The day before: its 24:00 is today's midnight.
  for (let day = dayAt(timezone, from) - 1; ; day++) {
    const due = instantAt(timezone, day * MINUTES_A_DAY + minute)
    if (due > from + FURTHEST) return undefined
    if (due <= from) continue
    const span = open[firstEndingAfter(open, instantAt(timezone, day * MINUTES_A_DAY))]
    if (span === undefined) return undefined
    if (span.start < instantAt(timezone, (day + 1) * MINUTES_A_DAY)) return due
  }
}

export interface BusinessTime {
  /** `within_open_hours`: undefined where it is not reached within FURTHEST. */
  readonly add: (from: Instant, duration: Duration) => Instant | undefined
  /** `by`: minutes of the day, 0–1440; undefined where no open day is within FURTHEST. */
  readonly by: (from: Instant, minute: number) => Instant | undefined
}

/** Open whenever any of the windows is; days are those of `timezone`. Spans are worked out once a year asked for. */
export const businessTimeOf = (windows: readonly BusinessWindow[], timezone: string): BusinessTime => {
  const years = new Map<number, readonly Span[]>()
  const openFrom = (at: Instant): readonly Span[] => {
    const year = new Date(at).getUTCFullYear()
    const known = years.get(year)
    if (known !== undefined) return known
    const [begin, end] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)]
    const spans = spansOf(windows, begin - 2 * DAY, end + FURTHEST + 2 * DAY)
    if (years.size >= YEARS_KEPT) years.clear()
    years.set(year, spans)
    return spans
  }
  return {
    add: (from, duration) => addOpenTime(openFrom(from), from, duration),
    by: (from, minute) => nextTimeOfDay(openFrom(from), timezone, minute, from),
  }
}
