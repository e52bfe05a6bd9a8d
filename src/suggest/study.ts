/** Everything there is to say of one flow's past. Pure. */
import { DAY, floorHour, HOUR } from '../flow/ledger/counts.ts'
import type { Deadline } from '../flow/ledger/verdict.ts'
import type { Terms } from '../flow/promise.ts'
import type { Target, TenantFlow } from '../flow/spec/tenant_flow.ts'
import type { Duration } from '../metric.ts'
import { candidatesFor } from './candidates.ts'
import { quick } from './deadlines.ts'
import { type Delays, delaysOf } from './delays.ts'
import type { History } from './history.ts'
import { type Candidate, type Proposal, propose, type Setting } from './propose.ts'
import { type Replay, replayOf } from './replay.ts'
import { type Stall, stallsOf } from './stalls.ts'
import { countsIn, type Period, type Timeline, timelineOf } from './timeline.ts'

const WEEK: Duration = 7 * DAY

/** How many of the items due a target would have met. */
export interface Met {
  readonly target: Target
  readonly good: number
  readonly bad: number
}

export interface Study {
  /** What was read. */
  readonly period: Period
  readonly evidence: 'ledger' | 'at-deadline'
  readonly items: number
  /** Open now, and not due yet or overdue. */
  readonly open: number
  readonly duePerDay: number
  readonly startsPerDay: number
  /** Undefined where Odoo does not store when items were done, or none was. */
  readonly delays: Delays | undefined
  /** Undefined where Odoo does not store when items were done. */
  readonly stalls: readonly Stall[] | undefined
  /** By target, the shortest first; one alone where no other can be tried. */
  readonly met: readonly Met[]
  readonly current: Setting & Omit<Met, 'target'> & { readonly replay: Replay }
  readonly proposal: (Proposal & Omit<Met, 'target'>) | undefined
}

/** The longest a target may take from a start in the first week of the period; at most half of it. */
const longest = (deadline: Deadline<Target>, target: Target, { from, to }: Period): Duration => {
  let span = 0
  for (let at = floorHour(from); at < Math.min(to, from + WEEK); at += HOUR)
    span = Math.max(span, deadline(at, target) - at)
  return Math.min(span, (to - from) / 2)
}

/** Of what started before the period nothing was read, so verdicts are whole only once it was all due. */
const judgedPeriod = (deadline: Deadline<Target>, target: Target, period: Period): Period => ({
  from: floorHour(period.from + longest(deadline, target, period) + HOUR - 1),
  to: period.to,
})

const countsOf = (timeline: Timeline) => countsIn(timeline, timeline.from, timeline.to)

/** What is tried besides: the flow's own target alone, where it can't be told what another would have met. */
export const triedFor = (target: Target, evidence: Study['evidence']): readonly Target[] =>
  evidence === 'ledger' ? candidatesFor(target) : [target]

/** `tried`: the deadline knows each of them; `period`: whole minutes; the items of all its slots are in the history. */
export const studyOf = (
  history: History,
  { targets, objective, mode }: Pick<TenantFlow, 'targets' | 'objective' | 'mode'>,
  { promise, deadline: exact, time }: Pick<Terms, 'promise' | 'deadline' | 'time'>,
  tried: readonly Target[],
  period: Period,
): Study => {
  const deadline = quick(exact)
  const target = (targets.at(-1) ?? targets[0]).target
  const { evidence } = promise
  const candidates: readonly Candidate[] = tried.map((each) => {
    const promised = { ...promise, targets: [{ since: Number.NEGATIVE_INFINITY, target: each }] as const }
    return { target: each, timeline: timelineOf(history, promised, deadline, judgedPeriod(deadline, each, period)) }
  })
  const timeline = timelineOf(history, promise, deadline, judgedPeriod(deadline, target, period))
  const stalls = stallsOf(history, promise, time, period)
  const current = { target, objective, mode }
  const proposal = propose({ current, candidates, timeline, evidence, stalls })
  const days = (period.to - period.from) / DAY
  const counts = countsOf(timeline)
  let [starts, open] = [0, 0]
  for (let i = 0; i < history.size(); i++) {
    const { start, state } = history.at(i)
    if (start >= period.from && start < period.to) starts += 1
    if (state === 'open') open += 1
  }
  return {
    period,
    evidence,
    items: history.size(),
    open,
    duePerDay: ((counts.good + counts.bad) * DAY) / Math.max(timeline.to - timeline.from, HOUR),
    startsPerDay: starts / days,
    delays: delaysOf(history, promise, period),
    stalls,
    met: candidates.map((each) => ({ target: each.target, ...countsOf(each.timeline) })),
    current: { ...current, ...counts, replay: replayOf(timeline, objective) },
    proposal: proposal && { ...proposal, ...countsOf(proposal.timeline) },
  }
}
