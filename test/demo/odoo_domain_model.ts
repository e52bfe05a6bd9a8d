/** Odoo's domains over a few fields of a picking, evaluated in memory; and how to make both. */
import fc from 'fast-check'

export interface Picking {
  readonly id: number
  readonly state: string | null
  readonly carrier_tracking_ref: string | null
  readonly weight: number | null
  readonly has_deadline_issue: boolean | null
  readonly scheduled_date: string | null
  readonly carrier_id: number | null
  readonly picking_type_id: number
}

const states = ['draft', 'confirmed', 'assigned', 'done'] as const
const references = ['AB1', 'ab2', 'XAB', 'Z'] as const
const weights = [-1, 0, 1.5, 20] as const
const dates = ['2026-01-01 00:00:00', '2026-01-01 12:00:00', '2026-01-02 00:00:00', '2026-03-01 08:30:00'] as const

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { freq: 4 })

export const picking: fc.Arbitrary<Omit<Picking, 'id'>> = fc.record({
  state: maybe(states),
  carrier_tracking_ref: maybe(references),
  weight: maybe(weights),
  has_deadline_issue: maybe([true, false]),
  scheduled_date: maybe(dates),
  carrier_id: maybe([1, 2, 3]),
  picking_type_id: fc.constantFrom(1, 2, 3),
})

type Kind = 'text' | 'choice' | 'number' | 'boolean' | 'instant' | 'reference'
type Value = string | number | boolean

interface Facts {
  readonly kind: Kind
  readonly values: readonly Value[]
  readonly of: (row: Picking) => Value | null | undefined
}

/** As seeded: by id, from 1. */
const deliveryTypes = ['parcel_express', 'freight_line', 'fixed']
const codes = ['incoming', 'outgoing', 'internal']

/** Undefined where the path ends before its field. */
const fields: Readonly<Record<string, Facts>> = {
  state: { kind: 'choice', values: states, of: (row) => row.state },
  carrier_tracking_ref: { kind: 'text', values: [...references, 'B', '_b'], of: (row) => row.carrier_tracking_ref },
  weight: { kind: 'number', values: weights, of: (row) => row.weight },
  has_deadline_issue: { kind: 'boolean', values: [true, false], of: (row) => row.has_deadline_issue },
  scheduled_date: { kind: 'instant', values: [...dates, '2026-01-01'], of: (row) => row.scheduled_date },
  carrier_id: { kind: 'reference', values: [1, 2, 3, 9], of: (row) => row.carrier_id },
  'carrier_id.delivery_type': {
    kind: 'choice',
    values: deliveryTypes,
    of: (row) => (row.carrier_id === null ? undefined : deliveryTypes[row.carrier_id - 1]),
  },
  'picking_type_id.code': { kind: 'choice', values: codes, of: (row) => codes[row.picking_type_id - 1] },
}

const opposites: Readonly<Record<string, string>> = {
  '=': '!=',
  in: 'not in',
  '<': '>=',
  '>': '<=',
  ilike: 'not ilike',
  like: 'not like',
}
const opposite = (operator: string): string =>
  opposites[operator] ?? Object.keys(opposites).find((key) => opposites[key] === operator) ?? operator

export type Leaf = readonly [path: string, operator: string, value: Value | readonly Value[]]
export type Domain = readonly (Leaf | '&' | '|' | '!')[]

const leaf: fc.Arbitrary<Leaf> = fc.constantFrom(...Object.entries(fields)).chain(([path, { kind, values }]) => {
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: fc.constant(false) },
  )
  const equal = fc.tuple(fc.constant(path), fc.constantFrom('=', '!='), one)
  const among = fc.tuple(fc.constant(path), fc.constantFrom('in', 'not in'), fc.array(one, { maxLength: 3 }))
  const ordered = fc.tuple(fc.constant(path), fc.constantFrom('<', '<=', '>', '>='), fc.constantFrom(...values))
  const like = fc.tuple(
    fc.constant(path),
    fc.constantFrom('like', 'ilike', 'not like', 'not ilike'),
    fc.constantFrom(...values),
  )
  if (kind === 'number' || kind === 'instant') return fc.oneof<fc.Arbitrary<Leaf>[]>(equal, among, ordered)
  return kind === 'text'
    ? fc.oneof<fc.Arbitrary<Leaf>[]>(equal, among, like)
    : fc.oneof<fc.Arbitrary<Leaf>[]>(equal, among)
})

const term = (depth: number): fc.Arbitrary<Domain> => {
  const single = leaf.map((l): Domain => [l])
  if (depth === 0) return single
  const inner = term(depth - 1)
  const two = fc.tuple(fc.constantFrom('&' as const, '|' as const), inner, inner)
  return fc.oneof(
    single,
    two.map(([operator, a, b]): Domain => [operator, ...a, ...b]),
    inner.map((a): Domain => ['!', ...a]),
  )
}

/** Terms that follow each other are all to hold. */
export const domains: fc.Arbitrary<Domain> = fc
  .array(term(3), { minLength: 1, maxLength: 3 })
  .map((terms) => terms.flat())

const nothing = Symbol('null')

/** From 18 on 0 and '' are the same as null. */
const normal = (version: number, kind: Kind, value: Value | null): Value | typeof nothing => {
  if (value === null || value === false) return nothing
  if (version >= 18 && ((kind === 'number' && value === 0) || (kind === 'text' && value === ''))) return nothing
  return value
}

/** A day is its first second, or its last. */
const second = (operator: string, day: Value): Value =>
  typeof day === 'string' && day.length === 10
    ? `${day} ${operator === '>' || operator === '<=' ? '23:59:59' : '00:00:00'}`
    : day

const compare = (operator: string, a: Value, b: Value): boolean => {
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  return operator === '>' ? a > b : a >= b
}

/** `_` stands for any one character, `%` for any. */
const contains = (text: string, pattern: string, fold: boolean): boolean => {
  const source = [...pattern].map((c) => (c === '_' ? '.' : c)).join('')
  return new RegExp(source, fold ? 'is' : 's').test(text)
}

const holds = (
  version: number,
  kind: Kind,
  row: Value | null,
  operator: string,
  asked: Value | readonly Value[],
): boolean => {
  if (operator === '!=' || operator.startsWith('not')) return !holds(version, kind, row, opposite(operator), asked)
  const values = [asked].flat().map((v) => (kind === 'instant' ? second(operator, v) : v))
  if (operator === '=' || operator === 'in') {
    if (kind === 'boolean') return values.some((v) => Boolean(v) === Boolean(row))
    return values.some((v) => normal(version, kind, v) === normal(version, kind, row))
  }
  if (operator.endsWith('like')) return row !== null && contains(String(row), String(values[0]), operator === 'ilike')
  const left = row ?? (version >= 18 && kind === 'number' ? 0 : null)
  return left !== null && values[0] !== undefined && compare(operator, left, values[0])
}

const leafHolds = (version: number, [path, operator, value]: Leaf, row: Picking): boolean => {
  const field = fields[path]
  const found = field?.of(row)
  return field !== undefined && found !== undefined && holds(version, field.kind, found, operator, value)
}

/** Reads one term off the front; `!` goes down to the leaves until 18, and negates what came out from 19 on. */
const evaluateTerm = (version: number, domain: Domain, row: Picking, negated: boolean): readonly [boolean, Domain] => {
  const [first, ...rest] = domain
  if (first === undefined) throw new Error('The domain ends too early.')
  if (first === '!') return evaluateTerm(version, rest, row, !negated)
  if (first === '&' || first === '|') {
    const [a, afterA] = evaluateTerm(version, rest, row, negated)
    const [b, afterB] = evaluateTerm(version, afterA, row, negated)
    return [(first === '&') !== negated ? a && b : a || b, afterB]
  }
  if (!negated) return [leafHolds(version, first, row), rest]
  if (version >= 19) return [!leafHolds(version, first, row), rest]
  return [leafHolds(version, [first[0], opposite(first[1]), first[2]], row), rest]
}

export const evaluate = (version: number, domain: Domain, row: Picking): boolean => {
  let rest = domain
  let all = true
  while (rest.length > 0) {
    const [holdsHere, after] = evaluateTerm(version, rest, row, false)
    all = all && holdsHere
    rest = after
  }
  return all
}
