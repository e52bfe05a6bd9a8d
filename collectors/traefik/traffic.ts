/**
 * Running totals by tenant from counters by service: each source series is followed for itself and its increments are
 * added up. Traefik drops the series of a service that is gone and starts anew when it restarts: a plain sum would fall
 * and jump, and Prometheus would take each fall for a restart of all.
 *
 * What is counted never exceeds what happened: a series that was there when we began counts from what it then had, one
 * that came since, or that Traefik's own restart set to 0, from 0.
 */
import { CollectError } from '../../src/collector.ts'
import type { Histogram } from '../../src/metric.ts'
import type { Family, Series } from './exposition_format.ts'

/** What one line counts: a number, or a histogram with its buckets. */
export type Count = number | Histogram

export interface Source {
  /** The same for the same series at each reading. */
  readonly key: string
  readonly labels: Series['labels']
  readonly value: Count
}

const count = ({ name, value }: Series): number => {
  if (Number.isFinite(value) && value >= 0) return value
  throw new CollectError('decode', `${name}: a counter that is no count`)
}

export const countersOf = (family: Family | undefined): readonly Source[] =>
  (family?.series ?? []).map((s) => ({ key: s.key, labels: s.labels, value: count(s) }))

const boundOf = (le: string | undefined): number =>
  le === '+Inf' ? Number.POSITIVE_INFINITY : le === undefined || le === '' ? Number.NaN : Number(le)

interface Parts {
  readonly labels: Series['labels']
  readonly buckets: Map<number, number>
  sum?: number
  count?: number
}

/** Throws CollectError('decode') for one that is not whole: a sum, a count, buckets that rise to it. */
const whole = (name: string, { buckets, sum, count }: Parts): Histogram => {
  const rising = [...buckets].sort(([a], [b]) => a - b)
  const last = rising.pop()
  const isWhole =
    sum !== undefined && count !== undefined && last?.[0] === Number.POSITIVE_INFINITY && last[1] === count
  const rises = rising.every(([, n], i) => n <= (rising[i + 1]?.[1] ?? count ?? 0))
  if (!isWhole || !rises) throw new CollectError('decode', `${name}: a histogram that is not whole`)
  return { buckets: new Map(rising), sum, count }
}

export const histogramsOf = (family: Family | undefined): readonly Source[] => {
  if (family === undefined) return []
  const all = new Map<string, Parts>()
  for (const series of family.series) {
    let parts = all.get(series.key)
    if (parts === undefined) {
      parts = { labels: series.labels, buckets: new Map() }
      all.set(series.key, parts)
    }
    if (series.name.endsWith('_sum')) parts.sum = count(series)
    else if (series.name.endsWith('_count')) parts.count = count(series)
    else {
      const le = boundOf(series.labels.get('le'))
      if (Number.isNaN(le)) throw new CollectError('decode', `${family.name}: a bucket without its bound`)
      parts.buckets.set(le, count(series))
    }
  }
  return [...all].map(([key, parts]) => ({
    key,
    labels: parts.labels,
    value: whole(family.name, parts),
  }))
}

const sameBounds = (a: Histogram, b: Histogram): boolean =>
  a.buckets.size === b.buckets.size && a.buckets.keys().every((le) => b.buckets.has(le))

/** Histograms of the same bounds, number by number; undefined where the two don't go together. */
const zip = (a: Count, b: Count, by: (a: number, b: number) => number): Count | undefined => {
  if (typeof a === 'number' || typeof b === 'number') {
    return typeof a === 'number' && typeof b === 'number' ? by(a, b) : undefined
  }
  if (!sameBounds(a, b)) return undefined
  const buckets = new Map([...a.buckets].map(([le, n]) => [le, by(n, b.buckets.get(le) ?? 0)]))
  return { buckets, sum: by(a.sum, b.sum), count: by(a.count, b.count) }
}

export const plus = (a: Count, b: Count): Count | undefined => zip(a, b, (x, y) => x + y)

const numbersOf = (value: Count): readonly number[] =>
  typeof value === 'number' ? [value] : [...value.buckets.values(), value.sum, value.count]

/** Since `before`; a series that has less than before began anew. */
const increment = (value: Count, before: Count): Count => {
  const difference = zip(value, before, (x, y) => x - y)
  return difference === undefined || numbersOf(difference).some((n) => n < 0) ? value : difference
}

export const zeroOf = (value: Count): Count => zip(value, value, () => 0) ?? 0

export interface Increment {
  readonly labels: Series['labels']
  readonly value: Count
}

export interface Follower {
  /**
   * What each series counted since the last call. `isRestarted`: the process behind began anew since then, so that
   * all its series did. The first call gives zeros.
   */
  readonly follow: (sources: readonly Source[], isRestarted: boolean) => readonly Increment[]
}

/** Holds the series that are there, and no other: one that Traefik dropped begins at 0 if it comes back. */
export const createFollower = (): Follower => {
  let before: ReadonlyMap<string, Count> | undefined
  return {
    follow: (sources, isRestarted) => {
      const old = before
      before = new Map(sources.map(({ key, value }) => [key, value]))
      return sources.map(({ key, labels, value }) => {
        if (old === undefined) return { labels, value: zeroOf(value) }
        const last = isRestarted ? undefined : old.get(key)
        return { labels, value: last === undefined ? value : increment(value, last) }
      })
    },
  }
}
