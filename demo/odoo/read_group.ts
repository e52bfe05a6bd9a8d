/** The two shapes in which groups are given: `read_group` (to 19) and `formatted_read_group` (from 19). */
import { kinds, OdooError } from './errors.ts'
import { type Granularity, intervalOf, labelOf } from './granularity.ts'
import { type Aggregate, aggregateOf, type Group, type GroupBy, groupByOf, groups } from './groups.ts'
import type { Field, Model } from './models.ts'
import type { Context, Page } from './search.ts'
import type { Environment } from './sql.ts'
import type { Result } from './values.ts'

const defaultAggregate = (field: Field): string | undefined => {
  if (field.name === 'id' || !field.stored) return undefined
  return ['integer', 'float', 'monetary'].includes(field.type) ? 'sum' : undefined
}

/** `field:fn`, `name:fn(field)`, `field`; undefined for what has no aggregate. */
const legacyAggregate = (env: Environment, model: Model, spec: string): Aggregate | undefined => {
  const named = /^(\w+):(\w+)\((\w+)\)$/.exec(spec)
  if (named) return aggregateOf(env, model, named[1] ?? '', named[3] ?? '', named[2] ?? '')
  const [name = '', fn] = spec.split(':')
  if (name === '__count') return undefined
  const field = model.fields.get(name)
  if (!field) throw new OdooError(kinds.value, `Invalid field '${name}' on model '${model.name}'`)
  const chosen = fn ?? defaultAggregate(field)
  return chosen === undefined ? undefined : aggregateOf(env, model, name, name, chosen)
}

/** Conjunction in prefix form: one `&` less than there are domains, each with its own in front. */
const conjunction = (domains: readonly (readonly Result[])[]): Result[] => {
  const some = domains.filter((d) => d.length > 0)
  return [...some.slice(1).map(() => '&'), ...some.flat()]
}

const arity: Readonly<Record<string, number>> = { '&': 2, '|': 2, '!': 1 }

/** The domain as asked, with the `&` that were left out. */
const normalized = (domain: readonly Result[]): Result[] => {
  let missing = 1
  let extra = 0
  for (const item of domain) {
    if (missing === 0) {
      extra += 1
      missing = 1
    }
    missing += (typeof item === 'string' ? (arity[item] ?? 0) : 0) - 1
  }
  return [...Array<Result>(extra).fill('&'), ...domain]
}

const legacyKey = (by: GroupBy, key: Result): Result =>
  by.granularity !== undefined && typeof key === 'string' ? labelOf(by.granularity, key) : key

const rangeOf = (granularity: Granularity, key: Result): Result =>
  typeof key === 'string' ? { ...intervalOf(granularity, key) } : false

const legacyRow = (
  group: Group,
  grouped: readonly GroupBy[],
  rest: readonly string[],
  base: Result[],
  lazy: boolean,
): Result => {
  const timed = grouped.flatMap(({ spec, granularity }) =>
    granularity === undefined ? [] : [[spec, rangeOf(granularity, group.keys.get(spec) ?? false)] as const],
  )
  const [first] = grouped
  const count = lazy && first ? `${first.field.name}_count` : '__count'
  return {
    ...Object.fromEntries(grouped.map((by) => [by.spec, legacyKey(by, group.keys.get(by.spec) ?? false)])),
    [count]: group.count,
    ...Object.fromEntries(group.aggregates),
    __domain: conjunction([base, ...group.domains]),
    ...(timed.length > 0 && { __range: Object.fromEntries(timed) }),
    ...(lazy && rest.length > 0 && { __context: { group_by: rest } }),
  }
}

export interface LegacyArguments extends Page {
  readonly domain: readonly Result[]
  readonly fields: readonly string[]
  readonly groupby: readonly string[]
  /** Only the first groupby (the default). */
  readonly lazy: boolean
}

export const readGroup = async (
  env: Environment,
  model: Model,
  args: LegacyArguments,
  context: Context,
): Promise<Result> => {
  const [first, ...others] = args.groupby
  const specs = args.lazy ? (first === undefined ? [] : [first]) : args.groupby
  const groupby = specs.map((spec) => groupByOf(env, model, spec))
  const keys = new Set(groupby.map((by) => by.field.name))
  const asked = args.fields.filter((spec) => spec.includes(':') || !keys.has(spec))
  const aggregates = asked.flatMap((spec) => legacyAggregate(env, model, spec) ?? [])
  const found = await groups(env, model, args.domain, { groupby, aggregates }, args, context)
  const base = normalized(args.domain)
  return found.map((group) => legacyRow(group, groupby, args.lazy ? others : [], base, args.lazy))
}

const formattedKey = (by: GroupBy, key: Result): Result =>
  by.granularity !== undefined && typeof key === 'string' ? [key, labelOf(by.granularity, key)] : key

export interface FormattedArguments extends Page {
  readonly domain: unknown
  readonly groupby: readonly string[]
  /** `__count`, or `field:fn`. */
  readonly aggregates: readonly string[]
}

export const formattedReadGroup = async (
  env: Environment,
  model: Model,
  args: FormattedArguments,
  context: Context,
): Promise<Result> => {
  const groupby = args.groupby.map((spec) => groupByOf(env, model, spec))
  const aggregates = args.aggregates
    .filter((spec) => spec !== '__count')
    .map((spec) => {
      const [name = '', fn = ''] = spec.split(':')
      return aggregateOf(env, model, spec, name, fn)
    })
  const found = await groups(env, model, args.domain, { groupby, aggregates }, args, context)
  return found.map((group) => ({
    ...Object.fromEntries(groupby.map((by) => [by.spec, formattedKey(by, group.keys.get(by.spec) ?? false)])),
    __extra_domain: groupby.length === 0 ? [[1, '=', 1]] : conjunction(group.domains),
    ...Object.fromEntries(
      args.aggregates.map((spec) => [spec, spec === '__count' ? group.count : (group.aggregates.get(spec) ?? false)]),
    ),
  }))
}
