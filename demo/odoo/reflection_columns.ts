/** The tables in which Odoo describes its own models (odoo/addons/base/models/ir_model.py; not among the measured ones). */
import type { Version } from './columns.ts'

type Columns = Readonly<Record<string, string>>

const log: Columns = { create_uid: 'int4', write_uid: 'int4', create_date: 'timestamp', write_date: 'timestamp' }

const model: Columns = {
  id: 'int4 not null',
  name: 'jsonb not null',
  model: 'varchar not null',
  order: 'varchar not null',
  info: 'text',
  state: 'varchar',
  transient: 'bool',
  ...log,
}

/** Trimmed to what is of use here. */
const fields = (version: Version): Columns => ({
  id: 'int4 not null',
  name: 'varchar not null',
  complete_name: 'varchar',
  model: 'varchar not null',
  relation: 'varchar',
  relation_field: 'varchar',
  relation_field_id: 'int4',
  model_id: 'int4 not null',
  field_description: 'jsonb not null',
  help: 'jsonb',
  ttype: 'varchar not null',
  copied: 'bool',
  related: 'varchar',
  related_field_id: 'int4',
  required: 'bool',
  readonly: 'bool',
  index: 'bool',
  // From 19 on it says how: standard, html_translate, xml_translate.
  translate: version >= 19 ? 'varchar' : 'bool',
  ...(version >= 18 && { company_dependent: 'bool' }),
  size: 'int4',
  state: 'varchar not null',
  on_delete: 'varchar',
  domain: 'varchar',
  selectable: 'bool',
  relation_table: 'varchar',
  column1: 'varchar',
  column2: 'varchar',
  compute: 'text',
  depends: 'varchar',
  store: 'bool',
  ...log,
})

const selection: Columns = {
  id: 'int4 not null',
  field_id: 'int4 not null',
  value: 'varchar not null',
  name: 'jsonb not null',
  sequence: 'int4',
  ...log,
}

export const reflectionColumns = (version: Version): Readonly<Record<string, Columns>> => ({
  ir_model: model,
  ir_model_fields: fields(version),
  ir_model_fields_selection: selection,
})
