/** One reader over either way to Odoo's tables: what it asks, in which order, and what it makes of the answers. */
import { CollectError, Unsupported } from '../../collector.ts'
import type { Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import type { Row } from '../condition/evaluate.ts'
import type { Item } from '../ledger/item.ts'
import type { Catalogue } from '../spec/catalogue.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { type FindFloor, floors } from './floors.ts'
import { type ItemContext, itemOf } from './item_of.ts'
import {
  type Aggregate,
  changedOf,
  checksumsOf,
  type Group,
  inHours,
  type Plan,
  planOf,
  since as stampedSince,
  within,
} from './question.ts'
import type { FlowReader } from './reader.ts'

/** Which rows. */
export interface Selection {
  readonly model: string
  readonly where: Condition
  /** The smallest id. */
  readonly atLeast: number
}

/** A way to the tables. Every question rejects with CollectError or Unsupported. */
export interface Source {
  readonly catalogue: Catalogue
  readonly currencies: Pick<ItemContext, 'currencies' | 'companyCurrencies'>
  readonly now: () => Instant
  /** Rows asked for at once. */
  readonly page: number
  readonly groups: (
    rows: Selection,
    slot: string,
    by: readonly string[],
    aggregates: readonly Aggregate[],
    signal: AbortSignal,
  ) => Promise<readonly Group[]>
  /** Counts up to `limit`. */
  readonly count: (rows: Selection, limit: number, signal: AbortSignal) => Promise<number>
  /** `limit` at most. */
  readonly rows: (
    rows: Selection,
    fields: readonly string[],
    order: 'id' | 'id desc',
    limit: number,
    signal: AbortSignal,
  ) => Promise<readonly Row[]>
}

const itemsOf = (flow: ResolvedFlow, rows: readonly Row[], context: ItemContext): readonly Item[] =>
  rows.flatMap((row) => {
    const result = itemOf(flow, row, context)
    if ('problem' in result) {
      throw new CollectError('decode', `${flow.name}: ${flow.model} ${String(row.id)}: ${result.problem}`)
    }
    return 'item' in result ? [result.item] : []
  })

const lastId = (rows: readonly Row[]): number => {
  const id = Number(rows.at(-1)?.id)
  if (!Number.isSafeInteger(id)) throw new CollectError('decode', 'a row without an id')
  return id
}

/** Ids are given before they are committed: so many may still lie below the newest one seen. */
const UNCOMMITTED = 1_000

const findFloor =
  (source: Source, { flow: { model }, slot }: Plan, signal: AbortSignal): FindFloor =>
  async (day, above) => {
    const oneId = async (where: Condition, order: 'id' | 'id desc') => {
      const rows = await source.rows({ model, where, atLeast: above }, ['id'], order, 1, signal)
      return rows.length > 0 ? lastId(rows) : undefined
    }
    // First: what comes meanwhile is beyond it. Where the span is empty, only what is newer can come into it.
    const newest = await oneId(allOf([]), 'id desc')
    return (await oneId(stampedSince(slot, day), 'id')) ?? Math.max(above, (newest ?? 0) - UNCOMMITTED)
  }

/** The rows under the flow's base. */
const selecting = (source: Source) => {
  const floorOf = floors(source.now)
  return async (
    plan: Plan,
    from: Instant,
    conditions: readonly Condition[],
    signal: AbortSignal,
  ): Promise<Selection> => {
    const { flow, base } = plan
    const hasFloor = flow.slot?.floor !== undefined
    return {
      model: flow.model,
      where: allOf([base, ...conditions]),
      atLeast: hasFloor ? await floorOf(flow.name, from, findFloor(source, plan, signal)) : 0,
    }
  }
}

async function* pages(source: Source, plan: Plan, selection: Selection, signal: AbortSignal) {
  let atLeast = selection.atLeast
  for (;;) {
    signal.throwIfAborted()
    const rows = await source.rows({ ...selection, atLeast }, plan.fields, 'id', source.page, signal)
    if (rows.length > 0) yield itemsOf(plan.flow, rows, { ...source.currencies, now: source.now() })
    if (rows.length < source.page) return
    atLeast = lastId(rows) + 1
  }
}

/** Flows whose items lie in more than one table are Unsupported, and so is `changedSince` where there is no stamp. */
export const readerOver = (source: Source): FlowReader<ResolvedFlow> => {
  const select = selecting(source)
  return {
    checksums: async (flow, from, to, signal) => {
      const plan = planOf(flow, source.catalogue)
      const selection = await select(plan, from, [within(plan.slot, from, to)], signal)
      return checksumsOf(plan, await source.groups(selection, plan.slot, plan.by, plan.aggregates, signal))
    },
    rows: async function* (flow, hours, signal) {
      const plan = planOf(flow, source.catalogue)
      if (hours.length === 0) return
      const from = hours.reduce((a, b) => Math.min(a, b))
      const selection = await select(plan, from, [inHours(plan.slot, hours)], signal)
      yield* pages(source, plan, selection, signal)
    },
    changedSince: async (flow, since, from, to, limit, signal) => {
      const plan = planOf(flow, source.catalogue)
      const { stamp, slot } = plan
      if (stamp === undefined) {
        throw new Unsupported(`${flow.model} has no write_date: its changes show in checksums only`)
      }
      const conditions = [within(slot, from, to), stampedSince(stamp, since)]
      const selection = await select(plan, from, conditions, signal)
      if ((await source.count(selection, limit + 1, signal)) > limit) return 'too_many'
      return changedOf(plan, await source.groups(selection, slot, [], [{ field: stamp, fn: 'max' }], signal))
    },
  }
}
