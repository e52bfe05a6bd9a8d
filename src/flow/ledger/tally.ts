/** What the rows of one hour contribute to the windows: counts in buckets of a minute or an hour, never items. */
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'
import type { Item } from './item.ts'
import { completedAt, type Deadline, dueAt, type Promised, verdictOf } from './verdict.ts'

export const MINUTE: Duration = minutes(1)
export const HOUR: Duration = hours(1)
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

/** Windows of 6 h and less are read from minutes, so the hour a 6 h window begins in is kept in minutes too. */
const FINE: Duration = hours(6)
/** Groups are told apart for windows of a day, whose left edge is aligned to the hour. */
const GROUPED: Duration = hours(25)

/** Counts of what falls into [at, at + width). */
export interface Cell {
  readonly at: Instant
  readonly width: Duration
  readonly group: string | undefined
  readonly good: number
  readonly bad: number
  readonly starts: number
  readonly completions: number
  /** Items open now, by their deadline. */
  readonly due: number
}

export interface Tally {
  readonly cells: readonly Cell[]
  readonly items: number
  readonly open: number
  /** When the oldest open item started. */
  readonly oldest: Instant | undefined
  /** From this instant on some cells are finer than they need to be. */
  readonly coarsenAt: Instant
}

type Mutable = { -readonly [K in keyof Cell]: Cell[K] }
type Count = 'good' | 'bad' | 'starts' | 'completions' | 'due'

export const emptyTally: Tally = {
  cells: [],
  items: 0,
  open: 0,
  oldest: undefined,
  coarsenAt: Number.POSITIVE_INFINITY,
}

/** When a cell becomes finer than needed: minutes after six hours, groups after a day. */
const coarsenAt = ({ at, width, group }: Cell): Instant => {
  if (width === MINUTE) return floorHour(at) + HOUR + FINE
  return group === undefined ? Number.POSITIVE_INFINITY : floorHour(at) + HOUR + GROUPED
}

const zero = { good: 0, bad: 0, starts: 0, completions: 0, due: 0 }

const cellsAt = (now: Instant) => {
  const fineFrom = floorHour(now - FINE)
  const groupedFrom = floorHour(now - GROUPED)
  const byGroup = new Map<string | undefined, Map<Instant, Mutable>>()
  const cell = (at: Instant, ofGroup: string | undefined): Mutable => {
    const isFine = at >= fineFrom
    const group = at >= groupedFrom ? ofGroup : undefined
    const bucket = isFine ? floorMinute(at) : floorHour(at)
    const width = isFine ? MINUTE : HOUR
    const buckets = getOrMake(byGroup, group, () => new Map<Instant, Mutable>())
    return getOrMake(buckets, bucket, () => ({ at: bucket, width, group, ...zero }))
  }
  const cells = (): readonly Cell[] => [...byGroup.values()].flatMap((buckets) => [...buckets.values()])
  return { cell, cells }
}

const tally = (cells: readonly Cell[], items: number, open: number, oldest: Instant | undefined): Tally => ({
  cells,
  items,
  open,
  oldest,
  coarsenAt: cells.reduce((soonest, cell) => Math.min(soonest, coarsenAt(cell)), Number.POSITIVE_INFINITY),
})

const earlier = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

/** Counts the items, in minutes where `now` still asks for minutes. */
export const tallyOf = <T>(items: Iterable<Item>, promise: Promised<T>, deadline: Deadline<T>, now: Instant): Tally => {
  const { cell, cells } = cellsAt(now)
  let counted = 0
  let open = 0
  let oldest: Instant | undefined
  const count = (at: Instant, group: string | undefined, what: Count) => {
    cell(at, group)[what] += 1
  }
  for (const item of items) {
    counted += 1
    const verdict = verdictOf(item, promise, deadline)
    const completed = completedAt(item, promise)
    if (verdict !== 'not_counted') count(verdict.at, item.group, verdict.result)
    // Only verdicts are asked for by group.
    if (completed !== undefined) count(completed, undefined, 'completions')
    count(item.start, undefined, 'starts')
    if (item.state !== 'open') continue
    count(dueAt(item, promise, deadline), undefined, 'due')
    open += 1
    oldest = earlier(oldest, item.start)
  }
  return tally(cells(), counted, open, oldest)
}

/** Adds up the tallies, in cells as coarse as `now` allows. */
export const merge = (tallies: readonly Tally[], now: Instant): Tally => {
  const { cell, cells } = cellsAt(now)
  for (const from of tallies.flatMap((each) => each.cells)) {
    const into = cell(from.at, from.group)
    into.good += from.good
    into.bad += from.bad
    into.starts += from.starts
    into.completions += from.completions
    into.due += from.due
  }
  const items = tallies.reduce((sum, each) => sum + each.items, 0)
  const open = tallies.reduce((sum, each) => sum + each.open, 0)
  const oldest = tallies.reduce<Instant | undefined>((least, each) => earlier(least, each.oldest), undefined)
  return tally(cells(), items, open, oldest)
}

/** The same counts in the coarsest cells that `now` allows; the tally itself where nothing changes. */
export const coarsen = (of: Tally, now: Instant): Tally => (of.coarsenAt > now ? of : merge([of], now))
