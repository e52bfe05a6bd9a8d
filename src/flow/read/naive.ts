/** Odoo's times: naive, in UTC, `YYYY-MM-DD HH:MM:SS`; RPC cuts them to seconds, PostgreSQL has microseconds. */
import type { Instant } from '../../metric.ts'

/** The whole second it lies in. No trailing Z: 19 refuses one. */
export const datetimeText = (at: Instant): string =>
  Number.isFinite(at) && Math.abs(at) < 8.64e15 ? new Date(at).toISOString().slice(0, 19).replace('T', ' ') : ''

export const dateText = (at: Instant): string => datetimeText(at).slice(0, 10)

const NAIVE = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2})(?:\.\d{1,6})?)?$/

/** A date is its first second. Undefined where it is none. */
export const instantOf = (text: string): Instant | undefined => {
  const [, day, time = '00:00:00'] = NAIVE.exec(text) ?? []
  if (day === undefined) return undefined
  const at = Date.parse(`${day}T${time}Z`)
  return Number.isFinite(at) && datetimeText(at) === `${day} ${time}` ? at : undefined
}

/** As text of the shape the language compares: whole seconds, or a day; anything else as it is. */
export const wholeSeconds = (text: string): string => {
  const [, day, time] = NAIVE.exec(text) ?? []
  return day === undefined ? text : time === undefined ? day : `${day} ${time}`
}
