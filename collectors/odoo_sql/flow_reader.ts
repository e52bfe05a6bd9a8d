/** A flow's rows by SQL, in the database of an Odoo or on its standby. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import { quoted, type Sql, toSql } from '../../src/flow/condition/sql.ts'
import type { Aggregate, Group } from '../../src/flow/read/question.ts'
import { readerOver, type Selection, type Source } from '../../src/flow/read/read.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import { tableOf } from '../../src/flow/spec/catalogue.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import type { Query } from '../postgres/client.ts'

export type SqlSource = Pick<Source, 'catalogue' | 'currencies' | 'now'> & {
  /** Of one connection, which belongs to this reader: its settings are changed. */
  readonly query: Query
}

const PAGE = 2_000

/** Nothing is written, nothing runs long, and names of the system come before those of the database. */
const SETTINGS = `select set_config('default_transaction_read_only', 'on', false),
  set_config('statement_timeout', '20s', false), set_config('lock_timeout', '500ms', false),
  set_config('search_path', 'pg_catalog, public, pg_temp', false)`

const aggregateSql = ({ field, fn }: Aggregate): string =>
  fn === 'count_distinct' ? `count(DISTINCT t.${quoted(field)})` : `${fn}(t.${quoted(field)})`

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

interface GroupRow {
  readonly hour: string
  readonly count: number
  readonly keys: readonly unknown[]
  readonly values: readonly unknown[]
}

/** The statements. Pure. */
const statements = ({ catalogue, now }: Pick<SqlSource, 'catalogue' | 'now'>) => {
  const compiled = ({ model, where, atLeast }: Selection): Sql & { readonly from: string } => {
    const sql = toSql({ catalogue, model, now: now() }, where, 't', [atLeast])
    if ('problems' in sql) throw new Unsupported(sql.problems.join('; '))
    return { ...sql, from: `FROM ${quoted(tableOf(model))} t ${sql.joins} WHERE t."id" >= $1::int8 AND ${sql.where}` }
  }
  const columnSql = (model: string, name: string): string =>
    catalogue.field(model, name)?.translated ? `t.${quoted(name)}->>'en_US' AS ${quoted(name)}` : `t.${quoted(name)}`
  return {
    groups: (rows: Selection, slot: string, by: readonly string[], aggregates: readonly Aggregate[]): Statement => {
      const { from, values } = compiled(rows)
      const keys = by.map((key) => `t.${quoted(key)}`)
      const text = `SELECT date_trunc('hour', t.${quoted(slot)})::text AS hour, count(*) AS count,
        json_build_array(${keys.join(', ')}) AS keys, json_build_array(${aggregates.map(aggregateSql).join(', ')}) AS values
        ${from} GROUP BY date_trunc('hour', t.${quoted(slot)})${keys.map((key) => `, ${key}`).join('')}`
      return { text, values }
    },
    count: (rows: Selection, limit: number): Statement => {
      const { from, values } = compiled(rows)
      const text = `SELECT count(*) AS count FROM (SELECT 1 ${from} LIMIT $${values.length + 1}::int8) counted`
      return { text, values: [...values, limit] }
    },
    rows: (rows: Selection, fields: readonly string[], order: 'id' | 'id desc', limit: number): Statement => {
      const { from, values } = compiled(rows)
      const columns = fields.map((field) => columnSql(rows.model, field)).join(', ')
      return {
        text: `SELECT ${columns} ${from} ORDER BY t."id"${order === 'id' ? '' : ' DESC'} LIMIT $${values.length + 1}::int8`,
        values: [...values, limit],
      }
    },
  }
}

/** json writes a timestamp with a T. */
const naive = (value: unknown): unknown => (typeof value === 'string' ? value.replace('T', ' ') : value)

export const flowReader = ({ query, catalogue, currencies, now }: SqlSource): FlowReader<ResolvedFlow> => {
  let settled: Promise<unknown> | undefined
  const ask = async <R>({ text, values }: Statement, signal: AbortSignal): Promise<readonly R[]> => {
    settled ??= query(SETTINGS).catch((error: unknown) => {
      settled = undefined
      throw error
    })
    await settled
    if (signal.aborted) throw new CollectError('timeout', 'the question came too late')
    return query<R>(text, values)
  }
  const make = statements({ catalogue, now })
  return readerOver({
    catalogue,
    currencies,
    now,
    page: PAGE,
    groups: async (rows, slot, by, aggregates, signal) => {
      const groups = await ask<GroupRow>(make.groups(rows, slot, by, aggregates), signal)
      return groups.map((group): Group => ({ ...group, values: group.values.map(naive) }))
    },
    count: async (rows, limit, signal) => {
      const [counted] = await ask<{ readonly count: number }>(make.count(rows, limit), signal)
      if (counted === undefined) throw new CollectError('decode', `${rows.model} was not counted`)
      return counted.count
    },
    rows: (rows, fields, order, limit, signal) => ask<Row>(make.rows(rows, fields, order, limit), signal),
  })
}
