/** The governor: how often a target may be asked, so that all questions together stay within a share of its time. Pure. */
import type { Priority } from './collector.ts'
import { type Duration, minutes } from './metric.ts'

/** No interval is stretched past this. */
export const LONGEST_INTERVAL: Duration = minutes(5)

export interface Load {
  readonly interval: Duration
  readonly priority: Priority
  /** The target's time one asking takes, as last measured; 0 before the first. */
  readonly cost: Duration
}

/** What is given up first; what is essential is never stretched. */
const YIELDING: readonly Priority[] = ['detail', 'normal']

/** Share of the target's time that these take, 0–1. */
export const busyRatio = (loads: readonly Load[]): number =>
  loads.reduce((sum, { cost, interval }) => sum + cost / interval, 0)

/** Below this, a share counts as kept: sums of fractions are not exact. */
const EPSILON = 1e-9

/** Stretches those of one class by one factor; who reaches the longest interval leaves the rest to the others. */
const yieldClass = (loads: readonly Load[], priority: Priority, share: number): readonly Load[] => {
  const canYield = (l: Load): boolean => l.priority === priority && l.cost > 0 && l.interval < LONGEST_INTERVAL
  const excess = busyRatio(loads) - share
  const theirs = busyRatio(loads.filter(canYield))
  if (excess <= EPSILON || theirs === 0) return loads
  const factor = theirs > excess ? theirs / (theirs - excess) : Number.POSITIVE_INFINITY
  const stretched = loads.map((l) =>
    canYield(l) ? { ...l, interval: Math.min(l.interval * factor, LONGEST_INTERVAL) } : l,
  )
  return yieldClass(stretched, priority, share)
}

/**
 * The intervals in force, in the order given: as asked for while they fit into `share` (0–1), else
 * stretched class by class, at most to LONGEST_INTERVAL.
 */
export const stretch = (loads: readonly Load[], share: number): readonly Duration[] =>
  YIELDING.reduce((now, priority) => yieldClass(now, priority, share), loads).map((l) => l.interval)
