/** What is divided by is never 0: 0/0 is no number, and spoils every average it gets into. */
import { type Expr, isBinary, partsOf } from '../promql/ast.ts'
import { boundsOf, isPositive } from '../promql/bounds.ts'
import type { Query, QueryCheck } from './query_check.ts'

const isZeroLeftOut = (expr: Expr): boolean =>
  expr.kind === 'binary' && expr.op === '!=' && expr.right.kind === 'number' && expr.right.value === 0

const isSafe = (divisor: Expr, { world }: Query): boolean => {
  const bounds = boundsOf(divisor, world.bounds)
  return isPositive(bounds) || bounds.max < 0 || isZeroLeftOut(divisor)
}

export const divisors: QueryCheck = (query) =>
  partsOf(query.expr)
    .filter(isBinary)
    .filter(({ op, right }) => (op === '/' || op === '%') && !isSafe(right, query))
    .map(({ op, right }) => ({ at: right.from, message: `${op} by what may be 0: write (… > 0)` }))
