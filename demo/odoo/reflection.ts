/** What Odoo's registry leaves in ir_model, ir_model_fields and ir_model_fields_selection (ir_model.py, `_reflect_*`). */
import type { Field, Model, Registry } from './models.ts'
import type { SeedRow } from './seed.ts'

type Rows = readonly SeedRow[]

const en = (name: string) => ({ en_US: name })

const stateOf = (name: string): string => (name.startsWith('x_') ? 'manual' : 'base')

const translateOf = (registry: Registry, { translated }: Field) => {
  if (registry.version < 19) return translated
  return translated ? 'standard' : null
}

/** A one2many names the field at the other end, a many2many the table between. */
const linkOf = ({ type, link }: Field): SeedRow => ({
  relation_field: type === 'one2many' ? (link?.own ?? null) : null,
  relation_table: type === 'many2many' ? (link?.table ?? null) : null,
  column1: type === 'many2many' ? (link?.own ?? null) : null,
  column2: type === 'many2many' ? (link?.other ?? null) : null,
})

const fieldRow = (registry: Registry, model: Model, field: Field): SeedRow => ({
  name: field.name,
  complete_name: `${model.name}.${field.name}`,
  model: model.name,
  relation: field.relation ?? null,
  model_id: registry.models.indexOf(model) + 1,
  field_description: en(field.label),
  ttype: field.type,
  related: field.related ?? null,
  required: false,
  readonly: !field.stored && field.link === undefined,
  translate: translateOf(registry, field),
  company_dependent: false,
  state: stateOf(field.name),
  store: field.stored || field.link !== undefined,
  ...linkOf(field),
})

/** Rows by table, numbered from 1. */
export const reflectionOf = (registry: Registry): readonly (readonly [table: string, rows: Rows])[] => {
  const models = registry.models.map((model, i) => ({
    id: i + 1,
    name: en(model.description),
    model: model.name,
    order: model.order,
    state: stateOf(model.name),
    transient: false,
  }))
  const fields = registry.models
    .flatMap((model) => [...model.fields.values()].map((field) => ({ model, field })))
    .map((each, i) => ({ ...each, id: i + 1 }))
  const selections = fields
    .flatMap(({ id, field }) =>
      (field.selection ?? []).map(([value, label], sequence) => ({ field_id: id, value, name: en(label), sequence })),
    )
    .map((row, i) => ({ id: i + 1, ...row }))
  return [
    ['ir_model', models],
    ['ir_model_fields', fields.map(({ id, model, field }) => ({ id, ...fieldRow(registry, model, field) }))],
    ['ir_model_fields_selection', selections],
  ]
}
