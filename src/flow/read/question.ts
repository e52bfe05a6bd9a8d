/** Questions about hours, and what their answers say. Pure. */
import type { Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import { isMissing, type Row, valuesAt } from '../condition/evaluate.ts'
import { floorHour, HOUR } from '../ledger/counts.ts'
import { datetimeText, instantOf } from './naive.ts'
import type { Plan } from './plan.ts'
import type { ChangedHour, HourChecksum } from './reader.ts'

/** Rows of an hour or day: counted by the fields asked for, with the aggregates in their order. */
export interface Group {
  /** Its first second, naive UTC; '' where no time was asked for. */
  readonly begins: string
  readonly keys: readonly unknown[]
  readonly values: readonly unknown[]
  readonly count: number
}

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

const stampOf = (plan: Plan, { values: [stamp] }: Group): Instant | undefined =>
  plan.stamp !== undefined && typeof stamp === 'string' ? instantOf(stamp) : undefined

const byHour = (groups: readonly Group[]): readonly (readonly [Instant, readonly Group[]])[] =>
  [...Map.groupBy(groups, ({ begins }) => instantOf(begins))].flatMap(([hour, of]) =>
    hour === undefined ? [] : [[hour, of] as const],
  )

const newestOf = (plan: Plan, groups: readonly Group[]): Instant | undefined => {
  const stamps = groups.map((group) => stampOf(plan, group)).filter((stamp) => stamp !== undefined)
  return stamps.length > 0 ? Math.max(...stamps) : undefined
}

const sumOf = (groups: readonly Group[]): readonly string[] =>
  groups.map(({ keys, values, count }) => JSON.stringify([keys, values, count])).sort()

/** `counted`: the groups of each of the plan's counted conditions. */
export const checksumsOf = (
  plan: Plan,
  groups: readonly Group[],
  counted: readonly (readonly Group[])[],
): readonly HourChecksum[] => {
  const counts = counted.map((of) => new Map(byHour(of)))
  return byHour(groups).map(([hour, of]) => ({
    hour,
    count: of.reduce((count, group) => count + group.count, 0),
    sum: JSON.stringify([...sumOf(of), ...counts.map((each) => sumOf(each.get(hour) ?? []))]),
    newest: newestOf(plan, of),
  }))
}

export const changedOf = (plan: Plan, groups: readonly Group[]): readonly ChangedHour[] =>
  byHour(groups).flatMap(([hour, of]) => {
    const newest = newestOf(plan, of)
    return newest === undefined ? [] : [{ hour, newest }]
  })

const instantsAt = (row: Row, path: string): readonly Instant[] => {
  const values = valuesAt(row, path)
  if (isMissing(values)) return []
  return values.flatMap((value) => (typeof value === 'string' ? (instantOf(value) ?? []) : []))
}

/** The hour of a row, with the newest of its own stamp and those elsewhere. */
export const changedRow = (plan: Plan, row: Row): readonly ChangedHour[] => {
  const [slot] = instantsAt(row, plan.slot)
  const stamps = [...(plan.stamp ? [plan.stamp] : []), ...plan.stampsElsewhere].flatMap((path) => instantsAt(row, path))
  return slot === undefined || stamps.length === 0 ? [] : [{ hour: floorHour(slot), newest: Math.max(...stamps) }]
}

/** Each hour once, with its newest, in their order. */
export const newestByHour = (hours: readonly ChangedHour[]): readonly ChangedHour[] =>
  [...Map.groupBy(hours, ({ hour }) => hour)]
    .map(([hour, of]) => ({ hour, newest: of.reduce((newest, each) => Math.max(newest, each.newest), 0) }))
    .sort((a, b) => a.hour - b.hour)
