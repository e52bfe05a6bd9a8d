/**
 * A join finds what it should, and never fails. Where a label of `on` is missing on both sides, empty matches empty and the
 * wrong tenant is named; where the one-side is not unique the rule fails for every tenant.
 */
import { type Binary, isBinary, partsOf } from '../promql/ast.ts'
import { boundsOf } from '../promql/bounds.ts'
import { matchedOn, onesOf } from '../promql/join.ts'
import type { Fault } from '../promql/parse.ts'
import { isUniqueOn, type Series } from '../promql/series.ts'
import { shapeOf } from '../promql/shape.ts'
import { listed, type Query, type QueryCheck } from './query_check.ts'

interface Sides {
  readonly binary: Binary
  readonly left: Series
  readonly right: Series
}

const sidesOf = (binary: Binary, { world }: Query): Sides | undefined => {
  const left = shapeOf(binary.left, world.shape)
  const right = shapeOf(binary.right, world.shape)
  return left.kind === 'series' && right.kind === 'series' ? { binary, left, right } : undefined
}

const missing = ({ binary: { matching }, left, right }: Sides): readonly Fault[] =>
  (matching?.how === 'on' ? matching.labels : []).flatMap(({ name, from }) => {
    const without = [left.labels.has(name) ? [] : ['left'], right.labels.has(name) ? [] : ['right']].flat()
    return without.length === 0
      ? []
      : [
          {
            at: from,
            message: `on (${name}): nothing on the ${without.join(' or the ')} has this label, and empty matches empty`,
          },
        ]
  })

const empty = ({ binary: { matching }, left, right }: Sides): readonly Fault[] => {
  const labels = matching?.how === 'on' ? matching.labels : []
  const certain = left.certain.union(right.certain)
  const [first] = labels
  if (
    first === undefined ||
    labels.some(({ name }) => certain.has(name) || !left.labels.has(name) || !right.labels.has(name))
  )
    return []
  const names = labels.map(({ name }) => name).join(', ')
  return [
    {
      at: first.from,
      message: `on (${names}): it may be empty on both sides, and empty matches empty: add {${first.name}!=""}`,
    },
  ]
}

/** Without `on` all labels have to agree: one that only one side has keeps everything apart. */
const apart = ({ binary, left, right }: Sides): readonly Fault[] => {
  if (binary.matching?.how === 'on' || binary.op === 'or') return []
  const compared = matchedOn(binary, left, right)
  const only = [
    ...left.certain.difference(right.labels).intersection(compared),
    ...right.certain.difference(left.labels).intersection(compared),
  ]
  return only.length === 0
    ? []
    : [{ at: binary.opAt.from, message: `the sides never meet: only one of them has ${listed(only)}; say on (…)` }]
}

const taken = ({ binary: { matching }, left, right }: Sides): readonly Fault[] => {
  const one = matching?.group?.side === 'left' ? right : left
  return (matching?.group?.labels ?? [])
    .filter(({ name }) => !one.labels.has(name))
    .map(({ name, from }) => ({
      at: from,
      message: `group_${matching?.group?.side} (${name}): the one side has no such label`,
    }))
}

const several = (sides: Sides): readonly Fault[] => {
  const { binary } = sides
  const on = matchedOn(binary, sides.left, sides.right)
  return onesOf(binary)
    .filter((side) => !isUniqueOn(sides[side], on))
    .map((side) => {
      const apartBy = listed(sides[side].keys[0]?.difference(on) ?? [])
      const labels = binary.matching?.how === 'on' ? [...on].join(', ') : '…'
      return {
        at: binary[side].from,
        message: `the ${side} side may have several series for one (${labels}), told apart by ${apartBy}: fold it by max by (${labels}) (…)`,
      }
    })
}

/** By `*` with `group_left` labels are brought; the value is to stay what it is. */
const multiplied = ({ binary }: Sides, { world }: Query): readonly Fault[] => {
  const group = binary.matching?.group
  if (binary.op !== '*' || group === undefined || group.labels.length === 0) return []
  const one = group.side === 'left' ? binary.right : binary.left
  const { min, max } = boundsOf(one, world.bounds)
  return min === 1 && max === 1
    ? []
    : [
        {
          at: one.from,
          message: 'its labels are taken, and the value is multiplied by it, which is not always 1: (…) ^ 0',
        },
      ]
}

export const joins: QueryCheck = (query) =>
  partsOf(query.expr)
    .filter(isBinary)
    .flatMap((binary) => {
      const sides = sidesOf(binary, query)
      return sides === undefined
        ? []
        : [missing, empty, apart, taken, several, multiplied].flatMap((find) => find(sides, query))
    })
