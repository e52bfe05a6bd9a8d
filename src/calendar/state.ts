/** How a window stands at an instant. Pure. */
import { type Duration, hours, type Instant } from '../metric.ts'
import { merge, occurrencesOf } from './timeline.ts'
import type { BusinessWindow } from './window.ts'

const NEAR: Duration = hours(24 * 10)
const FAR: Duration = hours(24 * 366)

export interface WindowState {
  readonly active: boolean
  /** When the active occurrence ends; of a cut-off also the next one's end. Undefined: not within a year, or none. */
  readonly end: Instant | undefined
  /** Until then this state stands. */
  readonly changesAt: Instant
}

interface View {
  readonly state: WindowState
  /** Whether the end may lie beyond what was looked at. */
  readonly isCut: boolean
}

const lookAhead = (window: BusinessWindow, at: Instant, ahead: Duration): View => {
  const occurrences = occurrencesOf(window, at, at + ahead)
  const isCutOff = window.kind === 'cut-off'
  // Each cut-off is one of its own, though the next begins where it ends.
  const spans = isCutOff ? occurrences : merge(occurrences)
  const active = spans.filter(({ start }) => start <= at)
  const ends = (isCutOff ? spans : active).map(({ end }) => end)
  const end = ends.length === 0 ? undefined : Math.min(...ends)
  const isCut = isCutOff ? end === undefined : end !== undefined && end >= at + ahead
  const edges = spans.flatMap(({ start, end }) => [start, end]).filter((edge) => edge > at)
  const changesAt = Math.min(at + ahead, ...edges)
  return { state: { active: active.length > 0, end: isCut ? undefined : end, changesAt }, isCut }
}

/** Throws where a recurrence takes too many steps. */
export const stateAt = (window: BusinessWindow, at: Instant): WindowState => {
  const near = lookAhead(window, at, NEAR)
  return near.isCut ? lookAhead(window, at, FAR).state : near.state
}
