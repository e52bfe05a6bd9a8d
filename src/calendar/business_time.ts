/** Arithmetic in business time: how far an instant is carried by so many open hours, or to `by: "16:00"` of an open day. */
import type { Duration, Instant } from '../metric.ts'
import { type BusinessDay, businessDaysOf, merge, occurrencesOf, type Span } from './timeline.ts'
import { type BusinessWindow, MINUTES_A_DAY } from './window.ts'
import { zoneOf } from './zone.ts'

const DAY = MINUTES_A_DAY * 60_000
/** A deadline that lies further off is none: undefined, never an endless search. */
export const FURTHEST: Duration = 366 * DAY
/** Instants are told apart by so much; what is open is worked out once for each stretch that is asked for. */
const STRETCH = 64 * DAY
/** Mostly the answer is near. */
const NEAR = 64 * DAY
const STRETCHES_KEPT = 32
/** An occurrence touches what began on the day before, or where clocks skip a day, two. */
const SLACK = 2 * DAY

/** The first index of which `isPast` says no; it says yes up to there. */
const firstNot = (length: number, isPast: (i: number) => boolean): number => {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isPast(middle)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The instant at which `duration` of open time has passed since `from`; a span that is used up ends it at its end.
 * `open`: merged, ascending, known for FURTHEST after `from`. Undefined where that lies further off.
 */
export const addOpenTime = (open: readonly Span[], from: Instant, duration: Duration): Instant | undefined => {
  let left = duration
  for (let i = firstNot(open.length, (at) => (open[at]?.end ?? 0) <= from); i < open.length; i++) {
    const { start = 0, end = 0 } = open[i] ?? {}
    const begin = Math.max(start, from)
    if (begin > from + FURTHEST) return undefined
    if (left <= end - begin) return begin + left <= from + FURTHEST ? begin + left : undefined
    left -= end - begin
  }
  return undefined
}

/** Minutes of the day, 0–1440, or when the open time that begins on the day is over. */
export type TimeOfDay = number | 'end_of_day'

interface Stretch {
  readonly open: readonly Span[]
  readonly days: readonly BusinessDay[]
  /** When each of the days is due. */
  readonly due: (time: TimeOfDay) => readonly Instant[]
}

const stretchOf = (windows: readonly BusinessWindow[], timezone: string, from: Instant, to: Instant): Stretch => {
  const zone = zoneOf(timezone)
  const occurrences = windows.flatMap((window) =>
    occurrencesOf(window, from, to, window.timezone === timezone ? zone : undefined),
  )
  const days = businessDaysOf(occurrences, zone, from, to)
  const dues = new Map<TimeOfDay, readonly Instant[]>()
  const dueAt = (time: TimeOfDay) =>
    days.map(({ day, end }) => (time === 'end_of_day' ? end : zone.instantAt(day * MINUTES_A_DAY + time)))
  const due = (time: TimeOfDay): readonly Instant[] => {
    const known = dues.get(time)
    if (known !== undefined) return known
    const made = dueAt(time)
    dues.set(time, made)
    return made
  }
  return { open: merge(occurrences.toSorted((a, b) => a.start - b.start)), days, due }
}

/** On the first open day that is due after `from`; with `afterDays`, on that many open days after the day of `from`. */
const dueIn = ({ days, due }: Stretch, from: Instant, time: TimeOfDay, afterDays: number): Instant | undefined => {
  const all = due(time)
  const first = firstNot(all.length, (i) => (all[i] ?? 0) <= from)
  if (afterDays === 0) return all[first]
  const next = firstNot(days.length, (i) => (days[i]?.begin ?? 0) <= from)
  return all[Math.max(first, next + afterDays - 1)]
}

export interface BusinessTime {
  /** `within_open_hours`: undefined where it is not reached within FURTHEST. */
  readonly add: (from: Instant, duration: Duration) => Instant | undefined
  /**
   * `by`. With `afterDays` 0 the first open day on which that time is still to come; 1: the next open day after the date
   * of `from`. Undefined where it is not reached within FURTHEST.
   */
  readonly by: (from: Instant, time: TimeOfDay, afterDays?: number) => Instant | undefined
  /**
   * Where what the other two say jumps: open time ends, days begin, a time of day is there. What is asked of instants
   * between `from` and `to` afterwards is worked out already.
   */
  readonly edges: (from: Instant, to: Instant, time?: TimeOfDay) => readonly Instant[]
}

/**
 * Open whenever any of the windows is. An open day is one on which open time begins, by the clocks of `timezone`: a
 * night shift belongs to the evening it began on.
 */
export const businessTimeOf = (windows: readonly BusinessWindow[], timezone: string): BusinessTime => {
  const near = new Map<number, Stretch>()
  const far = new Map<number, Stretch>()
  let looked: { readonly from: Instant; readonly to: Instant; readonly stretch: Stretch } | undefined
  const stretchAt = (kept: Map<number, Stretch>, at: Instant, ahead: Duration): Stretch => {
    const index = Math.floor(at / STRETCH)
    const known = kept.get(index)
    if (known !== undefined) return known
    const made = stretchOf(windows, timezone, index * STRETCH - SLACK, (index + 1) * STRETCH + ahead + SLACK)
    if (kept.size >= STRETCHES_KEPT) kept.clear()
    kept.set(index, made)
    return made
  }
  const nearAt = (at: Instant): Stretch =>
    looked && looked.from <= at && at <= looked.to ? looked.stretch : stretchAt(near, at, NEAR)
  const found = (from: Instant, search: (stretch: Stretch) => Instant | undefined): Instant | undefined => {
    const reached = search(nearAt(from))
    // At its very end a stretch may lack a part of a day.
    if (reached !== undefined && reached <= from + NEAR) return reached
    const at = search(stretchAt(far, from, FURTHEST))
    return at !== undefined && at <= from + FURTHEST ? at : undefined
  }
  return {
    add: (from, duration) => found(from, ({ open }) => addOpenTime(open, from, duration)),
    by: (from, time, afterDays = 0) => found(from, (stretch) => dueIn(stretch, from, time, afterDays)),
    edges: (from, to, time) => {
      const stretch = stretchOf(windows, timezone, from - SLACK, to + NEAR + SLACK)
      looked = { from, to, stretch }
      const ends = stretch.open.map(({ end }) => end)
      const begins = stretch.days.map(({ begin }) => begin)
      return [...ends, ...begins, ...(time === undefined ? [] : stretch.due(time))].filter(
        (at) => from <= at && at <= to,
      )
    },
  }
}
