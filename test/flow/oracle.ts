/** What a ledger should say besides its windows, counted from the whole table; and what it keeps. */
import type { Counts } from '../../src/flow/ledger/counts.ts'
import { floorHour, floorMinute, HOUR } from '../../src/flow/ledger/counts.ts'
import type { LedgerConfig } from '../../src/flow/ledger/ledger_state.ts'
import type { Tally } from '../../src/flow/ledger/tally.ts'
import { completedAt, dueAt } from '../../src/flow/ledger/verdict.ts'
import type { Worth } from '../../src/flow/report.ts'
import type { Instant } from '../../src/metric.ts'
import { itemOf, type Row } from './simulated_table.ts'

/** The rows of the span. */
const itemsIn = <T>(config: LedgerConfig<T>, rows: Iterable<Row>, now: Instant) => {
  const from = floorHour(floorHour(now - config.span) - config.reach)
  const to = floorHour(now + config.ahead) + HOUR
  return [...rows].map(itemOf).filter(({ slot }) => slot >= from && slot < to)
}

export const worthOf = <T>(config: LedgerConfig<T>, rows: Iterable<Row>, now: Instant): readonly Worth[] => {
  const items = itemsIn(config, rows, now)
  const currencies = [...new Set(items.map(({ currency }) => currency))].filter((each) => each !== undefined).sort()
  return currencies.flatMap((currency) => {
    const open = items.filter((item) => item.state === 'open' && item.currency === currency)
    const overdue = open.filter((item) => dueAt(item, config.promise, config.deadline) < floorMinute(now))
    const sum = (of: typeof open) => Math.round(of.reduce((total, { value }) => total + (value ?? 0), 0) * 1e4) / 1e4
    return [
      { state: 'open', currency, value: sum(open) },
      { state: 'overdue', currency, value: sum(overdue) },
    ] as const
  })
}

export const unjudgedOf = <T>({ promise, ...config }: LedgerConfig<T>, rows: Iterable<Row>, now: Instant): number =>
  promise.kind === 'outcome' || promise.evidence === 'at-deadline'
    ? 0
    : itemsIn({ promise, ...config }, rows, now).filter(({ state, ended }) => state === 'done' && ended === undefined)
        .length

/** Seconds from start to completion, of completions in [from, to). */
export const tookIn = <T>(
  config: LedgerConfig<T>,
  rows: Iterable<Row>,
  now: Instant,
  from: Instant,
  to: Instant,
): readonly number[] =>
  itemsIn(config, rows, now).flatMap((item) => {
    const at = completedAt(item, config.promise)
    return at !== undefined && at >= from && at < to ? [(at - item.start) / 1000] : []
  })

export const minutesOf = (counts: Counts): readonly number[] => counts.filter((_, i) => i % 2 === 0)

/** How many sums are kept. */
export const cellCount = (tallies: Iterable<Tally>): number =>
  [...tallies].reduce((total, { good, bad, starts, completions, due, members, took, tookSeconds }) => {
    const grouped = [...members.values()].flatMap((each) => [each.good, each.bad])
    const all = [good, bad, starts, completions, due, tookSeconds, ...grouped, ...took.values()]
    return total + all.reduce((sum, counts) => sum + counts.length / 2, 0)
  }, 0)
