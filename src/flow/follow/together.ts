/**
 * Which flows are read together, by which courses. That is settled as they begin, of those that begin at the same time:
 * a checksum is good for the flows it was made for, so who joined later would have all of them read anew.
 */
import { failureOf } from '../../deadline.ts'
import { type Duration, type Instant, minutes } from '../../metric.ts'
import { DAY } from '../ledger/counts.ts'
import { emptyLedger } from '../ledger/ledger_state.ts'
import { tableKey } from '../read/plan.ts'
import type { Odoo } from '../spec/resolve.ts'
import type { TenantFlow } from '../spec/tenant_flow.ts'
import { abandon } from './ask.ts'
import { type Course, courseOf, type Ledger, type LedgersWork, type PresentWork } from './course.ts'
import { type Method, type MethodContext, type Need, type Needs, type NoMethod, needsOf, type Own } from './method.ts'

/** Counts are asked for each minute. */
const POLL: Duration = minutes(1)
/** Asked for at once to begin with: of busy tables an answer for more takes some seconds. */
const STRETCH: Duration = 8 * DAY

interface Time {
  readonly now: Instant
  readonly odooNow: Instant
}

const workOf = (ledgers: readonly Ledger[], stretch = STRETCH): LedgersWork => ({
  kind: 'ledgers',
  ledgers,
  sums: new Map(),
  stretch,
})

/** One that goes on in its course, judged by what now holds; its rows may have to be judged anew. */
const stays = ({ ledger, isKept }: Need, own: Own, odooNow: Instant): Own => {
  const { course, part } = own
  if (ledger === undefined || part.kind !== 'ledger') return own
  part.config = ledger.config
  if (isKept) return own
  abandon(course, odooNow)
  part.state = ledger.state
  part.lookedAt = undefined
  return own
}

/** Its place in a course; one that is judged anew is better off in a new one, unless it shares its own. */
const placeOf = ({ before, isKept }: Need): Own | undefined =>
  before !== undefined && (isKept || before.course.flows.length > 1) ? before : undefined

/** What tells apart who is read in another way: another table, hours of another field, looks of another kind. */
const keyOf = ({ flow, ledger }: Need): string => [tableKey(flow), ledger?.config.fast, ledger?.config.ahead].join(' ')

/** Ledgers of one key have one course. */
const ledgersBegun = (needs: readonly Need[], { cadence, random }: MethodContext, now: Instant): readonly Placed[] => {
  const ledgers = needs.flatMap(({ flow, ledger }): readonly Ledger[] =>
    ledger ? [{ kind: 'ledger', flow, ...ledger, lookedAt: undefined }] : [],
  )
  const stretches = needs.flatMap(({ before }) =>
    before?.course.work.kind === 'ledgers' ? before.course.work.stretch : [],
  )
  const work = workOf(ledgers, Math.min(STRETCH, ...stretches))
  const course = courseOf(
    needs.map(({ flow }) => flow),
    work,
    cadence.fast,
    now,
    random,
  )
  return ledgers.map((part, i) => ({ need: needs[i], own: { flow: part.flow, course, part } }))
}

const countBegun = (need: Need, { random }: MethodContext, now: Instant): Placed => {
  const part: PresentWork = { kind: 'present', answer: undefined, newest: [], lookedAt: undefined }
  return { need, own: { flow: need.flow, course: courseOf([need.flow], part, POLL, now, random), part } }
}

interface Placed {
  readonly need: Need | undefined
  readonly own: Own
}

const begun = (needs: readonly Need[], context: MethodContext, now: Instant): readonly Placed[] =>
  needs.every(({ ledger }) => ledger !== undefined)
    ? ledgersBegun(needs, context, now)
    : needs.map((need) => countBegun(need, context, now))

/** All read as far back as the one that reaches farthest, so that they come equally far. */
const level = ({ work }: Course, isFollowed: (ledger: Ledger) => boolean): void => {
  if (work.kind !== 'ledgers') return
  work.ledgers = work.ledgers.filter(isFollowed)
  const most = (of: 'reach' | 'prompt') =>
    work.ledgers.reduce((longest, { config }) => Math.max(longest, config[of]), 0)
  const [readReach, readPrompt] = [most('reach'), most('prompt')]
  for (const ledger of work.ledgers) ledger.config = { ...ledger.config, readReach, readPrompt }
}

/** Who is gone is no longer counted for. */
const levelled = (methods: readonly (Method | NoMethod)[]): readonly (Method | NoMethod)[] => {
  const own = methods.flatMap((method) => ('own' in method ? method.own : []))
  const parts = new Set(own.map(({ part }) => part))
  for (const course of new Set(own.map((each) => each.course))) level(course, (ledger) => parts.has(ledger))
  return methods
}

/** In the order of the flows. `before`: how each was followed until now, of which ledgers are kept. */
export const methodsOf = (
  flows: readonly { readonly flow: TenantFlow; readonly before: Method | undefined }[],
  odoo: Odoo,
  context: MethodContext,
  { now, odooNow }: Time,
): readonly (Method | NoMethod)[] => {
  const needs = flows.map(({ flow, before }) => {
    try {
      return needsOf(flow, odoo, context, before, odooNow)
    } catch (error) {
      // What can't be worked out for one flow is that flow's trouble.
      return { unsupported: failureOf(error).message }
    }
  })
  const fresh = needs
    .flatMap((each) => ('parts' in each ? each.parts : []))
    .filter((need) => placeOf(need) === undefined)
  const groups = Map.groupBy(fresh, keyOf).values()
  const placed = new Map([...groups].flatMap((group) => begun(group, context, now)).map(({ need, own }) => [need, own]))
  const ownOf = (need: Need): readonly Own[] => {
    const place = placeOf(need)
    const own = place ? stays(need, place, odooNow) : placed.get(need)
    return own ? [own] : []
  }
  const settled = ({ parts, resolved, time, terms }: Needs): Method => ({
    resolved,
    time,
    terms,
    own: parts.flatMap(ownOf),
  })
  return levelled(needs.map((each) => ('parts' in each ? settled(each) : each)))
}

/** Of one flow by itself. */
export const methodOf = (
  flow: TenantFlow,
  odoo: Odoo,
  context: MethodContext,
  before: Method | undefined,
  now: Instant,
  odooNow: Instant,
): Method | NoMethod => {
  const [method] = methodsOf([{ flow, before }], odoo, context, { now, odooNow })
  return method ?? { unsupported: 'there is no flow' }
}

/** Asked by itself from now on: what fails of a shared question may be another's. */
export const apart = (own: Own, { cadence, random }: MethodContext, now: Instant): Own => {
  const { flow, course, part } = own
  if (part.kind !== 'ledger' || course.work.kind !== 'ledgers') return own
  const { readReach: _, readPrompt: __, ...config } = part.config
  const alone: Ledger = { ...part, config, state: { ...emptyLedger, seen: part.state.seen } }
  return {
    flow,
    course: courseOf([flow], workOf([alone], course.work.stretch), cadence.fast, now, random),
    part: alone,
  }
}
