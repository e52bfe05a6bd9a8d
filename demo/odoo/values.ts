/** Values between the database (text), Python and the wire. */
import xmlrpc from 'xmlrpc'
import type { Field } from './models.ts'

/** A Python float: `<double>` in XML even where it is whole, a number in JSON. */
export class Double extends xmlrpc.CustomType {
  readonly value: number
  constructor(value: number) {
    super(Number.isInteger(value) ? value.toFixed(1) : String(value))
    this.tagName = 'double'
    this.value = value
  }
  toJSON(): number {
    return this.value
  }
}

/** What a call answers: JSON, but floats are `Double`. */
export type Result = null | boolean | number | string | Double | readonly Result[] | { readonly [key: string]: Result }

/** `YYYY-MM-DD HH:MM:SS`: RPC cuts the microseconds. */
const toSecond = (text: string): string => text.slice(0, 19)

const jsonResult = (text: string): Result => {
  const value: Result = JSON.parse(text)
  return value
}

const isFloat = (field: Field): boolean => field.type === 'float' || field.type === 'monetary'

/** A column's text as `read` gives it; many2one not yet named. Null is False, but 0 for numbers. */
export const readValue = (field: Field, text: string | null): Result => {
  if (isFloat(field)) return new Double(Number(text ?? 0))
  if (field.type === 'integer') return Number(text ?? 0)
  return groupValue(field, text)
}

/** The same for groups and aggregates, where null numbers are False too. */
export const groupValue = (field: Pick<Field, 'type'>, text: string | null): Result => {
  if (text === null) return false
  switch (field.type) {
    case 'boolean':
      return text === 't'
    case 'integer':
    case 'many2one':
      return Number(text)
    case 'float':
    case 'monetary':
      return new Double(Number(text))
    case 'datetime':
      return toSecond(text)
    case 'json':
      return jsonResult(text)
    default:
      return text
  }
}
