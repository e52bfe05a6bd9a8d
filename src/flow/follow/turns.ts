/**
 * Whose question is put to a tenant's Odoo next. Looks that are due go first, the most overdue before the others; then
 * the first looks of those of which nothing is known, the smallest first; then backfill, the newest rows first, whichever
 * flow they are of; then the nightly rescan. Pure; instants are our clock.
 */
import type { Duration, Instant } from '../../metric.ts'
import type { Purpose } from '../ledger/ledger_state.ts'

export interface Turn<F> {
  readonly flow: F
  readonly purpose: Purpose | 'first' | 'open' | 'names'
  readonly due: Instant
  /** How far back is already known, of backfill; of a first look the rows it has yet to read: one huge flow keeps no other waiting. */
  readonly depth: number
}

/** Opening goes with the looks: nothing can be looked at before. */
const isLook = ({ purpose }: Turn<unknown>): boolean => purpose === 'look' || purpose === 'open'
/** Names are few and small: they are not to wait until the past has been read. */
const RANK = { open: 0, look: 0, first: 1, names: 2, backfill: 3, rescan: 4 } as const

const before = (a: Turn<unknown>, b: Turn<unknown>): number =>
  RANK[a.purpose] - RANK[b.purpose] || (isLook(a) ? 0 : a.depth - b.depth) || a.due - b.due

export interface Chosen<F> {
  /** To be put now; undefined: nothing is due. */
  readonly turn: Turn<F> | undefined
  /** When the next one is due, if none is. */
  readonly wakeAt: Instant
}

/** Until when these rest. */
export interface Rests {
  readonly first: Instant
  /** Names, backfill and rescans. */
  readonly background: Instant
}

export const chooseTurn = <F>(turns: readonly Turn<F>[], now: Instant, { first, background }: Rests): Chosen<F> => {
  const dueAt = (turn: Turn<F>): Instant =>
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
