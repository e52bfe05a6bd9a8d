/** How Odoo writes values over RPC: a null is `false`, a datetime is naive UTC text, a many2one is [id, name]. Pure. */

/** A condition or an operator of a domain: `['state', 'in', ['sent', 'sale']]`, `'|'`; `[1, '=', 1]` is always true. */
export type Term = '&' | '|' | '!' | readonly [field: string | number, operator: string, value: Value]
/** Conditions, all of which hold, in Odoo's prefix notation. Ours are positive: a state list is an `in`. */
export type Domain = readonly Term[]

/** What can be sent. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value }

const DATETIME = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?)?$/

/** Epoch seconds of `YYYY-MM-DD HH:MM:SS` (or a date alone, its midnight) in UTC; undefined for false or anything else. */
export const instant = (value: unknown): number | undefined => {
  if (typeof value !== 'string') return undefined
  const [match, ...parts] = DATETIME.exec(value) ?? []
  if (match === undefined) return undefined
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0))
  const epoch = Date.UTC(year, month - 1, day, hour, minute, second) / 1000
  return Number.isFinite(epoch) ? epoch : undefined
}

/** `YYYY-MM-DD HH:MM:SS` in UTC, the one form every version takes in a domain. `epoch` in seconds. */
export const datetime = (epoch: number): string =>
  new Date(Math.floor(epoch) * 1000).toISOString().slice(0, 19).replace('T', ' ')

export interface Many2one {
  readonly id: number
  readonly name: string
}

/** undefined where nothing is set. */
export const many2one = (value: unknown): Many2one | undefined => {
  if (!Array.isArray(value)) return undefined
  const [id, name]: readonly unknown[] = value
  return typeof id === 'number' && typeof name === 'string' ? { id, name } : undefined
}

/** undefined for false, and for the empty text, which Odoo doesn't tell from it. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** undefined for false: an aggregate over no rows. */
export const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined
