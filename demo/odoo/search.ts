/** search, search_count, search_read, read: the rows of a model which a domain, the rules and the rights leave. */
import { mentions, parseDomain } from './domain.ts'
import { compileDomain, deniedField, valueSql } from './domain_sql.ts'
import { kinds, OdooError } from './errors.ts'
import type { Field, Model } from './models.ts'
import { type Environment, newParameters, type Parameters, recordRule, type TextRow } from './sql.ts'
import { type Result, readValue } from './values.ts'

export interface Page {
  readonly offset?: number
  readonly limit?: number
  readonly order?: string
}

export type Context = Readonly<Record<string, unknown>>

const table = (model: Model): string => `"${model.table}" t`

/** The condition of a search, with rights, rules and the active test; adds to the parameters. */
export const conditionOf = (
  env: Environment,
  model: Model,
  domain: unknown,
  context: Context,
  parameters: Parameters,
): string => {
  env.access.check(model)
  const node = parseDomain(env.registry.version, domain ?? [])
  const inactiveToo = !model.fields.has('active') || context.active_test === false || mentions(node, 'active')
  const parts = [
    compileDomain(env, parameters, model, 't', node),
    inactiveToo ? undefined : 't.active IS TRUE',
    recordRule(env, model, 't', parameters.bind),
  ]
  return parts.filter((p) => p !== undefined).join(' AND ')
}

const orderItem = (model: Model, item: string): string => {
  const [, name = '', direction = '', nulls = ''] =
    /^\s*(\w+)(?:\s+(asc|desc))?(?:\s+(nulls\s+(?:first|last)))?\s*$/i.exec(item) ?? []
  const field = model.fields.get(name)
  if (name === '') throw new OdooError(kinds.user, `Invalid "order" specified (${item}).`)
  if (!field) throw new OdooError(kinds.value, `Invalid field '${name}' on '${model.name}'`)
  if (!field.stored)
    throw new OdooError(kinds.value, `Cannot convert ${model.name}.${name} to SQL because it is not stored`)
  return `t."${name}" ${direction} ${nulls}`.trim()
}

export const orderBy = (model: Model, order: string): string =>
  order
    .split(',')
    .map((item) => orderItem(model, item))
    .join(', ')

const paged = (page: Page, { bind }: Parameters): string =>
  [
    page.limit === undefined ? '' : ` LIMIT ${bind(page.limit, 'int8')}`,
    page.offset === undefined || page.offset === 0 ? '' : ` OFFSET ${bind(page.offset, 'int8')}`,
  ].join('')

export const search = async (env: Environment, model: Model, domain: unknown, page: Page, context: Context) => {
  const parameters = newParameters()
  const where = conditionOf(env, model, domain, context, parameters)
  const order = orderBy(model, page.order ?? model.order)
  const sql = `SELECT t.id FROM ${table(model)} WHERE ${where} ORDER BY ${order}${paged(page, parameters)}`
  return (await env.query(sql, parameters.values)).map((row) => Number(row.id))
}

export const searchCount = async (
  env: Environment,
  model: Model,
  domain: unknown,
  limit: number | undefined,
  context: Context,
): Promise<number> => {
  const parameters = newParameters()
  const where = conditionOf(env, model, domain, context, parameters)
  const rows = `SELECT 1 FROM ${table(model)} WHERE ${where}${limit === undefined ? '' : ` LIMIT ${parameters.bind(limit, 'int8')}`}`
  const [row] = await env.query(`SELECT count(*) AS n FROM (${rows}) s`, parameters.values)
  return Number(row?.n)
}

const fieldsOf = (env: Environment, model: Model, names: readonly string[]): readonly Field[] =>
  names.map((name) => {
    const field = model.fields.get(name)
    if (!field) {
      const where = env.registry.version >= 19 ? '' : 'model '
      throw new OdooError(kinds.value, `Invalid field '${name}' on ${where}'${model.name}'`)
    }
    if (field.groups !== undefined && !env.access.hasGroup(field.groups)) throw deniedField(env, model, field)
    return field
  })

const columnOf = (env: Environment, model: Model, field: Field): string => {
  const { link } = field
  if (link) {
    const ids = `SELECT json_agg(l."${link.other}" ORDER BY 1) FROM "${link.table}" l WHERE l."${link.own}" = t.id`
    return `coalesce((${ids})::text, '[]')`
  }
  return field.searchable ? valueSql(env, model, field, 't') : (field.computed ?? 'NULL')
}

/** Display names of the records of the comodel, by id: everyone may read the name of what a record points to. */
export const displayNames = async (env: Environment, relation: string, ids: readonly number[]) => {
  const comodel = env.registry.model(relation)
  if (!comodel || ids.length === 0) return new Map<number, string>()
  const sql = `SELECT t.id, ${comodel.displayName('t')} AS name FROM ${table(comodel)} WHERE t.id = ANY($1::int4[])`
  return new Map((await env.query(sql, [ids])).map((row) => [Number(row.id), row.name ?? '']))
}

/** Per many2one field the names of what the rows point to. */
const namesFor = async (env: Environment, fields: readonly Field[], rows: readonly TextRow[]) => {
  const entries = fields
    .filter((f) => f.type === 'many2one')
    .map(async (field) => {
      const ids = rows.flatMap((row) => row[field.name] ?? []).map(Number)
      return [field.name, await displayNames(env, field.relation ?? '', [...new Set(ids)])] as const
    })
  return new Map(await Promise.all(entries))
}

/** `names` undefined: many2ones as bare ids. */
const cell = (field: Field, text: string | null, names: ReadonlyMap<number, string> | undefined): Result => {
  if (field.link) return JSON.parse(text ?? '[]')
  if (field.type === 'many2one' && text !== null && names) return [Number(text), names.get(Number(text)) ?? '']
  return readValue(field, text)
}

const select = (env: Environment, model: Model, fields: readonly Field[]): string =>
  ['t.id', ...fields.filter((f) => f.name !== 'id').map((f) => `${columnOf(env, model, f)} AS "${f.name}"`)].join(', ')

/** Which fields of a row, and how many2ones are read. */
export interface FieldsAsked {
  /** None: all that may be read. */
  readonly names: readonly string[]
  readonly hasDisplayNames: boolean
}

const present = async (
  env: Environment,
  fields: readonly Field[],
  { hasDisplayNames }: FieldsAsked,
  rows: readonly TextRow[],
): Promise<Result[]> => {
  const names = hasDisplayNames ? await namesFor(env, fields, rows) : new Map<string, ReadonlyMap<number, string>>()
  return rows.map((row) => ({
    id: Number(row.id),
    ...Object.fromEntries(
      fields.filter((f) => f.name !== 'id').map((f) => [f.name, cell(f, row[f.name] ?? null, names.get(f.name))]),
    ),
  }))
}

const readable = (model: Model): readonly string[] =>
  [...model.fields.values()].filter((f) => f.groups === undefined && f.type !== 'binary').map((f) => f.name)

export const searchRead = async (
  env: Environment,
  model: Model,
  domain: unknown,
  asked: FieldsAsked,
  page: Page,
  context: Context,
): Promise<Result[]> => {
  const parameters = newParameters()
  const where = conditionOf(env, model, domain, context, parameters)
  const fields = fieldsOf(env, model, asked.names.length > 0 ? asked.names : readable(model))
  const order = orderBy(model, page.order ?? model.order)
  const from = `FROM ${table(model)} WHERE ${where} ORDER BY ${order}${paged(page, parameters)}`
  return present(env, fields, asked, await env.query(`SELECT ${select(env, model, fields)} ${from}`, parameters.values))
}

/** Ids that are not there are left out. */
export const read = async (env: Environment, model: Model, ids: readonly number[], asked: FieldsAsked) => {
  env.access.check(model)
  const fields = fieldsOf(env, model, asked.names.length > 0 ? asked.names : readable(model))
  const parameters = newParameters()
  const rule = recordRule(env, model, 't', parameters.bind) ?? 'TRUE'
  const where = `t.id = ANY(${parameters.bind(ids, 'int4[]')}) AND ${rule}`
  const sql = `SELECT ${select(env, model, fields)} FROM ${table(model)} WHERE ${where}`
  const rows = new Map((await env.query(sql, parameters.values)).map((row) => [Number(row.id), row]))
  const found = ids.map((id) => rows.get(id)).filter((row) => row !== undefined)
  return present(env, fields, asked, found)
}
