/** Conditions → SQL over Odoo's tables, for a read-only role. */
import { type Field, type Step, tableOf } from '../spec/catalogue.ts'
import type { Condition } from './condition.ts'
import { check, type Leaf, type Setting, type Tree } from './tree.ts'

export interface Sql {
  /** LEFT JOINs of the many2ones on the way, each with an alias of its own; '' where there are none. */
  readonly joins: string
  /** Over the model's table under the alias given, and the joins. */
  readonly where: string
  /** For $1, $2 …, after those that were there before. */
  readonly values: readonly unknown[]
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Where the tests of one row look: its alias, and the joins they came to need. */
interface Scope {
  readonly alias: string
  readonly joins: Map<string, { readonly alias: string; readonly sql: string }>
  readonly next: () => string
  readonly bind: (value: unknown, type: string) => string
}

const TYPES: Readonly<Record<Field['kind'], string>> = {
  text: 'text',
  selection: 'text',
  integer: 'int8',
  number: 'numeric',
  boolean: 'bool',
  date: 'date',
  datetime: 'timestamp',
  many2one: 'int8',
  many: 'int8',
}

// Odoo falls back to en_US where a language has no text of its own, and that one is always there.
const columnSql = (alias: string, name: string, field: Field): string =>
  field.translated ? `(${alias}.${quoted(name)}->>'en_US')` : `${alias}.${quoted(name)}`

const someOf = (scope: Scope, field: Field, inner: (alias: string) => string): string => {
  const { link } = field
  if (!link) return 'FALSE'
  const [l, c] = [scope.next(), scope.next()]
  const records = `${quoted(tableOf(field.relation ?? ''))} ${c} ON ${c}."id" = ${l}.${quoted(link.other)}`
  const own = `${l}.${quoted(link.own)} = ${scope.alias}."id"`
  return `EXISTS (SELECT 1 FROM ${quoted(link.table)} ${l} JOIN ${records} ${inner(c)} AND ${own})`
}

const amongSql = (scope: Scope, leaf: Leaf & { readonly kind: 'among' }): string => {
  const { at, negative, nothing } = leaf
  const { kind } = at.field
  if (kind === 'many') {
    const some = someOf(scope, at.field, () => 'WHERE TRUE')
    return negative ? some : `NOT ${some}`
  }
  const column = columnSql(scope.alias, at.name, at.field)
  if (kind === 'boolean') return `${column} IS ${leaf.values.includes(true) === negative ? 'NOT TRUE' : 'TRUE'}`
  const values = kind === 'text' && nothing ? [...leaf.values, ''] : leaf.values
  const isNull = `${column} IS ${negative ? 'NOT NULL' : 'NULL'}`
  if (values.length === 0) return isNull
  const listed = `${column} ${negative ? '<> ALL' : '= ANY'} (${scope.bind(values, `${TYPES[kind]}[]`)})`
  // `<> ALL` is not true of null: then it is among them.
  if (negative) return nothing ? listed : `(${listed} OR ${column} IS NULL)`
  return nothing ? `(${listed} OR ${isNull})` : listed
}

const orderedSql = (scope: Scope, leaf: Leaf & { readonly kind: 'ordered' }): string => {
  const { at, order, value, nothing } = leaf
  const column = columnSql(scope.alias, at.name, at.field)
  const compared = `${column} ${order} ${scope.bind(value, TYPES[at.field.kind])}`
  return nothing ? `(${compared} OR ${column} IS NULL)` : compared
}

const joined = (scope: Scope, step: Step): Scope => {
  const key = `${scope.alias}.${step.name}`
  const known = scope.joins.get(key)
  if (known) return { ...scope, alias: known.alias }
  const alias = scope.next()
  const sql = `LEFT JOIN ${quoted(tableOf(step.relation))} ${alias} ON ${alias}."id" = ${scope.alias}.${quoted(step.name)}`
  scope.joins.set(key, { alias, sql })
  return { ...scope, alias }
}

const leafSql = (scope: Scope, leaf: Leaf): string => {
  const [step, ...steps] = leaf.at.steps
  if (!step) return leaf.kind === 'among' ? amongSql(scope, leaf) : orderedSql(scope, leaf)
  const rest = { ...leaf, at: { ...leaf.at, steps } }
  if (step.field.kind === 'many2one') {
    const inner = joined(scope, step)
    return `(${inner.alias}."id" IS NOT NULL AND ${leafSql(inner, rest)})`
  }
  return someOf(scope, step.field, (alias) => {
    const inner: Scope = { ...scope, alias, joins: new Map() }
    const where = leafSql(inner, rest)
    return `${joinText(inner)} WHERE ${where}`
  })
}

const joinText = (scope: Scope): string => [...scope.joins.values()].map((j) => j.sql).join(' ')

const treeSql = (scope: Scope, tree: Tree): string => {
  if (tree.kind === 'among' || tree.kind === 'ordered') return leafSql(scope, tree)
  if (tree.trees.length === 0) return tree.kind === 'and' ? 'TRUE' : 'FALSE'
  return `(${tree.trees.map((inner) => treeSql(scope, inner)).join(tree.kind === 'and' ? ' AND ' : ' OR ')})`
}

/**
 * `alias` names the model's table in the query this goes into; `before` are the parameters it has already.
 * Many2ones are joined one row to one, so that no row doubles.
 */
export const toSql = (
  setting: Setting,
  condition: Condition,
  alias = 't',
  before: readonly unknown[] = [],
): Sql | { readonly problems: readonly string[] } => {
  const checked = check(setting, condition)
  if ('problems' in checked) return checked
  const values = [...before]
  let count = 0
  const scope: Scope = {
    alias,
    joins: new Map(),
    next: () => `${alias}_${++count}`,
    bind: (value, type) => `$${values.push(value)}::${type}`,
  }
  const where = treeSql(scope, checked.tree)
  return { joins: joinText(scope), where, values }
}
