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
