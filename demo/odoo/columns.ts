/** The tables behind Odoo's models, per version, as measured on real databases (trimmed to what is of use here). */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type CustomModel, columnsOf } from './custom.ts'
import { reflectionColumns } from './reflection_columns.ts'

export const versions = [17, 18, 19] as const
export type Version = (typeof versions)[number]

/** `int4`, `varchar`, `timestamp`, `jsonb` …, and ` not null` where the column demands a value. */
const tables = z.record(z.string(), z.record(z.string(), z.string()))

export interface Column {
  readonly type: string
  readonly required: boolean
}

/** Table → column → type. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Column>>

/** Linking and named-only tables: the same in all versions, not among the measured ones. */
const common: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  res_partner: { id: 'int4 not null', name: 'varchar', company_id: 'int4', email: 'varchar', active: 'bool' },
  account_edi_format: { id: 'int4 not null', name: 'varchar', code: 'varchar' },
  res_company_users_rel: { cid: 'int4 not null', user_id: 'int4 not null' },
  sale_order_transaction_rel: { transaction_id: 'int4 not null', sale_order_id: 'int4 not null' },
}

const columnOf = (text: string): Column => ({
  type: text.replace(' not null', ''),
  required: text.endsWith(' not null'),
})

export const tableOf = (model: string): string => model.replaceAll('.', '_')

export const tablesOf = (version: Version, custom: readonly CustomModel[] = []): Tables => {
  const file = new URL(`./columns/${version}.json`, import.meta.url)
  const measured = tables.parse(JSON.parse(readFileSync(file, 'utf8')))
  const added = Object.fromEntries(custom.map((model) => [tableOf(model.name), columnsOf(model)]))
  return new Map(
    Object.entries({ ...common, ...reflectionColumns(version), ...measured, ...added }).map(([table, columns]) => [
      table,
      new Map(Object.entries(columns).map(([name, text]) => [name, columnOf(text)])),
    ]),
  )
}
