/** The calendar by brute force: every minute of some weeks, its wall clock asked of Intl, windows marked minute by minute. */
import { type BusinessWindow, MINUTES_A_DAY, type Recurring, type WallMinute } from '../../src/calendar/window.ts'
import type { Instant } from '../../src/metric.ts'

export const MINUTE = 60_000
const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']

export interface Walk {
  readonly timezone: string
  readonly start: Instant
  /** What the clocks show in each minute since `start`. */
  readonly wall: Int32Array
}

export const walk = (timezone: string, start: Instant, days: number): Walk => {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const wall = Int32Array.from({ length: days * MINUTES_A_DAY }, (_, i) => {
    const parts = format.formatToParts(start + i * MINUTE).map(({ type, value }) => [type, Number(value)])
    const { year, month, day, hour, minute } = Object.fromEntries(parts)
    return Date.UTC(year, month - 1, day, hour, minute) / MINUTE
  })
  return { timezone, start, wall }
}

/** The minute since the start at which the clocks show `wall`: the first; skipped ones as far into the time after the gap. */
export const minuteOf = ({ wall: walls }: Walk, wall: WallMinute): number => {
  const i = walls.findIndex((shown) => shown >= wall)
  if (i <= 0) return i === 0 && walls[0] === wall ? 0 : i === 0 ? -1 : walls.length
  return i + (walls[i] === wall ? 0 : wall - ((walls[i - 1] ?? 0) + 1))
}

/** Weekly rules only: whether one begins on a day. */
const beginsOn = ({ rrule, holidays }: Recurring, day: number): boolean => {
  const at = new Date(day * 86_400_000)
  const date = at.toISOString().slice(0, 10)
  return (
    rrule.split('BYDAY=')[1]?.includes(WEEKDAYS[at.getUTCDay()] ?? '?') === true &&
    !holidays.some((h) => date.endsWith(h))
  )
}

/** For each minute whether any window is active. Windows that began before the walk are not seen. */
export const marks = (of: Walk, windows: readonly BusinessWindow[]): Uint8Array => {
  const open = new Uint8Array(of.wall.length)
  const [first = 0, last = 0] = [of.wall[0], of.wall.at(-1)].map((w) => Math.floor((w ?? 0) / MINUTES_A_DAY))
  for (const { occurs } of windows) {
    if ('dates' in occurs) throw new Error('recurrences only')
    for (let day = first; day <= last; day++) {
      if (!beginsOn(occurs, day)) continue
      const from = minuteOf(of, day * MINUTES_A_DAY + occurs.from)
      const to = minuteOf(of, (day + occurs.days) * MINUTES_A_DAY + occurs.to)
      if (from < to) open.fill(1, Math.max(0, from), to)
    }
  }
  return open
}

/** The minute by which so many open ones have passed since `from`; undefined past the end of the walk. */
export const addByWalking = (open: Uint8Array, from: number, minutes: number): number | undefined => {
  let left = minutes
  for (let i = from; i < open.length; i++) {
    if (open[i] !== 1) continue
    if (left === 0) return i
    left -= 1
    if (left === 0) return i + 1
  }
  return undefined
}

interface Day {
  readonly day: number
  readonly end: number
}

/** The days on which open time begins, ascending, each with the minute by which it is over. */
const daysByWalking = (of: Walk, windows: readonly BusinessWindow[]): readonly Day[] => {
  const ends = new Map<number, number>()
  const dayAt = (minute: number) => Math.floor((of.wall[minute] ?? 0) / MINUTES_A_DAY)
  const open = (day: number, end: number) => ends.set(day, Math.max(end, ends.get(day) ?? 0))
  for (let first = dayAt(0); first <= dayAt(of.wall.length - 1); first++) {
    for (const { occurs } of windows) {
      if ('dates' in occurs || !beginsOn(occurs, first)) continue
      const from = minuteOf(of, first * MINUTES_A_DAY + occurs.from)
      const to = minuteOf(of, (first + occurs.days) * MINUTES_A_DAY + occurs.to)
      if (from < 0 || from >= to) continue
      if (to - from <= 25 * 60) open(dayAt(from), to)
      else
        for (let day = dayAt(from); day <= dayAt(to - 1); day++)
          open(day, Math.min(to, minuteOf(of, (day + 1) * MINUTES_A_DAY)))
    }
  }
  let latest = 0
  return [...ends]
    .sort(([a], [b]) => a - b)
    .map(([day, end]) => {
      latest = Math.max(latest, end)
      return { day, end: latest }
    })
}

/** The minute at which `time` is, on the first open day that has it after `from`, or so many open days after the date of `from`. */
export const byWalking = (
  of: Walk,
  windows: readonly BusinessWindow[],
  from: number,
  time: number | 'end_of_day',
  afterDays: number,
): number | undefined => {
  const today = Math.floor((of.wall[from] ?? 0) / MINUTES_A_DAY)
  const days = daysByWalking(of, windows).filter(({ day }) => afterDays === 0 || day > today)
  const dues = days.map(({ day, end }) => ({
    day,
    due: time === 'end_of_day' ? end : minuteOf(of, day * MINUTES_A_DAY + time),
  }))
  const found = dues.filter(({ due }) => due > from)[Math.max(0, afterDays - 1)]
  // What begins late in the walk ends after it.
  const known = Math.floor((of.wall.at(-1) ?? 0) / MINUTES_A_DAY) - 5
  return found === undefined || found.day > known ? undefined : found.due
}
