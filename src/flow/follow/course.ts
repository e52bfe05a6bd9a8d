/**
 * What is asked again and again for one flow: a ledger (two, where its items lie in two tables), a present count, or the
 * beats of a heartbeat. State, and how the clock and failures change it; what is asked stands in the files beside.
 */
import type { Failure } from '../../collector.ts'
import { type Duration, type Instant, minutes, seconds } from '../../metric.ts'
import type { Item } from '../ledger/item.ts'
import { progress } from '../ledger/ledger.ts'
import type { LedgerConfig, LedgerState, Purpose } from '../ledger/ledger_state.ts'
import { backgroundFor, purposeOf } from '../ledger/look.ts'
import type { HourChecksum, Present } from '../read/reader.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import type { Target } from '../spec/tenant_flow.ts'
import { backoff, nextOnGrid } from './turns.ts'

/** Rows on their way: an hour may take many pages, between which others are asked. */
export interface Pages {
  readonly abort: AbortController
  readonly iterator: AsyncIterator<readonly Item[]>
  readonly purpose: Purpose
}

/** Checksums on their way, stretch by stretch; between two of them others are asked. */
export interface Sums {
  /** Of the question. */
  readonly key: string
  readonly upTo: Instant
  readonly found: readonly HourChecksum[]
}

export interface LedgerCourse {
  readonly kind: 'ledger'
  config: LedgerConfig<Target>
  state: LedgerState
  sums: ReadonlyMap<Purpose, Sums>
  /** So much of the span is asked for at once: less after a deadline was missed, more while answers are quick. */
  stretch: Duration
}

export interface PresentCourse {
  readonly kind: 'present'
  answer: Present | undefined
  /** The newest start of each answer so far: the beats of a heartbeat that only shows its last. */
  newest: readonly Instant[]
}

/** Hours of beats on their way. */
export interface BeatsReading {
  readonly purpose: Purpose
  readonly from: Instant
  readonly toRead: readonly { readonly hour: Instant; readonly sum: string }[]
  /** Of the pages so far. */
  readonly beats: ReadonlyMap<Instant, readonly Instant[]>
}

export interface BeatsCourse {
  readonly kind: 'beats'
  readonly span: Duration
  /** The beats by hour of the slot, with the hour's checksum. */
  hours: ReadonlyMap<Instant, { readonly sum: string; readonly beats: readonly Instant[] }>
  /** All beats since then are known. */
  knownFrom: Instant | undefined
  reading: BeatsReading | undefined
}

export interface Failed {
  readonly reason: Failure
  readonly message: string
  /** In a row; those that are put again in smaller parts don't count. */
  readonly times: number
  /** How often of these the target was lost at the same time. */
  readonly losses: number
  /** The target was lost, and answers again. */
  readonly isOver: boolean
}

export interface Course {
  readonly flow: ResolvedFlow
  readonly work: LedgerCourse | PresentCourse | BeatsCourse
  /** Where in the interval it is asked, so that flows and tenants don't pile up. */
  readonly phase: Duration
  interval: Duration
  pages: Pages | undefined
  /** Our clock, as all that follow. */
  nextLook: Instant
  lookedAt: Instant | undefined
  /** The question that has just failed will be put in smaller parts. */
  isNarrowed: boolean
  failed: Failed | undefined
  backgroundFailed: Failed | undefined
  retryAt: Instant
  backgroundRetryAt: Instant
}

export const LONGEST_BACKOFF: Duration = minutes(10)
/** The smaller part is asked for so long after: Odoo may still be at work on the larger one. */
const NARROWED_AGAIN: Duration = seconds(12)

export const courseOf = (
  flow: ResolvedFlow,
  work: Course['work'],
  interval: Duration,
  now: Instant,
  random: () => number,
): Course => ({
  flow,
  work,
  phase: random() * interval,
  interval,
  pages: undefined,
  nextLook: now,
  lookedAt: undefined,
  isNarrowed: false,
  failed: undefined,
  backgroundFailed: undefined,
  retryAt: now,
  backgroundRetryAt: now,
})

/** The next thing to ask, by Odoo's clock: a look that is due at `nextLook` at the latest, or what is read between looks. */
export interface Wish {
  /** `first`: what the first reading needs. */
  readonly purpose: Purpose | 'first'
  readonly due: Instant
  /** How far back is known; of a first look the rows it has yet to read. */
  readonly depth: number
}

const isLooking = ({ work }: Course): boolean => {
  if (work.kind === 'ledger') return work.state.look !== undefined || work.state.coveredFrom === undefined
  return work.kind === 'beats' && (work.knownFrom === undefined || work.reading?.purpose === 'look')
}

/** Nothing is known yet: what is asked now are the windows that page. */
const isFirst = ({ work }: Course): boolean => {
  if (work.kind === 'ledger') return work.state.coveredFrom === undefined
  return work.kind === 'beats' ? work.knownFrom === undefined : work.answer === undefined
}

interface Background {
  readonly purpose: Purpose
  readonly depth: Duration
}

const background = ({ work }: Course, odooNow: Instant): Background | undefined => {
  if (work.kind === 'present') return undefined
  if (work.kind === 'beats') {
    const { knownFrom, span, reading } = work
    if (knownFrom === undefined || (knownFrom <= odooNow - span && reading === undefined)) return undefined
    return { purpose: 'backfill', depth: odooNow - knownFrom }
  }
  const { config, state } = work
  const next = state.background ?? backgroundFor(config, state, odooNow)
  if (next === undefined) return undefined
  const depth = odooNow - (state.coveredFrom ?? odooNow) - config.reach
  return { purpose: purposeOf(next), depth }
}

/** Rows its look has yet to read, as far as their hours have been counted. */
const rowsLeft = ({ work }: Course): number =>
  work.kind === 'ledger' ? (work.state.look?.toRead ?? []).reduce((sum, { count }) => sum + count, 0) : 0

/** What this flow would ask, and when. */
export const wishesOf = (course: Course, now: Instant, odooNow: Instant): readonly Wish[] => {
  const { pages, nextLook, retryAt, backgroundRetryAt } = course
  const purpose: Wish['purpose'] = isFirst(course) ? 'first' : 'look'
  // An answer is taken in whole before the next question; its own look waits for that, so it is not left waiting.
  if (pages !== undefined && (pages.purpose === 'look' || now >= nextLook)) {
    return [{ purpose, due: Math.max(retryAt, Math.min(now, nextLook)), depth: rowsLeft(course) }]
  }
  const look = {
    purpose,
    due: Math.max(isLooking(course) ? Math.min(now, nextLook) : nextLook, retryAt),
    depth: rowsLeft(course),
  }
  const between = pages ? { purpose: pages.purpose, depth: 0 } : background(course, odooNow)
  const rest = between ? [{ ...between, due: backgroundRetryAt }] : []
  return pages ? rest : [look, ...rest]
}

/** How much of the span has been read; undefined where there is none. */
export const progressOf = ({ work }: Course, odooNow: Instant): number | undefined => {
  if (work.kind === 'present') return undefined
  if (work.kind === 'ledger') return progress(work.config, work.state, odooNow)
  return work.knownFrom === undefined ? 0 : Math.min(1, (odooNow - work.knownFrom) / work.span)
}

export const isLook = (purpose: Wish['purpose']): purpose is 'look' | 'first' =>
  purpose === 'look' || purpose === 'first'

/** The look is done: the next one comes an interval later, at the flow's own place in it. */
export const looked = (course: Course, now: Instant, skew: Duration): void => {
  course.lookedAt = now
  course.failed = undefined
  course.retryAt = now
  course.nextLook = nextOnGrid(now, skew, course.interval, course.phase)
}

/** There was nothing to ask after all: the next time an interval later. */
export const unasked = (course: Course, purpose: Wish['purpose'], now: Instant, skew: Duration): void => {
  if (isLook(purpose)) course.nextLook = nextOnGrid(now, skew, course.interval, course.phase)
  else course.backgroundRetryAt = now + course.interval
}

export interface Trouble {
  readonly reason: Failure
  readonly message: string
  /** The target was lost. */
  readonly isLoss: boolean
}

const again = (before: Failed | undefined, { reason, message, isLoss }: Trouble, isNarrowed: boolean): Failed => ({
  reason,
  message,
  times: (before?.times ?? 0) + (isNarrowed ? 0 : 1),
  losses: isLoss ? (before?.losses ?? 0) + 1 : 0,
  isOver: false,
})

/** A question that brought no answer is put again, with growing pauses; soon, where it will be a smaller one. */
export const failedAt = (course: Course, purpose: Wish['purpose'], trouble: Trouble, now: Instant): void => {
  const { isNarrowed, interval } = course
  const next = ({ times }: Failed): Instant =>
    now + (isNarrowed ? NARROWED_AGAIN : backoff(times, interval, LONGEST_BACKOFF))
  if (isLook(purpose)) {
    course.failed = again(course.failed, trouble, isNarrowed)
    course.retryAt = next(course.failed)
  } else {
    course.backgroundFailed = again(course.backgroundFailed, trouble, isNarrowed)
    course.backgroundRetryAt = next(course.backgroundFailed)
  }
  course.isNarrowed = false
}

export const askedAtOnce = (course: Course, now: Instant): void => {
  course.retryAt = now
  course.nextLook = now
}

/**
 * The target answers again: it is asked at once, but for a question that was under way each of the last times the target
 * was lost. It may be what kills Odoo's worker.
 */
export const recovered = (course: Course, now: Instant): void => {
  const { failed, backgroundFailed } = course
  if (failed === undefined || failed.losses < 2) {
    askedAtOnce(course, now)
    if (failed?.losses) course.failed = { ...failed, isOver: true }
  }
  if (backgroundFailed === undefined || backgroundFailed.losses < 2) course.backgroundRetryAt = now
}
