/** A condition held against a catalogue: typed, with every `not` carried down to the tests. What both compilers read. */
import type { Instant } from '../../metric.ts'
import { dateText, datetimeText } from '../read/naive.ts'
import { type Catalogue, type Field, type Found, find } from '../spec/catalogue.ts'
import type { Condition, FieldCondition, Operand, Order, Test, Value } from './condition.ts'

export interface Among {
  readonly kind: 'among'
  readonly at: Found
  readonly values: readonly Value[]
  /** Nothing is among them. */
  readonly nothing: boolean
  /** The value is none of them. */
  readonly negative: boolean
}

export interface Ordered {
  readonly kind: 'ordered'
  readonly at: Found
  readonly order: Order
  readonly value: Value
  /** It holds of nothing too: 0 is on that side. */
  readonly nothing: boolean
}

export type Leaf = Among | Ordered
export type Tree = Leaf | { readonly kind: 'and' | 'or'; readonly trees: readonly Tree[] }

export interface Setting {
  readonly catalogue: Catalogue
  readonly model: string
  readonly now: Instant
}

/** A tree, or why this Odoo can't be asked. */
export type Checked = { readonly tree: Tree } | { readonly problems: readonly string[] }

const MAX_INT4 = 2_147_483_647
const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATETIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/
const isInt4 = (v: Value): boolean => typeof v === 'number' && Number.isInteger(v) && Math.abs(v) <= MAX_INT4

const fits: Readonly<Record<Field['kind'], (v: Value) => boolean>> = {
  text: (v) => typeof v === 'string',
  selection: (v) => typeof v === 'string',
  integer: isInt4,
  many2one: (v) => isInt4(v) && v !== 0,
  many: () => false,
  number: (v) => typeof v === 'number' && Number.isFinite(v),
  boolean: (v) => typeof v === 'boolean',
  // Date.parse takes 30 February for 1 March: what comes back must be what went in.
  date: (v) => typeof v === 'string' && DATE.test(v) && dateText(Date.parse(`${v}T00:00:00Z`)) === v,
  datetime: (v) =>
    typeof v === 'string' && DATETIME.test(v) && datetimeText(Date.parse(`${v.replace(' ', 'T')}Z`)) === v,
}

const EXPECTED: Readonly<Record<Field['kind'], string>> = {
  text: 'a text',
  selection: 'a text',
  integer: 'a whole number',
  many2one: 'an id (a whole number); for its name add .name',
  many: 'only `is: set` or `is: unset`, or a field of its records',
  number: 'a number',
  boolean: 'true or false',
  date: 'a day as YYYY-MM-DD',
  datetime: 'a second as YYYY-MM-DD HH:MM:SS, in UTC',
}

const SCALES: readonly Field['kind'][] = ['integer', 'number', 'date', 'datetime']

const valueProblem = (path: string, { kind, selection }: Field, values: readonly Value[]): string | undefined => {
  if (values.some((v) => !fits[kind](v))) return `${path} takes ${EXPECTED[kind]}`
  if (selection && !values.some((v) => selection.includes(String(v))))
    return `${path} has none of these values here: ${values.join(', ')}`
  return undefined
}

type Equality = Exclude<Test, { readonly operator: Order }>

const amongOf = (at: Found, path: string, test: Equality): Among | string => {
  const { kind } = at.field
  const base = { kind: 'among', at } as const
  if (!('value' in test || 'values' in test)) {
    if (kind === 'boolean' || kind === 'integer' || kind === 'number')
      return `${path} can't be told from ${kind === 'boolean' ? 'false' : '0'} when unset: compare it`
    return { ...base, values: [], nothing: true, negative: test.operator === 'set' }
  }
  const values = 'values' in test ? test.values : [test.value]
  if (kind === 'boolean' && 'values' in test) return `${path} is true or false: ask with =`
  if (kind === 'datetime') return `${path}: compare a datetime with <, <=, > or >=`
  const negative = test.operator === '!=' || test.operator === 'not_in'
  const problem = valueProblem(path, at.field, values)
  if (problem !== undefined) return problem
  return {
    ...base,
    values: values.filter((v) => v !== '' && v !== false),
    nothing: values.some((v) => v === '' || v === 0 || v === false),
    negative,
  }
}

const secondAfter = (text: string): string => datetimeText(Date.parse(`${text.replace(' ', 'T')}Z`) + 1000)

const orderedOf = (at: Found, path: string, order: Order, operand: Operand, now: Instant): Ordered | string => {
  const { kind } = at.field
  if (!SCALES.includes(kind)) return `${path} has no order: ask with in, = or is`
  if (typeof operand === 'object' && kind !== 'date' && kind !== 'datetime') return `${path} is no time: now is one`
  const value = typeof operand !== 'object' ? operand : kind === 'date' ? dateText(now) : datetimeText(now)
  const problem = valueProblem(path, at.field, [value])
  if (problem !== undefined) return problem
  if (kind === 'datetime' && (order === '<=' || order === '>')) {
    // A column has microseconds, and 12:00:00.5 is not after 12:00:00 to whoever reads whole seconds.
    return { kind: 'ordered', at, order: order === '>' ? '>=' : '<', value: secondAfter(String(value)), nothing: false }
  }
  return { kind: 'ordered', at, order, value, nothing: typeof value === 'number' && compare(order, 0, value) }
}

export const compare = (order: Order, a: Value, b: Value): boolean => {
  if (order === '<') return a < b
  if (order === '<=') return a <= b
  return order === '>' ? a > b : a >= b
}

const OPPOSITE: Readonly<Record<Order, Order>> = { '<': '>=', '>=': '<', '>': '<=', '<=': '>' }

const nothingAt = (at: Found): Among => ({ kind: 'among', at, values: [], nothing: true, negative: false })

/** True exactly where the leaf is false. */
const complement = (leaf: Leaf): Tree | string => {
  const { at } = leaf
  if (at.steps.some((step) => step.field.kind === 'many'))
    return `${at.steps.map((s) => s.name).join('.')} leads to many records: an Odoo domain can't deny it of all of them`
  const isTime = at.field.kind === 'date' || at.field.kind === 'datetime'
  const denied: readonly Leaf[] =
    leaf.kind === 'among'
      ? [{ ...leaf, negative: !leaf.negative }]
      : [
          { ...leaf, order: OPPOSITE[leaf.order], nothing: !isTime && !leaf.nothing },
          ...(isTime ? [nothingAt(at)] : []),
        ]
  const missing = at.steps.map((step, i) =>
    nothingAt({ steps: at.steps.slice(0, i), model: '', name: step.name, field: step.field }),
  )
  return { kind: 'or', trees: [...missing, ...denied] }
}

const isOrdered = (test: Test): test is Exclude<Test, Equality> =>
  test.operator === '<' || test.operator === '<=' || test.operator === '>' || test.operator === '>='

const leafOf = (setting: Setting, c: FieldCondition, negated: boolean): Tree | string => {
  const at = find(setting.catalogue, setting.model, c.field)
  if ('problem' in at) return at.problem
  const leaf = isOrdered(c.test)
    ? orderedOf(at, c.field, c.test.operator, c.test.value, setting.now)
    : amongOf(at, c.field, c.test)
  if (typeof leaf === 'string') return leaf
  return negated ? complement(leaf) : leaf
}

const walk = (setting: Setting, c: Condition, negated: boolean, problems: string[]): Tree => {
  if (c.kind === 'not') return walk(setting, c.condition, !negated, problems)
  if (c.kind !== 'field') {
    const trees = c.conditions.map((inner) => walk(setting, inner, negated, problems))
    return { kind: (c.kind === 'and') === negated ? 'or' : 'and', trees }
  }
  const leaf = leafOf(setting, c, negated)
  if (typeof leaf !== 'string') return leaf
  problems.push(leaf)
  return { kind: 'and', trees: [] }
}

/** All problems at once. */
export const check = (setting: Setting, condition: Condition): Checked => {
  const problems: string[] = []
  const tree = walk(setting, condition, false, problems)
  return problems.length > 0 ? { problems: [...new Set(problems)] } : { tree }
}
