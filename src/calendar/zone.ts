/** The wall clock of a time zone, correct over every change of the clocks. Pure. */
import { Temporal } from 'temporal-polyfill'
import type { Duration, Instant } from '../metric.ts'
import { type Day, MINUTES_A_DAY, type WallMinute } from './window.ts'

const MINUTE = 60_000
const DAY = MINUTES_A_DAY * MINUTE

const offsetAt = (timezone: string, at: Instant): Duration =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone).offsetNanoseconds / 1e6

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
export const dayAt = (timezone: string, at: Instant): Day => Math.floor((at + offsetAt(timezone, at)) / DAY)

export interface Zone {
  readonly instantAt: (wall: WallMinute) => Instant
  readonly dayAt: (at: Instant) => Day
}

/**
 * The same for many times of neighbouring days: where the clocks are not changed round a day its offset is asked for
 * once. No zone changes its clocks there and back within a day.
 */
export const zoneOf = (timezone: string): Zone => {
  const offsets = new Map<Day, Duration>()
  /** At midnight UTC. */
  const offsetOn = (day: Day): Duration => {
    const known = offsets.get(day)
    if (known !== undefined) return known
    const offset = offsetAt(timezone, day * DAY)
    offsets.set(day, offset)
    return offset
  }
  /** Undefined where it may not be one and the same from midnight UTC to midnight UTC. */
  const steady = (from: Day, to: Day): Duration | undefined => {
    const offset = offsetOn(from)
    for (let day = from + 1; day <= to; day++) if (offsetOn(day) !== offset) return undefined
    return offset
  }
  return {
    instantAt: (wall) => {
      const day = Math.floor(wall / MINUTES_A_DAY)
      // Clocks are up to 14 hours ahead of UTC, and 12 behind.
      const offset = steady(day - 1, day + 2)
      return offset === undefined ? instantAt(timezone, wall) : wall * MINUTE - offset
    },
    dayAt: (at) => {
      const day = Math.floor(at / DAY)
      const offset = steady(day, day + 1)
      return offset === undefined ? dayAt(timezone, at) : Math.floor((at + offset) / DAY)
    },
  }
}
