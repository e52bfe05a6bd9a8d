/** One column against one value. */
import type { Version } from './columns.ts'
import { instantOf } from './dates.ts'
import type { Leaf } from './domain.ts'
import type { Field } from './models.ts'
import type { Parameters } from './sql.ts'

type Bind = Parameters['bind']

const castOf = (version: Version, field: Field): string => {
  switch (field.type) {
    case 'integer':
    case 'many2one':
      // 17 and 18 let PostgreSQL refuse what is no int4; 19 compares it.
      return version >= 19 ? 'int8' : 'int4'
    case 'float':
      return 'float8'
    case 'monetary':
      return 'numeric'
    case 'datetime':
      return 'timestamp'
    case 'date':
      return 'date'
    default:
      return 'text'
  }
}

const isNothing = (value: unknown): boolean => value === false || value === null || value === undefined

/** From 18 on a null number or text is the same as 0 and ''. */
const falsyOf = (version: Version, field: Field): 0 | '' | undefined => {
  // An id is a field of its own kind, never null (odoo/orm/fields_misc.py).
  if (version < 18 || field.name === 'id') return undefined
  if (field.type === 'integer' || field.type === 'float' || field.type === 'monetary') return 0
  return field.type === 'char' || field.type === 'text' ? '' : undefined
}

const truth = (field: Field, sql: string, leaf: Leaf): string | undefined => {
  if (field.type !== 'boolean') return undefined
  const list = leaf.operator === 'in' || leaf.operator === 'not in'
  const wanted = new Set((list ? [leaf.value].flat() : [leaf.value]).map(Boolean))
  const negative = leaf.operator === '!=' || leaf.operator === 'not in'
  const isTrue = wanted.has(true) !== negative
  const isFalse = wanted.has(false) !== negative
  if (isTrue && isFalse) return 'TRUE'
  if (isTrue) return `${sql} IS TRUE`
  return isFalse ? `${sql} IS NOT TRUE` : 'FALSE'
}

const among = (
  version: Version,
  field: Field,
  sql: string,
  values: readonly unknown[],
  negative: boolean,
  bind: Bind,
) => {
  const falsy = falsyOf(version, field)
  const isFalsy = (v: unknown) => isNothing(v) || (falsy !== undefined && v === falsy)
  const some = values.filter((v) => !isNothing(v)).map((v) => toValue(version, field, '=', v))
  const withFalsy = values.some(isFalsy)
  const listed = withFalsy && falsy !== undefined && !some.includes(falsy) ? [...some, falsy] : some
  const hit = listed.length > 0 ? `(${sql} = ANY(${bind(listed, `${castOf(version, field)}[]`)}))` : 'FALSE'
  // Nothing around the column but the comparison: an index is of use.
  if (negative) return withFalsy ? `(NOT ${hit} AND ${sql} IS NOT NULL)` : `(NOT ${hit} OR ${sql} IS NULL)`
  return withFalsy ? `(${hit} OR ${sql} IS NULL)` : hit
}

const toValue = (version: Version, field: Field, operator: Leaf['operator'], value: unknown): unknown => {
  if (field.type === 'datetime') return instantOf(version, operator, value)
  return typeof value === 'number' ? value : String(value)
}

const holds = (operator: string, a: number, b: number): boolean =>
  (operator === '<' && a < b) ||
  (operator === '<=' && a <= b) ||
  (operator === '>' && a > b) ||
  (operator === '>=' && a >= b)

const ordered = (version: Version, field: Field, sql: string, leaf: Leaf, bind: Bind): string => {
  if (isNothing(leaf.value)) return 'FALSE'
  const value = toValue(version, field, leaf.operator, leaf.value)
  const compared = `${sql} ${leaf.operator} ${bind(value, castOf(version, field))}`
  const nullToo = falsyOf(version, field) === 0 && holds(leaf.operator, 0, Number(leaf.value))
  return nullToo ? `(${compared} OR ${sql} IS NULL)` : compared
}

const matching = (sql: string, leaf: Leaf, bind: Bind): string => {
  const negative = leaf.operator.startsWith('not ')
  const pattern = leaf.operator.startsWith('=') ? String(leaf.value) : `%${String(leaf.value)}%`
  const hit = `${sql}::text ${leaf.operator.endsWith('ilike') ? 'ILIKE' : 'LIKE'} ${bind(pattern, 'text')}`
  return negative ? `NOT coalesce(${hit}, FALSE)` : hit
}

/** `sql` is the field's value. Throws OdooError where Odoo refuses the value. */
export const compareScalar = (version: Version, field: Field, sql: string, leaf: Leaf, bind: Bind): string => {
  const boolean = truth(field, sql, leaf)
  if (boolean !== undefined) return boolean
  switch (leaf.operator) {
    case '=':
    case '!=':
    case 'in':
    case 'not in': {
      const negative = leaf.operator === '!=' || leaf.operator === 'not in'
      return among(version, field, sql, [leaf.value].flat(), negative, bind)
    }
    case '<':
    case '>':
    case '<=':
    case '>=':
      return ordered(version, field, sql, leaf, bind)
    default:
      return matching(sql, leaf, bind)
  }
}
