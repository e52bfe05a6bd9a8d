/** What a model says of its fields. */
import type { Field, Model } from './models.ts'
import type { Result } from './values.ts'

const attributesOf = (field: Field): Readonly<Record<string, Result>> => ({
  type: field.type,
  string: field.label,
  store: field.stored || field.link !== undefined,
  searchable: field.searchable,
  sortable: field.stored,
  groupable: field.stored || field.type === 'many2many',
  readonly: !field.stored,
  required: false,
  name: field.name,
  ...(field.relation !== undefined && { relation: field.relation }),
  ...(field.related !== undefined && { related: field.related }),
  ...(field.selection !== undefined && { selection: field.selection.map(([value, label]) => [value, label]) }),
  ...(field.groups !== undefined && { groups: field.groups }),
})

/** Fields the model does not have are left out, as are attributes a field does not have. */
export const fieldsGet = (
  model: Model,
  names: readonly string[] | undefined,
  attributes: readonly string[] | undefined,
): Result => {
  const fields = [...model.fields.values()].filter(
    (f) => names === undefined || names.length === 0 || names.includes(f.name),
  )
  const chosen = (field: Field) =>
    Object.entries(attributesOf(field)).filter(
      ([key]) => attributes === undefined || attributes.length === 0 || attributes.includes(key),
    )
  return Object.fromEntries(fields.map((field) => [field.name, Object.fromEntries(chosen(field))]))
}
