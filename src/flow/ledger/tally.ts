/** What the rows of one hour contribute to the windows: sums by minute or hour, never items. */
import { type Instant, seconds } from '../../metric.ts'
import { type Adder, adder, COUNTED } from './adder.ts'
import { thinned } from './beat.ts'
import { type Counts, eachOf, noCounts, noEntries } from './counts.ts'
import type { Item } from './item.ts'
import { completedAt, type Deadline, dueAt, type Promised, verdictAt } from './verdict.ts'

/** Upper bounds of how long items took, in seconds, from 10 s to a week; each costs a series a flow. */
export const DURATION_BOUNDS = [10, 60, 300, 900, 3600, 14_400, 86_400, 604_800] as const

export interface Worth {
  /** Of open items. */
  readonly open: number
  /** Of open items, by their deadline. */
  readonly due: Counts
}

export interface Tally {
  readonly good: Counts
  readonly bad: Counts
  readonly starts: Counts
  readonly completions: Counts
  /** Items open now, by their deadline. */
  readonly due: Counts
  /** Verdicts by the member of the grouping dimension; of the last day. */
  readonly members: ReadonlyMap<string, { readonly good: Counts; readonly bad: Counts }>
  /** By currency; empty where it is not asked for. */
  readonly worth: ReadonlyMap<string, Worth>
  /** Completions by how long they took: upper bounds in seconds, the last one infinite; of the last hours. */
  readonly took: ReadonlyMap<number, Counts>
  /** How long they took together, in seconds. */
  readonly tookSeconds: Counts
  /** Of a heartbeat when it beat, the first and the last of each minute; nothing else of it is counted. */
  readonly beats: readonly Instant[]
  readonly items: number
  readonly open: number
  readonly failed: number
  /** Done without a time, so neither good nor bad. */
  readonly unjudged: number
  /** When the oldest open item started. */
  readonly oldest: Instant | undefined
  /** The minutes of its first and its last sum; infinite where there is none. */
  readonly first: Instant
  readonly last: Instant
  /** From this instant on it is finer than it needs to be. */
  readonly coarsenAt: Instant
}

export const emptyTally: Tally = {
  good: noCounts,
  bad: noCounts,
  starts: noCounts,
  completions: noCounts,
  due: noCounts,
  members: noEntries,
  worth: noEntries,
  took: noEntries,
  tookSeconds: noCounts,
  beats: [],
  items: 0,
  open: 0,
  failed: 0,
  unjudged: 0,
  oldest: undefined,
  first: Number.POSITIVE_INFINITY,
  last: Number.NEGATIVE_INFINITY,
  coarsenAt: Number.POSITIVE_INFINITY,
}

const earlier = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

const boundOf = (took: number): number => DURATION_BOUNDS.find((bound) => took <= bound) ?? Number.POSITIVE_INFINITY

/** How the items of a flow are counted. */
export interface Counting<T> {
  readonly promise: Promised<T>
  readonly deadline: Deadline<T>
  readonly countsWorth: boolean
}

const addItem = <T>(into: Adder, item: Item, { promise, deadline, countsWorth }: Counting<T>): void => {
  const due = dueAt(item, promise, deadline)
  const verdict = verdictAt(item, promise, due)
  if (verdict !== 'not_counted') {
    into.count(verdict.result, verdict.at, 1)
    if (item.group !== undefined) into.member(item.group, verdict.result, verdict.at, 1)
  }
  into.count('starts', item.start, 1)
  const isOpen = item.state === 'open'
  if (isOpen) into.count('due', due, 1)
  const completed = completedAt(item, promise)
  if (completed !== undefined) {
    const took = (completed - item.start) / seconds(1)
    into.count('completions', completed, 1)
    into.took(boundOf(took), completed, 1)
    into.tookSeconds(completed, took)
  }
  if (!countsWorth || item.value === undefined || item.currency === undefined) return
  const add = into.worth(item.currency, isOpen ? item.value : 0)
  if (isOpen) add(due, item.value)
}

const isUnjudged = <T>(item: Item, promise: Promised<T>): boolean =>
  item.state === 'done' && promise.evidence === 'ledger' && completedAt(item, promise) === undefined

const beatsOf = (items: readonly Item[]): Tally => ({
  ...emptyTally,
  items: items.length,
  beats: thinned(items.map(({ start }) => start)),
})

/** Counts the items, in minutes where `now` still asks for minutes. */
export const tallyOf = <T>(items: readonly Item[], counting: Counting<T>, now: Instant): Tally => {
  if (counting.promise.kind === 'heartbeat') return beatsOf(items)
  const into = adder(now)
  const rest: { -readonly [K in 'items' | 'open' | 'failed' | 'unjudged']: number } & {
    oldest: Instant | undefined
    readonly beats: Tally['beats']
  } = { items: 0, open: 0, failed: 0, unjudged: 0, oldest: undefined, beats: [] }
  for (const item of items) {
    addItem(into, item, counting)
    rest.items += 1
    if (item.state === 'failed') rest.failed += 1
    if (isUnjudged(item, counting.promise)) rest.unjudged += 1
    if (item.state !== 'open') continue
    rest.open += 1
    rest.oldest = earlier(rest.oldest, item.start)
  }
  return into.tally(rest)
}

const addTally = (into: Adder, of: Tally): void => {
  for (const what of COUNTED) eachOf(of[what], (at, n) => into.count(what, at, n))
  for (const [member, { good, bad }] of of.members) {
    eachOf(good, (at, n) => into.member(member, 'good', at, n))
    eachOf(bad, (at, n) => into.member(member, 'bad', at, n))
  }
  for (const [currency, { open, due }] of of.worth) eachOf(due, into.worth(currency, open))
  for (const [bound, counts] of of.took) eachOf(counts, (at, n) => into.took(bound, at, n))
  eachOf(of.tookSeconds, into.tookSeconds)
}

/** Adds up the tallies, in sums as coarse as `now` allows. */
export const merge = (tallies: readonly Tally[], now: Instant): Tally => {
  const into = adder(now)
  for (const of of tallies) addTally(into, of)
  const total = (what: 'items' | 'open' | 'failed' | 'unjudged') => tallies.reduce((sum, of) => sum + of[what], 0)
  return into.tally({
    items: total('items'),
    open: total('open'),
    failed: total('failed'),
    unjudged: total('unjudged'),
    beats: tallies.length === 1 ? (tallies[0]?.beats ?? []) : thinned(tallies.flatMap(({ beats }) => beats)),
    oldest: tallies.reduce<Instant | undefined>((least, each) => earlier(least, each.oldest), undefined),
  })
}

/** The same in the coarsest sums that `now` allows; the tally itself where nothing changes. */
export const coarsen = (of: Tally, now: Instant): Tally => (of.coarsenAt > now ? of : merge([of], now))
