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
  /** Slots are as old as their rows. Where they move, a day's ids may be any of the span. */
  readonly isCreation: boolean
}

const floorDay = (at: Instant): Instant => Math.floor(at / DAY) * DAY

const lowest = ({ days, newest }: Pick<Found, 'days' | 'newest'>, from: Instant): number => {
  const ids = days.filter(({ day }) => day >= from).map(({ first }) => first)
  // Where the span is empty, only what is newer can come into it.
  return Math.max(0, Math.min(newest, ...ids) - UNCOMMITTED)
}

const boundsIn = (found: Found, { from, to, earliest, isCreation }: Span): Bounds => {
  if (!isCreation) return { atLeast: lowest(found, Math.min(floorDay(earliest), floorDay(from))), atMost: undefined }
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
