/** Time: ours, and Odoo's as measured from it. */
import { type Duration, type Instant, minutes, seconds } from '../../metric.ts'
import { type LedgerState, never } from '../ledger/ledger_state.ts'

export interface Clock {
  readonly now: () => Instant
  /** Calls once, after so long; gives what calls it off. */
  readonly after: (wait: Duration, then: () => void) => () => void
}

/** Nothing waits for its timers to end the process. */
export const systemClock: Clock = {
  now: Date.now,
  after: (wait, then) => {
    const timer = setTimeout(then, wait)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A greater change is a clock that was set, not an error of measurement. */
const SET: Duration = seconds(5)
/** Of the new measurement in the mean: the Date header knows whole seconds. */
const WEIGHT = 0.2

/** Odoo's clock less ours, smoothed; what is no number changes nothing. */
export const skewWith = (before: Duration | undefined, theirs: Instant, ours: Instant): Duration | undefined => {
  const measured = theirs - ours
  if (!Number.isFinite(measured)) return before
  if (before === undefined || Math.abs(measured - before) > SET) return measured
  return before + WEIGHT * (measured - before)
}

/** A ledger whose clock was set back: what it did lies not in the future, so that it goes on looking. */
export const rewound = (state: LedgerState, now: Instant): LedgerState => {
  const isAhead = [
    state.lastLook,
    state.lastWide,
    state.lastFull,
    state.lastOlder,
    state.lastWhole,
    state.lastRescan,
  ].some((at) => at > now + SET)
  if (!isAhead) return state
  const notAfter = (at: Instant): Instant => Math.min(at, now)
  return {
    ...state,
    // A whole look at once: what was read is good for an instant that has not come.
    lastLook: now - minutes(1),
    partly: undefined,
    lastWide: never,
    lastFull: never,
    lastOlder: never,
    lastWhole: never,
    lastRescan: notAfter(state.lastRescan),
    notBefore: notAfter(state.notBefore),
    seenUpTo: notAfter(state.seenUpTo),
  }
}
