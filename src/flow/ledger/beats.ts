/**
 * Flows that no ledger judges: heartbeats, by the gaps between their beats, and slices, by a present count. Pure.
 * Closed hours and holidays are not looked at: a gap over a weekend is a gap.
 */
import type { Duration, Instant } from '../../metric.ts'
import type { Present } from '../read/reader.ts'
import type { Reading } from '../report.ts'
import type { Target } from '../spec/tenant_flow.ts'
import { type Beat, byMinute } from './beat.ts'
import { DAY, floorHour, floorMinute, HOUR, MINUTE } from './counts.ts'
import type { Item } from './item.ts'
import { tallyOf } from './tally.ts'
import { type DatedTarget, type Deadline, targetAt } from './verdict.ts'
import { type View, type Windows, windowsOf } from './windows.ts'

export interface Heartbeat {
  /** When it beat, in any order; `thinned` ones do. */
  readonly beats: readonly Instant[]
  /** All beats since then are among them. */
  readonly knownFrom: Instant
  /** How often it should beat; undefined: learnt from the beats. */
  readonly period: Duration | undefined
  /** `periods` or `within`: the longest gap allowed. */
  readonly targets: readonly [DatedTarget<Target>, ...(readonly DatedTarget<Target>[])]
}

/** Fewer gaps tell nothing of a period. */
const FEWEST_GAPS = 4

/**
 * The median gap of the last day before the last beat: one that has stopped keeps the period it had. Gaps of less than
 * a minute are within one run.
 */
const learnt = (beats: readonly Beat[]): Duration | undefined => {
  const end = beats.at(-1)?.last ?? 0
  const recent = beats.filter(({ last }) => last >= end - DAY)
  const gaps = recent.slice(1).map(({ first }, i) => first - (recent[i]?.last ?? first))
  if (gaps.length < FEWEST_GAPS) return undefined
  const between = gaps.filter((gap) => gap >= MINUTE).sort((a, b) => a - b)
  return between.length < FEWEST_GAPS ? MINUTE : between[Math.floor(between.length / 2)]
}

const allowedBy = (target: Target, period: Duration | undefined): Duration | undefined => {
  if ('within' in target) return target.within
  return 'periods' in target && period !== undefined ? target.periods * period : undefined
}

const itemOf = ({ last }: Beat, next: Beat | undefined): Item => ({
  id: 0,
  slot: last,
  start: last,
  promised: undefined,
  state: next === undefined ? 'open' : 'done',
  ended: next?.first,
  visible: undefined,
  group: undefined,
  company: undefined,
  value: undefined,
  currency: undefined,
})

const nothing = { verdicts: [], starts: [], completions: [], groups: [], backlog: undefined } as const

const readingWith = (windows: Windows): Reading => ({
  windows,
  expected: undefined,
  worth: [],
  durations: undefined,
  failuresSeen: 0,
  unjudged: 0,
})

/** Without a period to go by, or without beats, there is no verdict: what is known is the last one. */
const lastBeat = (
  beats: readonly Beat[],
  knownFrom: Instant,
  allowed: Duration | undefined,
  asOf: Instant,
): Windows['backlog'] => {
  if (beats.length > 0) return { open: 1, overdue: undefined, oldest: beats.at(-1)?.last, due: [] }
  // Not a single one for longer than allowed: when the last one was nobody knows.
  const isOverdue = allowed !== undefined && knownFrom + allowed < asOf
  return isOverdue ? { open: 1, overdue: 1, oldest: undefined, due: [] } : undefined
}

/** The hours of the gaps, as a ledger would keep them. */
const viewOf = (
  heartbeat: Heartbeat,
  beats: readonly Beat[],
  deadline: Deadline<Target>,
  reach: Duration,
  now: Instant,
): View => {
  const promise = { kind: 'journey', evidence: 'ledger', targets: heartbeat.targets } as const
  const counting = { promise, deadline, countsWorth: false }
  const items = beats.map((beat, i) => itemOf(beat, beats[i + 1]))
  const from = floorHour(heartbeat.knownFrom + HOUR - 1)
  return {
    asOf: floorMinute(now),
    slots: [...Map.groupBy(items, ({ slot }) => floorHour(slot))].map(
      ([hour, of]) => [hour, tallyOf(of, counting, now)] as const,
    ),
    coveredFrom: from,
    spanFrom: from,
    reach,
    horizon: undefined,
    hasCompletions: true,
  }
}

/**
 * Each gap is an item: it starts with a beat, is due when the gap is as long as allowed, and done by the next beat; the
 * last beat is open. `now` is Odoo's clock; beats after it are left out.
 */
export const beatsReading = (heartbeat: Heartbeat, now: Instant): Reading => {
  const { knownFrom, period, targets } = heartbeat
  const beats = byMinute(heartbeat.beats.filter((beat) => beat <= now))
  const asOf = floorMinute(now)
  const expected = period ?? learnt(beats)
  const allowed = targets.map(({ target }) => allowedBy(target, expected)).filter((each) => each !== undefined)
  if (beats.length === 0 || allowed.length < targets.length) {
    const present = allowedBy(targetAt(targets, now), expected)
    return readingWith({ ...nothing, asOf, backlog: lastBeat(beats, knownFrom, present, asOf) })
  }
  const deadline = (start: Instant, target: Target) => start + (allowedBy(target, expected) ?? 0)
  return readingWith(windowsOf(viewOf(heartbeat, beats, deadline, Math.max(...allowed), now)))
}

/** A present count against what is allowed; a slice has no history, so no verdicts. `now` is Odoo's clock. */
export const presentReading = ({ count, oldest }: Present, target: Target, now: Instant): Reading => ({
  ...readingWith({
    ...nothing,
    asOf: floorMinute(now),
    backlog: {
      open: count,
      overdue: 'at_most' in target ? Math.max(0, count - target.at_most) : undefined,
      oldest,
      due: [],
    },
  }),
})
