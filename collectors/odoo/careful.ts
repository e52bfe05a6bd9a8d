/** How calls are put: one at a time, measured, and none while Odoo's workers are all busy. */
import { CollectError } from '../../src/collector.ts'
import { type Duration, type Instant, seconds } from '../../src/metric.ts'
import type { CallName, Durations } from './durations.ts'
import { areWorkersBusy, busy, type Pages } from './pages.ts'

/** What an answer may take before we look whether the workers are all busy; a probe's deadline leaves time for both. */
const PATIENCE: Duration = seconds(2)
/** Found busy, Odoo gets no call for so long; each would wait in its queue and be worked off after we have gone. */
const SPARED: Duration = seconds(10)

/** Runs `work` and notes how long its answer took. */
export const timed = async <T>(durations: Durations, call: CallName, work: () => Promise<T>): Promise<T> => {
  const begun = performance.now()
  const done = (): void => durations.add(call, (performance.now() - begun) / 1000, Date.now())
  try {
    const answer = await work()
    done()
    return answer
  } catch (error) {
    // a refusal is an answer too, and took its time; where none came there is nothing to measure
    if (!(error instanceof CollectError && ['connect', 'timeout'].includes(error.reason))) done()
    throw error
  }
}

/** Runs one at a time, in the order asked; who no longer waits is passed over. */
export const inTurn = (): (<T>(signal: AbortSignal, task: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve()
  return (signal, task) => {
    const mine = last.then(() => {
      signal.throwIfAborted()
      return task()
    })
    last = mine.catch(() => undefined)
    return mine
  }
}

/** Asks something of Odoo, under a signal that may abort sooner than the one given. */
export type Spare = <T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/** An Odoo whose workers are all busy is found out before the deadline, told by `timeout`, and spared for a while. */
export const sparing = (pages: Pages): Spare => {
  if (pages.gevent === undefined) return (signal, work) => work(signal)
  let busyUntil: Instant = 0
  return async (signal, work) => {
    if (Date.now() < busyUntil) throw busy()
    const cut = new AbortController()
    const both = AbortSignal.any([signal, cut.signal])
    const look = async (): Promise<void> => {
      if ((await areWorkersBusy(pages, both)) !== true) return
      busyUntil = Date.now() + SPARED
      cut.abort(busy())
    }
    const timer = setTimeout(() => void look().catch(() => undefined), PATIENCE)
    try {
      return await work(both)
    } finally {
      clearTimeout(timer)
      cut.abort()
    }
  }
}
