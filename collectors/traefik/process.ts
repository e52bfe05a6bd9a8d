/** Whether the process that answers is the one that answered before. Pure. */
import type { Families } from './exposition_format.ts'

export interface Process {
  /** When it began, in seconds since 1970, by its own clock; undefined where it doesn't say. */
  readonly started: number | undefined
  /** When it answered, in seconds since 1970, by its own clock; undefined where it doesn't say. */
  readonly answered: number | undefined
}

/** Linux tells a process's start in whole ticks after a boot time in whole seconds, which a corrected clock moves. */
const TOLERANCE = 2

/**
 * `restarted`: it began after the last answer, so all it counted since is new. `another`: it began before that, so
 * several answer in turn at one address, and what they count can't be told apart. Without a start time: `same`.
 */
export const changeOf = (before: Process, now: Process): 'same' | 'restarted' | 'another' => {
  if (before.started === undefined || now.started === undefined) return 'same'
  if (Math.abs(now.started - before.started) <= TOLERANCE) return 'same'
  return now.started > (before.answered ?? before.started) - TOLERANCE ? 'restarted' : 'another'
}

export const processOf = (families: Families, answered: number | undefined): Process => {
  const started = families.get('process_start_time_seconds')?.series[0]?.value
  return { started: started !== undefined && started > 0 ? started : undefined, answered }
}
