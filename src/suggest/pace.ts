/** One question at a time, with a rest after each: what is watched is not to be burdened. */
import { setTimeout as sleep } from 'node:timers/promises'
import { until, within } from '../deadline.ts'
import { type Duration, seconds } from '../metric.ts'

const QUESTION_DEADLINE: Duration = seconds(60)
/** After a question that took long no rest is longer. */
const LONGEST_REST: Duration = seconds(30)

export interface PaceOptions {
  /** 0–1: of the time, that a question may be under way. */
  readonly share: number
  /** Aborts when nothing more is to be asked; its reason is what questions then reject with. */
  readonly signal: AbortSignal
}

/** Asks, and rests. Rejects with what the work rejects with, a CollectError `timeout`, or the signal's reason. */
export type Ask = <T>(what: string, work: (signal: AbortSignal) => Promise<T>, abort?: AbortController) => Promise<T>

/** `abort`: for several questions under one signal, such as the pages of one answer. */
export const paced =
  ({ share, signal }: PaceOptions): Ask =>
  async (what, work, abort = new AbortController()) => {
    signal.throwIfAborted()
    const begun = performance.now()
    try {
      return await until(signal, within(QUESTION_DEADLINE, abort, what, work))
    } catch (error) {
      // Whoever is still at work on it is told that nobody waits.
      abort.abort(error)
      throw error
    } finally {
      const rest = Math.min(LONGEST_REST, (performance.now() - begun) * (1 / share - 1))
      await sleep(rest, undefined, { signal }).catch(() => undefined)
    }
  }
