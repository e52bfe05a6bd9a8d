/**
 * How much of a target's time reading the past takes: a half until the windows that page are known, then a tenth, less
 * while answers take longer than they used to; and how many tenants' backfills are under way at once.
 */
import { type Duration, type Instant, minutes, seconds } from '../../metric.ts'
import type { Wish } from './course.ts'
import type { Rests } from './turns.ts'

const SHARE = 0.1
/** What is usual is the median of so many answers. */
const REMEMBERED = 31
/** Fewer tell nothing. */
const FEWEST = 5
const LONGEST_PAUSE: Duration = minutes(5)

/** The latest answers' times by the kind of question, for a page of rows takes longer than a checksum. */
export type Latencies = Readonly<Record<string, readonly Duration[]>>

export interface Paced {
  readonly latencies: Latencies
  /** How long the target is to be left alone. */
  readonly pause: Duration
}

/** Half the share where an answer took more than twice the usual, a quarter beyond four times. */
const shareFor = (took: Duration, usual: readonly Duration[]): number => {
  const median = usual.toSorted((a, b) => a - b)[usual.length >> 1]
  if (median === undefined || usual.length < FEWEST || took <= 2 * median) return SHARE
  return took <= 4 * median ? SHARE / 2 : SHARE / 4
}

/** After a question of backfill that took so long. */
export const paceAfter = (latencies: Latencies, kind: string, took: Duration): Paced => {
  const usual = latencies[kind] ?? []
  const share = shareFor(took, usual)
  return {
    latencies: { ...latencies, [kind]: [...usual, took].slice(-REMEMBERED) },
    pause: Math.min(took * (1 / share - 1), LONGEST_PAUSE),
  }
}

/** How long a target is left alone between questions of the past. */
export interface Pace {
  readonly rests: () => Rests
  /** After a question of that kind, put for that purpose. */
  readonly asked: (purpose: Wish['purpose'], kind: string, took: Duration, now: Instant) => void
  readonly restUntil: (at: Instant) => void
}

export const createPace = (): Pace => {
  let latencies: Latencies = {}
  let rests: Rests = { first: 0, background: 0 }
  return {
    rests: () => rests,
    asked: (purpose, kind, took, now) => {
      if (purpose === 'look') return
      // A half: as long again as it took.
      const first = now + Math.min(took, LONGEST_PAUSE)
      if (purpose === 'first') {
        rests = { first, background: Math.max(first, rests.background) }
        return
      }
      const paced = paceAfter(latencies, kind, took)
      latencies = paced.latencies
      rests = { first, background: now + paced.pause }
    },
    restUntil: (background) => {
      rests = { ...rests, background }
    },
  }
}

/** Lets so many in at once, the newest rows first. */
export interface Gate {
  /** A place, to be left by calling it; undefined: there is none now, ask again soon. */
  readonly enter: (who: string, depth: Duration, now: Instant) => (() => void) | undefined
}

/** Who has not asked again for so long no longer waits. */
const PATIENCE: Duration = seconds(5)

export const createGate = (places: number): Gate => {
  let inside = 0
  const waiting = new Map<string, { readonly depth: Duration; readonly at: Instant }>()
  return {
    enter: (who, depth, now) => {
      waiting.delete(who)
      const ahead = [...waiting.values()].filter((other) => now - other.at < PATIENCE && other.depth < depth)
      if (places - inside <= ahead.length) {
        waiting.set(who, { depth, at: now })
        return undefined
      }
      inside += 1
      return () => {
        inside -= 1
      }
    },
  }
}
