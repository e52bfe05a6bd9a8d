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

/** The first minute after `from` at which the clocks show `minute` on a day with any open one. */
export const byWalking = (of: Walk, open: Uint8Array, from: number, minute: number): number | undefined => {
  const first = Math.floor((of.wall[from] ?? 0) / MINUTES_A_DAY) - 1
  for (let day = first; day < first + 30; day++) {
    const [due, begin, end] = [minute, 0, MINUTES_A_DAY].map((m) => minuteOf(of, day * MINUTES_A_DAY + m)) as [
      number,
      number,
      number,
    ]
    if (end >= open.length) return undefined
    if (due > from && open.subarray(begin, end).includes(1)) return due
  }
  return undefined
}
