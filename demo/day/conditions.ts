import { type Duration, minutes } from '../../src/metric.ts'

/** What a tenant's day suffers from; the day's parts look, the faults switch. */
export type Condition =
  | 'carrier-down'
  | 'cron-failing'
  | 'cron-stopped'
  | 'import-stalled'
  | 'job-runner-dead'
  | 'jobs-stuck'
  | 'reservations-failing'

export interface Conditions {
  readonly has: (condition: Condition) => boolean
  /** Gives what ends it. */
  readonly begin: (condition: Condition) => () => void
  /** Resolves once the condition is, or is no longer; rejects when the signal aborts. */
  readonly until: (condition: Condition, is: boolean, signal: AbortSignal) => Promise<void>
}

/**
 * When what a fault holds up came in: the demo does not wait until a deadline has passed, so it looks as if it had come
 * in over the last hour, or two. Without the fault: now.
 */
export const cameIn = (
  { has }: Pick<Conditions, 'has'>,
  held: readonly Condition[],
  within: Duration = minutes(60),
): ((i: number) => Date) => {
  const now = Date.now()
  if (!held.some(has)) return () => new Date(now)
  // Spread by the golden ratio, from round to round as well.
  const spread = (i: number): number => ((now / 1000 + i) * 0.618034) % 1
  return (i) => new Date(now - Math.round(spread(i) * within))
}

export const createConditions = (): Conditions => {
  const now = new Set<Condition>()
  const changes = new EventTarget()
  const changed = () => changes.dispatchEvent(new Event('change'))
  return {
    has: (condition) => now.has(condition),
    begin: (condition) => {
      now.add(condition)
      changed()
      return () => {
        now.delete(condition)
        changed()
      }
    },
    until: (condition, is, signal) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (signal.aborted) reject(signal.reason)
          else if (now.has(condition) === is) resolve()
          else return
          changes.removeEventListener('change', look)
          signal.removeEventListener('abort', look)
        }
        changes.addEventListener('change', look)
        signal.addEventListener('abort', look)
        look()
      }),
  }
}
