/** What series an expression can give: which labels they have, and what tells them apart. Pure. */
import type { Aggregation, Call, Expr, Selector } from './ast.ts'
import { FUNCTIONS, PICKING } from './functions.ts'
import { joined } from './join.ts'
import { narrowed, regexMatches, SCALAR, type Series, type Shape, series, UNKNOWN } from './series.ts'

/** What a selector's name stands for; undefined where it is not declared. */
export type Lookup = (selector: Selector) => Shape | undefined

const textOf = (expr: Expr | undefined): string | undefined => (expr?.kind === 'string' ? expr.value : undefined)

/** The label set, and where it is a copy of another that told series apart, telling them apart in its place. */
const replaced = (of: Series, [, dst, replacement, src, regex]: readonly (string | undefined)[]): Shape => {
  if (dst === undefined || replacement === undefined || src === undefined) return UNKNOWN
  const isCopy = replacement === '$1' && /^\(\.[*+]\)$/.test(regex ?? '')
  const isConstant = !replacement.includes('$') && replacement !== '' && regexMatches(regex ?? '', '')
  const kept = of.keys.filter((key) => !key.has(dst))
  const copied = isCopy
    ? kept.filter((key) => key.has(src)).map((key) => key.difference(new Set([src])).union(new Set([dst])))
    : []
  const isCertain = isConstant || (isCopy && of.certain.has(src))
  return series(
    new Set(of.labels).add(dst),
    isCertain ? new Set(of.certain).add(dst) : of.certain.difference(isCopy ? new Set([dst]) : new Set()),
    [...kept, ...copied],
  )
}

const joinedLabels = (of: Series, [, dst, , ...sources]: readonly (string | undefined)[]): Shape => {
  if (dst === undefined) return UNKNOWN
  const isCertain = sources.some((source) => source !== undefined && of.certain.has(source))
  return series(
    new Set(of.labels).add(dst),
    isCertain ? new Set(of.certain).add(dst) : of.certain,
    of.keys.filter((key) => !key.has(dst)),
  )
}

/** `absent` gives one series, with what the selector's `=` says. */
const absence = (of: Expr | undefined): Shape => {
  const set = of?.kind === 'selector' ? of.matchers.filter((m) => m.op === '=' && m.value !== '') : []
  const labels = set.map((m) => m.label)
  return series(labels, labels, [[]])
}

const callShape = (call: Call, lookup: Lookup): Shape => {
  const signature = FUNCTIONS.get(call.name)
  if (signature === undefined) return UNKNOWN
  if (signature.gives === 'scalar') return SCALAR
  const over = call.args.find((_, i) => ['vector', 'matrix'].includes(signature.takes[i] ?? ''))
  if (call.name.startsWith('absent')) return absence(over)
  if (over === undefined) return series([], [], [[]])
  const of = shapeOf(over, lookup)
  if (of.kind !== 'series') return of
  const texts = call.args.map(textOf)
  if (call.name === 'label_replace') return replaced(of, texts)
  if (call.name === 'label_join') return joinedLabels(of, texts)
  if (call.name !== 'histogram_quantile') return of
  const le = new Set(['le'])
  return series(
    of.labels.difference(le),
    of.certain.difference(le),
    of.keys.map((key) => key.difference(le)),
  )
}

const grouped = ({ grouping }: Aggregation, of: Series): ReadonlySet<string> => {
  if (grouping === undefined) return new Set()
  const names = new Set(grouping.labels.map((label) => label.name))
  return grouping.how === 'by' ? of.labels.intersection(names) : of.labels.difference(names)
}

const aggregationShape = (aggregation: Aggregation, lookup: Lookup): Shape => {
  const of = shapeOf(aggregation.of, lookup)
  if (of.kind !== 'series') return of
  const by = grouped(aggregation, of)
  const { parameter } = aggregation
  if (PICKING.includes(aggregation.op)) {
    const isOne = parameter?.kind === 'number' && parameter.value === 1
    return series(of.labels, of.certain, isOne ? [by, ...of.keys] : of.keys)
  }
  // A key within the grouping is one still: of one group no two series are left.
  const keys = [by, ...of.keys.filter((key) => key.isSubsetOf(by))]
  const value = aggregation.op === 'count_values' ? textOf(parameter) : undefined
  if (value === undefined) return series(by, of.certain.intersection(by), keys)
  return series(new Set(by).add(value), new Set(of.certain.intersection(by)).add(value), [new Set(by).add(value)])
}

export const shapeOf = (expr: Expr, lookup: Lookup): Shape => {
  switch (expr.kind) {
    case 'number':
      return SCALAR
    case 'string':
      return { kind: 'string' }
    case 'selector':
      return narrowed(lookup(expr) ?? UNKNOWN, expr.matchers)
    case 'unary':
    case 'subquery':
      return shapeOf(expr.of, lookup)
    case 'aggregation':
      return aggregationShape(expr, lookup)
    case 'call':
      return callShape(expr, lookup)
    case 'binary':
      return joined(expr, shapeOf(expr.left, lookup), shapeOf(expr.right, lookup))
  }
}
