/** Pasts made by hand: four weeks and two days of a flow that is done round the clock. */

import { HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import type { LocalTime } from '../../src/flow/ledger/expected.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import type { Deadline, Promised } from '../../src/flow/ledger/verdict.ts'
import type { Target } from '../../src/flow/spec/tenant_flow.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import { candidatesFor } from '../../src/suggest/candidates.ts'
import { gather, type History } from '../../src/suggest/history.ts'
import { type Study, studyOf } from '../../src/suggest/study.ts'
import type { Period } from '../../src/suggest/timeline.ts'
import { done, item } from '../flow/items.ts'

export { done, item } from '../flow/items.ts'
export { HOUR, MINUTE }
export const DAY = 24 * HOUR
export const NOW = Date.UTC(2026, 4, 4, 12, 34)
export const MONTH: Period = { from: NOW - 30 * DAY, to: NOW }

export const UTC: LocalTime = {
  local: (at) => ({ weekday: new Date(at).getUTCDay(), hour: new Date(at).getUTCHours() }),
  isHoliday: () => false,
}

export const historyOf = (items: readonly Item[]): History => {
  const history = gather()
  history.add(items)
  return history
}

/** One each so many minutes, over the month; the n-th takes as long as it is told. */
export const steady = (every: Duration, took: (start: Instant, n: number) => Duration): readonly Item[] =>
  Array.from({ length: Math.floor((MONTH.to - MONTH.from) / every) }, (_, n) => {
    const start = MONTH.from + n * every
    const ended = start + took(start, n)
    return ended < NOW ? done(start, ended - start) : item(start)
  })

export const clock: Deadline<Target> = (start, target) => start + ('within' in target ? target.within : 0)

export const promiseFor = (target: Target, more: Partial<Promised<Target>> = {}): Promised<Target> => ({
  kind: 'journey',
  evidence: 'ledger',
  targets: [{ since: 0, target }],
  ...more,
})

export const QUARTER: Target = { within: 15 * MINUTE }

export const studied = (items: readonly Item[], more: Partial<Promised<Target>> = {}, objective = 0.99): Study => {
  const promise = promiseFor(QUARTER, more)
  const tried = promise.evidence === 'ledger' ? candidatesFor(QUARTER) : [QUARTER]
  const flow = { targets: promise.targets, objective, mode: 'observe' } as const
  return studyOf(historyOf(items), flow, { promise, deadline: clock, time: UTC }, tried, MONTH)
}
