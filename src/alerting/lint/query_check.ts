/** What a check of a query is given, and what it gives back. */
import type { Expr } from '../promql/ast.ts'
import type { Fault } from '../promql/parse.ts'
import type { World } from './world.ts'

export interface Query {
  readonly expr: Expr
  readonly world: World
  /** rule: evaluated for ever · text: asked when an alert is written · panel: looked at by people. */
  readonly use: 'rule' | 'text' | 'panel'
}

/** Pure; everything that is wrong, in the order it stands. */
export type QueryCheck = (query: Query) => readonly Fault[]

export const listed = (names: Iterable<string>): string => {
  const all = [...names].sort()
  return all.length === 0 ? 'none' : all.join(', ')
}
