/** What ir_model_fields and PostgreSQL's own catalogue say of a model's fields, as a catalogue has it. */
import { CollectError } from '../../src/collector.ts'
import { type Field, kindOf, tableOf } from '../../src/flow/spec/catalogue.ts'
import type { AskFields, Described, ModelFields } from '../../src/flow/spec/gather.ts'
import type { OdooSqlClient } from './client.ts'
import type { OdooSqlConfig } from './config.ts'
import { noSelect } from './errors.ts'

/** A row of ir_model_fields (odoo/addons/base/models/ir_model.py). */
export interface FieldRow {
  readonly name: string
  readonly ttype: string
  readonly store: boolean | null
  readonly relation: string | null
  /** Of a one2many: the field at the other end, where that is a stored many2one. */
  readonly inverse: string | null
  readonly relation_table: string | null
  readonly column1: string | null
  readonly column2: string | null
  /** From 18 on a jsonb by company. */
  readonly company_dependent: boolean
  /** Null where the choices are worked out by a method: then they are not known. */
  readonly selection: readonly string[] | null
}

/** A column of a table: its type, and whether our role may read it. */
export interface Column {
  readonly type: string
  readonly readable: boolean
}

/** By name; undefined: there is no such table. */
export type Columns = ReadonlyMap<string, Column> | undefined

// Not every version has every column: to_jsonb asks for one that may not be there.
const FIELDS = `
  select f.name::text, f.ttype::text, f.store, f.relation::text, f.relation_table::text, f.column1::text,
    f.column2::text, coalesce((to_jsonb(f)->>'company_dependent')::bool, false) as company_dependent,
    (select i.name::text from public.ir_model_fields i
      where i.model = f.relation and i.name = f.relation_field and i.ttype = 'many2one' and i.store) as inverse,
    (select array_agg(s.value::text order by s.sequence, s.id) from public.ir_model_fields_selection s
      where s.field_id = f.id) as selection
  from public.ir_model_fields f
  where f.model = $1::text and f.name = any ($2::text[])`

const COLUMNS = `
  select c.oid is not null as there, a.attname::text as name, format_type(a.atttypid, null) as type,
    has_column_privilege(c.oid, a.attnum, 'SELECT') as readable
  from (select to_regclass(format('public.%I', $1::text)) as oid) c
  left join pg_attribute a
    on a.attrelid = c.oid and a.attname = any ($2::text[]) and a.attnum > 0 and not a.attisdropped`

interface ColumnRow extends Column {
  readonly there: boolean
  readonly name: string | null
}

const askColumns = async (
  { query }: Pick<OdooSqlClient, 'query'>,
  table: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Columns> => {
  const rows = await query<ColumnRow>(COLUMNS, [table, names], signal)
  if (!rows.some((row) => row.there)) return undefined
  return new Map(rows.flatMap(({ name, type, readable }) => (name === null ? [] : [[name, { type, readable }]])))
}

/** Where the records of a relation to many are found; undefined where their domain is not told by one field. */
export const linkOf = (row: FieldRow): Field['link'] => {
  const { ttype, relation, inverse, relation_table: table, column1: own, column2: other } = row
  if (ttype === 'one2many')
    return relation && inverse ? { table: tableOf(relation), own: inverse, other: 'id' } : undefined
  return table && own && other ? { table, own, other } : undefined
}

const isText = (ttype: string): boolean => ['char', 'text', 'html'].includes(ttype)

/** What is stored in the model's own table, in `column`. */
export const ownField = (model: string, row: FieldRow, column: Column | undefined): Described => {
  const { name, ttype, relation, selection } = row
  const kind = kindOf(ttype)
  if (kind === undefined) return { problem: `${model}.${name} is of type ${ttype}: nothing can be judged by it` }
  if (!row.store || column === undefined) {
    return { problem: `${model}.${name} is computed, not stored: nothing can be judged by it` }
  }
  const isByCompany = row.company_dependent && column.type === 'jsonb'
  if (isByCompany || (column.type === 'jsonb' && !isText(ttype))) {
    return { problem: `${model}.${name} has a value for each company: nothing can be judged by it` }
  }
  return {
    kind,
    ...(kind === 'many2one' && relation !== null && { relation }),
    ...(column.type === 'jsonb' && { translated: true }),
    ...(kind === 'selection' && selection !== null && { selection }),
  }
}

interface Asking {
  readonly client: Pick<OdooSqlClient, 'query'> & { readonly config: OdooSqlConfig }
  readonly signal: AbortSignal
}

const hidden = ({ config }: Asking['client'], table: string, names: readonly string[], columns: Columns) =>
  names.filter((name) => columns?.get(name)?.readable === false).map((name) => noSelect(config, table, name))

/** Its link, and the records at the other end, have to be there and readable. */
const manyField = async ({ client, signal }: Asking, model: string, row: FieldRow): Promise<Described> => {
  const { name, relation } = row
  const link = row.store ? linkOf(row) : undefined
  if (link === undefined || relation === null) {
    return { problem: `${model}.${name} is computed, not stored: nothing can be judged by it` }
  }
  const ends = [[link.table, [link.own, link.other]] as const, [tableOf(relation), ['id']] as const]
  for (const [table, names] of ends) {
    const columns = await askColumns(client, table, names, signal)
    if (names.some((column) => !columns?.has(column))) return { problem: `${model}.${name}: no table ${table}` }
    const [problem] = hidden(client, table, names, columns)
    if (problem !== undefined) return { problem }
  }
  return { kind: 'many', relation, link }
}

const isMany = ({ ttype }: FieldRow): boolean => kindOf(ttype) === 'many'

/** What may be read of the model's own table, whole or in part; or why none of it. */
const unreadable = (model: string, rows: readonly FieldRow[], columns: Columns, config: OdooSqlConfig) => {
  const table = tableOf(model)
  if (columns === undefined) {
    const cause =
      rows.length > 0 ? `its rows are not in the table ${table}` : "the module that brings it isn't installed"
    return `no model ${model} in the database "${config.dbname}": ${cause}`
  }
  const all = [...columns.values()]
  return all.length > 0 && !all.some(({ readable }) => readable) ? noSelect(config, table) : undefined
}

const fieldsOf = async ({ client, signal }: Asking, model: string, names: readonly string[]): Promise<ModelFields> => {
  const table = tableOf(model)
  const rows = await client.query<FieldRow>(FIELDS, [model, names], signal)
  const columns = await askColumns(client, table, names, signal)
  const why = unreadable(model, rows, columns, client.config)
  if (why !== undefined) return { unreadable: why }
  const fields = new Map<string, Described>()
  for (const row of rows) {
    const [problem] = hidden(client, table, [row.name], columns)
    const own = () => ownField(model, row, columns?.get(row.name))
    fields.set(row.name, problem ? { problem } : isMany(row) ? await manyField({ client, signal }, model, row) : own())
  }
  return fields
}

/** The connection stands, and PostgreSQL said no: the model's own affair. */
const isOwn = (error: unknown, signal: AbortSignal): error is CollectError =>
  error instanceof CollectError && !signal.aborted && error.reason !== 'connect' && error.reason !== 'auth'

/** A few short questions a model, none of them of Odoo's rows. */
export const askFields =
  (client: Asking['client'], signal: AbortSignal): AskFields =>
  async (model, names) => {
    try {
      return await fieldsOf({ client, signal }, model, names)
    } catch (error) {
      if (!isOwn(error, signal)) throw error
      return { untold: `${model} could not be asked for its fields: ${error.message}` }
    }
  }
