/** A flow's rows by RPC, XML-RPC or JSON-2. Neither tz nor lang is sent: hours are UTC's. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import { toDomain } from '../../src/flow/condition/domain.ts'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import type { Group } from '../../src/flow/read/question.ts'
import { readerOver } from '../../src/flow/read/read.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import type { Order, Selection, Source } from '../../src/flow/read/source.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import { hours } from '../../src/metric.ts'
import { LARGEST_PAGE } from './calls.ts'
import type { OdooClient } from './client.ts'
import type { Domain } from './values.ts'

export type RpcSource = Pick<Source, 'catalogue' | 'currencies'> & {
  readonly client: Pick<OdooClient, 'protocol' | 'searchRead' | 'readGroup' | 'now'>
}

const orderOf = (order: Order): string => (typeof order === 'string' ? order : `${order.oldest}, id`)

/**
 * read_group repeats the whole domain in each group: some 2 KB of XML, 0.4 ms of parsing. A month by hour and state would
 * be beyond the largest reply; so many hours in seven states are a megabyte and a half.
 */
const STRETCH = hours(4 * 24)

/** Records named by their ids are wanted whether archived or not. */
const ARCHIVED_TOO = { active_test: false } as const

export const flowReader = ({ client, catalogue, currencies }: RpcSource): FlowReader<ResolvedFlow> => {
  const domainOf = ({ model, where, atLeast, atMost, ids }: Selection): Domain => {
    const compiled = toDomain({ catalogue, model, now: client.now() }, where)
    if ('problems' in compiled) throw new Unsupported(compiled.problems.join('; '))
    return [
      ...compiled.domain,
      ...(atLeast > 0 ? [['id', '>=', atLeast] as const] : []),
      ...(atMost === undefined ? [] : [['id', '<=', atMost] as const]),
      ...(ids ? [['id', 'in', ids] as const] : []),
    ]
  }
  return readerOver({
    connection: client,
    catalogue,
    currencies,
    now: client.now,
    page: LARGEST_PAGE,
    stretch: client.protocol === 'xmlrpc' ? STRETCH : undefined,
    groups: async (rows, time, by, aggregates, signal) => {
      const timely = time ? [`${time.field}:${time.each}`] : []
      const names = aggregates.map(({ field, fn }) => `${field}:${fn}`)
      const groups = await client.readGroup(rows.model, domainOf(rows), [...timely, ...by], names, signal)
      return groups.map((group): Group => {
        const [begins] = timely.map((key) => group[key])
        if (time && typeof begins !== 'string') {
          throw new CollectError('decode', `${rows.model}: a group without its ${time.each}`)
        }
        return {
          begins: typeof begins === 'string' ? begins : '',
          keys: by.map((key) => group[key]),
          values: names.map((name) => group[name]),
          count: group.__count,
        }
      })
    },
    rows: (rows, fields, order, limit, signal) => {
      const context = rows.ids ? { context: ARCHIVED_TOO } : {}
      const options = { order: orderOf(order), limit, load: '_classic_write', ...context } as const
      return client.searchRead<Row>(rows.model, domainOf(rows), fields, options, signal)
    },
  })
}
