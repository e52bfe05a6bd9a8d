/** How a flow is followed on one Odoo, or why it can't be. Pure, but for the courses' own state. */
import type { BusinessWindow } from '../../calendar/window.ts'
import { type Duration, type Instant, minutes } from '../../metric.ts'
import { beatsReading, presentReading } from '../ledger/beats.ts'
import { ledgerConfigOf } from '../ledger/config.ts'
import { DAY } from '../ledger/counts.ts'
import type { LocalTime } from '../ledger/expected.ts'
import { type Cadence, emptyLedger } from '../ledger/ledger_state.ts'
import { type Part, readingOf } from '../ledger/reading.ts'
import { targetAt } from '../ledger/verdict.ts'
import { promiseOf } from '../promise.ts'
import type { Reading } from '../report.ts'
import { furtherOf, type Odoo, type ResolvedFlow, resolveFlow } from '../spec/resolve.ts'
import type { Target, TenantFlow } from '../spec/tenant_flow.ts'
import { beatsIn } from './beats.ts'
import { type Course, courseOf, type LedgerCourse } from './course.ts'

export interface MethodContext {
  readonly tenant: string
  readonly calendar: readonly BusinessWindow[]
  readonly timezone: string
  readonly cadence: Cadence
  /** 0–1, anew each time. */
  readonly random: () => number
}

/** How a flow is followed on this Odoo. */
export interface Method {
  readonly resolved: ResolvedFlow
  readonly courses: readonly Course[]
  readonly time: LocalTime | undefined
  /** All that its verdicts depend on beside the rows and the flow. */
  readonly terms: string
}

/** `isUntold`: for now; what it reads could not be asked for. */
export type MethodOr = Method | { readonly unsupported: string; readonly isUntold?: true | undefined }

/** Counts and beats are asked for each minute. */
const POLL: Duration = minutes(1)
/** Beats are kept for so long, where their horizon is not shorter. */
const BEATS: Duration = 7 * DAY

const isSame = (a: ResolvedFlow, b: ResolvedFlow): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Deadlines are counted in windows that are open; the reach follows from all of these, and from the day. */
const termsOf = ({ targets, showsValue }: TenantFlow, { calendar, timezone }: MethodContext): string =>
  JSON.stringify([targets, showsValue, calendar.filter(({ kind }) => kind === 'open'), timezone])

/** Asked for at once to begin with: of busy tables an answer for more takes some seconds. */
const STRETCH: Duration = 4 * DAY

/** What was known stays known where the same is read. */
const kept = (before: Method | undefined, flow: ResolvedFlow, kind: Course['work']['kind']): Course | undefined =>
  before?.courses.find((course) => course.work.kind === kind && isSame(course.flow, flow))

const ledgers = (
  flow: TenantFlow,
  resolved: ResolvedFlow,
  odoo: Odoo,
  context: MethodContext,
  before: Method | undefined,
  now: Instant,
  odooNow: Instant,
): MethodOr => {
  const { cadence, random } = context
  const key = termsOf(flow, context)
  // Only the reach depends on it: the same of all that open it on one day.
  const terms = promiseOf(flow, resolved, { ...context, now: Math.floor(odooNow / DAY) * DAY })
  if ('unsupported' in terms) return terms
  const further = furtherOf(resolved)
  const courses = [resolved, ...(further ? [further] : [])].map((own): Course => {
    const { promise, deadline, reach } = terms
    const config = ledgerConfigOf<Target>({
      flow: own,
      catalogue: odoo.catalogue,
      promise,
      deadline,
      reach,
      countsWorth: flow.showsValue,
      cadence,
    })
    const course = kept(before, own, 'ledger')
    const known = course?.work.kind === 'ledger' ? course.work : undefined
    if (course !== undefined && known !== undefined && before?.terms === key) {
      known.config = config
      return course
    }
    // Other terms, other verdicts on the same rows; what was seen to happen was seen.
    const state = { ...emptyLedger, seen: known?.state.seen ?? emptyLedger.seen }
    const work: LedgerCourse = { kind: 'ledger', config, state, sums: new Map(), stretch: known?.stretch ?? STRETCH }
    return courseOf(own, work, cadence.fast, now, random)
  })
  return { resolved, courses, time: terms.time, terms: key }
}

const other = (
  resolved: ResolvedFlow,
  { random }: MethodContext,
  before: Method | undefined,
  now: Instant,
): MethodOr => {
  const { kind, slot, evidence, horizon } = resolved
  const hasBeats = kind === 'heartbeat' && slot !== undefined && evidence === 'ledger'
  const work: Course['work'] = hasBeats
    ? {
        kind: 'beats',
        span: Math.min(horizon ?? BEATS, BEATS),
        hours: new Map(),
        knownFrom: undefined,
        reading: undefined,
      }
    : { kind: 'present', answer: undefined, newest: [] }
  const course = kept(before, resolved, work.kind) ?? courseOf(resolved, work, POLL, now, random)
  return { resolved, courses: [course], time: undefined, terms: '' }
}

/** `before`: how it was followed until now, of which ledgers are kept. */
export const methodOf = (
  flow: TenantFlow,
  odoo: Odoo,
  context: MethodContext,
  before: Method | undefined,
  now: Instant,
  odooNow: Instant,
): MethodOr => {
  const found = resolveFlow(flow.flow, odoo, flow)
  if ('unsupported' in found) return { unsupported: found.unsupported.join('; '), isUntold: found.isUntold }
  const resolved = found.flow
  const { kind, evidence } = resolved
  return (kind === 'journey' || kind === 'outcome') && evidence !== 'slice'
    ? ledgers(flow, resolved, odoo, context, before, now, odooNow)
    : other(resolved, context, before, now)
}

const isLedger = (work: Course['work']): work is LedgerCourse => work.kind === 'ledger'

/** What is known now; undefined before the first answer. `cutOff`: when the next one of its process ends. */
export const readMethod = (
  { courses, time, resolved }: Method,
  { targets }: TenantFlow,
  odooNow: Instant,
  cutOff: Instant | undefined,
): Reading | undefined => {
  const works = courses.map(({ work }) => work)
  const parts: readonly Part<Target>[] = works.filter(isLedger)
  if (parts.length > 0) return readingOf(parts, { time, cutOff })
  const [work] = works
  if (work?.kind === 'beats') {
    const { knownFrom } = work
    const beat = { beats: beatsIn(work), period: undefined, targets }
    return knownFrom === undefined ? undefined : beatsReading({ ...beat, knownFrom }, odooNow)
  }
  if (work?.kind !== 'present' || work.answer === undefined) return undefined
  if (resolved.kind !== 'heartbeat') return presentReading(work.answer, targetAt(targets, odooNow), odooNow)
  const [knownFrom = odooNow] = work.newest
  const { period } = work.answer
  return beatsReading({ beats: work.newest, knownFrom, period, targets }, odooNow)
}
