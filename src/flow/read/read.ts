/** One reader over either way to Odoo's tables: what it asks, in which order, and what it makes of the answers. */
import { CollectError, Unsupported } from '../../collector.ts'
import { hours as hoursOf, type Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import { evaluate, isMissing, type Row } from '../condition/evaluate.ts'
import { floorHour, HOUR } from '../ledger/counts.ts'
import type { Item } from '../ledger/item.ts'
import { type Catalogue, find } from '../spec/catalogue.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { nextTurn } from '../turn.ts'
import { documentsAt } from './documents.ts'
import { type DayIds, type FindDays, type Floors, floors } from './floors.ts'
import { groupNamesAt } from './group_names.ts'
import { itemOf } from './item_of.ts'
import { dateText, datetimeText, instantOf } from './naive.ts'
import { baseOf, type Plan, planOf } from './plan.ts'
import { presentAt } from './present.ts'
import {
  changedRow,
  checksumsOf,
  type Group,
  hourOf,
  inHours,
  newestByHour,
  since as stampedSince,
  within,
} from './question.ts'
import type { FlowReader, HourChecksum } from './reader.ts'
import { idOf, type Known, type Selection, type Source, shapedRows } from './source.ts'

/** For flows without a horizon, which have no ledger either. */
const ONE_DAY = hoursOf(24)
/**
 * So old are the rows that changes elsewhere are looked for each minute. Odoo has no index on `write_date`: over the
 * whole span the orders would be gone through for it; from few rows PostgreSQL goes to their orders by primary key. What
 * is older shows in the checksums.
 */
const LATELY = hoursOf(6)
/**
 * A slot that moves (a payment's last change) is gone through by id from so long before it: what was made earlier and
 * changes now shows in the checksums. Odoo itself gives a payment up after so long.
 */
const SETTLED = hoursOf(4 * 24)
/** The longest from a slot to its deadline that is asked for. */
const REACH = hoursOf(48)

const ID_RANGE = [
  { field: 'id', fn: 'min' },
  { field: 'id', fn: 'max' },
] as const

const dayIds = ({ begins, values: [first, last] }: Group): readonly DayIds[] => {
  const day = instantOf(begins)
  return day === undefined ? [] : [{ day, first: Number(first), last: Number(last) }]
}

const findDays =
  (source: Source, { model, slot }: Plan, signal: AbortSignal): FindDays =>
  async (from, above) => {
    // First: what comes meanwhile is beyond it.
    const [newest] = await source.rows({ model, where: allOf([]), atLeast: 0 }, ['id'], 'id desc', 1, signal)
    const rows = { model, where: stampedSince(slot, from), atLeast: above }
    const groups = await source.groups(rows, { field: slot, each: 'day' }, [], ID_RANGE, signal)
    return { days: groups.flatMap(dayIds), newest: newest ? idOf(newest) : 0 }
  }

/** The rows under the plan's base, bounded by id where the slot has no index. */
type Select = (
  plan: Plan,
  from: Instant,
  to: Instant,
  conditions: readonly Condition[],
  signal: AbortSignal,
  madeFrom?: Instant,
) => Promise<Selection>

/** To go through a table for its ids takes seconds: not anew each time it is settled what this Odoo has. */
const remembered = new WeakMap<object, Floors>()

const floorsOf = ({ connection, now }: Source): Floors => {
  const known = remembered.get(connection) ?? floors(now)
  remembered.set(connection, known)
  return known
}

const selecting = (source: Source): Select => {
  const boundsOf = floorsOf(source)
  return async (plan, from, to, conditions, signal, madeFrom) => {
    const { flows, model, base, slot, hasFloor, isCreation } = plan
    const rows = { model, where: allOf([base, ...conditions]) }
    if (!hasFloor) return { ...rows, atLeast: 0 }
    const longest = flows.reduce((most, { horizon }) => Math.max(most, horizon ?? ONE_DAY), 0)
    const earliest = source.now() - longest - REACH
    const span = { table: `${model} ${slot}`, from, to, earliest, isCreation, madeFrom }
    return { ...rows, ...(await boundsOf(span, findDays(source, plan, signal))) }
  }
}

/** Pages by id: what comes between two of them is at their end. */
async function* rowPages(source: Source, shape: Plan['shape'], selection: Selection, signal: AbortSignal) {
  const known: Known = new Map()
  let { atLeast } = selection
  for (;;) {
    signal.throwIfAborted()
    const rows = await shapedRows(source, shape, { ...selection, atLeast }, 'id', source.page, signal, known)
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < source.page) return
    atLeast = idOf(last) + 1
  }
}

/** So many items are made before others have their turn on the event loop: some 10 ms. */
const ITEMS_AT_ONCE = 300

/** Each with its turn: an answer that is there already would else be gone through in one go. */
async function* slices({ flows }: Plan, pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>) {
  const atOnce = Math.ceil(ITEMS_AT_ONCE / flows.length)
  for await (const page of pages) {
    for (let from = 0; from < page.length; from += atOnce) {
      await nextTurn()
      yield page.slice(from, from + atOnce)
    }
  }
}

/** Rejects with `decode` where a row can't be read. */
const itemsOf = (source: Source, flow: ResolvedFlow, rows: readonly Row[]): readonly Item[] => {
  const context = { ...source.currencies, now: source.now() }
  return rows.flatMap((row) => {
    const result = itemOf(flow, row, context)
    if ('problem' in result) {
      throw new CollectError('decode', `${flow.name}: ${flow.model} ${String(row.id)}: ${result.problem}`)
    }
    return 'item' in result ? [result.item] : []
  })
}

/** Whether a row of that model is of a base. */
const meets = (source: Source, model: string, base: Condition): ((row: Row) => boolean) => {
  const now = source.now()
  return (row) => {
    const value = evaluate(base, row, now)
    if (isMissing(value)) {
      throw new CollectError('decode', `${model} ${String(row.id)}: the row has no ${value.missing}`)
    }
    return value
  }
}

/** To each flow its items. Of one alone the server has given no others. */
const dealt = (source: Source, { flows, model }: Plan, rows: readonly Row[]): readonly (readonly Item[])[] => {
  const isOf = (flow: ResolvedFlow) => meets(source, model, baseOf(flow, source.catalogue))
  return flows.map((flow) => itemsOf(source, flow, flows.length === 1 ? rows : rows.filter(isOf(flow))))
}

/** Rows that have changed, or `too_many` of them. */
const changedRows = async (
  source: Source,
  { shape }: Plan,
  selection: Selection,
  limit: number,
  signal: AbortSignal,
): Promise<readonly Row[] | 'too_many'> => {
  const changed: Row[] = []
  for await (const rows of rowPages(source, shape, selection, signal)) {
    changed.push(...rows)
    if (changed.length > limit) return 'too_many'
  }
  return changed
}

const changedIn =
  (source: Source, select: Select): FlowReader<ResolvedFlow>['changedSince'] =>
  async (flows, since, from, to, limit, signal, kept) => {
    const plan = planOf(flows, source.catalogue)
    const { model, stamp, slot, base, lasting } = plan
    if (stamp === undefined) throw new Unsupported(`${model} has no write_date: its changes show in checksums only`)
    const rows = (of: Condition, path: string, first: Instant) =>
      select(
        { ...plan, base: of },
        first,
        to,
        [within(slot, first, to), stampedSince(path, since)],
        signal,
        first - SETTLED,
      )
    // Of the base or not: one that has just left it is news, too.
    const here = await changedRows(source, plan, await rows(lasting, stamp, from), limit, signal)
    if (here === 'too_many') return here
    const changed = [...here]
    // No server of before 19 sums up what lies in another table.
    const lately = Math.max(from, floorHour(source.now()) - LATELY)
    for (const path of lately < to ? plan.stampsElsewhere : []) {
      const elsewhere = await changedRows(source, plan, await rows(base, path, lately), limit, signal)
      if (elsewhere === 'too_many') return elsewhere
      changed.push(...elsewhere)
    }
    const isOfBase = meets(source, model, base)
    const seen = changed.flatMap((row) => changedRow(plan, row).map((hour) => ({ row, isOf: isOfBase(row), ...hour })))
    return newestByHour([...seen, ...(kept?.update(plan, seen, source.now()) ?? [])])
  }

/** Hours to come hold few rows: after an answer of so few hours more of them are asked for at once. */
const SPARSE = 24

const checksumsOfStretch = async (
  source: Source,
  select: Select,
  plan: Plan,
  [from, to]: readonly [Instant, Instant],
  signal: AbortSignal,
): Promise<readonly HourChecksum[]> => {
  const { slot, by, aggregates } = plan
  const span = within(slot, from, to)
  const hourly = { field: slot, each: 'hour' } as const
  const groups = await source.groups(await select(plan, from, to, [span], signal), hourly, by, aggregates, signal)
  const counted = []
  for (const condition of plan.counted) {
    const rows = await select(plan, from, to, [span, condition], signal)
    counted.push(await source.groups(rows, hourly, [], [], signal))
  }
  return checksumsOf(plan, groups, counted)
}

const checksumsIn =
  (source: Source, select: Select): FlowReader<ResolvedFlow>['checksums'] =>
  async (flows, from, to, signal, kept) => {
    const plan = planOf(flows, source.catalogue)
    // Cut at its multiples, so that one stretch is asked in the same words at each look.
    const { stretch = Math.max(1, 2 * to) } = source
    const found: HourChecksum[] = []
    let each = stretch
    for (let begin = from; begin < to; ) {
      const end = Math.min(to, Math.floor(begin / stretch) * stretch + each)
      const hours = await checksumsOfStretch(source, select, plan, [begin, end], signal)
      found.push(...hours)
      each = hours.length < SPARSE ? 2 * each : stretch
      begin = end
    }
    kept?.check(plan, from, to, found, source.now())
    return found
  }

const rowsIn = (source: Source, select: Select): FlowReader<ResolvedFlow>['rows'] =>
  async function* (flows, hours, signal, kept) {
    const plan = planOf(flows, source.catalogue)
    const [known, unknown] = [[] as Row[], new Map<Instant, Row[]>()]
    for (const hour of hours) {
      const rows = kept?.rowsOf(plan, hour, source.now())
      if (rows) known.push(...rows)
      else unknown.set(hour, [])
    }
    for await (const rows of slices(plan, [known])) yield dealt(source, plan, rows)
    if (unknown.size === 0) return
    const asked = [...unknown.keys()]
    const [from, last] = [asked.reduce((a, b) => Math.min(a, b)), asked.reduce((a, b) => Math.max(a, b))]
    const selection = await select(plan, from, last + HOUR, [inHours(plan.slot, asked)], signal)
    let room = kept?.most ?? 0
    for await (const rows of slices(plan, rowPages(source, plan.shape, selection, signal))) {
      room -= rows.length
      if (room >= 0) for (const row of rows) unknown.get(hourOf(plan, row))?.push(row)
      yield dealt(source, plan, rows)
    }
    // Only now are they all there.
    if (room >= 0) for (const [hour, rows] of unknown) kept?.keep(plan, hour, rows, source.now())
  }

/** Whether a time is not before that; of several, nobody can say: then one may be. */
const notBefore = (catalogue: Catalogue, { model }: Plan, path: string, at: Instant): Condition => {
  const found = find(catalogue, model, path)
  if ('problem' in found || found.steps.some(({ field }) => field.kind === 'many')) return allOf([])
  const value = found.field.kind === 'date' ? dateText(at) : datetimeText(at)
  return { kind: 'field', field: path, test: { operator: '>=', value }, optional: false }
}

const reachingIn = (source: Source, select: Select): FlowReader<ResolvedFlow>['reaching'] =>
  async function* (flows, from, to, signal) {
    const plan = planOf(flows, source.catalogue)
    const conditions = plan.times.map((path) => notBefore(source.catalogue, plan, path, to))
    const asked: readonly Condition[] = [within(plan.slot, from, to), { kind: 'or', conditions }]
    const selection = await select(plan, from, to, asked, signal)
    for await (const rows of slices(plan, rowPages(source, plan.shape, selection, signal)))
      yield dealt(source, plan, rows)
  }

/**
 * `changedSince` is Unsupported where there is no stamp, and so are the ledger's questions where there is no slot. The
 * rows of a further model are asked for by `furtherOf`.
 */
export const readerOver = (source: Source): FlowReader<ResolvedFlow> => {
  const select = selecting(source)
  /** All rows of a slice; of a ledger those of its span. */
  const standing = async (flow: ResolvedFlow, conditions: readonly Condition[], signal: AbortSignal) => {
    const all = [baseOf(flow, source.catalogue), ...conditions]
    if (flow.slot === undefined) return { model: flow.model, where: allOf(all), atLeast: 0 }
    const from = source.now() - (flow.horizon ?? ONE_DAY)
    const span = [stampedSince(flow.slot.field, from), ...conditions]
    return select(planOf([flow], source.catalogue), from, Number.POSITIVE_INFINITY, span, signal)
  }
  return {
    checksums: checksumsIn(source, select),
    rows: rowsIn(source, select),
    reaching: reachingIn(source, select),
    changedSince: changedIn(source, select),
    present: async (flow, signal) => presentAt(source, flow, await standing(flow, [], signal), signal),
    documents: (flow, limit, signal) =>
      documentsAt(source, flow, limit, (open) => standing(flow, open, signal), signal),
    groupNames: (flow, members, signal) => groupNamesAt(source, flow, members, signal),
  }
}
