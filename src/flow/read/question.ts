/** Questions about hours, and what their answers say. Pure. */
import type { Instant } from '../../metric.ts'
import { allOf, type Condition } from '../condition/condition.ts'
import { evaluate, isMissing, type Row, valuesAt } from '../condition/evaluate.ts'
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

const total = (groups: readonly Group[]): number => groups.reduce((count, group) => count + group.count, 0)

type Counted = Pick<Group, 'keys' | 'values' | 'count'>

/** Opaque, and the same whoever counted: the server, or we its rows. `counted`: of each of the plan's counted conditions. */
const sumOf = (groups: readonly Counted[], counted: readonly number[]): string => {
  const texts = groups.map(({ keys, values, count }) => JSON.stringify([keys, values, count]))
  return JSON.stringify([...texts.sort(), ...counted])
}

/** `counted`: the groups of each of the plan's counted conditions. */
export const checksumsOf = (
  plan: Plan,
  groups: readonly Group[],
  counted: readonly (readonly Group[])[],
): readonly HourChecksum[] => {
  const counts = counted.map((of) => new Map(byHour(of)))
  return byHour(groups).map(([hour, of]) => ({
    hour,
    count: total(of),
    sum: sumOf(
      of,
      counts.map((each) => total(each.get(hour) ?? [])),
    ),
    newest: newestOf(plan, of),
  }))
}

const textAt = (row: Row, field: string): string => {
  const value = row[field]
  return typeof value === 'string' ? value : ''
}

const latest = (texts: readonly string[]): string => texts.reduce((newest, text) => (text > newest ? text : newest), '')

/**
 * The sum of an hour's checksum, worked out from all its rows; the plan has a stamp. The rows and the server's own sum are
 * of one server, so that their texts can be compared.
 */
export const sumOfRows = ({ by, stamp = '', counted }: Plan, rows: readonly Row[], now: Instant): string => {
  const groups = Map.groupBy(rows, (row) => JSON.stringify(by.map((key) => row[key])))
  return sumOf(
    [...groups.values()].map((of) => ({
      keys: by.map((key) => of[0]?.[key]),
      values: [latest(of.map((row) => textAt(row, stamp)))],
      count: of.length,
    })),
    counted.map((condition) => rows.filter((row) => evaluate(condition, row, now) === true).length),
  )
}

const instantsAt = (row: Row, path: string): readonly Instant[] => {
  const values = valuesAt(row, path)
  if (isMissing(values)) return []
  return values.flatMap((value) => (typeof value === 'string' ? (instantOf(value) ?? []) : []))
}

/** Not a number where its slot is not set. */
export const hourOf = ({ slot }: Plan, row: Row): Instant => floorHour(instantsAt(row, slot)[0] ?? Number.NaN)

/** The hour of a row, with the newest of its own stamp and those elsewhere. */
export const changedRow = (plan: Plan, row: Row): readonly ChangedHour[] => {
  const hour = hourOf(plan, row)
  const stamps = [...(plan.stamp ? [plan.stamp] : []), ...plan.stampsElsewhere].flatMap((path) => instantsAt(row, path))
  return Number.isNaN(hour) || stamps.length === 0 ? [] : [{ hour, newest: Math.max(...stamps) }]
}

/** Each hour once, with its newest, in their order. */
export const newestByHour = (hours: readonly ChangedHour[]): readonly ChangedHour[] =>
  [...Map.groupBy(hours, ({ hour }) => hour)]
    .map(([hour, of]) => ({ hour, newest: of.reduce((newest, each) => Math.max(newest, each.newest), 0) }))
    .sort((a, b) => a.hour - b.hour)
