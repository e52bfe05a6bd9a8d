/** Odoo's models: fields derived from the columns, and what can't be read off a column. */
import { type Column, type Tables, tableOf, tablesOf, type Version } from './columns.ts'
import type { CustomModel } from './custom.ts'
import { labels, relations, selections } from './field_facts.ts'
import { catalogue, type ModelFacts } from './model_facts.ts'

export type FieldType =
  | 'integer'
  | 'float'
  | 'monetary'
  | 'boolean'
  | 'char'
  | 'text'
  | 'selection'
  | 'date'
  | 'datetime'
  | 'many2one'
  | 'one2many'
  | 'many2many'
  | 'binary'
  | 'json'

/** Rows of `table` whose `own` is the record, and whose `other` is a record of the comodel. */
export interface Link {
  readonly table: string
  readonly own: string
  readonly other: string
}

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly label: string
  /** Stored in the table's column of its name. */
  readonly stored: boolean
  readonly searchable: boolean
  /** The column's type in PostgreSQL, where stored. */
  readonly sqlType: string
  /** A jsonb of texts by language. */
  readonly translated: boolean
  readonly relation?: string
  readonly link?: Link
  /** The dotted path whose value this field shows. */
  readonly related?: string
  /** SQL of its value, where it is neither stored nor related, the same whoever asks. */
  readonly computed?: string
  /** The group without which the field may not be named (an AccessError). */
  readonly groups?: string
  readonly selection?: readonly (readonly [string, string])[]
}

export interface Model {
  readonly name: string
  readonly table: string
  readonly description: string
  readonly order: string
  /** SQL of a record's display name. */
  readonly displayName: (alias: string) => string
  readonly fields: ReadonlyMap<string, Field>
  /** Who may read it, as Odoo's message names them. */
  readonly groups: readonly string[]
}

export interface Registry {
  readonly version: Version
  readonly model: (name: string) => Model | undefined
  readonly models: readonly Model[]
}

const plainTypes: Readonly<Record<string, FieldType>> = {
  int4: 'integer',
  bool: 'boolean',
  varchar: 'char',
  text: 'text',
  timestamp: 'datetime',
  date: 'date',
  numeric: 'monetary',
  float8: 'float',
  jsonb: 'json',
  bytea: 'binary',
}

const translatedNames = new Set(['name', 'shortdesc', 'summary', 'description'])

/** What a column points to, and its choices. */
type Meaning = (name: string) => Pick<Field, 'relation' | 'selection'>

const meaningOf =
  (model: string, custom: CustomModel | undefined): Meaning =>
  (name) => {
    const relation = custom?.relations?.[name] ?? relations[`${model}.${name}`] ?? relations[name]
    const choices = custom?.selections?.[name]?.map((value) => [value, value] as const)
    const selection = choices ?? selections[`${model}.${name}`]
    return { ...(relation !== undefined && { relation }), ...(selection && { selection }) }
  }

const stored = (meaning: Meaning, name: string, column: Column, exists: (model: string) => boolean): Field => {
  const { relation, selection } = meaning(name)
  const translated = column.type === 'jsonb' && translatedNames.has(name)
  const common = { name, label: labels[name] ?? name, stored: true, searchable: true, sqlType: column.type, translated }
  if (column.type === 'int4' && relation !== undefined && exists(relation)) {
    return { ...common, type: 'many2one', relation }
  }
  if (selection) return { ...common, type: 'selection', selection }
  return { ...common, type: translated ? 'char' : (plainTypes[column.type] ?? 'char') }
}

const modelOf = (facts: ModelFacts, version: Version, tables: Tables, custom?: CustomModel): Model => {
  const table = tableOf(facts.name)
  const columns = tables.get(table) ?? new Map<string, Column>()
  const exists = (model: string) => tables.has(tableOf(model))
  const meaning = meaningOf(facts.name, custom)
  const fields = [...columns].map(([name, column]) => stored(meaning, name, column, exists))
  const extra = (facts.extra ?? [])
    .filter((f) => version >= (f.since ?? 0) && version <= (f.until ?? 99))
    .map(
      (f): Field => ({
        ...f,
        label: labels[f.name] ?? f.name,
        stored: false,
        searchable: f.link !== undefined || f.related !== undefined,
        sqlType: '',
        translated: false,
      }),
    )
  return {
    name: facts.name,
    table,
    description: facts.description,
    order: facts.order ?? 'id',
    displayName: facts.displayName ?? ((alias) => `'${facts.name},' || ${alias}.id`),
    fields: new Map([...extra, ...fields].map((field) => [field.name, field])),
    groups: (version >= 19 ? facts.groups19 : undefined) ?? facts.groups ?? ['Administration/Settings'],
  }
}

export const registryOf = (version: Version, custom: readonly CustomModel[] = []): Registry => {
  const tables = tablesOf(version, custom)
  const models = [
    ...catalogue.filter((facts) => tables.has(tableOf(facts.name))).map((facts) => modelOf(facts, version, tables)),
    ...custom.map((facts) => modelOf(facts, version, tables, facts)),
  ]
  const byName = new Map(models.map((model) => [model.name, model]))
  return { version, models, model: (name) => byName.get(name) }
}
