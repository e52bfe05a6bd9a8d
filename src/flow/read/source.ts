/** A way to Odoo's tables, and rows with what they lead to. */
import { CollectError } from '../../collector.ts'
import type { Duration, Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import { isNothing, plain, type Row } from '../condition/evaluate.ts'
import { getOrMake } from '../ledger/counts.ts'
import type { Catalogue } from '../spec/catalogue.ts'
import type { ItemContext } from './item_of.ts'
import { type Aggregate, withoutArchived } from './plan.ts'
import type { Group } from './question.ts'
import type { Related, Shape } from './shape.ts'

/** Which rows. */
export interface Selection {
  readonly model: string
  readonly where: Condition
  /** The smallest id. */
  readonly atLeast: number
  /** The largest id. */
  readonly atMost?: number | undefined
  /** Of these alone, archived ones too. */
  readonly ids?: readonly number[]
}

/** A datetime, cut to the hour or day. */
export interface Interval {
  readonly field: string
  readonly each: 'hour' | 'day'
}

/** `oldest`: by that datetime, then by id. */
export type Order = 'id' | 'id desc' | { readonly oldest: string }

/** Every question rejects with CollectError or Unsupported. */
export interface Source {
  /** What this is asked over: what is remembered of its tables outlasts a reader, but not this. */
  readonly connection: object
  readonly catalogue: Catalogue
  readonly currencies: Pick<ItemContext, 'currencies' | 'companyCurrencies'>
  readonly now: () => Instant
  /** Rows asked for at once. */
  readonly page: number
  /** Hours asked for at once: an answer must be neither too large nor long in parsing. Undefined: all. */
  readonly stretch: Duration | undefined
  /** By the time where one is named, and by these fields; without either one group, of no rows too. */
  readonly groups: (
    rows: Selection,
    time: Interval | undefined,
    by: readonly string[],
    aggregates: readonly Aggregate[],
    signal: AbortSignal,
  ) => Promise<readonly Group[]>
  /** `limit` at most. A relation to many is a list of ids. */
  readonly rows: (
    rows: Selection,
    fields: readonly string[],
    order: Order,
    limit: number,
    signal: AbortSignal,
  ) => Promise<readonly Row[]>
}

export const idOf = (row: Row): number => {
  const id = Number(row.id)
  if (!Number.isSafeInteger(id)) throw new CollectError('decode', 'a row without an id')
  return id
}

/** [id, name] and an id are one, a list of ids is many. */
const idsIn = (value: unknown): readonly number[] => {
  if (isNothing(value)) return []
  const bare = plain(value)
  return (Array.isArray(bare) ? bare : [bare]).map(Number).filter(Number.isSafeInteger)
}

/** What is linked and can't be seen keeps its id: whatever is asked of it is then known to be missing. */
const placed = (value: unknown, many: boolean, found: ReadonlyMap<number, Row>): unknown => {
  const ids = idsIn(value)
  if (many) {
    const records = ids.map((id) => found.get(id)).filter((record) => record !== undefined)
    return records.sort((a, b) => idOf(a) - idOf(b))
  }
  const [id] = ids
  return id === undefined ? value : (found.get(id) ?? value)
}

/** Records that were read a moment ago for rows of the same question: many lead to the same few. */
export type Known = Map<Related, Map<number, Row>>

/** One question a page of related rows, for all rows at once. */
const nested = async (source: Source, rows: readonly Row[], related: Related, signal: AbortSignal, known: Known) => {
  const { name, many, shape } = related
  const found = getOrMake(known, related, () => new Map<number, Row>())
  const all = new Set(rows.flatMap((row) => idsIn(row[name])))
  const ids = [...all].filter((id) => !found.has(id)).sort((a, b) => a - b)
  // Odoo leaves archived records out of a relation to many, and follows a many2one to them.
  const where = allOf(many ? withoutArchived(source.catalogue, shape.model) : [])
  for (let i = 0; i < ids.length; i += source.page) {
    const some = ids.slice(i, i + source.page)
    const selection = { model: shape.model, where, atLeast: 0, ids: some }
    const records = await shapedRows(source, shape, selection, 'id', some.length, signal, known)
    for (const row of records) found.set(idOf(row), row)
  }
  return rows.map((row) => ({ ...row, [name]: placed(row[name], many, found) }))
}

/** Rows of that shape: where a path goes on through a relation, its records stand in place of their ids. */
export const shapedRows = async (
  source: Source,
  shape: Shape,
  selection: Selection,
  order: Order,
  limit: number,
  signal: AbortSignal,
  known: Known = new Map(),
): Promise<readonly Row[]> => {
  let rows = await source.rows(selection, shape.fields, order, limit, signal)
  for (const related of shape.related) rows = await nested(source, rows, related, signal, known)
  return rows
}
