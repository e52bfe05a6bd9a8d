/** A PromQL expression as data. Parentheses are gone; every part knows where it stands in the text. */
import type { Duration } from '../../metric.ts'

/** Offsets in the text, the second past the end. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Label extends Span {
  readonly name: string
}

export interface Matcher extends Span {
  readonly label: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** A span of time as written; `value` is absent where it is computed (3.x, behind a flag). */
export interface Lasting extends Span {
  readonly value?: Duration
}

export interface Selector extends Span {
  readonly kind: 'selector'
  readonly metric?: string
  readonly matchers: readonly Matcher[]
  readonly range?: Lasting
  readonly offset?: Lasting
}

export interface Aggregation extends Span {
  readonly kind: 'aggregation'
  readonly op: string
  readonly opAt: Span
  readonly grouping?: { readonly how: 'by' | 'without'; readonly labels: readonly Label[] }
  /** Of `topk (k, …)`, `quantile (φ, …)` and `count_values ("label", …)`. */
  readonly parameter?: Expr
  readonly of: Expr
}

/** `on (…)` or `ignoring (…)`, and what is taken from the side of which there is one. */
export interface Matching extends Span {
  readonly how: 'on' | 'ignoring'
  readonly labels: readonly Label[]
  readonly group?: { readonly side: 'left' | 'right'; readonly labels: readonly Label[] }
}

export interface Binary extends Span {
  readonly kind: 'binary'
  readonly op: string
  readonly opAt: Span
  readonly bool: boolean
  readonly matching?: Matching
  readonly left: Expr
  readonly right: Expr
}

export interface Call extends Span {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expr[]
}

export interface Subquery extends Span {
  readonly kind: 'subquery'
  readonly of: Expr
  readonly range: Lasting
  readonly step?: Lasting
}

export interface NumberLiteral extends Span {
  readonly kind: 'number'
  readonly value: number
}

export interface Text extends Span {
  readonly kind: 'string'
  readonly value: string
}

export interface Unary extends Span {
  readonly kind: 'unary'
  readonly op: string
  readonly of: Expr
}

export type Expr = Selector | Aggregation | Binary | Call | Subquery | NumberLiteral | Text | Unary

export const COMPARISONS: readonly string[] = ['==', '!=', '<', '<=', '>', '>=']
export const SET_OPERATORS: readonly string[] = ['and', 'or', 'unless']

export const childrenOf = (expr: Expr): readonly Expr[] => {
  switch (expr.kind) {
    case 'aggregation':
      return expr.parameter === undefined ? [expr.of] : [expr.parameter, expr.of]
    case 'binary':
      return [expr.left, expr.right]
    case 'call':
      return expr.args
    case 'subquery':
    case 'unary':
      return [expr.of]
    default:
      return []
  }
}

/** The expression and everything in it, outermost first. */
export const partsOf = (expr: Expr): readonly Expr[] => [expr, ...childrenOf(expr).flatMap(partsOf)]

export const isSelector = (expr: Expr): expr is Selector => expr.kind === 'selector'
export const isBinary = (expr: Expr): expr is Binary => expr.kind === 'binary'
export const isCall = (expr: Expr): expr is Call => expr.kind === 'call'
export const isAggregation = (expr: Expr): expr is Aggregation => expr.kind === 'aggregation'
