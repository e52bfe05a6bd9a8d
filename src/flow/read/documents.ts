/** The documents that stand open now, for people to look at. */
import type { Condition } from '../condition/condition.ts'
import { isNothing, type Row } from '../condition/evaluate.ts'
import type { Catalogue } from '../spec/catalogue.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { type ItemContext, itemOf } from './item_of.ts'
import { itemShape } from './plan.ts'
import type { Document } from './reader.ts'
import { type Order, type Selection, type Source, shapedRows } from './source.ts'

/** However many are asked for. */
const MOST = 200
/** Rows looked through where not every open one is an open item. */
const LOOKED_THROUGH = 500

/** What Odoo calls a document by. A draft invoice is called `/`, as all of them are. */
const NAMES = ['name', 'reference'] as const

const nameField = (catalogue: Catalogue, model: string): string | undefined =>
  NAMES.find((field) => catalogue.field(model, field)?.kind === 'text')

const nameOf = (row: Row, field: string | undefined): string | undefined => {
  const name = field === undefined ? undefined : row[field]
  return isNothing(name) || typeof name !== 'string' || name === '' || name === '/' ? undefined : name
}

/** Which of the base's rows are open; undefined where none can be. */
const openOf = ({ kind, open }: ResolvedFlow): readonly Condition[] | undefined =>
  open ?? (kind === 'backlog' ? [] : undefined)

/** By the slot where it has an index; where it has none, by the ids it is bounded by. */
const orderOf = ({ slot, start }: ResolvedFlow): Order => {
  if (slot) return slot.floor === undefined ? { oldest: slot.field } : 'id'
  return typeof start === 'string' && !start.includes('.') ? { oldest: start } : 'id'
}

const documentOf = (
  flow: ResolvedFlow,
  row: Row,
  name: string | undefined,
  context: ItemContext,
): readonly Document[] => {
  const result = itemOf(flow, row, context)
  // One that can't be read fails the flow elsewhere; the others are still worth showing.
  return 'item' in result && result.item.state === 'open'
    ? [{ item: result.item, model: flow.model, name: nameOf(row, name) }]
    : []
}

/** `select` gives the base's rows under further conditions. The oldest start first, of those the server gave. */
export const documentsAt = async (
  source: Source,
  flow: ResolvedFlow,
  limit: number,
  select: (conditions: readonly Condition[]) => Promise<Selection>,
  signal: AbortSignal,
): Promise<readonly Document[]> => {
  const open = openOf(flow)
  const most = Math.min(limit, MOST)
  if (open === undefined || most < 1) return []
  const { catalogue } = source
  const name = nameField(catalogue, flow.model)
  const shape = itemShape(flow, catalogue, name === undefined ? [] : [name])
  const looked = flow.only || flow.failed ? LOOKED_THROUGH : most
  const rows = await shapedRows(source, shape, await select(open), orderOf(flow), looked, signal)
  const context = { ...source.currencies, now: source.now() }
  const documents = rows.flatMap((row) => documentOf(flow, row, name, context))
  return documents.slice(0, most).sort((a, b) => a.item.start - b.item.start || a.item.id - b.item.id)
}
