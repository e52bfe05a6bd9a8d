/** Conditions over a row in memory: the meaning the compilers are held to. */
import type { Instant } from '../../metric.ts'
import { dateText, datetimeText, wholeSeconds } from '../read/naive.ts'
import type { Condition, Order, Test, Value } from './condition.ts'
import { compare } from './tree.ts'

/**
 * As either reader gives it. Nothing is False or null; a many2one is [id, name], an id, or, where a path goes on
 * through it, a row of its own (with its `id`); a relation to many is a list of ids or rows; times are naive UTC.
 */
export type Row = Readonly<Record<string, unknown>>

/** A path the row does not carry: it can't be judged. */
export interface Missing {
  readonly missing: string
}

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)
export const isMissing = (value: unknown): value is Missing => isRow(value) && typeof value.missing === 'string'
export const isNothing = (value: unknown): boolean => value === null || value === false

/** [id, name] is one record of a many2one; other lists are records of a relation to many. */
const isNamed = (value: readonly unknown[]): boolean =>
  value.length === 2 && typeof value[0] === 'number' && typeof value[1] === 'string'

/** The values at the end of a path: none where a relation on the way is empty, several where one leads to many. */
export const valuesAt = (row: Row, path: string): readonly unknown[] | Missing => {
  const [name = '', ...rest] = path.split('.')
  const value = row[name]
  if (value === undefined) return { missing: path }
  if (rest.length === 0) return [value]
  if (isNothing(value)) return []
  const found: unknown[] = []
  for (const record of Array.isArray(value) && !isNamed(value) ? value : [value]) {
    const inner = isRow(record) ? valuesAt(record, rest.join('.')) : { missing: path }
    if (!Array.isArray(inner)) return { missing: path }
    found.push(...inner)
  }
  return found
}

/** An id for whatever stands for a record. */
export const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return isNamed(value) ? value[0] : value
  return isRow(value) ? value.id : value
}

const equals = (value: unknown, asked: Value): boolean => {
  if (typeof asked === 'boolean') return (value === true) === asked
  if (isNothing(value)) return asked === 0 || asked === ''
  return typeof asked === 'number' ? Number(value) === asked : value === asked
}

const isSet = (value: unknown): boolean =>
  !isNothing(value) && value !== '' && !(Array.isArray(value) && value.length === 0)

const isAfter = (test: Extract<Test, { readonly operator: Order }>, value: unknown, now: Instant) => {
  const { value: asked, operator } = test
  if (typeof asked === 'number') return compare(operator, isNothing(value) ? 0 : Number(value), asked)
  if (typeof value !== 'string' || value === '') return false
  const time = wholeSeconds(value)
  const text = typeof asked !== 'object' ? asked : time.length === 10 ? dateText(now) : datetimeText(now)
  return compare(operator, time, text)
}

const holds = (test: Test, raw: unknown, now: Instant): boolean => {
  const value = plain(raw)
  switch (test.operator) {
    case 'set':
      return isSet(value)
    case 'unset':
      return !isSet(value)
    case '=':
      return equals(value, test.value)
    case '!=':
      return !equals(value, test.value)
    case 'in':
      return test.values.some((v) => equals(value, v))
    case 'not_in':
      return !test.values.some((v) => equals(value, v))
    default:
      return isAfter(test, value, now)
  }
}

export const evaluate = (condition: Condition, row: Row, now: Instant): boolean | Missing => {
  if (condition.kind === 'not') {
    const inner = evaluate(condition.condition, row, now)
    return typeof inner === 'boolean' ? !inner : inner
  }
  if (condition.kind === 'field') {
    const values = valuesAt(row, condition.field)
    return isMissing(values) ? values : values.some((value) => holds(condition.test, value, now))
  }
  const all = condition.conditions.map((inner) => evaluate(inner, row, now))
  const isAnd = condition.kind === 'and'
  return all.find(isMissing) ?? (isAnd ? all.every((v) => v === true) : all.some((v) => v === true))
}
