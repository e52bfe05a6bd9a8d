/** A flow's rows by SQL, in the database of an Odoo or on its standby. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import { quoted, type Sql, toSql } from '../../src/flow/condition/sql.ts'
import type { Aggregate } from '../../src/flow/read/plan.ts'
import type { Group } from '../../src/flow/read/question.ts'
import { readerOver } from '../../src/flow/read/read.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import type { Interval, Order, Selection, Source } from '../../src/flow/read/source.ts'
import { type Field, tableOf } from '../../src/flow/spec/catalogue.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import type { PostgresClient } from '../postgres/client.ts'

export type SqlSource = Pick<Source, 'catalogue' | 'currencies' | 'now'> & {
  /** Of one connection, which belongs to this reader: its settings are changed. */
  readonly query: PostgresClient['query']
}

const PAGE = 2_000

/**
 * Nothing is written, nothing runs long or on several cores, and names of the system come before those of the database.
 */
const SETTINGS = `select set_config('default_transaction_read_only', 'on', false),
  set_config('statement_timeout', '10s', false), set_config('lock_timeout', '500ms', false),
  set_config('max_parallel_workers_per_gather', '0', false),
  set_config('search_path', 'pg_catalog, public, pg_temp', false)`

/**
 * Distinct datetimes are counted to see that one of them moved, as Odoo sums up none. Here they are summed, exactly: that
 * shows what the count would, without the sort of all rows the count takes.
 */
const aggregateSql = ({ field, fn }: Aggregate): string => {
  const column = `t.${quoted(field)}`
  return fn === 'count_distinct' ? `sum(extract(epoch FROM ${column}))` : `${fn}(${column})`
}

export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

interface GroupRow {
  readonly begins: string
  readonly count: number
  readonly keys: readonly unknown[]
  readonly values: readonly unknown[]
}

const orderSql = (order: Order): string => {
  if (order === 'id desc') return 't."id" DESC'
  return order === 'id' ? 't."id"' : `t.${quoted(order.oldest)}, t."id"`
}

/** The ids of the records a relation to many leads to. */
const linked = (model: string, name: string, link: Field['link']): string => {
  if (!link) throw new Unsupported(`how ${model}.${name} is stored is not known`)
  const ids = `SELECT json_agg(l.${quoted(link.other)}) FROM ${quoted(link.table)} l WHERE l.${quoted(link.own)} = t."id"`
  return `coalesce((${ids}), '[]')`
}

/** The statements. Pure. */
const statements = ({ catalogue, now }: Pick<SqlSource, 'catalogue' | 'now'>) => {
  const compiled = ({ model, where, atLeast, atMost, ids }: Selection): Sql & { readonly from: string } => {
    const before: unknown[] = []
    const bound = (value: unknown, type: string): string => `$${before.push(value)}::${type}`
    const bounds = [
      ...(atLeast > 0 ? [`t."id" >= ${bound(atLeast, 'int8')}`] : []),
      ...(atMost === undefined ? [] : [`t."id" <= ${bound(atMost, 'int8')}`]),
      ...(ids ? [`t."id" = ANY (${bound(ids, 'int8[]')})`] : []),
    ]
    const sql = toSql({ catalogue, model, now: now() }, where, 't', before)
    if ('problems' in sql) throw new Unsupported(sql.problems.join('; '))
    const table = `${quoted(tableOf(model))} t ${sql.joins}`
    return { ...sql, from: `FROM ${table} WHERE ${[...bounds, sql.where].join(' AND ')}` }
  }
  const valueSql = (model: string, name: string): string => {
    const field = catalogue.field(model, name)
    if (field?.kind === 'many') return linked(model, name, field.link)
    return field?.translated ? `t.${quoted(name)}->>'en_US'` : `t.${quoted(name)}`
  }
  const columnSql = (model: string, name: string): string => `${valueSql(model, name)} AS ${quoted(name)}`
  return {
    groups: (
      rows: Selection,
      time: Interval | undefined,
      by: readonly string[],
      aggregates: readonly Aggregate[],
    ): Statement => {
      const { from, values } = compiled(rows)
      const keys = by.map((key) => valueSql(rows.model, key))
      const begins = time && `date_trunc('${time.each}', t.${quoted(time.field)})`
      const parts = [...(begins ? [begins] : []), ...keys]
      const text = `SELECT ${begins ? `${begins}::text` : "''"} AS begins, count(*) AS count,
        json_build_array(${keys.join(', ')}) AS keys, json_build_array(${aggregates.map(aggregateSql).join(', ')}) AS values
        ${from}${parts.length > 0 ? ` GROUP BY ${parts.join(', ')}` : ''}`
      return { text, values }
    },
    rows: (rows: Selection, fields: readonly string[], order: Order, limit: number): Statement => {
      const { from, values } = compiled(rows)
      const columns = fields.map((field) => columnSql(rows.model, field)).join(', ')
      const text = `SELECT ${columns} ${from} ORDER BY ${orderSql(order)} LIMIT $${values.length + 1}::int8`
      return { text, values: [...values, limit] }
    },
  }
}

/** json writes a timestamp with a T. */
const naive = (value: unknown): unknown => (typeof value === 'string' ? value.replace('T', ' ') : value)

export const flowReader = ({ query, catalogue, currencies, now }: SqlSource): FlowReader<ResolvedFlow> => {
  let settled: Promise<unknown> | undefined
  const ask = async <R>({ text, values }: Statement, signal: AbortSignal): Promise<readonly R[]> => {
    settled ??= query(SETTINGS, [], signal).catch((error: unknown) => {
      settled = undefined
      throw error
    })
    await settled
    if (signal.aborted) throw new CollectError('timeout', 'the question came too late')
    return query<R>(text, values, signal)
  }
  const make = statements({ catalogue, now })
  return readerOver({
    connection: query,
    catalogue,
    currencies,
    now,
    page: PAGE,
    stretch: undefined,
    groups: async (rows, time, by, aggregates, signal) => {
      const groups = await ask<GroupRow>(make.groups(rows, time, by, aggregates), signal)
      return groups.map((group): Group => ({ ...group, values: group.values.map(naive) }))
    },
    rows: (rows, fields, order, limit, signal) => ask<Row>(make.rows(rows, fields, order, limit), signal),
  })
}
