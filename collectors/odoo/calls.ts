/** Our few questions as calls of Odoo's methods in each version, and their answers in one shape. Pure. */
import { CollectError } from '../../src/collector.ts'
import type { Call } from './protocol.ts'
import type { Domain, Value } from './values.ts'

export interface ReadOptions {
  /** Always given: the model's own order may cost a sort over the whole table. */
  readonly order: string
  /** At most 500, the default: more is asked in pages. */
  readonly limit?: number
  readonly offset?: number
  readonly context?: Readonly<Record<string, Value>>
  /** Many2ones as bare ids, without the display names Odoo would work out: `search_read` hands it on to `read` (15 and newer). */
  readonly load?: '_classic_write'
}

/** A row of `readGroup`: the groupby fields, the aggregates under `field:function`, and `__count`. */
export type GroupRow = Readonly<Record<string, unknown>> & { readonly __count: number }

/** The attributes asked for, as `fields_get` gives them. */
export interface FieldInfo {
  readonly type?: string
  readonly string?: string
  readonly store?: boolean
  readonly searchable?: boolean
  readonly groups?: string
  readonly relation?: string
  readonly selection?: readonly (readonly [string, string])[]
}

export const LARGEST_PAGE = 500

export const searchRead = (model: string, domain: Domain, fields: readonly string[], options: ReadOptions): Call => ({
  model,
  method: 'search_read',
  args: [
    ['domain', domain],
    ['fields', fields],
  ],
  options: { ...options, limit: Math.min(options.limit ?? LARGEST_PAGE, LARGEST_PAGE) },
})

/** The first version whose search_count takes a limit. */
const COUNT_LIMIT_SINCE = 16

export const searchCount = (version: number, model: string, domain: Domain, limit: number | undefined): Call => ({
  model,
  method: 'search_count',
  args: [['domain', domain]],
  options: limit !== undefined && version >= COUNT_LIMIT_SINCE ? { limit } : {},
})

export const fieldsGet = (model: string, fields: readonly string[], attributes: readonly string[]): Call => ({
  model,
  method: 'fields_get',
  args: [
    ['allfields', fields],
    ['attributes', attributes],
  ],
  options: {},
})

/** From here on groups are asked by formatted_read_group; 20 gives the old name to another method. */
const FORMATTED_SINCE = 19

/** `field:function` as `alias:function(field)`: a plain one would come back under the field's own name, once only. */
const aliased = (aggregate: string, index: number): string => {
  const [field, fn] = aggregate.split(':')
  return `${alias(index)}:${fn}(${field})`
}
const alias = (index: number): string => `pulse_${index}`

const groupCall = (
  version: number,
  model: string,
  domain: Domain,
  groupby: readonly string[],
  aggregates: readonly string[],
): Call =>
  version >= FORMATTED_SINCE
    ? {
        model,
        method: 'formatted_read_group',
        args: [
          ['domain', domain],
          ['groupby', groupby],
          ['aggregates', [...aggregates, '__count']],
        ],
        options: {},
      }
    : {
        model,
        method: 'read_group',
        args: [
          ['domain', domain],
          // with no field named at all, all that can be summed up is
          ['fields', aggregates.length > 0 ? aggregates.map(aliased) : ['id']],
          ['groupby', groupby],
        ],
        options: { lazy: false },
      }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const unexpected = ({ model, method }: Call, wanted: string): CollectError =>
  new CollectError('decode', `${model}.${method} gave no ${wanted}`)

export const rowsOf = (call: Call, answer: unknown): readonly Readonly<Record<string, unknown>>[] => {
  if (!Array.isArray(answer) || !answer.every(isRecord)) throw unexpected(call, 'list of records')
  return answer
}

export const countOf = (call: Call, answer: unknown): number => {
  if (typeof answer !== 'number') throw unexpected(call, 'number')
  return answer
}

export const fieldsOf = (call: Call, answer: unknown): Readonly<Record<string, FieldInfo>> => {
  if (!isRecord(answer) || !Object.values(answer).every(isRecord)) throw unexpected(call, 'description of fields')
  return answer as Readonly<Record<string, FieldInfo>>
}

/** The last bound below that a group's own domain sets: the base domain stands before it. */
const lowerBound = (field: string, domain: unknown): unknown =>
  (Array.isArray(domain) ? domain : []).findLast(
    (term) => Array.isArray(term) && term[0] === field && term[1] === '>=',
  )?.[2]

/**
 * An interval's first second, naive UTC: an hour's label is of twelve hours and says not which half of the day. 19
 * gives it beside the label, 16 to 18 in `__range`, older ones in the group's domain. Anything else is as it came.
 */
const keyOf = (row: Readonly<Record<string, unknown>>, key: string): unknown => {
  const value = row[key]
  const [field = '', interval] = key.split(':')
  if (interval === undefined || value === false) return value
  if (Array.isArray(value)) return value[0]
  const { __range: ranges } = row
  const range = isRecord(ranges) ? (ranges[key] ?? ranges[field]) : undefined
  return isRecord(range) ? range.from : lowerBound(field, row.__domain)
}

export interface GroupQuestion {
  readonly call: Call
  readonly rows: (answer: unknown) => readonly GroupRow[]
}

/**
 * Rows hold the keys, the aggregates and `__count`, whichever method gave them; the domains they carry are left out.
 * The key of an interval (`date_order:hour`) is its first second, naive UTC; undefined where it can't be told.
 */
export const readGroup = (
  version: number,
  model: string,
  domain: Domain,
  groupby: readonly string[],
  asked: readonly string[],
): GroupQuestion => {
  const aggregates = asked.filter((aggregate) => aggregate !== '__count')
  const call = groupCall(version, model, domain, groupby, aggregates)
  const nameOf = version >= FORMATTED_SINCE ? (aggregate: string) => aggregate : (_: string, i: number) => alias(i)
  return {
    call,
    rows: (answer) =>
      rowsOf(call, answer).map((row) => {
        const { __count } = row
        if (typeof __count !== 'number') throw unexpected(call, '__count')
        return {
          ...Object.fromEntries(groupby.map((key) => [key, keyOf(row, key)])),
          ...Object.fromEntries(aggregates.map((aggregate, i) => [aggregate, row[nameOf(aggregate, i)]])),
          __count,
        }
      }),
  }
}
