/** A window of the business calendar, as configured: plain data, on the wall clock of its time zone. */

/** open: people work · peak: more is at stake · cut-off: ends at a deadline · freeze: no changes · maintenance: planned work · close: the books are closed. */
export const WINDOW_KINDS = ['open', 'peak', 'cut-off', 'freeze', 'maintenance', 'close'] as const
export type WindowKind = (typeof WINDOW_KINDS)[number]
/** How sensitive alerts may be told to be, at least and at most. */
export const SENSITIVITIES = [0.1, 100] as const

/** A date on the wall: days since 1970-01-01. */
export type Day = number
/** A time on the wall: minutes since 1970-01-01T00:00 as clocks there show it; no instant without a time zone. */
export type WallMinute = number

export const MINUTES_A_DAY = 1440

/** From `from`, up to but without `to`. */
export interface WallSpan {
  readonly from: WallMinute
  readonly to: WallMinute
}

/** On each day of an RFC 5545 recurrence, but for holidays. */
export interface Recurring {
  readonly rrule: string
  /** DTSTART: the recurrence counts from here; undefined where it needs no anchor. */
  readonly start: Day | undefined
  /** Minutes of the day, 0–1440. */
  readonly from: number
  /** Minutes of the day on which it ends, 0–1440. */
  readonly to: number
  /** How many days after its first it ends. */
  readonly days: number
  /** `YYYY-MM-DD`, or `MM-DD` for every year: nothing begins on them. */
  readonly holidays: readonly string[]
}

export interface BusinessWindow {
  readonly name: string
  readonly kind: WindowKind
  /** IANA name. */
  readonly timezone: string
  readonly occurs: Recurring | { readonly dates: readonly WallSpan[] }
  /** 2: alerts are to be twice as sensitive while it is active. */
  readonly sensitivity: number
  readonly tenants: readonly string[]
  /** Empty: all of them. */
  readonly warehouse: string
  /** Empty: all of them. */
  readonly process: string
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME = /^(\d{2}):(\d{2})$/

/** `2026-11-27` → its day; undefined where there is no such date between 1970 and 9999. */
export const parseDay = (text: string): Day | undefined => {
  const [, year, month, day] = DATE.exec(text) ?? []
  if (year === undefined || Number(year) < 1970) return undefined
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return at.toISOString().slice(0, 10) === text ? at.getTime() / 86_400_000 : undefined
}

/** The reverse of `parseDay`. */
export const formatDay = (day: Day): string => new Date(day * 86_400_000).toISOString().slice(0, 10)

/** `16:00` → 960, `24:00` → 1440; undefined where no clock shows it. */
export const parseTime = (text: string): number | undefined => {
  const [, hour, minute] = TIME.exec(text) ?? []
  const minutes = Number(hour) * 60 + Number(minute)
  return Number(minute) < 60 && minutes <= MINUTES_A_DAY ? minutes : undefined
}

/** `2026-11-27T16:00` → its minute; a date alone is its first (`from`) or last (`to`) midnight. */
export const parseWall = (text: string, edge: 'from' | 'to'): WallMinute | undefined => {
  const [date = '', time] = text.split('T')
  const day = parseDay(date)
  const minutes = time === undefined ? (edge === 'from' ? 0 : MINUTES_A_DAY) : parseTime(time)
  return day === undefined || minutes === undefined ? undefined : day * MINUTES_A_DAY + minutes
}
