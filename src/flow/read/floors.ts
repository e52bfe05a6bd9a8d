/**
 * The smallest id whose slot lies at or after a day: the primary key in place of an index the slot field lacks. A row
 * below it whose slot moves into the span is seen when the floor is looked for again, a day later at most.
 */
import type { Instant } from '../../metric.ts'
import { HOUR } from '../ledger/tally.ts'

const DAY = 24 * HOUR

/** The smallest id, at least `above`, that a row at or after `from` has or may come to have. */
export type FindFloor = (from: Instant, above: number) => Promise<number>

interface Floor {
  readonly flow: string
  readonly from: Instant
  readonly id: number
  readonly found: Instant
}

/** Remembers the floors of each flow for a day. */
export const floors = (now: () => Instant) => {
  let known: readonly Floor[] = []
  return async (flow: string, from: Instant, find: FindFloor): Promise<number> => {
    const day = Math.floor(from / DAY) * DAY
    const at = now()
    known = known.filter(({ found }) => found > at - DAY)
    const own = known.filter((floor) => floor.flow === flow)
    const same = own.find((floor) => floor.from === day)
    if (same) return same.id
    // No later day's floor lies below an earlier one's.
    const above = Math.max(0, ...own.filter((floor) => floor.from < day).map(({ id }) => id))
    const id = await find(day, above)
    known = [...known, { flow, from: day, id, found: at }]
    return id
  }
}
