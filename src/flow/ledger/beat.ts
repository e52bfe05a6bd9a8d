/** When a heartbeat beat, as much as a reading of its gaps needs of it. */
import type { Instant } from '../../metric.ts'
import { floorMinute } from './counts.ts'

/** Beats of one minute are one: a run may beat many times, and would outweigh the gap after it. */
export interface Beat {
  readonly first: Instant
  readonly last: Instant
}

export const byMinute = (beats: Iterable<Instant>): readonly Beat[] => {
  const minutes = new Map<Instant, Beat>()
  for (const at of beats) {
    const minute = floorMinute(at)
    const { first, last } = minutes.get(minute) ?? { first: at, last: at }
    minutes.set(minute, { first: Math.min(first, at), last: Math.max(last, at) })
  }
  return [...minutes.values()].sort((a, b) => a.first - b.first)
}

/** The first and the last of each minute, in their order: all that a reading needs of them, and no more than that. */
export const thinned = (beats: Iterable<Instant>): readonly Instant[] =>
  byMinute(beats).flatMap(({ first, last }) => (first === last ? [first] : [first, last]))
