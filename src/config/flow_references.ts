/** What no schema can say of `flows:`: names, targets that fit, calendars that are there, and who reads them. Pure. */
import type { z } from 'zod'
import { misplacedOptional } from '../flow/condition/condition.ts'
import { targetComplaint } from '../flow/spec/spec_file.ts'
import type { Target } from '../flow/spec/tenant_flow.ts'
import type { FlowsFound } from './flow_files.ts'
import { settingsParts } from './flows.ts'
import { type Path, type Problem, suggestion } from './problem.ts'
import { type Located, placeOf, readYaml, valueAt, type YamlFile } from './yaml.ts'

/** The collectors by which flows are read: blocks of a tenant. */
export const FLOW_COLLECTORS = { rpc: 'odoo', sql: 'odoo_sql' } as const

interface Place {
  readonly yaml: YamlFile
  readonly path: Path
  /** Undefined where the settings are for several. */
  readonly tenant: string | undefined
}

export interface NamedTenant {
  readonly yaml: YamlFile
  readonly name: string
  readonly path: Path
  readonly value: Located
}

const problem = (yaml: YamlFile, path: Path, message: string, part: 'key' | 'value' = 'value'): Problem => ({
  ...placeOf(yaml, path, part),
  message,
})

/** The value at a key, if it is what it is to be; if not, the schema has said so. */
const partAt = <T>(value: Located, key: string, schema: z.ZodType<T>): T | undefined =>
  schema.safeParse(valueAt(value, [key])?.data).data

/** The open windows by name, with the tenants they are for; undefined: for all. */
type OpenWindows = ReadonlyMap<string, readonly unknown[] | undefined>

const openWindowsIn = (main: YamlFile): OpenWindows => {
  const windows = [...(valueAt(main.root, ['calendar', 'windows'])?.entries ?? [])]
  return new Map(
    windows.flatMap(([name, { value }]) =>
      valueAt(value, ['kind'])?.data === 'open'
        ? [[name, valueAt(value, ['tenants'])?.items?.map((item) => item.data)] as const]
        : [],
    ),
  )
}

const calendarComplaint = (open: OpenWindows, target: Target, tenant: string | undefined): string | undefined => {
  const name = 'calendar' in target ? target.calendar : undefined
  if (name === undefined) return undefined
  if (!open.has(name)) {
    const advice = suggestion(name, [...open.keys()], 'none is given: add it there')
    return `no such window of kind open under \`calendar.windows\`; ${advice}`
  }
  const tenants = open.get(name)
  return tenant === undefined || tenants === undefined || tenants.includes(tenant)
    ? undefined
    : 'this window is not for this tenant: add it to the window, or name another'
}

const targetsAt = (value: Located): readonly (readonly [Path, Target])[] => {
  const target = partAt(value, 'target', settingsParts.target)
  const dated = partAt(value, 'dated', settingsParts.dated) ?? []
  return [
    ...(target ? [[['target'], target] as const] : []),
    ...dated.map((row, i) => [['dated', i, 'target'], row.target] as const),
  ]
}

const targetProblems = (found: FlowsFound, open: OpenWindows, { yaml, path, tenant }: Place, value: Located) => {
  const flow = found.flows.find(({ name }) => name === path.at(-1))
  return targetsAt(value).flatMap(([below, target]) => {
    const misfit = flow && targetComplaint(flow.kind, target)
    const calendar = calendarComplaint(open, target, tenant)
    return [
      ...(misfit === undefined ? [] : [problem(yaml, [...path, ...below], misfit)]),
      ...(calendar === undefined ? [] : [problem(yaml, [...path, ...below, 'calendar'], calendar)]),
    ]
  })
}

const narrowProblems = ({ yaml, path }: Place, value: Located): readonly Problem[] =>
  misplacedOptional(partAt(value, 'narrow', settingsParts.narrow) ?? []).map((field) =>
    problem(
      yaml,
      [...path, 'narrow'],
      `${field} is optional within \`or\` or \`not\`: leaving it out would change the meaning`,
    ),
  )

const settingsProblems = (found: FlowsFound, open: OpenWindows, place: Place): readonly Problem[] => {
  const { yaml, path } = place
  return [...(valueAt(yaml.root, path)?.entries ?? [])].flatMap(([name, { value }]) => {
    const here = { ...place, path: [...path, name] }
    if (!found.names.includes(name)) {
      const advice = suggestion(name, found.names, 'none is shipped, and none is in flows.d')
      return [problem(yaml, here.path, `no such flow; ${advice}`, 'key')]
    }
    return [...targetProblems(found, open, here, value), ...narrowProblems(here, value)]
  })
}

const readerProblems = ({ yaml, path, value }: NamedTenant): readonly Problem[] => {
  const has = (collector: string) => valueAt(value, [collector]) !== undefined
  const { rpc, sql } = FLOW_COLLECTORS
  const reader = valueAt(value, ['flow_reader'])?.data
  const needed = reader === 'sql' ? sql : reader === 'rpc' ? rpc : undefined
  if (needed !== undefined && !has(needed))
    return [problem(yaml, [...path, 'flow_reader'], `needs \`${needed}\`: add that block, or leave this out`)]
  if (has(rpc) || has(sql)) return []
  return ['flows', 'flow_reader']
    .filter((key) => valueAt(value, [key]) !== undefined)
    .map((key) => problem(yaml, [...path, key], `nothing reads its flows: add \`${rpc}\` or \`${sql}\``, 'key'))
}

/** Of the operator's own files: windows named in their targets. */
const ownFlowProblems = ({ flows, files }: FlowsFound, open: OpenWindows): readonly Problem[] =>
  flows.flatMap(({ name, target }) => {
    const source = files.get(name)
    const complaint = source && calendarComplaint(open, target, undefined)
    return source && complaint !== undefined ? [problem(readYaml(source), ['target', 'calendar'], complaint)] : []
  })

export const checkFlows = (main: YamlFile, tenants: readonly NamedTenant[], found: FlowsFound): readonly Problem[] => {
  const open = openWindowsIn(main)
  const tiers = [...(valueAt(main.root, ['tiers'])?.entries?.keys() ?? [])]
  const places: readonly Place[] = [
    { yaml: main, path: ['flows'], tenant: undefined },
    ...tiers.map((tier) => ({ yaml: main, path: ['tiers', tier, 'flows'], tenant: undefined })),
    ...tenants.map(({ yaml, path, name }) => ({ yaml, path: [...path, 'flows'], tenant: name })),
  ]
  return [
    ...places.flatMap((place) => settingsProblems(found, open, place)),
    ...tenants.flatMap(readerProblems),
    ...ownFlowProblems(found, open),
  ]
}
