/** What stands in a table now: for slices and heartbeats. */
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'
import { isNothing, plain } from '../condition/evaluate.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { instantOf } from './naive.ts'
import type { Aggregate } from './plan.ts'
import type { Group } from './question.ts'
import type { Present } from './reader.ts'
import type { Selection, Source } from './source.ts'

/** What is asked, and at which place of the keys and values it stands. */
interface Asked {
  readonly by: readonly string[]
  readonly aggregates: readonly Aggregate[]
  /** Whether the first key is the group's member. */
  readonly hasMember: boolean
}

const PERIOD = ['interval_number', 'interval_type'] as const

/** As ir.cron writes them; a month is taken as its longest. */
const UNITS: ReadonlyMap<unknown, Duration> = new Map([
  ['minutes', minutes(1)],
  ['hours', hours(1)],
  ['days', hours(24)],
  ['weeks', hours(7 * 24)],
  ['months', hours(31 * 24)],
])

/** Only fields of the row itself can be grouped by and summed up on every series. */
const isOwn = (path: string): boolean => !path.includes('.')

const askedOf = (flow: ResolvedFlow, { catalogue }: Source): Asked => {
  const { start, group, model } = flow
  const hasMember = group !== undefined && isOwn(group.field)
  const hasPeriod = PERIOD.every((field) => catalogue.field(model, field) !== undefined)
  const field = typeof start === 'string' && isOwn(start) ? start : undefined
  return {
    by: [...(hasMember ? [group.field] : []), ...(hasPeriod ? PERIOD : [])],
    aggregates:
      field === undefined
        ? []
        : [
            { field, fn: 'min' },
            { field, fn: 'max' },
          ],
    hasMember,
  }
}

const memberAt = (key: unknown): string | undefined => {
  const value = plain(key)
  return isNothing(value) || value === undefined || value === '' ? undefined : String(value)
}

const instants = (groups: readonly Group[], at: 0 | 1): readonly Instant[] =>
  groups.flatMap(({ values }) => {
    const value = values[at]
    return typeof value === 'string' ? (instantOf(value) ?? []) : []
  })

const periodOf = (keys: readonly unknown[]): readonly Duration[] => {
  const [number, unit] = keys.slice(-PERIOD.length)
  const period = Number(number) * (UNITS.get(unit) ?? Number.NaN)
  return period > 0 ? [period] : []
}

const smallest = (of: readonly number[]): number | undefined => (of.length > 0 ? Math.min(...of) : undefined)

const presentOf = ({ by, hasMember }: Asked, groups: readonly Group[]): Present => {
  const total = (of: readonly Group[]): number => of.reduce((count, group) => count + group.count, 0)
  const members = hasMember ? [...Map.groupBy(groups, ({ keys: [key] }) => memberAt(key))] : []
  const newest = instants(groups, 1)
  return {
    count: total(groups),
    oldest: smallest(instants(groups, 0)),
    newest: newest.length > 0 ? Math.max(...newest) : undefined,
    groups: members.map(([member, of]) => ({ member, count: total(of) })),
    // Several crons beat at least as often as the quickest of them should.
    period: by.includes(PERIOD[0]) ? smallest(groups.flatMap(({ keys }) => periodOf(keys))) : undefined,
  }
}

/** One aggregation by the flow's group. */
export const presentAt = async (
  source: Source,
  flow: ResolvedFlow,
  rows: Selection,
  signal: AbortSignal,
): Promise<Present> => {
  const asked = askedOf(flow, source)
  return presentOf(asked, await source.groups(rows, undefined, asked.by, asked.aggregates, signal))
}
