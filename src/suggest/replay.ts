/** How often somebody would have been called: the burn rates, minute by minute over what was. Pure. */
import { BURN_RATES, type BurnRate, type Counts, fires, KEEP_FIRING, type Severity } from '../flow/burn.ts'
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

interface Seen {
  readonly pair: BurnRate
  readonly long: Counts
  readonly short: Counts
}

/** As far as both windows lie in the timeline. */
const seenAt = (timeline: Timeline, pairs: readonly BurnRate[], asOf: Instant): readonly Seen[] =>
  pairs.flatMap((pair) => {
    const [long, short] = [windowAt(timeline, pair.long, asOf), windowAt(timeline, pair.short, asOf)]
    return long === undefined || short === undefined ? [] : [{ pair, long, short }]
  })

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

/** One alert by all pairs of a severity: once it fires it goes on while any of them is above half its threshold. */
const callsOf = (timeline: Timeline, pairs: readonly BurnRate[], objective: number): Calls => {
  const found: Episode[] = []
  let firing: { readonly from: Instant; bad: number } | undefined
  let first: Instant | undefined
  for (let asOf = timeline.from; asOf <= timeline.to; asOf += MINUTE) {
    const seen = seenAt(timeline, pairs, asOf)
    if (seen.length === 0) continue
    first ??= asOf
    // Also while it is only kept.
    const before = firing !== undefined || asOf <= (found.at(-1)?.to ?? Number.NEGATIVE_INFINITY)
    const burning = seen.filter(({ pair, long, short }) => fires(pair, objective, long, short, before))
    if (burning.length > 0) {
      firing ??= { from: asOf, bad: 0 }
      firing.bad = Math.max(firing.bad, ...burning.map(({ long }) => long.bad))
    } else if (firing !== undefined) {
      found.push({ ...firing, to: Math.min(asOf + KEEP_FIRING, timeline.to) })
      firing = undefined
    }
  }
  if (firing !== undefined) found.push({ ...firing, to: timeline.to })
  const episodes = union(found)
  const total = episodes.reduce((sum, { from, to }) => sum + to - from, 0)
  return { episodes, total, replayed: first === undefined ? 0 : timeline.to - first }
}

/** By severity, whatever the mode: what would have come if it had been allowed to. Calendar and silences are left out. */
export const replayOf = (timeline: Timeline, objective: number): Replay => {
  const of = (severity: Severity) =>
    callsOf(
      timeline,
      BURN_RATES.filter((pair) => pair.severity === severity),
      objective,
    )
  return { page: of('page'), ticket: of('ticket') }
}
