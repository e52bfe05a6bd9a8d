/** What an expression is, before anything is known of its metrics. Pure. */
import type { Expr } from './ast.ts'
import { FUNCTIONS, type Kind } from './functions.ts'

export const kindOf = (expr: Expr): Kind => {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
      return expr.range === undefined ? 'vector' : 'matrix'
    case 'subquery':
      return 'matrix'
    case 'aggregation':
      return 'vector'
    case 'call':
      return FUNCTIONS.get(expr.name)?.gives ?? 'vector'
    case 'unary':
      return kindOf(expr.of)
    case 'binary':
      return kindOf(expr.left) === 'scalar' && kindOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
  }
}
