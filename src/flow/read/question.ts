/** What is asked of Odoo's tables for a flow, whoever asks it. Pure. */
import { Unsupported } from '../../collector.ts'
import type { Instant } from '../../metric.ts'
import { allOf, type Condition, pathsIn } from '../condition/condition.ts'
import { HOUR } from '../ledger/tally.ts'
import { type Catalogue, find } from '../spec/catalogue.ts'
import { pathsOfMoment } from '../spec/moment.ts'
import { fieldsOf, type ResolvedFlow } from '../spec/resolve.ts'
import { datetimeText, instantOf } from './naive.ts'
import type { ChangedHour, HourChecksum } from './reader.ts'

export interface Aggregate {
  readonly field: string
  readonly fn: 'max' | 'sum' | 'count_distinct'
}

/** The questions of one flow. */
export interface Plan {
  readonly flow: ResolvedFlow
  readonly base: Condition
  /** The field that partitions the rows into hours. */
  readonly slot: string
  /** What an item is made of: fields of the row itself, `id` among them. */
  readonly fields: readonly string[]
  /** What a checksum is counted by. */
  readonly by: readonly string[]
  /** In a checksum; the stamp's is the first. */
  readonly aggregates: readonly Aggregate[]
  /** Undefined where the table has none (queue.job). */
  readonly stamp: string | undefined
}

/** Rows of an hour: counted by the fields asked for, with the aggregates in their order. */
export interface Group {
  /** Its first second, naive UTC. */
  readonly hour: string
  readonly keys: readonly unknown[]
  readonly values: readonly unknown[]
  readonly count: number
}

const STAMP = 'write_date'

const test = (field: string, operator: '>=' | '<', at: Instant): Condition => ({
  kind: 'field',
  field,
  test: { operator, value: datetimeText(at) },
  optional: false,
})
export const since = (field: string, at: Instant): Condition => test(field, '>=', at)
/** [from, to) of a datetime. */
export const within = (field: string, from: Instant, to: Instant): Condition =>
  allOf([since(field, from), test(field, '<', to)])

/** These hours, neighbours as one stretch. */
export const inHours = (field: string, hours: readonly Instant[]): Condition => {
  const stretches: { readonly from: Instant; to: Instant }[] = []
  for (const hour of [...new Set(hours)].sort((a, b) => a - b)) {
    const last = stretches.at(-1)
    if (last?.to === hour) last.to = hour + HOUR
    else stretches.push({ from: hour, to: hour + HOUR })
  }
  return { kind: 'or', conditions: stretches.map(({ from, to }) => within(field, from, to)) }
}

/** Why neither reader can bring this flow's rows. */
const obstacle = (flow: ResolvedFlow, catalogue: Catalogue, paths: readonly string[]): string | undefined => {
  const { slot, further, only } = flow
  if (slot === undefined) return 'it has no slot: its rows are not partitioned into hours'
  if (further) return `rows of ${further.model} belong to it too, and can't be read yet`
  const related = [...paths, ...(only ? [only.one] : [])].find((path) => {
    const found = find(catalogue, flow.model, path)
    return path.includes('.') || ('field' in found && found.field.kind === 'many')
  })
  if (related !== undefined) return `${related} lies in another table, which can't be read with the row yet`
  const found = find(catalogue, flow.model, slot.field)
  return 'field' in found && found.field.kind === 'datetime' ? undefined : `${slot.field} is no datetime`
}

/**
 * Without a stamp: what shows in the times and counts of the rows themselves. What moves one time below the newest shows
 * in none of them; the nightly rescan finds it.
 */
const traces = (flow: ResolvedFlow, catalogue: Catalogue, fields: readonly string[]): readonly Aggregate[] => {
  // A start that moves may leave the newest where it is.
  const moving = new Set([flow.start, flow.due].flatMap((moment) => (moment ? pathsOfMoment(moment) : [])))
  return fields.flatMap((field): Aggregate[] => {
    const kind = catalogue.field(flow.model, field)?.kind
    if (field === flow.slot?.field || field === 'id') return []
    if (kind === 'integer') return [{ field, fn: 'sum' }]
    if (kind !== 'datetime') return []
    return [{ field, fn: 'max' }, ...(moving.has(field) ? [{ field, fn: 'count_distinct' as const }] : [])]
  })
}

/** Odoo leaves out archived rows wherever a domain doesn't ask for them; SQL would not. */
const withoutArchived = (flow: ResolvedFlow, catalogue: Catalogue): readonly Condition[] => {
  const isAsked = flow.base.flatMap(pathsIn).includes('active')
  if (isAsked || catalogue.field(flow.model, 'active')?.kind !== 'boolean') return []
  return [{ kind: 'field', field: 'active', test: { operator: '=', value: true }, optional: false }]
}

/** Throws Unsupported where the flow's shape can't be read. */
export const planOf = (flow: ResolvedFlow, catalogue: Catalogue): Plan => {
  const paths = fieldsOf({ ...flow, base: [] }).map(([, path]) => path)
  const why = obstacle(flow, catalogue, paths)
  if (why !== undefined || flow.slot === undefined) throw new Unsupported(`${flow.name} can't be read: ${why}`)
  const fields = [...new Set(['id', ...paths])]
  const stamp = catalogue.field(flow.model, STAMP) ? STAMP : undefined
  return {
    flow,
    base: allOf([...flow.base, ...withoutArchived(flow, catalogue)]),
    slot: flow.slot.field,
    fields,
    by: catalogue.field(flow.model, 'state') ? ['state'] : [],
    aggregates: stamp === undefined ? traces(flow, catalogue, fields) : [{ field: stamp, fn: 'max' }],
    stamp,
  }
}

const stampOf = (plan: Plan, { values: [stamp] }: Group): Instant | undefined =>
  plan.stamp !== undefined && typeof stamp === 'string' ? instantOf(stamp) : undefined

const byHour = (groups: readonly Group[]): readonly (readonly [Instant, readonly Group[]])[] =>
  [...Map.groupBy(groups, ({ hour }) => instantOf(hour))].flatMap(([hour, of]) =>
    hour === undefined ? [] : [[hour, of] as const],
  )

const newestOf = (plan: Plan, groups: readonly Group[]): Instant | undefined => {
  const stamps = groups.map((group) => stampOf(plan, group)).filter((stamp) => stamp !== undefined)
  return stamps.length > 0 ? Math.max(...stamps) : undefined
}

export const checksumsOf = (plan: Plan, groups: readonly Group[]): readonly HourChecksum[] =>
  byHour(groups).map(([hour, of]) => ({
    hour,
    count: of.reduce((count, group) => count + group.count, 0),
    sum: JSON.stringify(of.map(({ keys, values, count }) => JSON.stringify([keys, values, count])).sort()),
    newest: newestOf(plan, of),
  }))

export const changedOf = (plan: Plan, groups: readonly Group[]): readonly ChangedHour[] =>
  byHour(groups).flatMap(([hour, of]) => {
    const newest = newestOf(plan, of)
    return newest === undefined ? [] : [{ hour, newest }]
  })
