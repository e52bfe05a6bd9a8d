/** A flow's rows by RPC, XML-RPC or JSON-2. Neither tz nor lang is sent: hours are UTC's. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import { toDomain } from '../../src/flow/condition/domain.ts'
import type { Row } from '../../src/flow/condition/evaluate.ts'
import type { Group } from '../../src/flow/read/question.ts'
import { readerOver, type Selection, type Source } from '../../src/flow/read/read.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import { LARGEST_PAGE } from './calls.ts'
import type { OdooClient } from './client.ts'
import type { Domain } from './values.ts'

export type RpcSource = Pick<Source, 'catalogue' | 'currencies'> & {
  readonly client: Pick<OdooClient, 'searchRead' | 'searchCount' | 'readGroup' | 'now'>
}

export const flowReader = ({ client, catalogue, currencies }: RpcSource): FlowReader<ResolvedFlow> => {
  const domainOf = ({ model, where, atLeast }: Selection): Domain => {
    const compiled = toDomain({ catalogue, model, now: client.now() }, where)
    if ('problems' in compiled) throw new Unsupported(compiled.problems.join('; '))
    return [...compiled.domain, ...(atLeast > 0 ? [['id', '>=', atLeast] as const] : [])]
  }
  return readerOver({
    catalogue,
    currencies,
    now: client.now,
    page: LARGEST_PAGE,
    groups: async (rows, slot, by, aggregates, signal) => {
      const hourly = `${slot}:hour`
      const names = aggregates.map(({ field, fn }) => `${field}:${fn}`)
      const groups = await client.readGroup(rows.model, domainOf(rows), [hourly, ...by], names, signal)
      return groups.map((group): Group => {
        const hour = group[hourly]
        if (typeof hour !== 'string') throw new CollectError('decode', `${rows.model}: a group without its hour`)
        return {
          hour,
          keys: by.map((key) => group[key]),
          values: names.map((name) => group[name]),
          count: group.__count,
        }
      })
    },
    count: (rows, limit, signal) => client.searchCount(rows.model, domainOf(rows), limit, signal),
    rows: (rows, fields, order, limit, signal) =>
      client.searchRead<Row>(rows.model, domainOf(rows), fields, { order, limit }, signal),
  })
}
