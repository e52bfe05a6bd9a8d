/** read_group and formatted_read_group. */
import { valueSql } from './domain_sql.ts'
import { kinds, OdooError } from './errors.ts'
import { type Granularity, intervalOf, isGranularity } from './granularity.ts'
import type { Field, Model } from './models.ts'
import { type Context, conditionOf, displayNames, type Page } from './search.ts'
import { type Environment, newParameters, type TextRow } from './sql.ts'
import { groupValue, type Result } from './values.ts'

export interface GroupBy {
  /** As asked for: `state`, `date_order:day`. */
  readonly spec: string
  readonly field: Field
  readonly granularity: Granularity | undefined
  readonly sql: string
}

export interface Aggregate {
  /** The key it is given under. */
  readonly key: string
  readonly field: Field | undefined
  readonly type: Field['type']
  readonly sql: string
}

export interface Grouping {
  readonly groupby: readonly GroupBy[]
  readonly aggregates: readonly Aggregate[]
}

export interface Group {
  /** By spec; a many2one is `[id, name]`, an interval its first second. */
  readonly keys: ReadonlyMap<string, Result>
  readonly aggregates: ReadonlyMap<string, Result>
  readonly count: number
  /** What singles the group out, leaf by leaf; with its operators in front where it is an interval. */
  readonly domains: readonly (readonly Result[])[]
}

const fieldOf = (model: Model, name: string): Field => {
  const field = model.fields.get(name)
  if (!field) throw new OdooError(kinds.value, `Invalid field '${name}' on model '${model.name}'`)
  return field
}

export const groupByOf = (env: Environment, model: Model, spec: string): GroupBy => {
  const [path = '', given] = spec.split(':')
  const field = fieldOf(model, path)
  if (!field.stored && (field.related === undefined || env.registry.version < 18)) {
    throw new OdooError(kinds.value, `Cannot convert ${model.name}.${path} to SQL because it is not stored`)
  }
  const sql = valueSql(env, model, field, 't')
  const timed = field.type === 'datetime' || field.type === 'date'
  const granularity = given ?? (timed ? 'month' : undefined)
  if (granularity === undefined)
    return { spec, field, granularity, sql: field.type === 'boolean' ? `coalesce(${sql}, FALSE)` : sql }
  if (!timed || !isGranularity(granularity))
    throw new OdooError(kinds.value, `Granularity specification isn't correct: '${given}'`)
  return { spec, field, granularity, sql: `date_trunc('${granularity}', ${sql})` }
}

const integers = new Set(['count', 'count_distinct'])
const functions: Readonly<Record<string, (sql: string) => string>> = {
  sum: (sql) => `sum(${sql})`,
  avg: (sql) => `avg(${sql})`,
  min: (sql) => `min(${sql})`,
  max: (sql) => `max(${sql})`,
  count: (sql) => `count(${sql})`,
  count_distinct: (sql) => `count(DISTINCT ${sql})`,
  bool_and: (sql) => `bool_and(${sql})`,
  bool_or: (sql) => `bool_or(${sql})`,
}

export const aggregateOf = (env: Environment, model: Model, key: string, name: string, fn: string): Aggregate => {
  const field = fieldOf(model, name)
  const make = functions[fn]
  if (!make) throw new OdooError(kinds.value, `Invalid aggregate method '${fn}' for '${name}:${fn}'.`)
  if (!field.stored)
    throw new OdooError(kinds.value, `Cannot convert ${model.name}.${name} to SQL because it is not stored`)
  const type = integers.has(fn) ? 'integer' : fn === 'avg' ? 'float' : field.type
  return { key, field, type, sql: make(valueSql(env, model, field, 't')) }
}

const keyOf = (by: GroupBy, text: string | null, names: ReadonlyMap<number, string> | undefined): Result => {
  const value = groupValue(by.field, text)
  return by.field.type === 'many2one' && typeof value === 'number' ? [value, names?.get(value) ?? ''] : value
}

const domainOf = (by: GroupBy, key: Result): readonly Result[] => {
  const { name } = by.field
  if (by.granularity === undefined || typeof key !== 'string')
    return [[name, '=', Array.isArray(key) ? (key[0] ?? false) : key]]
  const { from, to } = intervalOf(by.granularity, key)
  return ['&', [name, '>=', from], [name, '<', to]]
}

const groupOf = (grouping: Grouping, row: TextRow, names: ReadonlyMap<string, ReadonlyMap<number, string>>): Group => {
  const keys = grouping.groupby.map((by, i) => [by.spec, keyOf(by, row[`g${i}`] ?? null, names.get(by.spec))] as const)
  const aggregates = grouping.aggregates.map((a, i) => [a.key, groupValue(a, row[`a${i}`] ?? null)] as const)
  return {
    keys: new Map(keys),
    aggregates: new Map(aggregates),
    count: Number(row.n),
    domains: grouping.groupby.map((by, i) => domainOf(by, keys[i]?.[1] ?? false)),
  }
}

const namesOf = async (env: Environment, grouping: Grouping, rows: readonly TextRow[]) => {
  const entries = grouping.groupby.map(async (by, i) => {
    const ids = by.field.type === 'many2one' ? rows.flatMap((row) => row[`g${i}`] ?? []).map(Number) : []
    return [by.spec, await displayNames(env, by.field.relation ?? '', [...new Set(ids)])] as const
  })
  return new Map(await Promise.all(entries))
}

/** Without groupby one group, also over no row. */
export const groups = async (
  env: Environment,
  model: Model,
  domain: unknown,
  grouping: Grouping,
  page: Page,
  context: Context,
): Promise<readonly Group[]> => {
  const parameters = newParameters()
  const where = conditionOf(env, model, domain, context, parameters)
  const columns = [
    ...grouping.groupby.map((by, i) => `${by.sql} AS g${i}`),
    ...grouping.aggregates.map((a, i) => `${a.sql} AS a${i}`),
    'count(*) AS n',
  ]
  const ordinals = grouping.groupby.map((_, i) => i + 1).join(', ')
  const grouped = ordinals === '' ? '' : ` GROUP BY ${ordinals} ORDER BY ${ordinals}`
  const limit = page.limit === undefined ? '' : ` LIMIT ${parameters.bind(page.limit, 'int8')}`
  const offset = page.offset === undefined ? '' : ` OFFSET ${parameters.bind(page.offset, 'int8')}`
  const sql = `SELECT ${columns.join(', ')} FROM "${model.table}" t WHERE ${where}${grouped}${limit}${offset}`
  const rows = await env.query(sql, parameters.values)
  const names = await namesOf(env, grouping, rows)
  return rows.map((row) => groupOf(grouping, row, names))
}
