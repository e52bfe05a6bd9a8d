/** What promtool finds in a rule, and nobody in the query of an annotation or a panel: the wrong kind of argument. */
import {
  type Aggregation,
  type Binary,
  type Call,
  COMPARISONS,
  type Expr,
  partsOf,
  SET_OPERATORS,
} from '../promql/ast.ts'
import { FUNCTIONS, type Kind } from '../promql/functions.ts'
import { kindOf } from '../promql/kind.ts'
import type { Fault } from '../promql/parse.ts'
import type { QueryCheck } from './query_check.ts'

const IN_WORDS: Readonly<Record<Kind, string>> = {
  vector: 'a vector',
  matrix: 'a range, such as x[5m]',
  scalar: 'a number',
  string: 'a text',
}
const WITH_PARAMETER = ['topk', 'bottomk', 'quantile', 'count_values', 'limitk', 'limit_ratio']

const wrongKind = (expr: Expr, wanted: Kind, of: string): readonly Fault[] =>
  kindOf(expr) === wanted
    ? []
    : [{ at: expr.from, message: `${of} takes ${IN_WORDS[wanted]}, and this is ${IN_WORDS[kindOf(expr)]}` }]

const ofCall = ({ name, args, from }: Call): readonly Fault[] => {
  const signature = FUNCTIONS.get(name)
  if (signature === undefined) return [{ at: from, message: `${name} is not on every Prometheus from 2.42 on` }]
  const { takes, optional = 0, many = false } = signature
  if (args.length < takes.length - optional || (args.length > takes.length && !many)) {
    return [{ at: from, message: `${name} takes ${takes.length} arguments, and ${args.length} are given` }]
  }
  return args.flatMap((arg, i) => wrongKind(arg, takes[i] ?? takes.at(-1) ?? 'vector', name))
}

const ofAggregation = ({ op, opAt, parameter, of }: Aggregation): readonly Fault[] => {
  const needs = WITH_PARAMETER.includes(op)
  if (needs !== (parameter !== undefined)) {
    return [{ at: opAt.from, message: needs ? `${op} lacks its first argument` : `${op} takes one vector` }]
  }
  return wrongKind(of, 'vector', op)
}

const ofBinary = ({ op, opAt, bool, matching, left, right }: Binary): readonly Fault[] => {
  const kinds = [kindOf(left), kindOf(right)]
  const at = opAt.from
  if (kinds.some((kind) => kind === 'matrix' || kind === 'string')) {
    return [{ at, message: `${op} stands between vectors or numbers` }]
  }
  const isOfVectors = kinds.every((kind) => kind === 'vector')
  if (SET_OPERATORS.includes(op) && !isOfVectors) return [{ at, message: `${op} stands between vectors` }]
  if (SET_OPERATORS.includes(op) && matching?.group)
    return [{ at: matching.from, message: `${op} takes no group_left` }]
  if (matching !== undefined && !isOfVectors) return [{ at: matching.from, message: 'only vectors are matched' }]
  if (COMPARISONS.includes(op) && !bool && kinds.every((kind) => kind === 'scalar')) {
    return [{ at, message: 'numbers are compared with bool' }]
  }
  return []
}

export const types: QueryCheck = ({ expr }) =>
  partsOf(expr).flatMap((part) => {
    if (part.kind === 'call') return ofCall(part)
    if (part.kind === 'aggregation') return ofAggregation(part)
    return part.kind === 'binary' ? ofBinary(part) : []
  })
