/** One row of Odoo → one item of a flow. Pure; the same item from a row of RPC and from a row of SQL. */
import type { Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import { evaluate, isMissing, isNothing, plain, type Row, valuesAt } from '../condition/evaluate.ts'
import type { Item, ItemState } from '../ledger/item.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { type Moment, NONE, type State } from '../spec/spec.ts'
import { instantOf } from './naive.ts'

export interface ItemContext {
  readonly now: Instant
  /** Codes such as EUR by id. */
  readonly currencies: ReadonlyMap<number, string>
  /** The currency's code by company. */
  readonly companyCurrencies: ReadonlyMap<number, string>
}

/** An item; a row the promise does not apply to; or a row that can't be read, which must fail the flow. */
export type ItemResult = { readonly item: Item } | { readonly outside: string } | { readonly problem: string }

/** A row that can't be read: caught below, so that every reader need not carry it. */
class Unreadable extends Error {}
const fail = (message: string): never => {
  throw new Unreadable(message)
}

/** The one value at a path; undefined for nothing. */
const fieldAt = (row: Row, path: string): unknown => {
  const values = valuesAt(row, path)
  if (isMissing(values)) return fail(`the row has no ${values.missing}`)
  if (values.length > 1) return fail(`${path} has several values`)
  const value = plain(values[0])
  return isNothing(value) || value === '' ? undefined : value
}

const holds = (conditions: readonly Condition[], row: Row, now: Instant): boolean => {
  const value = evaluate(allOf(conditions), row, now)
  return isMissing(value) ? fail(`the row has no ${value.missing}`) : value
}

const timeAt = (row: Row, path: string): Instant | undefined => {
  const value = fieldAt(row, path)
  if (value === undefined) return undefined
  const at = typeof value === 'string' ? instantOf(value) : undefined
  return at ?? fail(`${path} is no time`)
}

/** Undefined where none of its fields is set. */
const momentOf = (moment: Moment, row: Row, now: Instant): Instant | undefined => {
  if (typeof moment === 'string') return timeAt(row, moment)
  if ('when' in moment) return momentOf(holds(moment.when, row, now) ? moment.use : moment.else, row, now)
  const [members, isLatest] = 'latest' in moment ? [moment.latest, true] : [moment.first, false]
  const found = members.map((member) => momentOf(member, row, now)).filter((at) => at !== undefined)
  if (found.length === 0) return undefined
  return isLatest ? Math.max(...found) : found[0]
}

const numberAt = (row: Row, path: string): number => {
  // A null amount is 0 to RPC, and so it is by SQL.
  const value = fieldAt(row, path) ?? 0
  const number =
    typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : fail(`${path} is no number`)
}

const idAt = (row: Row, path: string): number | undefined => {
  const value = fieldAt(row, path)
  if (value === undefined) return undefined
  const id = Number(value)
  return Number.isSafeInteger(id) && id > 0 ? id : fail(`${path} is no record`)
}

const stateOf = (
  flow: ResolvedFlow,
  row: Row,
  now: Instant,
): { readonly state: ItemState; readonly ended: Instant | undefined } => {
  // A heartbeat's row is a beat: nothing is owed.
  if (flow.kind === 'heartbeat') {
    return { state: 'done', ended: flow.start === undefined ? undefined : momentOf(flow.start, row, now) }
  }
  const ends: readonly (readonly [ItemState, State | undefined])[] = [
    ['done', flow.done],
    ['failed', flow.failed],
    ['cancelled', flow.cancelled],
  ]
  const end = ends.find(([, state]) => state !== undefined && holds(state.when, row, now))
  if (end) {
    const at = end[1]?.at
    return { state: end[0], ended: at === undefined ? undefined : momentOf(at, row, now) }
  }
  if (flow.open === undefined || holds(flow.open, row, now)) return { state: 'open', ended: undefined }
  return fail('the row is neither open, done, failed nor cancelled')
}

const outsideOf = (flow: ResolvedFlow, row: Row): string | undefined => {
  const { only } = flow
  if (!only) return undefined
  const records = row[only.one]
  if (!Array.isArray(records)) return fail(`the row has no list of ${only.one}`)
  if (records.length !== 1) return `${only.one} has not exactly one record`
  const { covers } = only
  return covers && numberAt(row, covers.amount) < numberAt(row, covers.total)
    ? `${covers.amount} does not cover ${covers.total}`
    : undefined
}

const memberOf = (flow: ResolvedFlow, row: Row): string | undefined => {
  const value = flow.group && fieldAt(row, flow.group.field)
  return value === undefined ? undefined : String(value)
}

const worthOf = (flow: ResolvedFlow, row: Row, company: number | undefined, context: ItemContext) => {
  if (!flow.value) return { value: undefined, currency: undefined }
  const { field, currency } = flow.value
  const id = currency === 'company' ? undefined : idAt(row, currency)
  const code =
    currency === 'company' ? company && context.companyCurrencies.get(company) : id && context.currencies.get(id)
  // Without its currency a value must not be added to anything.
  return code ? { value: numberAt(row, field), currency: code } : { value: undefined, currency: undefined }
}

const itemFrom = (flow: ResolvedFlow, row: Row, context: ItemContext): ItemResult => {
  const { now } = context
  if (flow.start === undefined) return { problem: 'the flow has no items' }
  const outside = outsideOf(flow, row)
  if (outside !== undefined) return { outside }
  const start = momentOf(flow.start, row, now)
  if (start === undefined) return { outside: 'its start is not set' }
  const company = flow.company === NONE ? undefined : idAt(row, flow.company)
  return {
    item: {
      id: idAt(row, 'id') ?? fail('the row has no id'),
      // A slice has no hours of its own.
      slot: flow.slot ? (timeAt(row, flow.slot.field) ?? fail(`${flow.slot.field} is not set`)) : start,
      start,
      promised: flow.due === undefined ? undefined : momentOf(flow.due, row, now),
      ...stateOf(flow, row, now),
      visible: flow.visible === NONE ? undefined : timeAt(row, flow.visible),
      group: memberOf(flow, row),
      company,
      ...worthOf(flow, row, company, context),
    },
  }
}

/** The row must carry every field of `fieldsOf`, and its id. Never throws for what a row may hold. */
export const itemOf = (flow: ResolvedFlow, row: Row, context: ItemContext): ItemResult => {
  try {
    return itemFrom(flow, row, context)
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message }
    throw error
  }
}
