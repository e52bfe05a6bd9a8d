/** One judgement of a flow: what its ledger, or its ledgers, say as of a whole minute. Pure. */
import type { Instant } from '../../metric.ts'
import type { Reading, Worth } from '../report.ts'
import { getOrMake, HOUR, sumIn } from './counts.ts'
import { expectedOf, type LocalTime } from './expected.ts'
import { type LedgerConfig, type LedgerState, never } from './ledger_state.ts'
import { spanFrom, spanTo } from './look.ts'
import { histogramOf } from './seen.ts'
import { isSpanWhole, type View, windowsOf } from './windows.ts'

/** A ledger: the flow's own, or that of its rows in another model. */
export interface Part<T> {
  readonly config: LedgerConfig<T>
  readonly state: LedgerState
}

export interface ReadingOptions {
  /** The calendar that tells what is usual; undefined: nothing is expected. */
  readonly time: LocalTime | undefined
  /** When the next cut-off of its process ends; undefined where none does within a day. */
  readonly cutOff?: Instant | undefined
}

/** As far as all of them are known, at least in part. */
const partlyOf = <T>(parts: readonly Part<T>[]): View['partly'] =>
  parts.some(({ state }) => state.partly)
    ? {
        from: Math.max(...parts.map(({ state }) => state.partly?.from ?? state.coveredFrom ?? never)),
        since: Math.max(...parts.map(({ state }) => state.partly?.since ?? never)),
      }
    : undefined

const known = <V>(values: readonly (V | undefined)[]): readonly V[] => values.filter((value) => value !== undefined)

/**
 * What the windows are read from: the rows of all ledgers, as of the older look, as far back as all have been read.
 * Undefined before each has had its first look, and while one is more than an hour behind another, whose minutes of then
 * are no longer kept.
 */
export const viewOf = <T>(parts: readonly Part<T>[]): View | undefined => {
  const looks = known(parts.map(({ state }) => state.asOf))
  const covered = known(parts.map(({ state }) => state.coveredFrom))
  if (parts.length === 0 || looks.length < parts.length || covered.length < parts.length) return undefined
  const asOf = Math.min(...looks)
  if (Math.max(...looks) > asOf + HOUR) return undefined
  // An hour more than the span is kept of each.
  const keptFrom = (config: LedgerConfig<T>, at: Instant) =>
    Math.max(spanFrom(config, asOf), spanFrom(config, at) - HOUR)
  const from = Math.max(...parts.map(({ config, state }) => keptFrom(config, state.asOf ?? asOf)))
  const to = Math.max(...parts.map(({ config }) => spanTo(config, asOf)))
  const horizons = known(parts.map(({ config }) => config.horizon))
  return {
    asOf,
    slots: parts.flatMap(({ state }) =>
      [...state.slots].filter(([hour]) => hour >= from && hour < to).map(([hour, { tally }]) => [hour, tally] as const),
    ),
    coveredFrom: Math.max(...covered),
    partly: partlyOf(parts),
    spanFrom: from,
    reach: Math.max(...parts.map(({ config }) => config.reach)),
    horizon: horizons.length === 0 ? undefined : Math.min(...horizons),
    hasCompletions: parts.every(({ config }) => config.promise.evidence === 'ledger'),
  }
}

/** Sums of decimals come out the same in whatever order they were added. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4

const worthOf = ({ slots, asOf }: View): readonly Worth[] => {
  const byCurrency = new Map<string, { open: number; overdue: number }>()
  for (const [, { worth }] of slots) {
    for (const [currency, { open, due }] of worth) {
      const sums = getOrMake(byCurrency, currency, () => ({ open: 0, overdue: 0 }))
      sums.open += open
      sums.overdue += sumIn(due, Number.NEGATIVE_INFINITY, asOf)
    }
  }
  return [...byCurrency]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([currency, { open, overdue }]) => [
      { state: 'open', currency, value: rounded(open) } as const,
      { state: 'overdue', currency, value: rounded(overdue) } as const,
    ])
}

/**
 * Of one ledger or several: a further model's rows have one of their own. Undefined until each has had its first look,
 * and while one is more than an hour behind another.
 */
export const readingOf = <T>(parts: readonly Part<T>[], { time, cutOff }: ReadingOptions): Reading | undefined => {
  const seen = viewOf(parts)
  if (seen === undefined) return undefined
  const view = { ...seen, cutOff }
  const durations = known(parts.map(({ state }) => state.seen.durations))
  const hasDurations = view.hasCompletions && durations.length === parts.length
  return {
    windows: windowsOf(view),
    expected: time && expectedOf(view, time),
    worth: isSpanWhole(view) ? worthOf(view) : [],
    durations: hasDurations ? histogramOf(durations) : undefined,
    failuresSeen: parts.reduce((sum, { state }) => sum + state.seen.failures, 0),
    unjudged: view.slots.reduce((sum, [, { unjudged }]) => sum + unjudged, 0),
  }
}
