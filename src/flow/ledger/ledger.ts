/**
 * The slot ledger: Odoo's rows partitioned by the hour of one field, each hour's contribution replaced whole when its
 * rows may have changed. A state machine without IO: an answer or the clock goes in, the state and the next question
 * come out. One question is out at a time.
 */
import type { Instant } from '../../metric.ts'
import type { ChangedHour, HourChecksum } from '../read/reader.ts'
import { floorHour, floorMinute, HOUR } from './counts.ts'
import type { Item } from './item.ts'
import {
  type Input,
  type LedgerConfig,
  type LedgerState,
  never,
  type Question,
  type Slot,
  type Work,
} from './ledger_state.ts'
import {
  backgroundFor,
  byNewest,
  type Config,
  lookFor,
  pagesFrom,
  purposeOf,
  questionOf,
  spanFrom,
  spanTo,
} from './look.ts'
import { withSettled } from './seen.ts'
import { coarsen, emptyTally, merge, type Tally, tallyOf } from './tally.ts'

export interface Step {
  readonly state: LedgerState
  readonly ask: Question | undefined
}

/** Rows stamped this late may have neighbours yet to commit, or to be stamped with the same second. */
const maySettle = (config: Config, state: LedgerState, newest: Instant | undefined): boolean =>
  newest !== undefined && newest >= state.lastLook - config.overlap

const hasChanged = (config: Config, state: LedgerState, work: Work, seen: HourChecksum): boolean =>
  work.kind === 'backfill' ||
  work.kind === 'rescan' ||
  state.slots.get(seen.hour)?.sum !== seen.sum ||
  maySettle(config, state, seen.newest)

const newestOf = (stamps: Iterable<{ readonly newest: Instant | undefined }>): Instant | undefined => {
  let newest: Instant | undefined
  for (const each of stamps) if (each.newest !== undefined) newest = Math.max(newest ?? each.newest, each.newest)
  return newest
}

const onChecksums = (config: Config, state: LedgerState, work: Work, answer: readonly HourChecksum[]): LedgerState => {
  const inRange = answer.filter(({ hour }) => hour >= work.from && hour < work.to)
  const seen = new Set(inRange.map(({ hour }) => hour))
  // An hour without rows has no checksum: what it contributed is gone.
  const slots = new Map([...state.slots].filter(([hour]) => hour < work.from || hour >= work.to || seen.has(hour)))
  const toRead = inRange.filter((each) => hasChanged(config, state, work, each)).sort(byNewest)
  return keep({ ...state, slots }, { ...work, toRead, newest: newestOf(inRange) })
}

const onChanged = (config: Config, state: LedgerState, work: Work, answer: readonly ChangedHour[]): LedgerState => {
  const inRange = answer.filter(({ hour }) => hour >= work.from && hour < work.to)
  const changed = inRange.filter(
    ({ hour, newest }) => state.slots.get(hour)?.newest !== newest || maySettle(config, state, newest),
  )
  const hoursChanged = new Set(changed.map(({ hour }) => hour))
  // Hours that came into the span since the last look may hold rows written long ago.
  const arrived = Array.from({ length: Math.max(0, (work.to - state.coveredTo) / HOUR) }, (_, i) => ({
    hour: state.coveredTo + i * HOUR,
    newest: undefined,
  })).filter(({ hour }) => !hoursChanged.has(hour))
  const toRead = [...changed, ...arrived].map((each) => ({ ...each, count: 0, sum: undefined })).sort(byNewest)
  return keep(state, { ...work, toRead, newest: newestOf(inRange) })
}

const keep = (state: LedgerState, work: Work): LedgerState =>
  purposeOf(work) === 'look' ? { ...state, look: work } : { ...state, background: work }

const byHour = (items: readonly Item[]): ReadonlyMap<Instant, readonly Item[]> =>
  Map.groupBy(items, ({ slot }) => floorHour(slot))

const onPage = <T>(
  config: LedgerConfig<T>,
  state: LedgerState,
  items: readonly Item[],
  now: Instant,
): ReadonlyMap<Instant, Tally> => {
  const pages = new Map(state.pages)
  for (const [hour, ofHour] of byHour(items)) {
    const tally = tallyOf(ofHour, config, now)
    const known = pages.get(hour)
    pages.set(hour, known === undefined ? tally : merge([known, tally], now))
  }
  return pages
}

/** How many more of an hour's items have failed than before; of one that is read for the first time, nobody knows. */
const failuresIn = ({ ahead }: Config, state: LedgerState, hour: Instant, tally: Tally): number => {
  const isKnown = state.coveredFrom !== undefined && hour >= state.coveredFrom
  // Unless rows are planned ahead, an hour that has come since the last look was empty then.
  const wasRead = isKnown && (hour < state.coveredTo || ahead === 0)
  return wasRead ? Math.max(0, tally.failed - (state.slots.get(hour)?.tally.failed ?? 0)) : 0
}

/** The hours of the question are replaced whole. */
const onLastPage = (config: Config, state: LedgerState, work: Work, read: readonly Instant[]): LedgerState => {
  const toRead = work.toRead ?? []
  const slots = new Map(state.slots)
  let { failures } = state.seen
  for (const { hour, sum, newest, count } of toRead.slice(0, read.length)) {
    const tally = state.pages.get(hour) ?? emptyTally
    // A row that came after the checksum and is gone by the next one would leave the checksum as it was. Fewer items are
    // rows that are none (`only`), or have gone, which the next checksum shows.
    const isSame = tally.items <= count
    failures += failuresIn(config, state, hour, tally)
    // Without items, but not without rows: its checksum is kept, or it would be read at each full look.
    if (tally.items === 0 && count === 0) slots.delete(hour)
    else slots.set(hour, { sum: isSame ? sum : undefined, newest, tally })
  }
  const rest = toRead.slice(read.length)
  const reached = rest[0] === undefined ? work.from : rest[0].hour + HOUR
  const coveredFrom = work.kind === 'backfill' ? reached : state.coveredFrom
  const seen = { ...state.seen, failures }
  return keep({ ...state, slots, coveredFrom, pages: new Map(), seen }, { ...work, toRead: rest })
}

/** What was known in part is replaced; the hours that came to be known whole meanwhile are as good. */
const onReaching = (state: LedgerState, work: Work): LedgerState => {
  const slots = new Map([...state.slots].filter(([hour]) => hour < work.from || hour >= work.to))
  for (const [hour, tally] of state.pages) slots.set(hour, { sum: undefined, newest: undefined, tally })
  return keep({ ...state, slots, pages: new Map() }, { ...work, toRead: [] })
}

const higher = (a: Instant | undefined, b: Instant | undefined): Instant | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)

/**
 * Slots that left the span go, but for an hour: another ledger of the flow may not have come as far. Those that grew old
 * are kept in coarser sums.
 */
const age = (config: Config, slots: LedgerState['slots'], now: Instant): LedgerState['slots'] => {
  const from = spanFrom(config, now) - HOUR
  const kept = new Map<Instant, Slot>()
  for (const [hour, slot] of slots) {
    if (hour < from) continue
    const tally = coarsen(slot.tally, now)
    kept.set(hour, tally === slot.tally ? slot : { ...slot, tally })
  }
  return kept
}

const isWhole = (config: Config, state: LedgerState, now: Instant): boolean =>
  state.coveredFrom !== undefined && state.coveredFrom <= spanFrom(config, now)

const finishLook = (config: Config, state: LedgerState, work: Work): LedgerState => {
  // A full look, and one at older hours, is no more than a part of a look.
  if (work.kind === 'full') return { ...state, look: undefined, coveredTo: work.to, lastFull: work.began }
  if (work.kind === 'older') return { ...state, look: undefined, lastOlder: work.began }
  if (work.kind === 'reaching') {
    const partly = { from: work.from, since: pagesFrom(config, state.asOf ?? work.began), at: work.began }
    return { ...state, look: undefined, partly }
  }
  const wasWhole = work.kind === 'whole'
  const asOf = floorMinute(work.began)
  const slots = age(config, state.slots, asOf)
  const looked: LedgerState = {
    ...state,
    look: undefined,
    slots,
    coveredFrom: state.coveredFrom ?? work.from,
    coveredTo: work.to,
    // It did not look there: to be asked for anew.
    partly: wasWhole ? undefined : state.partly,
    asOf,
    highest: higher(state.highest, work.newest),
    lastLook: work.began,
    lastWide: wasWhole || work.kind === 'wide' ? work.began : state.lastWide,
    lastFull: wasWhole ? work.began : state.lastFull,
    lastOlder: wasWhole ? work.began : state.lastOlder,
    lastWhole: wasWhole ? work.began : state.lastWhole,
    seenUpTo: wasWhole && state.isBlocked ? work.began - config.overlap : state.seenUpTo,
    isBlocked: state.isBlocked && !wasWhole,
    // The first reading is as good as a rescan.
    lastRescan: state.lastRescan === never ? work.began : state.lastRescan,
  }
  if (!isWhole(config, looked, asOf)) return looked
  const tallies = slots.values().map(({ tally }) => tally)
  const durations = withSettled(state.seen.durations, tallies, asOf, config.overlap)
  return { ...looked, seen: { ...state.seen, durations } }
}

const finish = (config: Config, state: LedgerState): LedgerState => {
  const { look, background } = state
  if (look?.toRead?.length === 0) return finish(config, finishLook(config, state, look))
  if (background?.toRead?.length === 0) {
    if (background.kind === 'rescan') return { ...state, background: undefined, lastRescan: background.began }
    const coveredFrom = background.from
    const partly = state.partly && state.partly.from < coveredFrom ? state.partly : undefined
    return { ...state, background: undefined, coveredFrom, partly }
  }
  return state
}

const next = (config: Config, before: LedgerState, now: Instant): Step => {
  const state = finish(config, before)
  if (now < state.notBefore) return { state: { ...state, asked: undefined }, ask: undefined }
  const look = state.look ?? lookFor(config, state, now)
  const background = look === undefined ? (state.background ?? backgroundFor(config, state, now)) : state.background
  const work = look ?? background
  const ask = work && questionOf(config, state, work)
  return { state: { ...state, look, background, asked: ask }, ask }
}

const workOf = (state: LedgerState): Work | undefined =>
  state.asked?.purpose === 'look' ? state.look : state.background

const blocked = (state: LedgerState): LedgerState => ({ ...state, look: undefined, isBlocked: true })

const dropped = (config: Config, state: LedgerState, now: Instant): LedgerState => ({
  ...state,
  ...(state.asked?.purpose === 'look' ? { look: undefined } : { background: undefined }),
  pages: new Map(),
  notBefore: floorMinute(now) + config.cadence.fast,
})

/**
 * One step: what came in, and what to ask next. An answer that wasn't asked for changes nothing; the clock starts what
 * is due while no question is out.
 */
export const step = <T>(config: LedgerConfig<T>, state: LedgerState, input: Input): Step => {
  const { asked } = state
  const work = workOf(state)
  if (input.kind === 'clock') return asked === undefined ? next(config, state, input.now) : { state, ask: undefined }
  if (asked === undefined || work === undefined) return { state, ask: undefined }
  if (input.kind === 'failed') return next(config, dropped(config, state, input.now), input.now)
  const answers = asked.kind === 'reaching' ? 'rows' : asked.kind
  if (input.kind !== answers) return { state, ask: undefined }
  if (input.kind === 'checksums') return next(config, onChecksums(config, state, work, input.hours), input.now)
  if (input.kind === 'changed') {
    const after = input.hours === 'too_many' ? blocked(state) : onChanged(config, state, work, input.hours)
    return next(config, after, input.now)
  }
  const paged = { ...state, pages: onPage(config, state, input.items, input.now) }
  if (!input.last) return { state: paged, ask: undefined }
  const after = asked.kind === 'rows' ? onLastPage(config, paged, work, asked.hours) : onReaching(paged, work)
  return next(config, after, input.now)
}

/** How much of the span has been read, 0 to 1. */
export const progress = <T>(config: LedgerConfig<T>, state: LedgerState, now: Instant): number => {
  const from = spanFrom(config, now)
  const to = spanTo(config, now)
  return state.coveredFrom === undefined ? 0 : Math.min(1, (to - state.coveredFrom) / (to - from))
}
