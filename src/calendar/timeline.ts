/** Windows on the wall clock → spans between instants, correct over every change of the clocks. Pure. */
import type { Instant } from '../metric.ts'
import { daysOf } from './recurrence.ts'
import { type BusinessWindow, type Day, formatDay, MINUTES_A_DAY, type WallSpan } from './window.ts'
import { type Zone, zoneOf } from './zone.ts'

const MINUTE = 60_000
// Where clocks skip a whole day, as in Samoa in 2011, what was to be on it moves to the next.
const SLACK = 1

/** From `start`, up to but without `end`. */
export interface Span {
  readonly start: Instant
  readonly end: Instant
}

export const isHoliday = (holidays: readonly string[], day: Day): boolean => {
  const date = formatDay(day)
  return holidays.includes(date) || holidays.includes(date.slice(5))
}

/** The spans on the wall that begin on a day from `from` to `to`. */
const wallSpans = ({ occurs }: BusinessWindow, from: Day, to: Day): readonly WallSpan[] => {
  if ('dates' in occurs) return occurs.dates
  return daysOf(occurs.rrule, occurs.start, from, to)
    .filter((day) => !isHoliday(occurs.holidays, day))
    .map((day) => ({
      from: day * MINUTES_A_DAY + occurs.from,
      to: (day + occurs.days) * MINUTES_A_DAY + occurs.to,
    }))
}

/** One span an occurrence, those that touch [from, to), by start; overlapping ones stand as they are. */
export const occurrencesOf = (
  window: BusinessWindow,
  from: Instant,
  to: Instant,
  { dayAt, instantAt }: Zone = zoneOf(window.timezone),
): readonly Span[] => {
  const { occurs } = window
  const longest = 'dates' in occurs ? 0 : occurs.days
  return wallSpans(window, dayAt(from) - longest - SLACK, dayAt(to))
    .map((wall) => ({ start: instantAt(wall.from), end: instantAt(wall.to) }))
    .filter(({ start, end }) => start < end && end > from && start < to)
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
}

/** Sorted spans → their union: what overlaps or touches becomes one. */
export const merge = (sorted: readonly Span[]): readonly Span[] => {
  const merged: Span[] = []
  for (const span of sorted) {
    const last = merged.at(-1)
    if (last === undefined || span.start > last.end) merged.push(span)
    else if (span.end > last.end) merged[merged.length - 1] = { start: last.start, end: span.end }
  }
  return merged
}

/** When any of these windows is active, over [from, to) and beyond where a span reaches out of it. */
export const spansOf = (windows: readonly BusinessWindow[], from: Instant, to: Instant): readonly Span[] =>
  merge(windows.flatMap((window) => occurrencesOf(window, from, to)).toSorted((a, b) => a.start - b.start))

/** A day on which open time begins. */
export interface BusinessDay {
  readonly day: Day
  /** Its first instant. */
  readonly begin: Instant
  /** When the open time that begins on it is over, never before that of an earlier day. */
  readonly end: Instant
}

/** As long as a day may be, where clocks are set back. */
const LONGEST_SHIFT = 25 * 60 * MINUTE

/**
 * Of occurrences as they stand, over [from, to); days are those of the zone. A night shift belongs to the
 * evening it begins on; what is open for longer than a day is open on each of its days.
 */
export const businessDaysOf = (
  occurrences: readonly Span[],
  { dayAt, instantAt }: Zone,
  from: Instant,
  to: Instant,
): readonly BusinessDay[] => {
  const midnights = new Map<Day, Instant>()
  const midnight = (day: Day): Instant => {
    const at = midnights.get(day) ?? instantAt(day * MINUTES_A_DAY)
    midnights.set(day, at)
    return at
  }
  const ends = new Map<Day, Instant>()
  const open = (day: Day, end: Instant) => ends.set(day, Math.max(end, ends.get(day) ?? end))
  for (const { start, end } of occurrences) {
    if (end - start <= LONGEST_SHIFT) open(dayAt(start), end)
    else {
      // One given by dates may last for thousands of years.
      const last = dayAt(Math.min(end - 1, to))
      for (let day = dayAt(Math.max(start, from)); day <= last; day++) open(day, Math.min(end, midnight(day + 1)))
    }
  }
  let latest = Number.NEGATIVE_INFINITY
  return [...ends]
    .sort(([a], [b]) => a - b)
    .map(([day, end]) => {
      latest = Math.max(latest, end)
      return { day, begin: midnight(day), end: latest }
    })
}
