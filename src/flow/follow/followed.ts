/** One flow of one tenant: what is known of it, and what is said of it. */
import { Unsupported } from '../../collector.ts'
import { failureOf } from '../../deadline.ts'
import type { Duration, Instant } from '../../metric.ts'
import type { FlowReport, FlowState, Reading } from '../report.ts'
import type { TenantFlow } from '../spec/tenant_flow.ts'
import { progressOf } from './course.ts'
import type { Method } from './method.ts'
import { type Names, noNames } from './names.ts'

export interface Followed {
  readonly flow: TenantFlow
  method: Method | undefined
  /** How it was followed before its configuration changed: what is read as before stays known. */
  former: Method | undefined
  /** Why nothing was learnt of what it reads when its Odoo was last opened; then it is not asked. */
  untold: string | undefined
  /** Why this Odoo has never let it be judged. */
  unsupported: string | undefined
  /** Why it can't be judged, though it was: what once worked and no longer does has failed. */
  lost: string | undefined
  wasJudged: boolean
  /** What last kept it from being asked; until it is looked at again. */
  heldBy: string | undefined
  reading: Reading | undefined
  /** Our clock: when all of it had been looked at. */
  readAt: Instant | undefined
  names: Names
  /** As last told in the log. */
  told: string | undefined
}

export const followed = (flow: TenantFlow, before?: Followed): Followed => ({
  flow,
  method: undefined,
  former: before?.method ?? before?.former,
  untold: undefined,
  unsupported: undefined,
  lost: undefined,
  wasJudged: false,
  heldBy: undefined,
  reading: undefined,
  readAt: undefined,
  names: noNames,
  told: undefined,
})

/** What holds for all flows of a tenant. */
export interface Situation {
  readonly tenant: string
  readonly tier: string
  readonly via: FlowReport['via']
  readonly withheld: string | undefined
  /** Why nothing has been asked for an interval or more: no way, an open circuit, an Odoo that can't be opened. */
  readonly obstacle: string | undefined
  readonly skew: Duration | undefined
  readonly now: Instant
  readonly odooNow: Instant
}

/** A reading past this many intervals no longer stands. */
export const STALE_AFTER = 3

const intervalOf = ({ method }: Followed): Duration =>
  Math.max(0, ...(method?.own ?? []).map(({ course }) => course.interval))

/** Whether the last reading still stands. */
const stands = (flow: Followed, now: Instant): boolean =>
  flow.readAt !== undefined && now - flow.readAt <= STALE_AFTER * intervalOf(flow)

interface Said {
  readonly state: FlowState
  readonly reason: string | undefined
}

const say = (flow: Followed, { withheld, obstacle, now }: Situation): Said => {
  const failed = flow.method?.own.find(({ course }) => course.failed?.isOver === false)?.course.failed
  if (flow.flow.off !== undefined) return { state: 'off', reason: flow.flow.off }
  if (flow.unsupported !== undefined) return { state: 'unsupported', reason: flow.unsupported }
  if (flow.lost !== undefined)
    return { state: 'failing', reason: `was judged before and can't be any more: ${flow.lost}` }
  if (obstacle !== undefined) return { state: 'failing', reason: obstacle }
  if (withheld !== undefined) return { state: 'withheld', reason: withheld }
  if (flow.reading !== undefined && stands(flow, now)) return { state: 'judged', reason: undefined }
  if (flow.untold !== undefined) return { state: 'failing', reason: flow.untold }
  if (failed !== undefined) return { state: 'failing', reason: failed.message }
  if (flow.heldBy !== undefined) return { state: 'failing', reason: flow.heldBy }
  return flow.readAt === undefined
    ? { state: 'starting', reason: undefined }
    : { state: 'failing', reason: 'it was not looked at in time: other questions of this target take too long' }
}

/** `reason` is redacted already. */
export const reportOf = (flow: Followed, situation: Situation): FlowReport => {
  const { tenant, tier, via, skew, now, odooNow, withheld } = situation
  const { state, reason } = say(flow, situation)
  const own = flow.method?.own ?? []
  const shares = own.flatMap(({ part }) => progressOf(part, odooNow) ?? [])
  const isShown = flow.flow.off === undefined && withheld === undefined && stands(flow, now)
  const looks = own.map(({ course: { nextLook, retryAt } }) => Math.max(nextLook, retryAt))
  return {
    tenant,
    tier,
    flow: flow.flow,
    evidence: flow.method?.resolved.evidence,
    state,
    reason,
    via,
    reading: isShown && state !== 'unsupported' ? flow.reading : undefined,
    progress: shares.length === 0 ? undefined : Math.min(...shares),
    skew,
    nextLook: looks.length === 0 ? undefined : Math.min(...looks),
    groupNames: flow.names.known,
  }
}

/** Its Odoo can be asked again: what kept it is over, and a reading that no longer stands was nobody's delay. */
export const freed = (flow: Followed, now: Instant): void => {
  if (flow.heldBy === undefined) return
  flow.heldBy = undefined
  if (stands(flow, now)) return
  flow.readAt = undefined
  // Of two ledgers both are to be looked at before there is a reading.
  for (const { part } of flow.method?.own ?? []) part.lookedAt = undefined
}

/** A flow that is refused what it asks was never supported, or has lost what it had. */
export const refuse = (flow: Followed, why: string): void => {
  if (flow.wasJudged) flow.lost = why
  else {
    flow.unsupported = why
    flow.method = undefined
  }
}

/** What is wrong with one question, for people. */
export const troubleOf = (error: unknown, redact: (text: string) => string) => {
  const { reason, message } = failureOf(error)
  return { reason, message: redact(message), isRefusal: error instanceof Unsupported }
}
