/** What two sides give together: https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching. Pure. */
import { type Binary, SET_OPERATORS } from './ast.ts'
import { NOTHING, type Series, type Shape, series, UNKNOWN } from './series.ts'

/** The labels that have to agree. */
export const matchedOn = ({ matching }: Binary, left: Series, right: Series): ReadonlySet<string> => {
  const named = new Set(matching?.labels.map((label) => label.name))
  return matching?.how === 'on' ? named : left.labels.union(right.labels).difference(named)
}

/** Where two series agree on a key of both and on what is matched, the right one is left out. */
const either = (binary: Binary, left: Series, right: Series): Series => {
  const on = matchedOn(binary, left, right)
  const keys = left.keys.flatMap((a) => right.keys.map((b) => a.union(b).union(on)))
  return series(left.labels.union(right.labels), left.certain.intersection(right.certain), keys)
}

const setOperation = (binary: Binary, left: Shape, right: Shape): Shape => {
  if (binary.op === 'or') {
    if (left.kind === 'nothing') return right
    if (right.kind === 'nothing') return left
    if (left.kind === 'series' && right.kind === 'series') return either(binary, left, right)
    return UNKNOWN
  }
  if (binary.op === 'unless' || left.kind !== 'series') return left
  if (right.kind === 'nothing') return NOTHING
  if (right.kind !== 'series') return left
  const on = matchedOn(binary, left, right)
  return series(left.labels, left.certain.union(right.certain.intersection(on).intersection(left.labels)), left.keys)
}

const manyToOne = (many: Series, one: Series, on: ReadonlySet<string>, taken: ReadonlySet<string>): Series => {
  const brought = one.certain.intersection(taken)
  const certain = many.certain
    .difference(taken)
    .union(brought)
    .union(one.certain.intersection(on).intersection(many.labels))
  return series(
    many.labels.union(taken.intersection(one.labels)),
    certain,
    // What is overwritten tells nothing apart.
    many.keys.filter((key) => key.isDisjointFrom(taken)),
  )
}

const oneToOne = (binary: Binary, left: Series, right: Series): Series => {
  const on = matchedOn(binary, left, right)
  const isNamed = binary.matching?.how === 'on'
  const labels = isNamed
    ? left.labels.intersection(on)
    : left.labels.difference(new Set(binary.matching?.labels.map((label) => label.name)))
  const keys = [left, right].flatMap((side) => side.keys.filter((key) => key.isSubsetOf(on)))
  return series(
    labels,
    left.certain.union(right.certain.intersection(on)).intersection(labels),
    [on, ...keys].map((key) => labels.intersection(key)),
  )
}

/** What the operator gives of the two sides. */
export const joined = (binary: Binary, left: Shape, right: Shape): Shape => {
  if (SET_OPERATORS.includes(binary.op)) return setOperation(binary, left, right)
  if (left.kind === 'nothing' || right.kind === 'nothing') return NOTHING
  if (left.kind === 'scalar') return right
  if (right.kind === 'scalar') return left
  if (left.kind !== 'series' || right.kind !== 'series') return UNKNOWN
  const group = binary.matching?.group
  if (group === undefined) return oneToOne(binary, left, right)
  const [many, one] = group.side === 'left' ? [left, right] : [right, left]
  return manyToOne(many, one, matchedOn(binary, left, right), new Set(group.labels.map((label) => label.name)))
}

/** The side of which there may be only one for each value of what is matched; both where neither may be many. */
export const onesOf = (binary: Binary): readonly ('left' | 'right')[] => {
  if (SET_OPERATORS.includes(binary.op)) return []
  const side = binary.matching?.group?.side
  return side === undefined ? ['left', 'right'] : [side === 'left' ? 'right' : 'left']
}
