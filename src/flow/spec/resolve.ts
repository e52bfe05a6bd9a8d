/** A flow on one Odoo: its variants applied, its fields verified. What can't be judged says why. */
import type { Instant } from '../../metric.ts'
import { allOf, applicable, type Condition, pathsIn } from '../condition/condition.ts'
import { check } from '../condition/tree.ts'
import { type Catalogue, find } from './catalogue.ts'
import { conditionsOfMoment, pathsOfMoment } from './moment.ts'
import { type Moment, NONE, type Variant } from './spec.ts'
import { defined, type Flow } from './spec_file.ts'

/** As `Flow`, but for what differs by version and module: that is settled. */
export type ResolvedFlow = Omit<Flow, 'variants' | 'series'>

export interface Odoo {
  readonly catalogue: Catalogue
  readonly modules: ReadonlySet<string>
}

export type Resolved = { readonly flow: ResolvedFlow } | { readonly unsupported: readonly string[] }

const within = (
  version: number,
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
) => version >= (from ?? 0) && version <= (to ?? Number.POSITIVE_INFINITY)

const applies = ({ for: where }: Variant, { catalogue, modules }: Odoo): boolean =>
  within(catalogue.version, where) && (where.modules ?? []).every((module) => modules.has(module))

/** Each variant that applies, later over earlier. */
const varied = (flow: Flow, odoo: Odoo): ResolvedFlow => {
  const { variants, series: _, ...base } = flow
  let settled: ResolvedFlow = base
  for (const variant of variants.filter((v) => applies(v, odoo))) {
    const { for: _for, ...own } = variant
    settled = { ...settled, ...defined(own) }
  }
  return settled
}

type Whens = Pick<ResolvedFlow, 'done' | 'failed' | 'cancelled'>

/** Optional conditions on fields this Odoo has not are left out. */
const pruned = (flow: ResolvedFlow, { catalogue }: Odoo): ResolvedFlow => {
  const prune = (conditions: readonly Condition[], model = flow.model): Condition[] => [
    ...applicable(conditions, (path) => !('problem' in find(catalogue, model, path))),
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

const fieldProblems = (flow: ResolvedFlow, catalogue: Catalogue): readonly string[] =>
  fieldsOf(flow).flatMap(([model, path]) => {
    const found = find(catalogue, model, path)
    return 'problem' in found ? [found.problem] : []
  })

const conditionProblems = (flow: ResolvedFlow, catalogue: Catalogue, now: Instant): readonly string[] => {
  const asked = momentsOf(flow).flatMap((moment) => conditionsOfMoment(moment).map((c) => [flow.model, c] as const))
  return [...conditionsOf(flow), ...asked].flatMap(([model, condition]) => {
    const checked = check({ catalogue, model, now }, condition)
    return 'problems' in checked ? checked.problems : []
  })
}

/** For this Odoo, or all the reasons why not. */
export const resolveFlow = (flow: Flow, odoo: Odoo): Resolved => {
  const { version } = odoo.catalogue
  const { from, to } = flow.series
  if (from !== undefined && version < from) return { unsupported: [`needs Odoo ${from} or newer; this is ${version}`] }
  if (to !== undefined && version > to) return { unsupported: [`needs Odoo ${to} or older; this is ${version}`] }
  const resolved = varied(flow, odoo)
  const absent = resolved.requires.modules.filter((module) => !odoo.modules.has(module))
  if (absent.length > 0) return { unsupported: absent.map((module) => `the module ${module} is not installed`) }
  const settled = pruned(resolved, odoo)
  const problems = [...fieldProblems(settled, odoo.catalogue), ...conditionProblems(settled, odoo.catalogue, 0)]
  return problems.length > 0 ? { unsupported: [...new Set(problems)] } : { flow: settled }
}
