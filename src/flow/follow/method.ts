/** How flows are followed on one Odoo, or why they can't be. Pure, but for the courses' own state. */
import type { BusinessWindow } from '../../calendar/window.ts'
import type { Instant } from '../../metric.ts'
import { beatsReading, presentReading } from '../ledger/beats.ts'
import { ledgerConfigOf } from '../ledger/config.ts'
import { DAY } from '../ledger/counts.ts'
import type { LocalTime } from '../ledger/expected.ts'
import { type Cadence, emptyLedger, type LedgerConfig, type LedgerState } from '../ledger/ledger_state.ts'
import { readingOf } from '../ledger/reading.ts'
import { targetAt } from '../ledger/verdict.ts'
import { NEVER, promiseOf, type Terms } from '../promise.ts'
import type { Reading } from '../report.ts'
import { furtherOf, type Odoo, type ResolvedFlow, resolveFlow } from '../spec/resolve.ts'
import type { Target, TenantFlow } from '../spec/tenant_flow.ts'
import type { Course, Ledger, Part } from './course.ts'

export interface MethodContext {
  readonly tenant: string
  readonly calendar: readonly BusinessWindow[]
  readonly timezone: string
  readonly cadence: Cadence
  /** 0–1, anew each time. */
  readonly random: () => number
}

/** Of one flow: what is known by a course, which may be others' too. */
export interface Own {
  readonly flow: ResolvedFlow
  readonly course: Course
  readonly part: Part
}

/** How a flow is followed on this Odoo. */
export interface Method {
  readonly resolved: ResolvedFlow
  readonly own: readonly Own[]
  readonly time: LocalTime | undefined
  /** All that its verdicts depend on beside the rows and the flow. */
  readonly terms: string
}

/** `isUntold`: for now; what it reads could not be asked for. */
export interface NoMethod {
  readonly unsupported: string
  readonly isUntold?: true | undefined
}

/** What a flow needs a course for; `kept`: it has one, and what it knows there stands. */
export interface Need {
  readonly flow: ResolvedFlow
  /** Undefined: a present count. */
  readonly ledger: { readonly config: LedgerConfig<Target>; readonly state: LedgerState } | undefined
  readonly before: Own | undefined
  readonly isKept: boolean
}

export interface Needs {
  readonly resolved: ResolvedFlow
  readonly parts: readonly Need[]
  readonly time: LocalTime | undefined
  readonly terms: string
}

/** Deadlines are counted in windows that are open; the reach follows from all of these, and from the day. */
const termsOf = ({ targets, showsValue }: TenantFlow, { calendar, timezone }: MethodContext): string =>
  JSON.stringify([targets, showsValue, calendar.filter(({ kind }) => kind === 'open'), timezone])

const isSame = (a: ResolvedFlow, b: ResolvedFlow): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What was known of the same rows. */
const known = (before: Method | undefined, flow: ResolvedFlow, kind: Part['kind']): Own | undefined =>
  before?.own.find((own) => own.part.kind === kind && isSame(own.flow, flow))

/** A heartbeat's beats are kept, and judged by no ledger. */
const beating = ({ targets }: TenantFlow): Omit<Terms, 'time'> => ({
  promise: { kind: 'heartbeat', evidence: 'ledger', targets },
  deadline: () => NEVER,
  reach: 0,
  prompt: 0,
})

const ledgerNeed = (
  flow: TenantFlow,
  resolved: ResolvedFlow,
  terms: Omit<Terms, 'time'>,
  odoo: Odoo,
  { cadence }: MethodContext,
  before: Own | undefined,
  isKept: boolean,
): Need => {
  const { promise, deadline, reach, prompt } = terms
  const { catalogue } = odoo
  const of = { flow: resolved, catalogue, promise, deadline, reach, prompt, countsWorth: flow.showsValue, cadence }
  const state = before?.part.kind === 'ledger' ? before.part.state : emptyLedger
  return {
    flow: resolved,
    // Other terms, other verdicts on the same rows; what was seen to happen was seen.
    ledger: { config: ledgerConfigOf<Target>(of), state: isKept ? state : { ...emptyLedger, seen: state.seen } },
    before,
    isKept,
  }
}

/** What a flow needs on this Odoo. `before`: how it was followed until now. */
export const needsOf = (
  flow: TenantFlow,
  odoo: Odoo,
  context: MethodContext,
  before: Method | undefined,
  odooNow: Instant,
): Needs | NoMethod => {
  const found = resolveFlow(flow.flow, odoo, flow)
  if ('unsupported' in found) return { unsupported: found.unsupported.join('; '), isUntold: found.isUntold }
  const resolved = found.flow
  const { kind, evidence, slot } = resolved
  if (kind === 'heartbeat' && slot !== undefined && evidence === 'ledger') {
    const own = known(before, resolved, 'ledger')
    const need = ledgerNeed(flow, resolved, beating(flow), odoo, context, own, own !== undefined)
    return { resolved, parts: [need], time: undefined, terms: '' }
  }
  if (evidence === 'slice' || (kind !== 'journey' && kind !== 'outcome')) {
    const own = known(before, resolved, 'present')
    const need = { flow: resolved, ledger: undefined, before: own, isKept: own !== undefined }
    return { resolved, parts: [need], time: undefined, terms: '' }
  }
  // Only the reach depends on the instant: the same of all that open it on one day.
  const terms = promiseOf(flow, resolved, { ...context, now: Math.floor(odooNow / DAY) * DAY })
  if ('unsupported' in terms) return terms
  const key = termsOf(flow, context)
  const further = furtherOf(resolved)
  const parts = [resolved, ...(further ? [further] : [])].map((each) => {
    const own = known(before, each, 'ledger')
    return ledgerNeed(flow, each, terms, odoo, context, own, own !== undefined && before?.terms === key)
  })
  return { resolved, parts, time: terms.time, terms: key }
}

const isLedger = (part: Part): part is Ledger => part.kind === 'ledger'

/** Every beat known. */
const beatsIn = ({ state }: Ledger): readonly Instant[] => [...state.slots.values()].flatMap(({ tally }) => tally.beats)

/** What is known now; undefined before the first answer. `cutOff`: when the next one of its process ends. */
export const readMethod = (
  { own, time, resolved }: Method,
  { targets }: TenantFlow,
  odooNow: Instant,
  cutOff: Instant | undefined,
): Reading | undefined => {
  const parts = own.map(({ part }) => part)
  const ledgers = parts.filter(isLedger)
  const [ledger] = ledgers
  if (ledger && resolved.kind === 'heartbeat') {
    const { coveredFrom } = ledger.state
    const beat = { beats: beatsIn(ledger), period: undefined, targets }
    return coveredFrom === undefined ? undefined : beatsReading({ ...beat, knownFrom: coveredFrom }, odooNow)
  }
  if (ledger) return readingOf(ledgers, { time, cutOff })
  const [part] = parts
  if (part?.kind !== 'present' || part.answer === undefined) return undefined
  if (resolved.kind !== 'heartbeat') return presentReading(part.answer, targetAt(targets, odooNow), odooNow)
  const [knownFrom = odooNow] = part.newest
  const { period } = part.answer
  return beatsReading({ beats: part.newest, knownFrom, period, targets }, odooNow)
}
