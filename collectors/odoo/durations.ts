/** How long calls take, by kind: a small memory. */
import { type Instant, minutes } from '../../src/metric.ts'

/** The closed set of calls this collector makes, whichever protocol and version wear them under another name. */
export const CALLS = ['version', 'authenticate', 'search_read', 'search_count', 'read_group', 'fields_get'] as const
export type CallName = (typeof CALLS)[number]

export interface Durations {
  readonly add: (call: CallName, seconds: number, at: Instant) => void
  /** Seconds, the longest of the last minute, or the latest where there was none; what is older than 6 minutes is forgotten. */
  readonly longest: (at: Instant) => ReadonlyMap<CallName, number>
}

const WINDOW = minutes(1)
/** Past the longest interval a probe may be stretched to. */
const FORGOTTEN = minutes(6)

interface Measured {
  readonly at: Instant
  readonly seconds: number
}

export const createDurations = (): Durations => {
  const measured = new Map<CallName, readonly Measured[]>()
  return {
    add: (call, seconds, at) => {
      const recent = (measured.get(call) ?? []).filter((m) => m.at > at - WINDOW)
      measured.set(call, [...recent, { at, seconds }])
    },
    longest: (at) =>
      new Map(
        [...measured].flatMap(([call, all]) => {
          const known = all.filter((m) => m.at > at - FORGOTTEN)
          const recent = known.filter((m) => m.at > at - WINDOW)
          const chosen = recent.length > 0 ? recent : known.slice(-1)
          return chosen.length > 0 ? [[call, Math.max(...chosen.map((m) => m.seconds))] as const] : []
        }),
      ),
  }
}
