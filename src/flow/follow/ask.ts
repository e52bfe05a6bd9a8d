/** One call of one course: put to the reader, its answer taken in by each ledger that asked. The IO of a course. */
import { CollectError } from '../../collector.ts'
import { type Duration, type Instant, seconds } from '../../metric.ts'
import { floorHour, floorMinute, HOUR } from '../ledger/counts.ts'
import { step } from '../ledger/ledger.ts'
import type { Input, LedgerState, Question } from '../ledger/ledger_state.ts'
import type { FlowAccess } from '../read/access.ts'
import type { HourChecksum } from '../read/reader.ts'
import { rewound } from './clock.ts'
import {
  type Course,
  isLook,
  isLooking,
  type Ledger,
  type LedgersWork,
  ledgersFor,
  nameOf,
  type Pages,
  type Part,
  type PresentWork,
  type Sums,
  type Wish,
} from './course.ts'
import { type Shared, sharedQuestion } from './shared.ts'

/** Puts one call to Odoo. Rejects as the reader does, and as loans do. */
export type Call = <T>(what: string, work: (access: FlowAccess, signal: AbortSignal) => Promise<T>) => Promise<T>

export interface Asking {
  readonly call: Call
  /** Odoo's clock. */
  readonly odooNow: () => Instant
  /** What the scheduler chose. */
  readonly purpose: Wish['purpose']
}

export interface Asked {
  /** Of the question: what it may take is told from others of its kind. */
  readonly kind: Question['kind'] | 'present' | 'none'
  /** Whose look has been finished by this call. */
  readonly looked: readonly Part[]
  /** Whether no other look is under way. */
  readonly isLookDone: boolean
}

type Reader = FlowAccess['reader']
type Page = Awaited<ReturnType<Pages['iterator']['next']>>

type RowsQuestion = Extract<Shared['question'], { kind: 'rows' | 'reaching' }>

const rowsOf = (
  course: Course,
  question: RowsQuestion,
  purpose: Wish['purpose'],
  reader: Reader,
  signal: AbortSignal,
) => {
  const { flows, kept } = course
  if (question.kind === 'reaching') return reader.reaching(flows, question.from, question.to, signal)
  if (purpose === 'look') return reader.rows(flows, question.hours, signal, kept)
  // What is read to see what looks did not is read anew.
  kept.forget(question.hours)
  return reader.rows(flows, question.hours, signal)
}

/** The next page, or `done` after the last. */
const nextPage = (course: Course, question: RowsQuestion, { call, purpose }: Asking): Promise<Page> =>
  call(`${nameOf(course)}: rows`, (access, signal) => {
    if (course.pages === undefined) {
      const abort = new AbortController()
      const rows = rowsOf(course, question, purpose, access.reader, abort.signal)
      course.pages = { abort, iterator: rows[Symbol.asyncIterator](), purpose }
    }
    const { abort, iterator } = course.pages
    signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true })
    return iterator.next()
  })

/** Halved when a deadline is missed; doubled, for the next question, where the last answer took less than this. */
const QUICK: Duration = seconds(1)
const LONGEST_STRETCH: Duration = 64 * 24 * HOUR

/** The end of the next stretch; cut at multiples of it, so that one stretch is asked in the same words at each look. */
const stretchEnd = (from: Instant, to: Instant, stretch: Duration): Instant =>
  Math.min(to, (Math.floor(from / stretch) + 1) * stretch)

type SumsQuestion = Extract<Shared['question'], { kind: 'checksums' }>

/** Of the part of this question that was asked before, by the same piece of work. */
const sumsSoFar = ({ sums }: LedgersWork, { purpose, from, to }: SumsQuestion, ledgers: readonly Ledger[]): Sums => {
  const began = ledgers.map(({ state }) => (purpose === 'look' ? state.look : state.background)?.began)
  const key = `${began.join(' ')} ${from} ${to}`
  const known = sums.get(purpose)
  return known?.key === key ? known : { key, upTo: from, found: [] }
}

/** The next stretch; all of them after the last one, undefined before. */
const nextSums = async (
  course: Course,
  work: LedgersWork,
  question: SumsQuestion,
  ledgers: readonly Ledger[],
  { call }: Asking,
): Promise<readonly HourChecksum[] | undefined> => {
  const { flows, kept } = course
  const { key, upTo, found } = sumsSoFar(work, question, ledgers)
  const end = stretchEnd(upTo, question.to, work.stretch)
  const begun = performance.now()
  const more = await call(`${nameOf(course)}: checksums`, ({ reader }, signal) =>
    reader.checksums(flows, upTo, end, signal, kept),
  )
  const isQuick = performance.now() - begun < QUICK
  const sums = { key, upTo: end, found: [...found, ...more] }
  const isAll = end >= question.to
  if (isAll && isQuick) work.stretch = Math.min(2 * work.stretch, LONGEST_STRETCH)
  work.sums = new Map([...work.sums].filter(([purpose]) => purpose !== question.purpose))
  if (!isAll) work.sums = new Map([...work.sums, [question.purpose, sums]])
  return isAll ? sums.found : undefined
}

/** Whether a question that missed its deadline can be put in smaller parts; then it will be. What was found stays. */
const narrow = (work: LedgersWork, { question, ledgers }: Shared, error: unknown): boolean => {
  if (question.kind !== 'checksums' || !(error instanceof CollectError && error.reason === 'timeout')) return false
  const { upTo } = sumsSoFar(work, question, ledgers)
  const asked = stretchEnd(upTo, question.to, work.stretch) - upTo
  work.stretch = Math.max(HOUR, floorHour(asked / 2))
  return asked > HOUR
}

/** What each ledger is told. Undefined: there is more to ask before it is answered. */
type Answer = ((ledger: Ledger) => Input) | undefined

const isAskedFor = (asked: LedgerState['asked'], hour: Instant): boolean => {
  if (asked?.kind === 'reaching') return hour >= asked.from && hour < asked.to
  return asked?.kind === 'rows' && asked.hours.includes(hour)
}

const pageFor = ({ flows }: Course, page: Page, now: Instant): Answer => {
  if (page.done) return () => ({ kind: 'rows', items: [], last: true, now })
  return ({ flow, state: { asked } }) => {
    const items = page.value[flows.indexOf(flow)] ?? []
    return { kind: 'rows', items: items.filter(({ slot }) => isAskedFor(asked, floorHour(slot))), last: false, now }
  }
}

const answered = async (course: Course, work: LedgersWork, shared: Shared, asking: Asking): Promise<Answer> => {
  const { question, ledgers } = shared
  const { call, odooNow } = asking
  switch (question.kind) {
    case 'changed': {
      const { since, from, to, limit } = question
      const hours = await call(`${nameOf(course)}: changes`, ({ reader }, signal) =>
        reader.changedSince(course.flows, since, from, to, limit, signal, course.kept),
      )
      const now = odooNow()
      return () => ({ kind: 'changed', hours, now })
    }
    case 'checksums': {
      const hours = await nextSums(course, work, question, ledgers, asking)
      const now = odooNow()
      return hours && (() => ({ kind: 'checksums', hours, now }))
    }
    case 'reaching':
    case 'rows': {
      const page = await nextPage(course, question, asking)
      if (page.done) course.pages = undefined
      return pageFor(course, page, odooNow())
    }
  }
}

/**
 * At rest no question is out, so that a look that falls due goes before a question of backfill. Pauses after failures are
 * the scheduler's.
 */
const atRest = (ledgers: readonly Ledger[]): void => {
  for (const ledger of ledgers) {
    ledger.state = { ...ledger.state, asked: undefined, notBefore: Number.NEGATIVE_INFINITY }
  }
}

/** Between looks the ledger's clock stands at the end of the minute of the last one: the next look has its own time. */
const clockFor = ({ state, config }: Ledger, purpose: Wish['purpose'], odooNow: Instant): Instant =>
  isLook(purpose)
    ? odooNow
    : Math.max(state.lastLook, Math.min(odooNow, floorMinute(state.lastLook) + config.cadence.fast - 1))

/** Leaves what is under way: it is asked anew. */
export const abandon = (course: Course, odooNow: Instant, why?: unknown): void => {
  const { work, pages } = course
  course.pages = undefined
  pages?.abort.abort(why)
  if (work.kind !== 'ledgers') return
  const asking = work.ledgers.filter(({ state }) => state.asked !== undefined)
  for (const ledger of asking) {
    ledger.state = step(ledger.config, ledger.state, { kind: 'failed', now: odooNow }).state
  }
  atRest(asking)
}

/** The clock may ask something of each. */
const wind = (work: LedgersWork, { purpose, odooNow }: Asking): void => {
  for (const ledger of ledgersFor(work, purpose)) {
    const now = odooNow()
    ledger.state = rewound(ledger.state, now)
    const input = { kind: 'clock', now: clockFor(ledger, purpose, now) } as const
    ledger.state = step(ledger.config, ledger.state, input).state
  }
}

/**
 * A look was wanted, and there is nothing to look at: after a mass write not before it may have settled. The past waits for
 * its own turn, or it would be read before all else. Pages that are under way go on.
 */
const isOutOfTurn = ({ pages }: Course, { question }: Shared, { purpose }: Asking): boolean =>
  pages === undefined && isLook(purpose) && question.purpose !== 'look'

const askLedgers = async (course: Course, work: LedgersWork, asking: Asking): Promise<Asked> => {
  if (course.pages === undefined) wind(work, asking)
  const shared = sharedQuestion(work.ledgers)
  if (shared === undefined || isOutOfTurn(course, shared, asking)) {
    atRest(work.ledgers)
    return { kind: 'none', looked: [], isLookDone: false }
  }
  const { question, ledgers } = shared
  atRest(work.ledgers.filter((ledger) => !ledgers.includes(ledger)))
  const before = new Map(ledgers.map((ledger) => [ledger, ledger.state]))
  const hasLooked = (ledger: Ledger): boolean => {
    const [was, is] = [before.get(ledger), ledger.state]
    return is.lastLook !== was?.lastLook || is.partly?.at !== was.partly?.at
  }
  try {
    const answer = await answered(course, work, shared, asking)
    for (const ledger of answer ? ledgers : []) {
      if (answer) ledger.state = step(ledger.config, ledger.state, answer(ledger)).state
    }
    if (course.pages === undefined) atRest(ledgers)
    const looked = ledgers.filter(hasLooked)
    return { kind: question.kind, looked, isLookDone: looked.length > 0 && !isLooking(work) }
  } catch (error) {
    course.isNarrowed = narrow(work, shared, error)
    if (course.isNarrowed) atRest(ledgers)
    else abandon(course, asking.odooNow(), error)
    throw error
  }
}

const NEWEST_KEPT = 1_000

const askPresent = async (course: Course, work: PresentWork, { call }: Asking): Promise<Asked> => {
  const [flow] = course.flows
  if (flow === undefined) return { kind: 'none', looked: [], isLookDone: false }
  const answer = await call(`${flow.name}: count`, (access, signal) => access.reader.present(flow, signal))
  const { newest } = answer
  const isNew = newest !== undefined && newest !== work.newest.at(-1)
  work.answer = answer
  if (isNew) work.newest = [...work.newest, newest].slice(-NEWEST_KEPT)
  return { kind: 'present', looked: [work], isLookDone: true }
}

/** Rejects as the reader and the loan do; what was under way is then dropped. */
export const ask = (course: Course, asking: Asking): Promise<Asked> => {
  const { work } = course
  return work.kind === 'ledgers' ? askLedgers(course, work, asking) : askPresent(course, work, asking)
}
