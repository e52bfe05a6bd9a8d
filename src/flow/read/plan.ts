/** Flows, as what is asked of one of Odoo's tables for them. Pure. */
import { Unsupported } from '../../collector.ts'
import { allOf, type Condition, pathsIn } from '../condition/condition.ts'
import { type Catalogue, find } from '../spec/catalogue.ts'
import { conditionsOfMoment, pathsOfMoment } from '../spec/moment.ts'
import { fieldsOf, type ResolvedFlow } from '../spec/resolve.ts'
import { type Moment, NONE } from '../spec/spec.ts'
import { relationsIn, type Shape, shapeOf, stampPath } from './shape.ts'

export interface Aggregate {
  readonly field: string
  /** `count_distinct`: whatever shows that a datetime moved. */
  readonly fn: 'min' | 'max' | 'sum' | 'count_distinct'
}

/** The questions of one flow, or of several that share a table. */
export interface Plan {
  readonly flows: readonly ResolvedFlow[]
  readonly model: string
  /** Which rows are items of any of them. */
  readonly base: Condition
  /** The same but for what a checksum is counted by, its state: which rows may have been items a moment ago. */
  readonly lasting: Condition
  /** The field that partitions the rows into hours. */
  readonly slot: string
  /** Whether the primary key stands in for an index on it. */
  readonly hasFloor: boolean
  /** Whether it tells when a row was made. */
  readonly isCreation: boolean
  /** What their items and their checksums are made of, and what tells whose item a row is. */
  readonly shape: Shape
  /** What a checksum is counted by. */
  readonly by: readonly string[]
  /** In a checksum; the stamp's is the first. */
  readonly aggregates: readonly Aggregate[]
  /** Counted for a checksum as well: they look into other tables, whose changes leave no mark on the row. */
  readonly counted: readonly Condition[]
  /** Paths to the dates and times an item is made of, but for its slot. */
  readonly times: readonly string[]
  /** Undefined where the table has none (queue.job, mail.notification). */
  readonly stamp: string | undefined
  /** Paths to the stamps of other tables' rows that an item's times and state are read from. */
  readonly stampsElsewhere: readonly string[]
}

const STAMP = 'write_date'

/** Odoo leaves out archived rows wherever a domain doesn't ask for them; SQL would not. */
export const withoutArchived = (catalogue: Catalogue, model: string): readonly Condition[] =>
  catalogue.field(model, 'active')?.kind === 'boolean'
    ? [{ kind: 'field', field: 'active', test: { operator: '=', value: true }, optional: false }]
    : []

const conditionsFor = (flow: ResolvedFlow, catalogue: Catalogue): readonly Condition[] => {
  const isAsked = flow.base.flatMap(pathsIn).includes('active')
  return [...flow.base, ...(isAsked ? [] : withoutArchived(catalogue, flow.model))]
}

/** Which rows are items. */
export const baseOf = (flow: ResolvedFlow, catalogue: Catalogue): Condition => allOf(conditionsFor(flow, catalogue))

/** What any of these lists asks for: what is common to all stands once. */
const anyOf = (lists: readonly (readonly Condition[])[]): Condition => {
  const [first = [], ...others] = lists.map((list) => new Map(list.map((each) => [JSON.stringify(each), each])))
  const common = [...first].filter(([key]) => others.every((other) => other.has(key)))
  const isCommon = new Set(common.map(([key]) => key))
  const own = lists.map((list) => list.filter((each) => !isCommon.has(JSON.stringify(each))))
  const rest: readonly Condition[] = own.every((list) => list.length > 0)
    ? [{ kind: 'or', conditions: own.map(allOf) }]
    : []
  return allOf([...common.map(([, each]) => each), ...rest])
}

const itemPaths = (flow: ResolvedFlow): readonly string[] =>
  fieldsOf({ ...flow, base: [], further: undefined }).map(([, path]) => path)

/** What an item is made of. The rows of a further model are a flow of their own: see `furtherOf`. */
export const itemShape = (flow: ResolvedFlow, catalogue: Catalogue, also: readonly string[] = []): Shape =>
  shapeOf(catalogue, flow.model, [...itemPaths(flow), ...also])

/**
 * Without a stamp: what shows in the times and counts of the rows themselves. What moves one time below the newest shows
 * in none of them; the nightly rescan finds it.
 */
const traces = (flow: ResolvedFlow, catalogue: Catalogue, fields: readonly string[]): readonly Aggregate[] => {
  // A start that moves may leave the newest where it is; a beat that comes is the newest.
  const starts = flow.kind === 'heartbeat' ? [] : [flow.start, flow.due]
  const moving = new Set(starts.flatMap((moment) => (moment ? pathsOfMoment(moment) : [])))
  return fields.flatMap((field): Aggregate[] => {
    const kind = catalogue.field(flow.model, field)?.kind
    if (field === flow.slot?.field || field === 'id') return []
    if (kind === 'integer') return [{ field, fn: 'sum' }]
    if (kind !== 'datetime') return []
    return [{ field, fn: 'max' }, ...(moving.has(field) ? [{ field, fn: 'count_distinct' as const }] : [])]
  })
}

const states = ({ done, failed, cancelled }: ResolvedFlow) => [done, failed, cancelled].filter((s) => s !== undefined)

const isTime = (flow: ResolvedFlow, catalogue: Catalogue, path: string): boolean => {
  const found = find(catalogue, flow.model, path)
  return !('problem' in found) && (found.field.kind === 'date' || found.field.kind === 'datetime')
}

/** Whatever an item's verdict lies at is one of these, or follows from its start within the longest target. */
const timesOf = (flow: ResolvedFlow, catalogue: Catalogue): readonly string[] => {
  const moments = [flow.start, flow.due, ...states(flow).map(({ at }) => at)].filter((moment) => moment !== undefined)
  const paths = [...moments.flatMap(pathsOfMoment), ...(flow.visible === NONE ? [] : [flow.visible])]
  // What decides between two moments is among them.
  return paths.filter((path) => path !== flow.slot?.field && isTime(flow, catalogue, path))
}

const leadsElsewhere = (condition: Condition): boolean => pathsIn(condition).some((path) => path.includes('.'))

/** The relations that times and state are read through; what only names or values an item may change unseen. */
const decisive = (flow: ResolvedFlow): readonly string[] => {
  const { start, due, only, open = [] } = flow
  const ends = states(flow)
  const moments: readonly (Moment | undefined)[] = [start, due, ...ends.map(({ at }) => at)]
  const told = moments.filter((moment) => moment !== undefined)
  const asked = [...open, ...ends.flatMap(({ when }) => when), ...told.flatMap(conditionsOfMoment)]
  return relationsIn([
    ...told.flatMap(pathsOfMoment),
    ...asked.flatMap(pathsIn),
    ...(only?.covers ? [only.covers.amount, only.covers.total] : []),
  ])
}

/** The field of the hours. Throws Unsupported where the flow's rows are not partitioned into hours. */
const slotOf = ({ name, model, slot }: ResolvedFlow, catalogue: Catalogue) => {
  const refuse = (why: string): Unsupported => new Unsupported(`${name} can't be read: ${why}`)
  if (slot === undefined) throw refuse('it has no slot: its rows are not partitioned into hours')
  const found = find(catalogue, model, slot.field)
  if ('problem' in found || found.field.kind !== 'datetime') throw refuse(`${slot.field} is no datetime`)
  if (slot.field.includes('.')) throw refuse(`${slot.field} lies in another table: Odoo groups by the row's own hours`)
  return slot
}

/** When a row was made, under the name its model has for it. */
const isCreation = ({ visible, slot, start }: ResolvedFlow): boolean =>
  slot?.field === (visible === NONE ? start : visible)

/** Those with the same key can be read together. */
export const tableKey = (flow: ResolvedFlow): string =>
  [flow.model, flow.slot?.field, flow.slot?.floor, isCreation(flow)].join(' ')

const distinct = <T>(values: readonly T[]): readonly T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
]

/** Of flows with one `tableKey`. Throws Unsupported where their rows are not partitioned into hours. */
export const planOf = (flows: readonly ResolvedFlow[], catalogue: Catalogue): Plan => {
  const [first] = flows
  if (first === undefined) throw new Unsupported('no flow is asked for')
  const { model } = first
  const slot = slotOf(first, catalogue)
  const bases = flows.map((flow) => conditionsFor(flow, catalogue))
  const by = catalogue.field(model, 'state') ? ['state'] : []
  const stamp = catalogue.field(model, STAMP) ? STAMP : undefined
  const stampsElsewhere = distinct(flows.flatMap(decisive)).flatMap(
    (relation) => stampPath(catalogue, model, relation) ?? [],
  )
  const ofItems = [...flows.flatMap(itemPaths), slot.field, ...bases.flat().flatMap(pathsIn)]
  const ofChanges = stamp === undefined ? [] : [...by, stamp, ...stampsElsewhere]
  const shape = shapeOf(catalogue, model, distinct([...ofItems, ...ofChanges]))
  return {
    flows,
    model,
    base: anyOf(bases),
    lasting: anyOf(bases.map((base) => base.filter((each) => !(each.kind === 'field' && by.includes(each.field))))),
    slot: slot.field,
    hasFloor: slot.floor !== undefined,
    isCreation: isCreation(first),
    shape,
    by,
    aggregates:
      stamp === undefined
        ? distinct(flows.flatMap((flow) => traces(flow, catalogue, shape.fields)))
        : [{ field: stamp, fn: 'max' }],
    times: distinct(flows.flatMap((flow) => timesOf(flow, catalogue))),
    counted: distinct(flows.flatMap(states).map(({ when }) => allOf(when))).filter(leadsElsewhere),
    stamp,
    stampsElsewhere,
  }
}

/**
 * Paths from the flow's model that are read where they are there, though its file names none of them: a catalogue that
 * asks for fields by name must ask for these too.
 */
export const alsoRead = (flow: ResolvedFlow): readonly string[] => {
  const relations = relationsIn(fieldsOf({ ...flow, base: [], further: undefined }).map(([, path]) => path))
  return [
    ...['id', 'active', 'state', STAMP, 'name', 'reference', 'interval_number', 'interval_type'],
    ...relations.flatMap((relation) => [`${relation}.active`, `${relation}.${STAMP}`]),
  ]
}
