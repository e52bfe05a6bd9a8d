/** The checks of a query, whoever asks it: a rule, the text of an alert, a dashboard. Pure. */
import type { Expr } from '../promql/ast.ts'
import { parse } from '../promql/parse.ts'
import { buckets } from './buckets.ts'
import { declared } from './declared.ts'
import { divisors } from './divisors.ts'
import { type Finding, findingAt, type Place } from './finding.ts'
import { withoutVariables } from './grafana.ts'
import { joins } from './joins.ts'
import { portable } from './portable.ts'
import type { Query, QueryCheck } from './query_check.ts'
import { ranges } from './ranges.ts'
import { replicas } from './replicas.ts'
import { thresholds } from './thresholds.ts'
import { types } from './types.ts'
import type { World } from './world.ts'

/** By name, which is the name of its file. */
export const queryChecks: Readonly<Record<string, QueryCheck>> = {
  types,
  portable,
  declared,
  buckets,
  joins,
  replicas,
  ranges,
  divisors,
  thresholds,
}

/** Everything that is wrong with an expression that stands, as this text, at a place. */
export const lintExpr = (expr: Expr, text: string, place: Place, query: Omit<Query, 'expr'>): readonly Finding[] =>
  Object.entries(queryChecks).flatMap(([name, check]) =>
    check({ ...query, expr }).map(({ at, message }) => findingAt(name, place, text, at, message)),
  )

/**
 * A query as it is written: of a panel, an annotation or a variable of a dashboard, with Grafana's variables in it. Places
 * are given back as they were passed; offsets are those of the text given.
 */
export const lintQuery = (
  query: string,
  place: Place,
  world: World,
  use: Query['use'] = 'panel',
): readonly Finding[] => {
  const parsed = parse(use === 'panel' ? withoutVariables(query) : query)
  return parsed.ok
    ? lintExpr(parsed.expr, query, place, { world, use })
    : parsed.faults.map(({ at, message }) => findingAt('syntax', place, query, at, message))
}
