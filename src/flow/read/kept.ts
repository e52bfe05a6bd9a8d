/**
 * Rows of hours that were read a while ago, kept up to date with what is asked each minute anyway: an hour in which one row
 * changes is not read again for the sake of the others. Whether they are still all of the hour's rows the checksums
 * tell. State without IO.
 */
import { type Duration, hours as hoursOf, type Instant } from '../../metric.ts'
import type { Row } from '../condition/evaluate.ts'
import type { Plan } from './plan.ts'
import { sumOfRows } from './question.ts'
import type { ChangedHour, HourChecksum } from './reader.ts'
import { idOf } from './source.ts'

/** Of one table; some hundred bytes each. The hours that were not asked for the longest go first. */
const MOST_ROWS = 5_000
/** Hours in which nothing changes any more go after so long. */
const UNUSED: Duration = hoursOf(1)

/** A row as it reads now. `isOf`: whether it is of the plan's base. */
export interface SeenRow extends ChangedHour {
  readonly row: Row
  readonly isOf: boolean
}

export interface KeptRows {
  /** More rows than this are not kept. */
  readonly most: number
  /** Those of an hour; undefined where they are not kept. */
  readonly rowsOf: (plan: Plan, hour: Instant, now: Instant) => readonly Row[] | undefined
  /** From now on: all rows of an hour. */
  readonly keep: (plan: Plan, hour: Instant, rows: readonly Row[], now: Instant) => void
  /** Takes in what has changed; gives the hours that rows have left. */
  readonly update: (plan: Plan, seen: readonly SeenRow[], now: Instant) => readonly ChangedHour[]
  /** The server's checksums of [from, to): an hour whose rows add up to another is kept no longer. */
  readonly check: (plan: Plan, from: Instant, to: Instant, sums: readonly HourChecksum[], now: Instant) => void
  readonly forget: (hours: readonly Instant[]) => void
}

/** Rows that were asked for in other words, or under other conditions, are of no use. */
const wordsOf = ({ shape, base, by, counted }: Plan): string => JSON.stringify([shape, base, by, counted])

/** Whether what leaves the rows of a plan, or changes them, shows in a stamp. */
const isTraced = ({ stamp }: Plan): boolean => stamp !== undefined

interface KeptHour {
  /** By id. */
  readonly rows: Map<number, Row>
  readonly usedAt: Instant
}

export const keptRows = (most = MOST_ROWS): KeptRows => {
  let words = ''
  /** The hour that was asked for last is the last. */
  let hours = new Map<Instant, KeptHour>()
  /** What is kept for this plan: nothing of another. */
  const under = (plan: Plan): typeof hours => {
    const now = wordsOf(plan)
    if (now !== words) hours = new Map()
    words = now
    return hours
  }
  const use = (known: typeof hours, hour: Instant, rows: Map<number, Row>, usedAt: Instant): void => {
    known.delete(hour)
    known.set(hour, { rows, usedAt })
  }
  const shrink = (now: Instant): void => {
    let count = hours.values().reduce((sum, { rows }) => sum + rows.size, 0)
    for (const [hour, { rows, usedAt }] of hours) {
      if (count <= most && usedAt > now - UNUSED) return
      hours.delete(hour)
      count -= rows.size
    }
  }
  return {
    most,
    rowsOf: (plan, hour, now) => {
      const known = under(plan)
      const rows = known.get(hour)?.rows
      if (rows === undefined) return undefined
      use(known, hour, rows, now)
      return [...rows.values()]
    },
    keep: (plan, hour, rows, now) => {
      if (!isTraced(plan)) return
      use(under(plan), hour, new Map(rows.map((row) => [idOf(row), row])), now)
      shrink(now)
    },
    update: (plan, seen, now) => {
      const left: ChangedHour[] = []
      const known = under(plan)
      for (const { row, isOf, hour: own, newest } of seen) {
        const id = idOf(row)
        for (const [hour, { rows }] of known) {
          if (isOf && hour === own) rows.set(id, row)
          else if (rows.delete(id)) left.push({ hour, newest })
        }
      }
      shrink(now)
      return left
    },
    check: (plan, from, to, sums, now) => {
      const bySum = new Map(sums.map(({ hour, sum }) => [hour, sum]))
      for (const [hour, { rows }] of under(plan)) {
        if (hour < from || hour >= to) continue
        const own = rows.size === 0 ? undefined : sumOfRows(plan, [...rows.values()], now)
        if (own !== bySum.get(hour)) hours.delete(hour)
      }
    },
    forget: (gone) => {
      for (const hour of gone) hours.delete(hour)
    },
  }
}
