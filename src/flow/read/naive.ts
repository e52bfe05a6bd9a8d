/** Odoo's times: naive, in UTC, `YYYY-MM-DD HH:MM:SS`; RPC cuts them to seconds, PostgreSQL has microseconds. */
import type { Instant } from '../../metric.ts'

/** The whole second it lies in. No trailing Z: 19 refuses one. */
export const datetimeText = (at: Instant): string =>
  Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString().slice(0, 19).replace('T', ' ') : ''

export const dateText = (at: Instant): string => datetimeText(at).slice(0, 10)

const NAIVE = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?)?$/

/** A date is its first second. Undefined where it is none. Of each row several are read: no text is made of it again. */
export const instantOf = (text: string): Instant | undefined => {
  const parts = NAIVE.exec(text)
  if (parts === null) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const [hour, minute, second] = [Number(parts[4] ?? 0), Number(parts[5] ?? 0), Number(parts[6] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  // A year before 100 would be taken for one of the last century.
  const at = new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000
  const date = new Date(at)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? at : undefined
}

/** As text of the shape the language compares: whole seconds, or a day; anything else as it is. */
export const wholeSeconds = (text: string): string => {
  if (!NAIVE.test(text)) return text
  return text.length === 10 ? text : `${text.slice(0, 10)} ${text.slice(11, 19)}`
}
