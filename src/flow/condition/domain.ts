/** Conditions → Odoo domains, for XML-RPC and JSON-2. */
import type { Condition, Value } from './condition.ts'
import { check, type Leaf, type Setting, type Tree } from './tree.ts'

export type Term = '&' | '|' | readonly [field: string | number, operator: string, value: Value | readonly Value[] | 1]
export type Domain = readonly Term[]

const pathOf = ({ at }: Leaf): string => [...at.steps.map((step) => step.name), at.name].join('.')

const one = (path: string, operator: string, value: Value | readonly Value[]): Domain => [[path, operator, value]]

/** Up to 17 nothing is not yet the same as 0 or ''. */
const FALSY = 18

const leafTerms = (leaf: Leaf, version: number): Domain => {
  const path = pathOf(leaf)
  const { kind } = leaf.at.field
  if (leaf.kind === 'ordered') {
    const term = one(path, leaf.order, leaf.value)
    return leaf.nothing && version < FALSY ? ['|', ...term, ...one(path, '=', false)] : term
  }
  const { values, negative } = leaf
  if (kind === 'boolean') return one(path, negative ? '!=' : '=', values.includes(true))
  const isNumber = kind === 'integer' || kind === 'number'
  const nothing: readonly Value[] = !leaf.nothing
    ? []
    : kind === 'text' && version < FALSY
      ? [false, '']
      : isNumber && version >= FALSY
        ? []
        : [false]
  const listed = [...values, ...nothing]
  const [only] = listed
  if (listed.length === 1 && only !== undefined) return one(path, negative ? '!=' : '=', only)
  return one(path, negative ? 'not in' : 'in', listed)
}

const terms = (tree: Tree, version: number): Domain => {
  if (tree.kind === 'among' || tree.kind === 'ordered') return leafTerms(tree, version)
  if (tree.trees.length === 0) return [tree.kind === 'and' ? [1, '=', 1] : [0, '=', 1]]
  const operator = tree.kind === 'and' ? '&' : '|'
  return [
    ...tree.trees.slice(1).map(() => operator as '&' | '|'),
    ...tree.trees.flatMap((inner) => terms(inner, version)),
  ]
}

/** Terms that follow each other must all hold: an `and` at the top needs no sign. */
const top = (tree: Tree, version: number): Domain =>
  tree.kind === 'and' ? tree.trees.flatMap((inner) => top(inner, version)) : terms(tree, version)

/** The same rows on every series; dates as `YYYY-MM-DD HH:MM:SS` in UTC; no `!`, which 17 and 19 read differently. */
export const toDomain = (
  setting: Setting,
  condition: Condition,
): { readonly domain: Domain } | { readonly problems: readonly string[] } => {
  const checked = check(setting, condition)
  return 'problems' in checked ? checked : { domain: top(checked.tree, setting.catalogue.version) }
}
