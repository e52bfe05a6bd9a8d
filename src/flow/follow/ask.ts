/** One call of one flow: put to the reader, its answer taken in. The IO of a course. */
import { CollectError } from '../../collector.ts'
import { type Duration, type Instant, seconds } from '../../metric.ts'
import { floorHour, floorMinute, HOUR } from '../ledger/counts.ts'
import { step } from '../ledger/ledger.ts'
import type { Input, Purpose, Question } from '../ledger/ledger_state.ts'
import type { FlowAccess } from '../read/access.ts'
import type { HourChecksum } from '../read/reader.ts'
import { askBeats } from './beats.ts'
import { rewound } from './clock.ts'
import type { Course, LedgerCourse, Pages, PresentCourse, Sums } from './course.ts'

/** Puts one call to Odoo. Rejects as the reader does, and as loans do. */
export type Call = <T>(what: string, work: (access: FlowAccess, signal: AbortSignal) => Promise<T>) => Promise<T>

export interface Asking {
  readonly call: Call
  /** Odoo's clock. */
  readonly odooNow: () => Instant
  /** What the scheduler chose. */
  readonly purpose: Purpose
}

export interface Asked {
  /** Of the question: what it may take is told from others of its kind. */
  readonly kind: 'changed' | 'checksums' | 'rows' | 'present' | 'none'
  /** Whether a look has been finished by this call. */
  readonly isLookDone: boolean
}

/** The next page, or undefined after the last. */
export const nextPage = (
  course: Course,
  hours: readonly Instant[],
  { call }: Asking,
  purpose: Purpose,
): Promise<Awaited<ReturnType<Pages['iterator']['next']>>> => {
  const { flow } = course
  return call(`${flow.name}: rows`, (access, signal) => {
    if (course.pages === undefined) {
      const abort = new AbortController()
      const rows = access.reader.rows(flow, hours, abort.signal)
      course.pages = { abort, iterator: rows[Symbol.asyncIterator](), purpose }
    }
    const { abort, iterator } = course.pages
    signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true })
    return iterator.next()
  })
}

type SumsQuestion = Extract<Question, { kind: 'checksums' }>

/** Halved when a deadline is missed; doubled, for the next question, where the last answer took less than this. */
const QUICK: Duration = seconds(1)
const LONGEST_STRETCH: Duration = 64 * 24 * HOUR

/** The end of the next stretch; cut at multiples of it, so that one stretch is asked in the same words at each look. */
const stretchEnd = (from: Instant, to: Instant, stretch: Duration): Instant =>
  Math.min(to, (Math.floor(from / stretch) + 1) * stretch)

/** Of the part of this question that was asked before, by the same piece of work. */
const sumsSoFar = ({ state, sums }: LedgerCourse, { purpose, from, to }: SumsQuestion): Sums => {
  const key = `${(purpose === 'look' ? state.look : state.background)?.began} ${from} ${to}`
  const known = sums.get(purpose)
  return known?.key === key ? known : { key, upTo: from, found: [] }
}

/** The next stretch; all of them after the last one, undefined before. */
const nextSums = async (
  { flow }: Course,
  work: LedgerCourse,
  question: SumsQuestion,
  { call }: Asking,
): Promise<readonly HourChecksum[] | undefined> => {
  const { key, upTo, found } = sumsSoFar(work, question)
  const end = stretchEnd(upTo, question.to, work.stretch)
  const begun = performance.now()
  const more = await call(`${flow.name}: checksums`, ({ reader }, signal) => reader.checksums(flow, upTo, end, signal))
  const isQuick = performance.now() - begun < QUICK
  const sums = { key, upTo: end, found: [...found, ...more] }
  const isAll = end >= question.to
  if (isAll && isQuick) work.stretch = Math.min(2 * work.stretch, LONGEST_STRETCH)
  work.sums = new Map([...work.sums].filter(([purpose]) => purpose !== question.purpose))
  if (!isAll) work.sums = new Map([...work.sums, [question.purpose, sums]])
  return isAll ? sums.found : undefined
}

/** Whether a question that missed its deadline can be put in smaller parts; then it will be. What was found stays. */
const narrow = (work: LedgerCourse, question: Question, error: unknown): boolean => {
  if (question.kind !== 'checksums' || !(error instanceof CollectError && error.reason === 'timeout')) return false
  const { upTo } = sumsSoFar(work, question)
  const asked = stretchEnd(upTo, question.to, work.stretch) - upTo
  work.stretch = Math.max(HOUR, floorHour(asked / 2))
  return asked > HOUR
}

/** Undefined: there is more to ask before it is answered. */
const answered = async (
  course: Course,
  work: LedgerCourse,
  question: Question,
  asking: Asking,
): Promise<Input | undefined> => {
  const { flow } = course
  const { call, odooNow } = asking
  switch (question.kind) {
    case 'changed': {
      const { since, from, to, limit } = question
      const ask = (access: FlowAccess, signal: AbortSignal) =>
        access.reader.changedSince(flow, since, from, to, limit, signal)
      return { kind: 'changed', hours: await call(`${flow.name}: changes`, ask), now: odooNow() }
    }
    case 'checksums': {
      const hours = await nextSums(course, work, question, asking)
      return hours && { kind: 'checksums', hours, now: odooNow() }
    }
    case 'rows': {
      const page = await nextPage(course, question.hours, asking, question.purpose)
      if (page.done) course.pages = undefined
      return { kind: 'rows', items: page.done ? [] : page.value, last: page.done === true, now: odooNow() }
    }
  }
}

/**
 * At rest no question is out, so that a look that falls due goes before a question of backfill. Pauses after failures are
 * the scheduler's.
 */
const atRest = (work: LedgerCourse): void => {
  work.state = { ...work.state, asked: undefined, notBefore: Number.NEGATIVE_INFINITY }
}

/** Between looks the ledger's clock stands at the end of the minute of the last one: the next look has its own time. */
const clockFor = ({ state, config }: LedgerCourse, purpose: Purpose, odooNow: Instant): Instant =>
  purpose === 'look'
    ? odooNow
    : Math.max(state.lastLook, Math.min(odooNow, floorMinute(state.lastLook) + config.cadence.fast - 1))

/** Leaves what is under way: it is asked anew. */
export const abandon = (course: Course, odooNow: Instant, why?: unknown): void => {
  const { work, pages } = course
  course.pages = undefined
  pages?.abort.abort(why)
  if (work.kind === 'beats') work.reading = undefined
  if (work.kind !== 'ledger') return
  work.state = step(work.config, work.state, { kind: 'failed', now: odooNow }).state
  atRest(work)
}

const askLedger = async (course: Course, work: LedgerCourse, asking: Asking): Promise<Asked> => {
  const before = rewound(work.state, asking.odooNow())
  work.state = before
  if (course.pages === undefined) {
    const now = clockFor(work, asking.purpose, asking.odooNow())
    work.state = step(work.config, work.state, { kind: 'clock', now }).state
  }
  const question = work.state.asked
  if (question === undefined) return { kind: 'none', isLookDone: false }
  try {
    const input = await answered(course, work, question, asking)
    if (input !== undefined) work.state = step(work.config, work.state, input).state
    if (course.pages === undefined) atRest(work)
    const isLookDone = work.state.lastLook !== before.lastLook
    return { kind: question.kind, isLookDone }
  } catch (error) {
    course.isNarrowed = narrow(work, question, error)
    if (course.isNarrowed) atRest(work)
    else abandon(course, asking.odooNow(), error)
    throw error
  }
}

const NEWEST_KEPT = 1_000

const askPresent = async ({ flow }: Course, work: PresentCourse, { call }: Asking): Promise<Asked> => {
  const answer = await call(`${flow.name}: count`, (access, signal) => access.reader.present(flow, signal))
  const { newest } = answer
  const isNew = newest !== undefined && newest !== work.newest.at(-1)
  work.answer = answer
  if (isNew) work.newest = [...work.newest, newest].slice(-NEWEST_KEPT)
  return { kind: 'present', isLookDone: true }
}

/** Rejects as the reader and the loan do; what was under way is then dropped. */
export const ask = (course: Course, asking: Asking): Promise<Asked> => {
  const { work } = course
  if (work.kind === 'ledger') return askLedger(course, work, asking)
  return work.kind === 'present' ? askPresent(course, work, asking) : askBeats(course, work, asking)
}
