/** Odoo's domains: Polish prefix lists, read into a tree. */
import type { Version } from './columns.ts'
import { kinds, OdooError, repr } from './errors.ts'

export interface Leaf {
  readonly kind: 'leaf'
  /** A field, or a dotted path through relations. */
  readonly path: string
  readonly operator: Operator
  readonly value: unknown
}

export type Node =
  | Leaf
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly [Node, Node] }
  | { readonly kind: 'not'; readonly node: Node }
  | { readonly kind: 'constant'; readonly value: boolean }

/** Each with the operator that says the opposite. */
const opposites = {
  '=': '!=',
  '!=': '=',
  in: 'not in',
  'not in': 'in',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
  like: 'not like',
  'not like': 'like',
  ilike: 'not ilike',
  'not ilike': 'ilike',
  '=like': '=like',
  '=ilike': '=ilike',
} as const

export type Operator = keyof typeof opposites

const isOperator = (value: string): value is Operator => Object.hasOwn(opposites, value)

export const opposite = (operator: Operator): Operator => opposites[operator]

/** As written: 17 and 18 speak of leaves, 19 of conditions. */
export const inWords = (leaf: Pick<Leaf, 'path' | 'value'> & { readonly operator: string }): string =>
  `('${leaf.path}', '${leaf.operator}', ${repr(leaf.value)})`

const constants: Readonly<Record<string, boolean>> = { '1=1': true, '0=1': false }

const leafOf = (version: Version, item: unknown): Node => {
  const [path, operator, value]: readonly unknown[] = Array.isArray(item) ? item : []
  const constant = constants[`${path}${operator}${value}`]
  if (typeof path === 'number' && constant !== undefined) return { kind: 'constant', value: constant }
  if (!Array.isArray(item) || item.length !== 3 || typeof path !== 'string' || typeof operator !== 'string') {
    throw new OdooError(kinds.value, `Invalid leaf ${repr(item)}`)
  }
  const known = operator === '<>' ? '!=' : operator === '==' ? '=' : operator.toLowerCase()
  if (!isOperator(known)) {
    const words = inWords({ path, operator, value })
    throw new OdooError(kinds.value, version >= 19 ? `Invalid operator in condition ${words}` : `Invalid leaf ${words}`)
  }
  return { kind: 'leaf', path, operator: known, value }
}

const both = (kind: 'and' | 'or', a: Node, b: Node): Node => ({ kind, nodes: [a, b] })

/** Throws OdooError (ValueError) for what is no domain. An empty one is TRUE. */
export const parseDomain = (version: Version, domain: unknown): Node => {
  if (!Array.isArray(domain)) throw new OdooError(kinds.value, `Domain should be a list, not ${repr(domain)}`)
  const items: readonly unknown[] = domain
  const stack: Node[] = []
  const pop = (): Node => {
    const node = stack.pop()
    if (!node) throw new OdooError(kinds.value, `Domain ${repr(domain)} is malformed: an operand is missing`)
    return node
  }
  for (const item of items.toReversed()) {
    if (item === '!') stack.push({ kind: 'not', node: pop() })
    else if (item === '&') stack.push(both('and', pop(), pop()))
    else if (item === '|') stack.push(both('or', pop(), pop()))
    else stack.push(leafOf(version, item))
  }
  return stack.reduceRight((all, node) => both('and', all, node), { kind: 'constant', value: true } as Node)
}

/** 17 and 18 carry a `!` down to the leaves, which is not the same for null: `not (a < 1)` becomes `a >= 1`. */
export const distributeNot = (node: Node, negated = false): Node => {
  switch (node.kind) {
    case 'not':
      return distributeNot(node.node, !negated)
    case 'constant':
      return { kind: 'constant', value: node.value !== negated }
    case 'leaf':
      if (!negated) return node
      if (opposite(node.operator) === node.operator) return { kind: 'not', node }
      return { ...node, operator: opposite(node.operator) }
    default: {
      const [a, b] = node.nodes
      const kind = (node.kind === 'and') === negated ? 'or' : 'and'
      return { kind, nodes: [distributeNot(a, negated), distributeNot(b, negated)] }
    }
  }
}

/** Whether a leaf names the field itself: a domain that speaks of `active` switches the active test off. */
export const mentions = (node: Node, field: string): boolean => {
  if (node.kind === 'leaf') return node.path === field
  if (node.kind === 'not') return mentions(node.node, field)
  return node.kind !== 'constant' && node.nodes.some((n) => mentions(n, field))
}
