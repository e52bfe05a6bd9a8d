/** The database's clock, as its distance from ours. */
import { type Duration, type Instant, seconds } from '../../src/metric.ts'

/** An answer that was so long under way says too little: it stood behind another. */
const TOO_LONG: Duration = seconds(1)

export interface Clock {
  readonly now: () => Instant
  /** What it showed at some moment between the two, by our clock. */
  readonly heard: (theirs: Instant, asked: Instant, answered: Instant) => void
}

/** Ours until it is heard of. */
export const createClock = (ours: () => Instant = Date.now): Clock => {
  let ahead: Duration | undefined
  return {
    now: () => ours() + (ahead ?? 0),
    heard: (theirs, asked, answered) => {
      if (ahead !== undefined && answered - asked > TOO_LONG) return
      ahead = Math.round(theirs - (asked + answered) / 2)
    },
  }
}
