/**
 * What is asked again and again of one table, for one flow or for several that share it: ledgers, which are read
 * together, or a present count. State, and how the clock and failures change it; what is asked stands in `ask.ts`.
 */
import type { Failure } from '../../collector.ts'
import { type Duration, type Instant, minutes, seconds } from '../../metric.ts'
import type { Item } from '../ledger/item.ts'
import { progress } from '../ledger/ledger.ts'
import type { LedgerConfig, LedgerState, Purpose } from '../ledger/ledger_state.ts'
import { backgroundFor, purposeOf } from '../ledger/look.ts'
import { type KeptRows, keptRows } from '../read/kept.ts'
import type { HourChecksum, Present } from '../read/reader.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import type { Target } from '../spec/tenant_flow.ts'
import { backoff, nextOnGrid } from './turns.ts'

/** Rows on their way: an hour may take many pages, between which others are asked. */
export interface Pages {
  readonly abort: AbortController
  /** The items of each flow of the course. */
  readonly iterator: AsyncIterator<readonly (readonly Item[])[]>
  readonly purpose: Wish['purpose']
}

/** Checksums on their way, stretch by stretch; between two of them others are asked. */
export interface Sums {
  /** Of the question. */
  readonly key: string
  readonly upTo: Instant
  readonly found: readonly HourChecksum[]
}

/** Of one flow: two, where its items lie in two tables. */
export interface Ledger {
  readonly kind: 'ledger'
  readonly flow: ResolvedFlow
  config: LedgerConfig<Target>
  state: LedgerState
  /** Our clock. */
  lookedAt: Instant | undefined
}

/** A look is one reading for all of them, and so is a question of backfill where they have come equally far. */
export interface LedgersWork {
  readonly kind: 'ledgers'
  ledgers: readonly Ledger[]
  sums: ReadonlyMap<Purpose, Sums>
  /** So much of the span is asked for at once: less after a deadline was missed, more while answers are quick. */
  stretch: Duration
}

export interface PresentWork {
  readonly kind: 'present'
  answer: Present | undefined
  /** The newest start of each answer so far: the beats of a heartbeat that only shows its last. */
  newest: readonly Instant[]
  /** Our clock. */
  lookedAt: Instant | undefined
}

/** What is known of one flow by one course. */
export type Part = Ledger | PresentWork

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
  /**
   * What its questions cover. A flow that goes leaves its place here: the others' checksums are good for the same rows as
   * before.
   */
  readonly flows: readonly ResolvedFlow[]
  readonly work: LedgersWork | PresentWork
  /** Where in the interval it is asked, so that flows and tenants don't pile up. */
  readonly phase: Duration
  interval: Duration
  pages: Pages | undefined
  /** Rows that looks have read. */
  readonly kept: KeptRows
  /** Our clock, as all that follow. */
  nextLook: Instant
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
  flows: readonly ResolvedFlow[],
  work: Course['work'],
  interval: Duration,
  now: Instant,
  random: () => number,
): Course => ({
  flows,
  work,
  phase: random() * interval,
  interval,
  pages: undefined,
  kept: keptRows(),
  nextLook: now,
  isNarrowed: false,
  failed: undefined,
  backgroundFailed: undefined,
  retryAt: now,
  backgroundRetryAt: now,
})

/** For people. */
export const nameOf = ({ flows }: Course): string => flows.map(({ name }) => name).join(', ')

/** The next thing to ask, by Odoo's clock: a look that is due at `nextLook` at the latest, or what is read between looks. */
export interface Wish {
  /** `first`: what the first reading needs. */
  readonly purpose: Purpose | 'first'
  readonly due: Instant
  /** How far back is known; of a first look the rows it has yet to read. */
  readonly depth: number
}

export const isLook = (purpose: Wish['purpose']): purpose is 'look' | 'first' =>
  purpose === 'look' || purpose === 'first'

/** Whether its first look is over: until then nothing is known, and what is asked are the windows that page. */
const isKnown = ({ state }: Ledger): boolean => state.coveredFrom !== undefined

/** Whose questions these are: a first look, which may take long, keeps no other ledger of the course from its looks. */
export const ledgersFor = ({ ledgers }: LedgersWork, purpose: Wish['purpose']): readonly Ledger[] =>
  ledgers.filter((ledger) => isKnown(ledger) === (purpose !== 'first'))

/** Whether a look is under way. */
export const isLooking = ({ ledgers }: LedgersWork): boolean =>
  ledgers.some((ledger) => isKnown(ledger) && ledger.state.look !== undefined)

/** Rows a look has yet to read, as far as their hours have been counted. */
const rowsLeft = (ledgers: readonly Ledger[]): number =>
  ledgers.reduce(
    (most, { state }) =>
      Math.max(
        most,
        (state.look?.toRead ?? []).reduce((sum, { count }) => sum + count, 0),
      ),
    0,
  )

interface Background {
  readonly purpose: Purpose
  readonly depth: Duration
}

const backgroundOf = ({ config, state }: Ledger, odooNow: Instant): readonly Background[] => {
  const next = state.background ?? backgroundFor(config, state, odooNow)
  if (next === undefined) return []
  const reach = config.readReach ?? config.reach
  return [{ purpose: purposeOf(next), depth: odooNow - (state.coveredFrom ?? odooNow) - reach }]
}

/** Backfill before rescans, and the newest rows first. */
const background = (work: LedgersWork, odooNow: Instant): Background | undefined => {
  const all = work.ledgers.filter(isKnown).flatMap((ledger) => backgroundOf(ledger, odooNow))
  const backfills = all.filter(({ purpose }) => purpose === 'backfill')
  return (backfills.length > 0 ? backfills : all).sort((a, b) => a.depth - b.depth)[0]
}

/** An answer is taken in whole before the next question; a look that falls due meanwhile waits for it, so it goes as one. */
const ofPages = (course: Course, work: LedgersWork, pages: Pages, now: Instant): Wish => {
  const { nextLook, retryAt, backgroundRetryAt } = course
  const isDue = now >= nextLook && work.ledgers.some(isKnown)
  const purpose = isDue && !isLook(pages.purpose) ? 'look' : pages.purpose
  const due = isLook(purpose) ? Math.max(retryAt, Math.min(now, nextLook)) : backgroundRetryAt
  return { purpose, due, depth: rowsLeft(ledgersFor(work, purpose)) }
}

const ofLedgers = (course: Course, work: LedgersWork, now: Instant, odooNow: Instant): readonly Wish[] => {
  const { pages, nextLook, retryAt, backgroundRetryAt } = course
  if (pages !== undefined) return [ofPages(course, work, pages, now)]
  const unknown = ledgersFor(work, 'first')
  const between = background(work, odooNow)
  const due = Math.max(isLooking(work) ? Math.min(now, nextLook) : nextLook, retryAt)
  return [
    ...(unknown.length > 0 ? [{ purpose: 'first', due: retryAt, depth: rowsLeft(unknown) } as const] : []),
    ...(unknown.length < work.ledgers.length ? [{ purpose: 'look', due, depth: 0 } as const] : []),
    ...(between ? [{ ...between, due: backgroundRetryAt }] : []),
  ]
}

/** What would be asked, and when. */
export const wishesOf = (course: Course, now: Instant, odooNow: Instant): readonly Wish[] => {
  const { work, nextLook, retryAt } = course
  if (work.kind === 'ledgers') return ofLedgers(course, work, now, odooNow)
  const purpose = work.answer === undefined ? 'first' : 'look'
  return [{ purpose, due: Math.max(nextLook, retryAt), depth: 0 }]
}

/** How much of the span has been read; undefined where there is none. */
export const progressOf = (part: Part, odooNow: Instant): number | undefined =>
  part.kind === 'present' ? undefined : progress(part.config, part.state, odooNow)

/** The look is done: the next one comes an interval later, at the course's own place in it. */
export const looked = (course: Course, now: Instant, skew: Duration): void => {
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
