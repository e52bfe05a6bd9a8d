/** From a flow's past to what it should promise, and whom it should call. Pure. */

import type { Counts } from '../flow/burn.ts'
import { DAY } from '../flow/ledger/counts.ts'
import type { Mode, Target } from '../flow/spec/tenant_flow.ts'
import type { Duration } from '../metric.ts'
import { isNear, isSame } from './candidates.ts'
import { type Calls, type Replay, replayOf } from './replay.ts'
import type { Stall } from './stalls.ts'
import { countsIn, type Period, type Timeline } from './timeline.ts'

const WEEK: Duration = 7 * DAY
const MONTH: Duration = 30 * DAY

/** What may be proposed, besides the objective as it is. */
export const OBJECTIVES = [0.999, 0.995, 0.99, 0.97, 0.95, 0.9] as const
/** A usual week spends at most this share of its error budget: the rest is for the weeks that are not usual. */
const HEADROOM = 0.5
/** Items due on a usual day: with fewer a single one moves the shares that call people. */
const FEWEST_TO_PAGE = 50
const FEWEST_TO_TICKET = 5
/** Nobody is to be woken more often in a month by what was lived with. */
const MOST_PAGES = 2
/** Days of history without which nothing but watching is proposed. */
const FEWEST_DAYS = 7

export interface Setting {
  readonly target: Target
  /** 0–1. */
  readonly objective: number
  readonly mode: Mode
}

export interface Candidate {
  readonly target: Target
  readonly timeline: Timeline
}

export interface Known {
  readonly current: Setting
  /** The flow's own target among them; the shortest first. */
  readonly candidates: readonly Candidate[]
  /** With the targets as they were in force. */
  readonly timeline: Timeline
  /** `at-deadline`: a late completion can't be told from one in time. */
  readonly evidence: 'ledger' | 'at-deadline'
  /** Undefined where they can't be known. */
  readonly stalls: readonly Stall[] | undefined
}

export interface Proposal extends Setting {
  readonly timeline: Timeline
  readonly replay: Replay
  /** One line each. */
  readonly why: { readonly target: string; readonly objective: string; readonly mode: string }
}

/** `99.5%`; what is not quite all does not read as all, nor a little as nothing. */
export const percent = (share: number): string => {
  const digits = share > 0.999 && share < 1 ? 3 : 2
  const least = 10 ** -(digits + 2)
  const shown = share > 0 && share < 1 ? Math.max(least, Math.min(share, 1 - least)) : share
  return `${Number((shown * 100).toFixed(digits))}%`
}

/** The share met; undefined of none. */
export const metOf = ({ good, bad }: Counts): number | undefined => (good + bad === 0 ? undefined : good / (good + bad))

const blocks = ({ from, to }: Period, length: Duration): readonly Period[] =>
  Array.from({ length: Math.floor((to - from) / length) }, (_, i) => ({
    from: to - (i + 1) * length,
    to: to - i * length,
  }))

const missedIn = (timeline: Timeline, { from, to }: Period): number => 1 - (metOf(countsIn(timeline, from, to)) ?? 1)

/** Weeks without a stall; where there are fewer than two, or nobody knows, all but the worst. */
export const normalWeeks = ({ timeline, stalls }: Pick<Known, 'timeline' | 'stalls'>): readonly Period[] => {
  const weeks = blocks(timeline, WEEK)
  const calm = weeks.filter((week) => stalls?.every(({ from, to }) => to <= week.from || from >= week.to) ?? false)
  if (calm.length >= 2) return calm
  const byMisses = weeks.toSorted((a, b) => missedIn(timeline, a) - missedIn(timeline, b))
  if (weeks.length >= 3) return byMisses.slice(0, -1)
  return weeks.length > 0 ? weeks : [timeline]
}

/** The share missed in these weeks, as far as the candidate's verdicts are known; undefined where nothing was due. */
const missedBy = ({ timeline }: Candidate, weeks: readonly Period[]): number | undefined => {
  const counts = weeks.map(({ from, to }) => countsIn(timeline, Math.max(from, timeline.from), to))
  const [good, bad] = [counts.reduce((n, c) => n + c.good, 0), counts.reduce((n, c) => n + c.bad, 0)]
  const met = metOf({ good, bad })
  return met === undefined ? undefined : 1 - met
}

interface Choice {
  readonly candidate: Candidate
  readonly objective: number
  readonly why: { readonly target: string; readonly objective: string }
  readonly isReached: boolean
}

const objectivesFor = (wished: number): readonly number[] => [wished, ...OBJECTIVES.filter((o) => o < wished)]

const chosen = (known: Known, weeks: readonly Period[], candidate: Candidate, objective: number): Choice => {
  const { current } = known
  const missed = missedBy(candidate, weeks) ?? 0
  const spent = `${percent(missed)} missed in ${weeks.length === 1 ? 'a usual week' : `${weeks.length} usual weeks`}`
  const target = `the shortest that keeps half the error budget spare: ${spent}, ${percent(1 - objective)} allowed`
  const kept = objective === current.objective
  const other = known.evidence === 'ledger' ? 'no target up to four times as long as its own' : 'it as it is'
  const lowered = `lowered from ${percent(current.objective)}, which ${other} keeps with half the error budget to spare`
  return {
    candidate,
    objective,
    isReached: true,
    why: { target, objective: kept ? 'as it is: it can be reached' : lowered },
  }
}

const choose = (known: Known, own: Candidate, weeks: readonly Period[]): Choice => {
  const { current, candidates, evidence } = known
  const fits = (candidate: Candidate, objective: number): boolean =>
    (missedBy(candidate, weeks) ?? 1) <= (1 - objective) * HEADROOM + 1e-12
  const near = evidence === 'ledger' ? candidates.filter(({ target }) => isNear(target, current.target)) : [own]
  for (const objective of objectivesFor(current.objective)) {
    const candidate = near.find((each) => fits(each, objective))
    if (candidate === undefined) continue
    const choice = chosen(known, weeks, candidate, objective)
    if (evidence === 'ledger') return choice
    return {
      ...choice,
      why: { ...choice.why, target: 'as it is: when an item was done is not stored, so no other can be tried' },
    }
  }
  const missed = percent(missedBy(own, weeks) ?? 1)
  const why = {
    target: `as it is: ${missed} are missed, and no target up to four times as long would do`,
    objective: 'the lowest there is, and still not reached',
  }
  return { candidate: own, objective: Math.min(current.objective, 0.9), isReached: false, why }
}

/** Items due on a usual day, of days on which any was. */
export const usualDay = (timeline: Timeline): number => {
  const counts = blocks(timeline, DAY).map(({ from, to }) => countsIn(timeline, from, to))
  const days = counts
    .map(({ good, bad }) => good + bad)
    .filter((n) => n > 0)
    .sort((a, b) => a - b)
  return days[Math.floor(days.length / 2)] ?? 0
}

const monthly = ({ episodes, replayed }: Calls): number =>
  replayed === 0 ? 0 : (episodes.length * MONTH) / Math.max(replayed, DAY)

const times = (n: number): string => (n === 1 ? 'once' : `${n} times`)
const few = (n: number, unit: string): string => `${Math.round(n)} ${unit}${Math.round(n) === 1 ? '' : 's'}`

/** The first reason that holds decides. */
const modeOf = (known: Known, choice: Choice, replay: Replay): { readonly mode: Mode; readonly why: string } => {
  const { timeline, evidence } = known
  const daily = usualDay(timeline)
  const days = (timeline.to - timeline.from) / DAY
  const { page, ticket } = replay
  if (days < FEWEST_DAYS) return { mode: 'observe', why: `only ${few(days, 'day')} could be judged: ask again later` }
  if (daily < FEWEST_TO_TICKET)
    return { mode: 'observe', why: `${few(daily, 'item')} due on a usual day: too few to call anybody` }
  if (!choice.isReached)
    return { mode: 'observe', why: 'not even 90% is reached: an alert would hardly ever end; mend the flow first' }
  if (daily < FEWEST_TO_PAGE)
    return { mode: 'ticket', why: `${few(daily, 'item')} due on a usual day: too few to wake anybody` }
  if (evidence === 'at-deadline')
    return { mode: 'ticket', why: 'late completions are forgiven: how often it would have paged is not known' }
  if (monthly(page) > MOST_PAGES) {
    const why = `it would have paged ${times(page.episodes.length)} in ${few(page.replayed / DAY, 'day')}: too noisy to wake anybody`
    return { mode: 'ticket', why }
  }
  const paged = page.episodes.length === 0 ? 'never have paged' : `have paged ${times(page.episodes.length)}`
  const tickets = ticket.episodes.length === 0 ? 'no ticket' : few(ticket.episodes.length, 'ticket')
  const why = `${few(daily, 'item')} due on a usual day; in ${few(days, 'day')} it would ${paged}, with ${tickets}`
  return { mode: 'page', why }
}

/** Undefined where the flow's own target is not among the candidates, or nothing was due. */
export const propose = (known: Known): Proposal | undefined => {
  const own = known.candidates.find(({ target }) => isSame(target, known.current.target))
  if (own === undefined) return undefined
  const choice = choose(known, own, normalWeeks(known))
  const replay = replayOf(choice.candidate.timeline, choice.objective)
  const { mode, why } = modeOf(known, choice, replay)
  const { target, timeline } = choice.candidate
  return { target, timeline, objective: choice.objective, replay, mode, why: { ...choice.why, mode: why } }
}
