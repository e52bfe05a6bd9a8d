/** Sparse sums by time, for keeping (flat, small) and for adding up (a map). */
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'

export const MINUTE: Duration = minutes(1)
export const HOUR: Duration = hours(1)
export const DAY: Duration = hours(24)
export const floorMinute = (at: Instant): Instant => Math.floor(at / MINUTE) * MINUTE
export const floorHour = (at: Instant): Instant => Math.floor(at / HOUR) * HOUR

/** The value of a key, made and kept if there is none yet. */
export const getOrMake = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/**
 * `[minute, sum, minute, sum, …]`, in any order; minutes since 1970. A sum over a whole hour stands at its first minute.
 * Flat: a million rows leave some 50,000 of them, and an object each would take six times the memory.
 */
export type Counts = readonly number[]
export type Sums = Map<number, number>

export const noCounts: Counts = []
export const noEntries: ReadonlyMap<never, never> = new Map<never, never>()

export const addTo = (sums: Sums, minute: number, n: number): void => {
  sums.set(minute, (sums.get(minute) ?? 0) + n)
}

/** As long as it needs to be, and no longer: most hold one or two sums, and an array that grew keeps room for more. */
export const countsOf = (sums: Sums): Counts => {
  if (sums.size === 0) return noCounts
  const counts = new Array<number>(2 * sums.size)
  let i = 0
  for (const [minute, sum] of sums) {
    counts[i++] = minute
    counts[i++] = sum
  }
  return counts
}

/** What falls into [from, to), both whole minutes. */
export const sumIn = (counts: Counts, from: Instant, to: Instant): number => {
  const [first, end] = [from / MINUTE, to / MINUTE]
  let sum = 0
  for (let i = 0; i < counts.length; i += 2) {
    const minute = counts[i] ?? 0
    if (minute >= first && minute < end) sum += counts[i + 1] ?? 0
  }
  return sum
}

/** Calls with each instant and its sum. */
export const eachOf = (counts: Counts, visit: (at: Instant, sum: number) => void): void => {
  for (let i = 0; i < counts.length; i += 2) visit((counts[i] ?? 0) * MINUTE, counts[i + 1] ?? 0)
}
