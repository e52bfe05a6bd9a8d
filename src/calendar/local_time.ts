/** The clock on the wall, for what is usual at an hour of a weekday. */
import { Temporal } from 'temporal-polyfill'
import type { Instant } from '../metric.ts'
import { isHoliday } from './timeline.ts'
import { type BusinessWindow, MINUTES_A_DAY } from './window.ts'

const HOUR = 3_600_000
const DAY = MINUTES_A_DAY * 60_000
// Four weeks of hours, and what is asked around them.
const KEPT = 2000

interface Shown {
  /** 0: Sunday. */
  readonly weekday: number
  readonly hour: number
  readonly day: number
}

export interface WallClock {
  readonly local: (at: Instant) => { readonly weekday: number; readonly hour: number }
  /** Whether the date is one on which none of the windows begins by its `holidays`. */
  readonly isHoliday: (at: Instant) => boolean
}

export const wallClockOf = (windows: readonly BusinessWindow[], timezone: string): WallClock => {
  const known = new Map<Instant, Shown>()
  const recurring = windows.flatMap(({ occurs }) => ('dates' in occurs ? [] : [occurs]))
  const shownAt = (at: Instant): Shown => {
    const before = known.get(at)
    if (before !== undefined) return before
    const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(timezone)
    const wall = at + offsetNanoseconds / 1e6
    const day = Math.floor(wall / DAY)
    // 1 January 1970 was a Thursday.
    const shown = { day, weekday: (((day + 4) % 7) + 7) % 7, hour: Math.floor((wall - day * DAY) / HOUR) }
    if (known.size >= KEPT) known.clear()
    known.set(at, shown)
    return shown
  }
  return {
    local: shownAt,
    isHoliday: (at) => recurring.length > 0 && recurring.every(({ holidays }) => isHoliday(holidays, shownAt(at).day)),
  }
}
