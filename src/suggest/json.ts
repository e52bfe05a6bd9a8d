/** What was found, for programs: seconds, shares from 0 to 1, instants as RFC 3339. Keys are only ever added. Pure. */
import { formatDuration } from '../config/duration.ts'
import type { Target } from '../flow/spec/tenant_flow.ts'
import type { Duration, Instant } from '../metric.ts'
import { openText } from './candidates.ts'
import { metOf } from './propose.ts'
import type { Calls, Replay } from './replay.ts'
import type { FlowFinding, TenantFinding } from './tenant.ts'

const at = (instant: Instant): string => new Date(instant).toISOString()
const inSeconds = (duration: Duration): number => Math.round(duration) / 1000
const rounded = (n: number): number => Math.round(n * 1000) / 1000

/** As the configuration writes it. */
export const plainTarget = (target: Target): Readonly<Record<string, string | number>> => {
  if ('within' in target) return { within: formatDuration(target.within) }
  const calendar = 'calendar' in target && target.calendar !== undefined ? { calendar: target.calendar } : {}
  if ('within_open_hours' in target) return { within_open_hours: openText(target.within_open_hours), ...calendar }
  if ('by' in target) return { by: target.by, after_open_days: target.after_open_days, ...calendar }
  return 'periods' in target ? { periods: target.periods } : { at_most: target.at_most }
}

const counted = ({ good, bad }: { readonly good: number; readonly bad: number }) => ({
  good,
  bad,
  met_ratio: metOf({ good, bad }),
})

const callsOf = ({ episodes, total, replayed }: Calls) => ({
  count: episodes.length,
  seconds: inSeconds(total),
  replayed_seconds: inSeconds(replayed),
  episodes: episodes.map(({ from, to, bad }) => ({ from: at(from), to: at(to), bad })),
})

const replayOf = ({ page, ticket }: Replay) => ({ pages: callsOf(page), tickets: callsOf(ticket) })

const ofFlow = (finding: FlowFinding) => {
  const { status, flow } = finding
  const name = { flow: flow.flow.name, status }
  if (finding.status !== 'studied') return { ...name, reason: finding.reason }
  const { study, isCut } = finding
  const { current, proposal, delays } = study
  return {
    ...name,
    evidence: study.evidence,
    from: at(study.period.from),
    to: at(study.period.to),
    complete: !isCut,
    items: study.items,
    open: study.open,
    due_per_day: rounded(study.duePerDay),
    starts_per_day: rounded(study.startsPerDay),
    delay_seconds: delays && {
      count: delays.completions,
      p50: inSeconds(delays.p50),
      p95: inSeconds(delays.p95),
      p99: inSeconds(delays.p99),
      max: inSeconds(delays.max),
    },
    targets: study.met.map(({ target, ...counts }) => ({ target: plainTarget(target), ...counted(counts) })),
    stalls: study.stalls?.map(({ from, to, waiting, usual }) => ({
      from: at(from),
      to: at(to),
      waiting,
      usual_completions: usual,
    })),
    current: {
      target: plainTarget(current.target),
      objective: current.objective,
      mode: current.mode,
      ...counted(current),
      ...replayOf(current.replay),
    },
    proposed: proposal && {
      target: plainTarget(proposal.target),
      objective: proposal.objective,
      mode: proposal.mode,
      why: proposal.why,
      ...counted(proposal),
      ...replayOf(proposal.replay),
    },
  }
}

/** `{tenants: [{tenant, via, flows: [{flow, status, …}]}]}`; the README names the rest. */
export const suggestionsJson = (tenants: readonly TenantFinding[]): string => {
  const plain = tenants.map(({ tenant, via, flows }) => ({ tenant, via, flows: flows.map(ofFlow) }))
  return `${JSON.stringify({ tenants: plain }, null, 2)}\n`
}
