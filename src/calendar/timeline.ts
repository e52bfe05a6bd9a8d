/** Windows on the wall clock → spans between instants, correct over every change of the clocks. Pure. */
import { Temporal } from 'temporal-polyfill'
import type { Instant } from '../metric.ts'
import { daysOf } from './recurrence.ts'
import { type BusinessWindow, type Day, formatDay, MINUTES_A_DAY, type WallMinute, type WallSpan } from './window.ts'

const MINUTE = 60_000
// Where clocks skip a whole day, as in Samoa in 2011, what was to be on it moves to the next.
const SLACK = 1

/** From `start`, up to but without `end`. */
export interface Span {
  readonly start: Instant
  readonly end: Instant
}

/**
 * As RFC 5545, section 3.3.5, wants it: a time the clocks skip is read with the offset from before the gap, of a time
 * they show twice the first is meant.
 */
export const instantAt = (timezone: string, wall: WallMinute): Instant =>
  Temporal.Instant.fromEpochMilliseconds(wall * MINUTE)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
    .toZonedDateTime(timezone, { disambiguation: 'compatible' }).epochMilliseconds

/** The date on the wall at an instant. */
export const dayAt = (timezone: string, at: Instant): Day => {
  const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone)
  return Math.floor((at + offsetNanoseconds / 1e6) / (MINUTES_A_DAY * MINUTE))
}

const isHoliday = (holidays: readonly string[], day: Day): boolean => {
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
export const occurrencesOf = (window: BusinessWindow, from: Instant, to: Instant): readonly Span[] => {
  const { timezone, occurs } = window
  const longest = 'dates' in occurs ? 0 : occurs.days
  return wallSpans(window, dayAt(timezone, from) - longest - SLACK, dayAt(timezone, to))
    .map((wall) => ({ start: instantAt(timezone, wall.from), end: instantAt(timezone, wall.to) }))
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
