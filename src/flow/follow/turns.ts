/**
 * Whose question is put to a tenant's Odoo next. Looks that are due go first, the most overdue before the others; then
 * the first looks of those of which nothing is known; then backfill, three days of all before a month of any; then the
 * nightly rescan. Of these those that page go first, and the smallest, or the newest rows. Pure; instants are our clock.
 */
import { type Duration, hours, type Instant } from '../../metric.ts'
import type { Purpose } from '../ledger/ledger_state.ts'

export interface Turn<A> {
  readonly asker: A
  readonly purpose: Purpose | 'first' | 'open' | 'names'
  readonly due: Instant
  /** How far back is already known, of backfill; of a first look the rows it has yet to read: one huge flow keeps no other waiting. */
  readonly depth: number
  /** The lower the sooner: flows that page before those that are only observed. */
  readonly urgency: number
}

/** Opening goes with the looks: nothing can be looked at before. */
const isLook = ({ purpose }: Turn<unknown>): boolean => purpose === 'look' || purpose === 'open'
/** Names are few and small: they are not to wait until the past has been read. */
const RANK = { open: 0, look: 0, first: 1, names: 2, backfill: 3, rescan: 4 } as const
/** Days known of all are worth more than a month of some. */
const FIRST_DAYS: Duration = hours(72)

const stageOf = ({ purpose, depth }: Turn<unknown>): number => (purpose === 'first' || depth < FIRST_DAYS ? 0 : 1)

const byWorth = (a: Turn<unknown>, b: Turn<unknown>): number =>
  stageOf(a) - stageOf(b) || a.urgency - b.urgency || a.depth - b.depth

const before = (a: Turn<unknown>, b: Turn<unknown>): number =>
  RANK[a.purpose] - RANK[b.purpose] || (isLook(a) ? 0 : byWorth(a, b)) || a.due - b.due

export interface Chosen<A> {
  /** To be put now; undefined: nothing is due. */
  readonly turn: Turn<A> | undefined
  /** When the next one is due, if none is. */
  readonly wakeAt: Instant
}

/** Until when these rest. */
export interface Rests {
  readonly first: Instant
  /** Names, backfill and rescans. */
  readonly background: Instant
}

export const chooseTurn = <A>(turns: readonly Turn<A>[], now: Instant, { first, background }: Rests): Chosen<A> => {
  const dueAt = (turn: Turn<A>): Instant =>
    isLook(turn) ? turn.due : Math.max(turn.due, turn.purpose === 'first' ? first : background)
  const [turn] = turns.filter((each) => dueAt(each) <= now).sort(before)
  return { turn, wakeAt: turns.reduce((soonest, each) => Math.min(soonest, dueAt(each)), Number.POSITIVE_INFINITY) }
}

/** The first instant after `at` at which a clock that shows `at + skew` has gone `phase` into an interval. */
export const nextOnGrid = (at: Instant, skew: Duration, interval: Duration, phase: Duration): Instant => {
  const passed = (at + skew - phase) % interval
  return at + interval - (passed < 0 ? passed + interval : passed)
}

/** After so many failures in a row: one interval, two, four, at most `longest`. */
export const backoff = (failures: number, interval: Duration, longest: Duration): Duration =>
  Math.min(interval * 2 ** Math.min(failures - 1, 20), Math.max(longest, interval))
