/** Where alerts begin, for them and for the dashboards that show it. Units are those of the metric compared. */
export const MINUTE = 60
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export const INGRESS = { errorRatio: 0.05, p95Seconds: 4 } as const
export const CERTIFICATE = { ticket: 14 * DAY, page: 3 * DAY } as const
export const API_KEY_LEFT = 14 * DAY
export const CALENDAR_STALE = 5 * MINUTE
export const CRON_LATE = 5 * MINUTE
export const CRON_FAILURES = 3
export const QUEUE = { waitSeconds: 10 * MINUTE, failedInHalfAnHour: 5 } as const
export const POSTGRES = {
  blockedSeconds: MINUTE,
  lagSeconds: MINUTE,
  connectionsRatio: 0.9,
  sequenceRatio: 0.8,
  wraparoundRatio: 0.5,
  /** Of the WAL that a slot may hold back, the share that may still be written before it is lost. */
  slotLeftRatio: 0.25,
} as const
export const NEIGHBOUR = { share: 0.6, busyRatio: 1 } as const
export const REDIS_MEMORY_RATIO = 0.9
/** Of flows: how few items say something. */
export const STALL_EXPECTED = 5
export const SILENCE_EXPECTED = 10
/** Of the cut-off: how near it is, and how many will miss it. */
export const CUT_OFF = { leftSeconds: 2 * HOUR, misses: 5 } as const
export const MEMBER = { ratio: 0.5, bad: 5 } as const
