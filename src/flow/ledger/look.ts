/**
 * What the ledger looks at next: each minute at the last day or, now and then, the last three; a full look each ten; one
 * at what is older, and now and then one over the whole span; the backfill and the nightly rescan between.
 */
import type { Duration, Instant } from '../../metric.ts'
import { floorHour, floorMinute, HOUR } from './counts.ts'
import type { HourToRead, LedgerConfig, LedgerState, Purpose, Question, Work } from './ledger_state.ts'

/** Nothing here depends on the target's shape. */
export type Config = Omit<LedgerConfig<never>, 'promise' | 'deadline'>

/** The first slot of the span kept. */
export const spanFrom = ({ span, reach, readReach = reach }: Config, now: Instant): Instant =>
  floorHour(floorHour(now - span) - readReach)
/** The end of the span kept. */
export const spanTo = ({ ahead }: Config, now: Instant): Instant => floorHour(now + ahead) + HOUR
const atLeast = (value: Instant, least: Instant): Instant => Math.max(value, least)

/** The first hour of the windows that page. */
export const pagesFrom = ({ cadence, span }: Config, now: Instant): Instant =>
  floorHour(now - Math.min(cadence.backfill[0] ?? span, span))

/** The first slot that is read for them whole. */
export const promptFrom = (config: Config, now: Instant): Instant =>
  floorHour(pagesFrom(config, now) - (config.readPrompt ?? config.prompt))
/** The first slot that may have a verdict in them. */
export const reachingFrom = (config: Config, now: Instant): Instant =>
  floorHour(pagesFrom(config, now) - (config.readReach ?? config.reach))

/** How far back the next step of the backfill goes. */
const backfillTo = (config: Config, coveredFrom: Instant, now: Instant): Instant => {
  const whole = spanFrom(config, now)
  const steps = config.cadence.backfill.map((step) => spanFrom({ ...config, span: Math.min(step, config.span) }, now))
  return steps.find((step) => step < coveredFrom) ?? whole
}

export const byNewest = (a: { readonly hour: Instant }, b: { readonly hour: Instant }): number => b.hour - a.hour

const begin = (kind: Work['kind'], now: Instant, from: Instant, to: Instant): Work => ({
  kind,
  began: now,
  from,
  to,
  toRead: undefined,
  newest: undefined,
})

/** Of a minute: by stamps or checksums, of a few hours or, now and then, of more. */
const minutesLook = (config: Config, state: LedgerState, now: Instant, from: Instant, to: Instant): Work => {
  const { wide, lately, widely } = config.cadence
  const isWide = now >= state.lastWide + wide
  const age = (isWide ? widely : lately)[config.fast]
  return begin(isWide ? 'wide' : 'fast', now, atLeast(from, floorHour(now) - age), to)
}

/**
 * Most items are judged soon after their slot. A few of long ago, promised for today, are judged with them: until the hours
 * between have been read, they are asked for by themselves. Where their changes leave no stamp, now and then again.
 */
const reachingLook = (config: Config, state: LedgerState, now: Instant): Work | undefined => {
  const { coveredFrom = now, partly, asOf = now } = state
  const from = reachingFrom(config, asOf)
  if (config.reach <= config.prompt || from >= coveredFrom) return undefined
  const isDue = partly === undefined || (config.fast === 'checksums' && now >= partly.at + config.cadence.full)
  return isDue ? begin('reaching', now, from, coveredFrom) : undefined
}

/** The look that is due. */
export const lookFor = (config: Config, state: LedgerState, now: Instant): Work | undefined => {
  const { fast, full, recent, whole, widely, older } = config.cadence
  const to = spanTo(config, now)
  if (state.coveredFrom === undefined) return begin('whole', now, promptFrom(config, now), to)
  const from = atLeast(state.coveredFrom, spanFrom(config, now))
  // A mass write may be anywhere. A look brought forward by one reads all of it again: at most one an overlap.
  if (now >= state.lastWhole + (state.isBlocked ? Math.min(whole, config.overlap) : whole)) {
    return begin('whole', now, from, to)
  }
  if (state.isBlocked) return undefined
  // After a minute's look, when what has changed since it was due is known: its hours would else be read for it.
  const isDue = (last: Instant, every: Duration) => now >= last + every && state.lastLook >= last + every
  if (isDue(state.lastFull, full)) return begin('full', now, atLeast(from, floorHour(now) - recent), to)
  // What is known in part is kept up to date by stamps as what is known whole.
  const stamps = config.fast === 'changed' && state.partly ? Math.min(from, state.partly.from) : from
  const newer = atLeast(stamps, floorHour(now) - widely[config.fast])
  const hasOlder = config.fast === 'changed' && newer > stamps
  if (hasOlder && isDue(state.lastOlder, older)) return begin('older', now, stamps, newer)
  if (floorMinute(now) >= floorMinute(state.lastLook) + fast) return minutesLook(config, state, now, stamps, to)
  return reachingLook(config, state, now)
}

const rescanDue = ({ cadence }: Config, now: Instant): Instant =>
  Math.floor((now - cadence.rescanAt) / (24 * HOUR)) * 24 * HOUR + cadence.rescanAt

/** What is to be read between looks. */
export const backgroundFor = (config: Config, state: LedgerState, now: Instant): Work | undefined => {
  if (state.coveredFrom === undefined) return undefined
  const whole = spanFrom(config, now)
  if (state.coveredFrom > whole) {
    return begin('backfill', now, backfillTo(config, state.coveredFrom, now), state.coveredFrom)
  }
  return state.lastRescan < rescanDue(config, now)
    ? begin('rescan', now, whole, Math.min(state.coveredTo, spanTo(config, now)))
    : undefined
}

export const purposeOf = ({ kind }: Work): Purpose => (kind === 'backfill' || kind === 'rescan' ? kind : 'look')

/** The newest hours to read, one at least, as many as one page may hold. */
const page = (toRead: readonly HourToRead[], limit: number): readonly HourToRead[] => {
  let rows = 0
  const end = toRead.findIndex(({ count }, i) => {
    rows += count
    return i > 0 && rows > limit
  })
  return end === -1 ? toRead : toRead.slice(0, end)
}

const isMinutes = ({ kind }: Work): boolean => kind === 'fast' || kind === 'wide'

/** Until when the look before saw what had been stamped in these hours. */
const seenBefore = ({ highest, lastLook, lastWide, lastOlder }: LedgerState, { kind }: Work): Instant => {
  if (kind === 'older') return lastOlder
  const lately = highest ?? lastLook
  return kind === 'wide' ? Math.min(lately, lastWide) : lately
}

/** The next question of a piece of work. */
export const questionOf = (config: Config, state: LedgerState, work: Work): Question => {
  const { from, to } = work
  if (work.toRead !== undefined) {
    const hoursToRead = page(work.toRead, config.cadence.pageRows).map(({ hour }) => hour)
    return { kind: 'rows', purpose: purposeOf(work), hours: hoursToRead }
  }
  if (work.kind === 'reaching') return { kind: 'reaching', purpose: 'look', from, to }
  const isByStamp = work.kind === 'older' || (isMinutes(work) && config.fast === 'changed')
  if (!isByStamp) return { kind: 'checksums', purpose: purposeOf(work), from, to }
  // From the highest stamp seen: no clock of ours. It can't be ahead of now, unless the database's clock was set back.
  const highest = Math.min(seenBefore(state, work), work.began)
  const since = atLeast(highest - config.overlap, state.seenUpTo)
  return { kind: 'changed', purpose: 'look', since, from, to, limit: config.cadence.massWrite }
}
