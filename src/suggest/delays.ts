/** How many there were, and how long they took. Pure. */
import { completedAt, type Promised } from '../flow/ledger/verdict.ts'
import type { Duration } from '../metric.ts'
import type { History } from './history.ts'
import type { Period } from './timeline.ts'

export interface Delays {
  readonly completions: number
  readonly p50: Duration
  readonly p95: Duration
  readonly p99: Duration
  readonly max: Duration
}

/** Between the two nearest, as PostgreSQL's percentile_cont does; undefined of nothing. */
export const percentile = (sorted: Float64Array, share: number): number | undefined => {
  const place = (sorted.length - 1) * share
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  return below === undefined || above === undefined ? undefined : below + (above - below) * (place - Math.floor(place))
}

/** From start to completion, of what was completed in the period; undefined where that is not stored, or nothing was. */
export const delaysOf = <T>(history: History, promise: Promised<T>, { from, to }: Period): Delays | undefined => {
  const delays = new Float64Array(history.size())
  let count = 0
  for (let i = 0; i < history.size(); i++) {
    const item = history.at(i)
    const completed = completedAt(item, promise)
    if (completed === undefined || completed < from || completed >= to) continue
    delays[count] = completed - item.start
    count += 1
  }
  const sorted = delays.subarray(0, count).sort()
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share))
  const max = sorted[count - 1]
  if (p50 === undefined || p95 === undefined || p99 === undefined || max === undefined) return undefined
  return { completions: count, p50, p95, p99, max }
}
