/** Adds up what becomes a tally, in sums as coarse as the time of day allows. */
import { type Duration, hours, type Instant } from '../../metric.ts'
import { addTo, countsOf, floorHour, getOrMake, HOUR, MINUTE, noEntries, type Sums } from './counts.ts'
import type { Tally } from './tally.ts'

/** An hour more than a window needs: a view may lie as far back, where another ledger of the flow is behind. */
const SPARE: Duration = HOUR
/** Windows of 6 h and less are read from minutes, so the hour a 6 h window begins in is kept in minutes too. */
const FINE: Duration = hours(6) + SPARE
/** Groups are told apart for windows of an hour, in minutes, and of a day, whose left edge is aligned to the hour. */
const GROUPED_FINE: Duration = HOUR + SPARE
const GROUPED: Duration = hours(25) + SPARE

/** Which minute a sum stands at, or none where it is no longer kept; and when that will have changed. */
const grainAt = (now: Instant) => {
  let coarsenAt = Number.POSITIVE_INFINITY
  const isYounger = (at: Instant, age: Duration): boolean => at >= floorHour(now - age)
  const changesAfter = (at: Instant, age: Duration): void => {
    coarsenAt = Math.min(coarsenAt, floorHour(at) + HOUR + age)
  }
  const minuteOf = (at: Instant, age: Duration): number => {
    if (!isYounger(at, age)) return floorHour(at) / MINUTE
    // At an hour's first minute it may stay for good.
    if (at % HOUR >= MINUTE) changesAfter(at, age)
    return Math.floor(at / MINUTE)
  }
  const keptFor = (at: Instant, age: Duration, minute: () => number): number | undefined => {
    if (!isYounger(at, age)) return undefined
    changesAfter(at, age)
    return minute()
  }
  return {
    minuteOf: (at: Instant) => minuteOf(at, FINE),
    minuteOfMember: (at: Instant) => keptFor(at, GROUPED, () => minuteOf(at, GROUPED_FINE)),
    minuteTook: (at: Instant) => keptFor(at, FINE, () => Math.floor(at / MINUTE)),
    coarsenAt: () => coarsenAt,
  }
}

export const COUNTED = ['good', 'bad', 'starts', 'completions', 'due'] as const
export type Counted = (typeof COUNTED)[number]

const mapped = <K, V, W>(map: ReadonlyMap<K, V>, to: (value: V) => W): ReadonlyMap<K, W> =>
  map.size === 0 ? noEntries : new Map([...map].map(([key, value]) => [key, to(value)]))

const emptySums = () => ({
  good: new Map<number, number>(),
  bad: new Map<number, number>(),
  starts: new Map<number, number>(),
  completions: new Map<number, number>(),
  due: new Map<number, number>(),
  members: new Map<string, { readonly good: Sums; readonly bad: Sums }>(),
  worth: new Map<string, { open: number; readonly due: Sums }>(),
  took: new Map<number, Sums>(),
  tookSeconds: new Map<number, number>(),
})

const kept = (sums: ReturnType<typeof emptySums>) => ({
  good: countsOf(sums.good),
  bad: countsOf(sums.bad),
  starts: countsOf(sums.starts),
  completions: countsOf(sums.completions),
  due: countsOf(sums.due),
  members: mapped(sums.members, ({ good, bad }) => ({ good: countsOf(good), bad: countsOf(bad) })),
  worth: mapped(sums.worth, ({ open, due }) => ({ open, due: countsOf(due) })),
  took: mapped(sums.took, countsOf),
  tookSeconds: countsOf(sums.tookSeconds),
})

/** Its parts change: it lives within one call. */
export const adder = (now: Instant) => {
  const grain = grainAt(now)
  const sums = emptySums()
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return {
    count: (what: Counted, at: Instant, n: number): void => {
      const minute = grain.minuteOf(at)
      first = Math.min(first, minute)
      last = Math.max(last, minute)
      addTo(sums[what], minute, n)
    },
    member: (member: string, result: 'good' | 'bad', at: Instant, n: number): void => {
      const minute = grain.minuteOfMember(at)
      if (minute === undefined) return
      addTo(getOrMake(sums.members, member, () => ({ good: new Map(), bad: new Map() }))[result], minute, n)
    },
    /** The currency is known, be anything open or not. */
    worth: (currency: string, open: number) => {
      const of = getOrMake(sums.worth, currency, () => ({ open: 0, due: new Map() }))
      of.open += open
      return (at: Instant, value: number): void => addTo(of.due, grain.minuteOf(at), value)
    },
    took: (bound: number, at: Instant, n: number): void => {
      const minute = grain.minuteTook(at)
      if (minute !== undefined)
        addTo(
          getOrMake(sums.took, bound, () => new Map()),
          minute,
          n,
        )
    },
    tookSeconds: (at: Instant, total: number): void => {
      const minute = grain.minuteTook(at)
      if (minute !== undefined) addTo(sums.tookSeconds, minute, total)
    },
    tally: (rest: Pick<Tally, 'items' | 'open' | 'failed' | 'unjudged' | 'oldest' | 'beats'>): Tally => ({
      ...kept(sums),
      ...rest,
      first: first * MINUTE,
      last: last * MINUTE,
      coarsenAt: grain.coarsenAt(),
    }),
  }
}
export type Adder = ReturnType<typeof adder>
