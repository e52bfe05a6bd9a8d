/** The day's clock: how fast its hours go, when the shop is busy, when the warehouse is open. All in UTC. */
import { type Duration, type Instant, minutes } from '../../src/metric.ts'

const HOUR = minutes(60)
const DAY = 24 * HOUR

/** Tells the simulated instant at a real one. */
export type DayClock = (now: Instant) => Instant

/** Eight in the morning of the Monday on or before the instant. */
export const mondayMorning = (now: Instant): Instant => {
  const midnight = now - (now % DAY)
  // 1970-01-01 was a Thursday.
  const weekday = (Math.floor(midnight / DAY) + 3) % 7
  return midnight - weekday * DAY + 8 * HOUR
}

/** At speed 1 the day is the wall clock's; at any other it begins on a Monday at eight, so that there is something to see. */
export const dayClock = (speed: number, start: Instant): DayClock =>
  speed === 1 ? (now) => now : (now) => mondayMorning(start) + (now - start) * speed

const weekday = (at: Instant): number => (Math.floor(at / DAY) + 3) % 7

// Customers of a distributor order before noon and once more after it; the web shop never sleeps quite.
const BUSYNESS = [
  ...[0.04, 0.03, 0.02, 0.02, 0.03, 0.08, 0.2, 0.45, 0.75, 0.95, 1, 0.95],
  ...[0.7, 0.85, 0.95, 0.9, 0.75, 0.55, 0.4, 0.3, 0.25, 0.2, 0.12, 0.07],
]
const WEEK = [1, 0.95, 0.9, 0.9, 0.85, 0.3, 0.2]

/** The share of the busiest hour's orders that this one sees, 0–1. */
export const busyness = (at: Instant): number =>
  (BUSYNESS[Math.floor((at % DAY) / HOUR)] ?? 0) * (WEEK[weekday(at)] ?? 0)

/** The warehouse's hours: Monday to Friday 6–20, Saturday 7–14. Undefined: closed all day. */
const openHours = (day: number): readonly [number, number] | undefined =>
  day < 5 ? [6, 20] : day === 5 ? [7, 14] : undefined

/** The instant itself where the warehouse is open then, else its next opening. */
export const nextOpen = (at: Instant): Instant => {
  const midnight = at - (at % DAY)
  for (let day = midnight; ; day += DAY) {
    const hours = openHours(weekday(day))
    if (hours === undefined) continue
    const [opens, closes] = [day + hours[0] * HOUR, day + hours[1] * HOUR]
    if (at < closes) return Math.max(at, opens)
  }
}

/** When work of that length is done that may start at the instant; nobody works while the warehouse is closed. */
export const workedUntil = (at: Instant, work: Duration): Instant => {
  const start = nextOpen(at)
  const hours = openHours(weekday(start))
  const closes = start - (start % DAY) + (hours?.[1] ?? 24) * HOUR
  return start + work < closes ? start + work : workedUntil(closes, work - (closes - start))
}
