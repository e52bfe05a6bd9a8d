/** Between which values an expression lies, by what its metrics can be. Pure; wide where it does not know better. */
import {
  type Aggregation,
  type Binary,
  type Call,
  COMPARISONS,
  type Expr,
  SET_OPERATORS,
  type Selector,
} from './ast.ts'

/** Both included. */
export interface Bounds {
  readonly min: number
  readonly max: number
}

export type BoundsLookup = (selector: Selector) => Bounds | undefined

export const between = (min: number, max: number): Bounds => ({ min, max })
export const ANY = between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
export const NOT_NEGATIVE = between(0, Number.POSITIVE_INFINITY)
/** What a divisor has to be. */
export const isPositive = ({ min }: Bounds): boolean => min > 0

const hull = (a: Bounds, b: Bounds): Bounds => between(Math.min(a.min, b.min), Math.max(a.max, b.max))

/** The sums, products … of the ends; what is not a number (0 × ∞) might be anything. */
const ofEnds = (a: Bounds, b: Bounds, operate: (x: number, y: number) => number): Bounds => {
  const ends = [a.min, a.max].flatMap((x) => [b.min, b.max].map((y) => operate(x, y)))
  return ends.some(Number.isNaN) ? ANY : between(Math.min(...ends), Math.max(...ends))
}

const product = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y)
const quotient = (x: number, y: number): number => (x === 0 && y !== 0 ? 0 : x / y)

const divided = (a: Bounds, b: Bounds): Bounds => {
  if (isPositive(b)) return ofEnds(a, b, quotient)
  return a.min >= 0 && b.min >= 0 ? NOT_NEGATIVE : ANY
}

const raised = (a: Bounds, b: Bounds): Bounds => {
  if (b.min === 0 && b.max === 0) return between(1, 1)
  return a.min >= 0 ? NOT_NEGATIVE : ANY
}

/** What a comparison lets through of a. The smallest above 0 is as near as a number can be. */
const passed = (a: Bounds, op: string, b: Bounds): Bounds => {
  const above = b.min === 0 && op === '>' ? Number.MIN_VALUE : b.min
  const min = ['>', '>=', '=='].includes(op) ? Math.max(a.min, above) : a.min
  const max = ['<', '<=', '=='].includes(op) ? Math.min(a.max, b.max) : a.max
  return between(Math.min(min, max), Math.max(min, max))
}
const MIRRORED: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>=': '<=', '<=': '>=' }
export const mirrored = (op: string): string => MIRRORED[op] ?? op

const ofBinary = (binary: Binary, lookup: BoundsLookup): Bounds => {
  const a = boundsOf(binary.left, lookup)
  const b = boundsOf(binary.right, lookup)
  const { op } = binary
  if (op === 'or') return hull(a, b)
  if (SET_OPERATORS.includes(op)) return a
  if (COMPARISONS.includes(op)) {
    if (binary.bool) return between(0, 1)
    return binary.left.kind === 'number' ? passed(b, mirrored(op), a) : passed(a, op, b)
  }
  if (op === '+') return ofEnds(a, b, (x, y) => x + y)
  if (op === '-') return ofEnds(a, b, (x, y) => x - y)
  if (op === '*') return ofEnds(a, b, product)
  if (op === '/') return divided(a, b)
  return op === '^' ? raised(a, b) : ANY
}

const ofAggregation = ({ op, of }: Aggregation, lookup: BoundsLookup): Bounds => {
  const within = boundsOf(of, lookup)
  if (op === 'count') return between(1, Number.POSITIVE_INFINITY)
  if (op === 'group') return between(1, 1)
  if (op === 'stddev' || op === 'stdvar') return NOT_NEGATIVE
  if (op === 'sum') return within.min >= 0 ? between(within.min, Number.POSITIVE_INFINITY) : ANY
  return op === 'count_values' ? ANY : within
}

const KEEPING =
  `last_over_time max_over_time min_over_time avg_over_time quantile_over_time sort sort_desc label_replace
  label_join vector scalar`.split(/\s+/)
const COUNTING = 'rate irate increase changes resets stddev_over_time stdvar_over_time time timestamp abs'.split(' ')

const clamped = (of: Bounds, least: Bounds | undefined, most: Bounds | undefined): Bounds => {
  const min = Math.max(of.min, least?.min ?? of.min)
  const max = Math.min(Math.max(of.max, least?.max ?? of.max), most?.max ?? Number.POSITIVE_INFINITY)
  return between(Math.min(min, max), max)
}

const ofCall = ({ name, args }: Call, lookup: BoundsLookup): Bounds => {
  const bounds = args.map((arg) => boundsOf(arg, lookup))
  const [first = ANY, second, third] = bounds
  if (name === 'clamp_max') return clamped(first, undefined, second)
  if (name === 'clamp_min') return clamped(first, second, undefined)
  if (name === 'clamp') return clamped(first, second, third)
  if (KEEPING.includes(name)) return name === 'quantile_over_time' ? (second ?? ANY) : first
  if (COUNTING.includes(name)) return NOT_NEGATIVE
  if (name === 'count_over_time') return between(1, Number.POSITIVE_INFINITY)
  if (name.startsWith('absent') || name === 'present_over_time') return between(1, 1)
  if (name === 'sum_over_time') return first.min >= 0 ? NOT_NEGATIVE : ANY
  return ANY
}

export const boundsOf = (expr: Expr, lookup: BoundsLookup): Bounds => {
  switch (expr.kind) {
    case 'number':
      return between(expr.value, expr.value)
    case 'selector':
      return lookup(expr) ?? ANY
    case 'aggregation':
      return ofAggregation(expr, lookup)
    case 'binary':
      return ofBinary(expr, lookup)
    case 'call':
      return ofCall(expr, lookup)
    case 'subquery':
      return boundsOf(expr.of, lookup)
    case 'unary': {
      const of = boundsOf(expr.of, lookup)
      return expr.op === '-' ? between(-of.max, -of.min) : of
    }
    default:
      return ANY
  }
}
