/** How often somebody would have been called: the burn rates, minute by minute over what was. Pure. */
import { BURN_RATES, type BurnRate, fires, KEEP_FIRING, type Severity } from '../flow/burn.ts'
import { MINUTE } from '../flow/ledger/counts.ts'
import type { Duration, Instant } from '../metric.ts'
import { type Timeline, windowAt } from './timeline.ts'

export interface Episode {
  readonly from: Instant
  /** Its end, or that of the replay. */
  readonly to: Instant
  /** The most bad items its windows held. */
  readonly bad: number
}

export interface Calls {
  /** The oldest first. */
  readonly episodes: readonly Episode[]
  readonly total: Duration
  /** How long could be replayed: from where the shortest of its pairs has its window whole. */
  readonly replayed: Duration
}

export type Replay = Readonly<Record<Severity, Calls>>

interface Run {
  readonly episodes: readonly Episode[]
  readonly replayed: Duration
}

const runOf = (timeline: Timeline, pair: BurnRate, objective: number): Run => {
  const episodes: Episode[] = []
  let firing: { readonly from: Instant; bad: number } | undefined
  let first: Instant | undefined
  for (let asOf = timeline.from; asOf <= timeline.to; asOf += MINUTE) {
    const [long, short] = [windowAt(timeline, pair.long, asOf), windowAt(timeline, pair.short, asOf)]
    if (long === undefined || short === undefined) continue
    first ??= asOf
    const isFiring = fires(pair, objective, long, short, firing !== undefined)
    if (isFiring) {
      firing ??= { from: asOf, bad: 0 }
      firing.bad = Math.max(firing.bad, long.bad)
    } else if (firing !== undefined) {
      episodes.push({ ...firing, to: Math.min(asOf + KEEP_FIRING, timeline.to) })
      firing = undefined
    }
  }
  if (firing !== undefined) episodes.push({ ...firing, to: timeline.to })
  return { episodes, replayed: first === undefined ? 0 : timeline.to - first }
}

/** What overlaps or touches called once. */
const union = (episodes: readonly Episode[]): readonly Episode[] => {
  const merged: Episode[] = []
  for (const episode of episodes.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last === undefined || episode.from > last.to) merged.push(episode)
    else {
      const [to, bad] = [Math.max(last.to, episode.to), Math.max(last.bad, episode.bad)]
      merged[merged.length - 1] = { from: last.from, to, bad }
    }
  }
  return merged
}

const callsOf = (runs: readonly Run[]): Calls => {
  const episodes = union(runs.flatMap((run) => run.episodes))
  const total = episodes.reduce((sum, { from, to }) => sum + to - from, 0)
  return { episodes, total, replayed: Math.max(0, ...runs.map(({ replayed }) => replayed)) }
}

/** By severity, whatever the mode: what would have come if it had been allowed to. Calendar and silences are left out. */
export const replayOf = (timeline: Timeline, objective: number): Replay => {
  const of = (severity: Severity) =>
    callsOf(BURN_RATES.filter((p) => p.severity === severity).map((pair) => runOf(timeline, pair, objective)))
  return { page: of('page'), ticket: of('ticket') }
}
