/**
 * Which ids the rows of some hours can have: the primary key in place of an index the slot field lacks. Asked of a table
 * once a day, for all days at once. A row outside them whose slot moves is seen when they are asked for again.
 */
import type { Instant } from '../../metric.ts'
import { DAY } from '../ledger/counts.ts'

/** Ids are given before they are committed: so many may lie beyond the outermost one seen of a day. */
const UNCOMMITTED = 1_000

/** The outermost ids of rows whose slot lies in a day. */
export interface DayIds {
  readonly day: Instant
  readonly first: number
  readonly last: number
}

/** Of the rows at or after `from` whose ids are at least `above`; and the newest id there was before that was asked. */
export type FindDays = (
  from: Instant,
  above: number,
) => Promise<{ readonly days: readonly DayIds[]; readonly newest: number }>

export interface Bounds {
  readonly atLeast: number
  /** Undefined where what is yet to come may be among them. */
  readonly atMost: number | undefined
}

interface Found {
  readonly table: string
  readonly from: Instant
  readonly at: Instant
  readonly days: readonly DayIds[]
  readonly newest: number
}

export interface Span {
  /** The table and its slot field. */
  readonly table: string
  /** What is asked for. */
  readonly from: Instant
  readonly to: Instant
  /** The earliest that will be asked for: known at once. */
  readonly earliest: Instant
  /** Slots are as old as their rows. Where they move they move to now: of a day that is not over the ids may be any. */
  readonly isCreation: boolean
  /** Rows made before this are not wanted. */
  readonly madeFrom?: Instant | undefined
}

const floorDay = (at: Instant): Instant => Math.floor(at / DAY) * DAY

const lowest = ({ days, newest }: Pick<Found, 'days' | 'newest'>, from: Instant): number => {
  const ids = days.filter(({ day }) => day >= from).map(({ first }) => first)
  // Where the span is empty, only what is newer can come into it.
  return Math.max(0, Math.min(newest, ...ids) - UNCOMMITTED)
}

/** The largest id there surely was at that time: no slot is older than its row. */
const highestBefore = ({ days }: Found, at: Instant): number =>
  days.reduce((highest, { day, last }) => (day + DAY <= at ? Math.max(highest, last) : highest), 0)

const boundsIn = (found: Found, { from, to, earliest, isCreation, madeFrom }: Span): Bounds => {
  if (!isCreation) {
    // What stands in a day that is over was there when it was asked, or has moved on.
    const past = to <= floorDay(found.at) ? found.days.filter(({ day }) => day >= floorDay(from) && day < to) : []
    if (past.length > 0) {
      const firsts = past.map(({ first }) => first)
      return { atLeast: Math.min(...firsts), atMost: Math.max(...past.map(({ last }) => last)) }
    }
    const floor = lowest(found, Math.min(floorDay(earliest), floorDay(from)))
    const made = madeFrom === undefined ? 0 : highestBefore(found, madeFrom) - UNCOMMITTED
    return { atLeast: Math.max(floor, made), atMost: undefined }
  }
  const atLeast = lowest(found, floorDay(from))
  // The longest of transactions are over then.
  if (to + DAY > found.at) return { atLeast, atMost: undefined }
  const lasts = found.days.filter(({ day }) => day < to).map(({ last }) => last)
  return { atLeast, atMost: Math.max(atLeast, ...lasts) + UNCOMMITTED }
}

export type Floors = (span: Span, find: FindDays) => Promise<Bounds>

/** Remembers what was found for a day. */
export const floors = (now: () => Instant): Floors => {
  let known: readonly Found[] = []
  return async (span, find) => {
    const at = now()
    const own = known.find(({ table }) => table === span.table)
    if (own && own.at > at - DAY && own.from <= floorDay(span.from)) return boundsIn(own, span)
    const from = floorDay(Math.min(span.from, span.earliest))
    // Days pass, ids grow: where slots don't move, none of a later day lies below the earliest known.
    const above = span.isCreation && own && own.from <= from ? lowest(own, own.from) : 0
    const found: Found = { table: span.table, from, at, ...(await find(from, above)) }
    known = [...known.filter(({ table }) => table !== span.table), found]
    return boundsIn(found, span)
  }
}
