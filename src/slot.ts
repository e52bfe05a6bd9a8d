/** One probe of one target: its state, how it changes, when it is due. Pure, but for the log line a change is worth. */
import type { Logger } from 'pino'
import { FAILURES, type Failure, type Probe } from './collector.ts'
import { type Duration, type Instant, minutes } from './metric.ts'
import type { ProbeState } from './state.ts'

/** What is not supported is asked again, but rarely: a refusal is a line in the target's log. */
const UNSUPPORTED_INTERVAL = minutes(5)
/** A probe's cost is the median of so many measurements: one slow answer changes nothing. */
const COSTS_KEPT = 5

// biome-ignore lint/suspicious/noExplicitAny: each probe has its own Client and Raw, known only to itself
export type AnyProbe = Probe<any, any>

export interface Slot {
  readonly probe: AnyProbe
  /** As asked for, before the governor. */
  readonly interval: Duration
  state: ProbeState
  /** The target's time each of the last askings took. */
  costs: readonly Duration[]
  due: Instant
  lastAttempt: Instant
  everWorked: boolean
  flight: { readonly done: Promise<void>; readonly abort: AbortController } | undefined
}

export type Outcome =
  | { readonly kind: 'answered'; readonly at: Instant }
  | { readonly kind: 'unsupported'; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: Failure; readonly message: string; readonly isAnswer: boolean }

const noFailures = Object.fromEntries(FAILURES.map((f) => [f, 0])) as Record<Failure, number>

export const slotOf = (probe: AnyProbe, interval: Duration, due: Instant): Slot => ({
  probe,
  interval,
  state: {
    name: probe.name,
    interval,
    success: undefined,
    supported: undefined,
    duration: undefined,
    lastSuccess: undefined,
    failures: noFailures,
    message: undefined,
    reason: undefined,
  },
  costs: [],
  due,
  lastAttempt: Number.NEGATIVE_INFINITY,
  everWorked: false,
  flight: undefined,
})

/** The target's time one asking takes; 0 before the first. */
export const costOf = ({ costs }: Slot): Duration => costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? 0

export const costsWith = ({ costs }: Slot, measured: Duration): readonly Duration[] =>
  [...costs, measured].slice(-COSTS_KEPT)

/** The next instant on the target's grid, never sooner than half an interval from now. */
export const nextDue = (now: Instant, interval: Duration, phase: Duration): Instant =>
  phase + Math.ceil((now + interval / 2 - phase) / interval) * interval

/** When a probe that is asked now is to be asked again; a stretched interval leaves the grid. */
export const dueAfter = (now: Instant, { state, interval }: Slot, phase: Duration): Instant => {
  if (state.supported === false) return now + Math.max(state.interval, UNSUPPORTED_INTERVAL)
  return state.interval === interval ? nextDue(now, interval, phase) : now + state.interval
}

export const stateAfter = (before: ProbeState, outcome: Outcome, duration: Duration): ProbeState => {
  const answered = { ...before, duration, success: true, supported: true, message: undefined, reason: undefined }
  switch (outcome.kind) {
    case 'answered':
      return { ...answered, lastSuccess: outcome.at }
    case 'unsupported':
      return { ...answered, supported: false, message: outcome.message }
    case 'failed': {
      const { reason, message } = outcome
      const failures = { ...before.failures, [reason]: before.failures[reason] + 1 }
      return { ...before, duration, success: false, failures, reason, message }
    }
  }
}

/** Changes are told once; what goes on failing for the same reason is not repeated. */
export const logChange = (log: Logger, before: ProbeState, after: ProbeState): void => {
  const probe = after.name
  if (after.success === false) {
    const isNews = before.reason !== after.reason && after.reason !== 'circuit_open'
    log[isNews ? 'warn' : 'debug']({ probe, reason: after.reason }, `probe failed: ${after.message}`)
  } else if (after.supported === false) {
    if (before.supported !== false) log.info({ probe }, `probe unsupported: ${after.message}`)
  } else if (before.success === false) log.info({ probe }, 'probe works again')
}
