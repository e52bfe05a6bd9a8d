/** A comparison that can come true: a ratio is never above 1, and a burn rate times a large budget is. */
import { type Binary, COMPARISONS, isBinary, partsOf } from '../promql/ast.ts'
import { type Bounds, boundsOf, mirrored } from '../promql/bounds.ts'
import type { Fault } from '../promql/parse.ts'
import type { Query, QueryCheck } from './query_check.ts'

const NEVER: Readonly<Record<string, (a: Bounds, b: Bounds) => boolean>> = {
  '>': (a, b) => a.max <= b.min,
  '>=': (a, b) => a.max < b.min,
  '<': (a, b) => a.min >= b.max,
  '<=': (a, b) => a.min > b.max,
  '==': (a, b) => a.max < b.min || a.min > b.max,
}

const inWords = ({ min, max }: Bounds): string => (min === max ? `always ${min}` : `between ${min} and ${max}`)

/** A threshold that is worked out may lie where nothing reaches, for some tenant. */
const mayBeBeyond = (a: Bounds, op: string, b: Bounds, { right }: Binary): boolean =>
  op.startsWith('>') &&
  Number.isFinite(a.max) &&
  b.min < b.max &&
  b.max >= a.max &&
  partsOf(right).some((part) => isBinary(part) && (part.op === '*' || part.op === '/'))

const ofComparison = (binary: Binary, { world }: Query): readonly Fault[] => {
  const left = boundsOf(binary.left, world.bounds)
  const right = boundsOf(binary.right, world.bounds)
  const isTurned = binary.left.kind === 'number'
  const [a, op, b] = isTurned ? [right, mirrored(binary.op), left] : [left, binary.op, right]
  const at = binary.opAt.from
  if (NEVER[op]?.(a, b)) return [{ at, message: `it never comes true: ${inWords(a)} ${op} ${inWords(b)}` }]
  if (!mayBeBeyond(a, op, b, binary)) return []
  const least = a.max === 1 ? '0.9' : `less than ${a.max}`
  return [{ at, message: `the threshold may lie beyond ${a.max}, the most there can be: clamp_max(…, ${least})` }]
}

export const thresholds: QueryCheck = (query) =>
  partsOf(query.expr)
    .filter(isBinary)
    .filter(({ op }) => COMPARISONS.includes(op))
    .flatMap((binary) => ofComparison(binary, query))
