/** A flow on one Odoo: its variants applied, its fields verified. What can't be judged says why. */
import type { Instant } from '../../metric.ts'
import { allOf, applicable, type Condition, pathsIn } from '../condition/condition.ts'
import { check } from '../condition/tree.ts'
import { type Catalogue, find, type NotFound } from './catalogue.ts'
import { conditionsOfMoment, pathsOfMoment } from './moment.ts'
import { narrowingProblems } from './narrow.ts'
import { type Moment, NONE, type Variant } from './spec.ts'
import { defined, type Flow } from './spec_file.ts'
import type { TenantFlow } from './tenant_flow.ts'

/** As `Flow`, but for what differs by version and module: that is settled. */
export type ResolvedFlow = Omit<Flow, 'variants' | 'series'>

export interface Odoo {
  readonly catalogue: Catalogue
  readonly modules: ReadonlySet<string>
}

/** What decides which variants apply. */
export interface Edition extends Pick<Odoo, 'modules'> {
  /** The series. */
  readonly version: number
}

export type Resolved =
  | { readonly flow: ResolvedFlow }
  /** `isUntold`: it may well be supported, but a model it needs could not be asked this time. */
  | { readonly unsupported: readonly string[]; readonly isUntold?: true }

const within = (
  version: number,
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
) => version >= (from ?? 0) && version <= (to ?? Number.POSITIVE_INFINITY)

const applies = ({ for: where }: Variant, { version, modules }: Edition): boolean =>
  within(version, where) && (where.modules ?? []).every((module) => modules.has(module))

/** Each variant that applies, later over earlier. */
const varied = (flow: Flow, edition: Edition): ResolvedFlow => {
  const { variants, series: _, ...base } = flow
  let settled: ResolvedFlow = base
  for (const variant of variants.filter((v) => applies(v, edition))) {
    const { for: _for, ...own } = variant
    settled = { ...settled, ...defined(own) }
  }
  return settled
}

type Whens = Pick<ResolvedFlow, 'done' | 'failed' | 'cancelled'>

/** Optional conditions on fields this Odoo has not are left out; not those on fields that are only hidden from us. */
const pruned = (flow: ResolvedFlow, catalogue: Catalogue): ResolvedFlow => {
  const isThere = (model: string, path: string): boolean => {
    const found = find(catalogue, model, path)
    return !('problem' in found) || found.isHidden
  }
  const prune = (conditions: readonly Condition[], model = flow.model): Condition[] => [
    ...applicable(conditions, (path) => isThere(model, path)),
  ]
  const { further } = flow
  const state = <K extends keyof Whens>(key: K) =>
    flow[key] === undefined ? {} : { [key]: { ...flow[key], when: prune(flow[key].when) } }
  return {
    ...flow,
    base: prune(flow.base),
    ...(flow.open && { open: prune(flow.open) }),
    ...state('done'),
    ...state('failed'),
    ...state('cancelled'),
    ...(further && {
      further: {
        ...further,
        base: prune(further.base, further.model),
        done: { ...further.done, when: prune(further.done.when, further.model) },
      },
    }),
  }
}

/** The flow over the further model, where there is one: its rows are items as well. */
export const furtherOf = (flow: ResolvedFlow): ResolvedFlow | undefined => {
  const { further, open: _open, failed: _failed, cancelled: _cancelled, due: _due, only: _only, ...own } = flow
  if (!further) return undefined
  return { ...own, ...further, visible: NONE, further: undefined }
}

/** Every condition of a flow, with the model it is put to. */
export const conditionsOf = (flow: ResolvedFlow): readonly (readonly [model: string, condition: Condition])[] => {
  const lists = [flow.base, flow.open, flow.done?.when, flow.failed?.when, flow.cancelled?.when]
  const { further } = flow
  return [
    ...lists.flatMap((list) => (list ? [[flow.model, allOf(list)] as const] : [])),
    ...(further
      ? [[further.model, allOf(further.base)] as const, [further.model, allOf(further.done.when)] as const]
      : []),
  ]
}

const momentsOf = (flow: ResolvedFlow): readonly Moment[] =>
  [flow.start, flow.due, flow.done?.at, flow.failed?.at, flow.cancelled?.at].filter((moment) => moment !== undefined)

/** Every field a flow reads, with its model: what a reader has to bring. */
export const fieldsOf = (flow: ResolvedFlow): readonly (readonly [model: string, path: string])[] => {
  const { further, only, value } = flow
  const own = [
    ...momentsOf(flow).flatMap(pathsOfMoment),
    ...[flow.visible, flow.company, flow.slot?.field, flow.group?.field, value?.field].flatMap((path) =>
      path === undefined || path === NONE ? [] : [path],
    ),
    ...(value && value.currency !== 'company' ? [value.currency] : []),
    ...(only ? [only.one, ...(only.covers ? [only.covers.amount, only.covers.total] : [])] : []),
  ]
  const furtherOwn = further
    ? [...pathsOfMoment(further.start), ...(further.done.at ? pathsOfMoment(further.done.at) : []), further.slot.field]
    : []
  const named = [
    ...own.map((path) => [flow.model, path] as const),
    ...furtherOwn.map((path) => [further?.model ?? '', path] as const),
    ...conditionsOf(flow).flatMap(([model, c]) => pathsIn(c).map((path) => [model, path] as const)),
  ]
  return [...new Map(named.map((pair) => [pair.join(' '), pair])).values()]
}

/** Of the flow, and of its further rows. */
const notFoundOf = (flow: ResolvedFlow, catalogue: Catalogue): readonly NotFound[] => {
  const further = furtherOf(flow)
  return [...fieldsOf(flow), ...(further ? fieldsOf(further) : [])].flatMap(([model, path]) => {
    const found = find(catalogue, model, path)
    return 'problem' in found ? [found] : []
  })
}

const conditionProblems = (flow: ResolvedFlow, catalogue: Catalogue, now: Instant): readonly string[] => {
  const asked = momentsOf(flow).flatMap((moment) => conditionsOfMoment(moment).map((c) => [flow.model, c] as const))
  return [...conditionsOf(flow), ...asked].flatMap(([model, condition]) => {
    const checked = check({ catalogue, model, now }, condition)
    return 'problems' in checked ? checked.problems : []
  })
}

/** What this Odoo is too old, too new or too bare for. */
const lacking = ({ series: { from, to } }: Flow, resolved: ResolvedFlow, { version, modules }: Edition) => {
  if (from !== undefined && version < from) return [`needs Odoo ${from} or newer; this is ${version}`]
  if (to !== undefined && version > to) return [`needs Odoo ${to} or older; this is ${version}`]
  const absent = resolved.requires.modules.filter((module) => !modules.has(module))
  return absent.map((module) => `the module ${module} is not installed`)
}

/** What a tenant's configuration may change of what is read; a TenantFlow has it. */
export type Asked = Pick<TenantFlow, 'narrow' | 'group'>

/** As it stands on this edition, its fields not verified; or all the reasons why it doesn't. */
export const settle = (flow: Flow, edition: Edition, asked?: Asked): Resolved => {
  const resolved = varied(flow, edition)
  const lacks = lacking(flow, resolved, edition)
  if (lacks.length > 0) return { unsupported: lacks }
  const base = [...resolved.base, ...(asked?.narrow ?? [])]
  return { flow: { ...resolved, base, group: asked?.group ?? resolved.group } }
}

/** For this Odoo, narrowed and grouped as the tenant asks, or as its file stands; or all the reasons why not. */
export const resolveFlow = (flow: Flow, odoo: Odoo, asked?: Asked): Resolved => {
  const { catalogue, modules } = odoo
  const standing = settle(flow, { version: catalogue.version, modules }, asked)
  if ('unsupported' in standing) return standing
  const settled = pruned(standing.flow, catalogue)
  const notFound = notFoundOf(settled, catalogue)
  const problems = [
    ...notFound.map(({ problem }) => problem),
    ...conditionProblems(settled, catalogue, 0),
    ...(asked ? narrowingProblems(settled, catalogue, asked.narrow) : []),
  ]
  if (problems.length === 0) return { flow: settled }
  const unsupported = [...new Set(problems)]
  return notFound.some(({ isUntold }) => isUntold) ? { unsupported, isUntold: true } : { unsupported }
}
