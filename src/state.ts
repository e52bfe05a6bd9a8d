/** What the engine knows of its targets and probes, as values: for the metrics, the landing page, the log. */
import type { Failure, Target } from './collector.ts'
import type { Duration, Instant } from './metric.ts'

/** What is known of one probe of one target; unknown is undefined. */
export interface ProbeState {
  readonly name: string
  /** As stretched by the governor. */
  readonly interval: Duration
  readonly success: boolean | undefined
  readonly supported: boolean | undefined
  /** Of the last attempt. */
  readonly duration: Duration | undefined
  readonly lastSuccess: Instant | undefined
  readonly failures: Readonly<Record<Failure, number>>
  /** Of the last attempt, if it failed or is unsupported: for people, redacted. */
  readonly message: string | undefined
  readonly reason: Failure | undefined
}

/** Open: nothing is asked until a cheap call is answered. */
export type CircuitState =
  | { readonly open: false }
  | { readonly open: true; readonly since: Instant; readonly reason: Failure; readonly message: string }

export interface TargetState {
  readonly target: Target
  readonly circuit: CircuitState
  /** Share of the target's time our probes take, 0–1. */
  readonly busyRatio: number
  readonly probes: readonly ProbeState[]
}
