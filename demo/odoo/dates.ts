/** Dates in domains: what 17 and 18 hand to PostgreSQL as it is, and what 19 reads itself. */
import type { Version } from './columns.ts'
import { kinds, OdooError, repr } from './errors.ts'

const dayOnly = /^\d{4}-\d{2}-\d{2}$/
const iso = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/

/** A day means its first second, or its last where the comparison says so. */
const withTime = (operator: string, text: string): string => {
  if (!dayOnly.test(text)) return text
  return operator === '>' || operator === '<=' ? `${text} 23:59:59` : `${text} 00:00:00`
}

const invalid = (message: string): OdooError => new OdooError(kinds.value, message)

const units: Readonly<Record<string, number>> = { d: 86_400, w: 604_800, H: 3_600, M: 60, S: 1 }

/** 19: `now`, `today`, `-1d`, `+2H`. */
const relative = (text: string): string | undefined => {
  const sign = /^([+-])(\d+)([dwHMS])$/.exec(text)
  if (text !== 'now' && text !== 'today' && !sign) return undefined
  const seconds = sign ? Number(`${sign[1]}${sign[2]}`) * (units[sign[3] ?? ''] ?? 0) : 0
  const at = new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return text === 'today' ? `${at.slice(0, 10)} 00:00:00` : at
}

const checked = (text: string): void => {
  const parts = iso.exec(text)
  if (!parts) throw invalid(`Invalid isoformat string: ${repr(text)}`)
  const [, year, month, day, hour = 0, minute = 0, , zone] = parts
  if (zone !== undefined) throw invalid(`expecting only datetimes with no timezone: ${repr(text)}`)
  if (Number(month) < 1 || Number(month) > 12) throw invalid('month must be in 1..12')
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (Number(day) < 1 || Number(day) > days) throw invalid('day is out of range for month')
  if (Number(hour) > 23 || Number(minute) > 59) throw invalid('hour must be in 0..23')
}

/** The text for PostgreSQL, which passes over a trailing Z of a `timestamp`. 19 throws OdooError for it. */
export const instantOf = (version: Version, operator: string, value: unknown): string => {
  const text = String(value)
  if (version < 19) return withTime(operator, text)
  const named = relative(text)
  if (named !== undefined) return named
  checked(text)
  return withTime(operator, text)
}
