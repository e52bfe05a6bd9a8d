/**
 * Tests of the shipped rules for one flow, for promtool: that its alerts fire, for its name, process and kind, and that they
 * are silent otherwise. Every series comes from two replicas of the exporter. Pure.
 */
import { stringify } from 'yaml'
import { objectiveOf } from '../flow/spec/spec.ts'
import { defined, type Flow } from '../flow/spec/spec_file.ts'
import type { RuleFile } from './rule.ts'

const TENANT = 'acme'
const TIER = 'dedicated'
/** Minutes from the start: nothing is wrong until then. */
const CHANGE = 10
const END = 60

type Labels = Readonly<Record<string, string>>
interface Series {
  readonly series: string
  readonly values: string
}

/** Go's quoting, which JSON's is a part of. */
const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ')

const seen = (metric: string, labels: Labels, values: string): readonly Series[] =>
  ['a', 'b'].map((instance) => ({ series: `${metric}{${labelText({ ...labels, instance })}}`, values }))

const always = (value: number): string => `${value}x${END}`
const changing = (before: number, after: number): string => `${before}x${CHANGE - 1} ${after}x${END}`

/** A flow in observe alerts nobody; a tenant's configuration may say otherwise, and is taken to. */
const modeOf = ({ mode }: Flow): string => (mode === 'observe' ? 'page' : mode)

const standing = (flow: Flow): readonly Series[] => {
  const { name, process, owner, kind, evidence } = flow
  const keys = { tenant: TENANT, flow: name }
  return [
    ...seen('odoo_tenant_info', { tenant: TENANT, tier: TIER, db_cluster: 'main' }, always(1)),
    ...seen(
      'odoo_flow_info',
      { ...keys, process, owner, kind, evidence, mode: modeOf(flow), state: 'judged' },
      always(1),
    ),
    ...seen('odoo_flow_objective_ratio', keys, always(objectiveOf(flow, TIER))),
  ]
}

/** What a case is of, what it is like, and at which minute the alert fires, or that it never does. */
interface Case {
  readonly alert: string
  readonly name: string
  readonly series: readonly Series[]
  readonly fires: boolean
  /** Minutes after the change by which it fires; the last minute before it is still silent. */
  readonly after?: number
}

const caseNode = (flow: Flow, { alert, name, series, fires, after = 0 }: Case) => {
  const labels = { alertname: alert, alertstate: 'firing', tenant: TENANT, flow: flow.name, process: flow.process }
  const expr = `count(ALERTS{${labelText({ ...labels, severity: modeOf(flow) })}})`
  const at = (minute: number, isFiring: boolean) => ({
    expr,
    eval_time: `${minute}m`,
    exp_samples: isFiring ? [{ labels: '{}', value: 1 }] : [],
  })
  const change = CHANGE + after
  return {
    name: `${alert}: ${name}`,
    interval: '1m',
    input_series: [...standing(flow), ...series],
    promql_expr_test: [at(change - 1, false), at(change, fires), at(change + 10, fires)],
  }
}

const asOf = (flow: Flow, values = `0+60x${END}`): readonly Series[] =>
  seen('odoo_flow_as_of_timestamp_seconds', { tenant: TENANT, flow: flow.name }, values)

/** Nothing was bad before. */
const verdicts = (flow: Flow, good: number, bad: number): readonly Series[] =>
  ['5m', '30m', '1h', '6h'].flatMap((window) => {
    const keys = { tenant: TENANT, flow: flow.name, window }
    return [
      ...seen('odoo_flow_verdicts', { ...keys, result: 'good' }, changing(20, good)),
      ...seen('odoo_flow_verdicts', { ...keys, result: 'bad' }, changing(0, bad)),
    ]
  })

const burns = (flow: Flow): readonly Case[] => {
  const of = { alert: 'OdooFlowBurnFast' }
  return [
    { ...of, name: 'all that comes due is missed', series: [...asOf(flow), ...verdicts(flow, 0, 20)], fires: true },
    { ...of, name: 'silent where four are, of four', series: [...asOf(flow), ...verdicts(flow, 0, 4)], fires: false },
    { ...of, name: 'silent where all is good', series: [...asOf(flow), ...verdicts(flow, 40, 0)], fires: false },
  ]
}

const stalls = (flow: Flow): readonly Case[] => {
  const of = { alert: 'OdooFlowStalled' }
  const keys = { tenant: TENANT, flow: flow.name }
  const within = (done: number, usual: number, open: number): readonly Series[] => [
    ...asOf(flow),
    ...seen('odoo_flow_open', keys, always(open)),
    ...seen('odoo_flow_completions', { ...keys, window: '30m' }, changing(usual, done)),
    ...seen('odoo_flow_completions_expected', { ...keys, window: '30m' }, always(usual)),
  ]
  return [
    { ...of, name: 'nothing is done where five are usual', series: within(0, 5, 3), fires: true },
    { ...of, name: 'silent while one is done', series: within(1, 5, 3), fires: false },
    { ...of, name: 'silent where four are usual', series: within(0, 4, 3), fires: false },
    { ...of, name: 'silent where none is open', series: within(0, 5, 0), fires: false },
  ]
}

/** A count above what is allowed, or a gap that is too long. */
const exceeds = (flow: Flow, alert: string, after: number): readonly Case[] => {
  const overdue = (values: string) => [
    ...asOf(flow),
    ...seen('odoo_flow_overdue', { tenant: TENANT, flow: flow.name }, values),
  ]
  return [
    { alert, name: 'more than the target allows', series: overdue(changing(0, 1)), fires: true, after },
    { alert, name: 'silent where it is kept', series: overdue(always(0)), fires: false },
  ]
}

const unreadable = (flow: Flow): readonly Case[] => {
  const alert = 'OdooUnreadable'
  return [
    {
      alert,
      name: 'it was read, and no longer is',
      series: asOf(flow, `0+60x${CHANGE - 1} stale`),
      fires: true,
      after: 5,
    },
    { alert, name: 'silent while it is read', series: asOf(flow), fires: false },
  ]
}

/** On some version or with some modules. */
const isSomewhere = (flow: Flow, test: (part: Flow) => boolean): boolean =>
  [flow, ...flow.variants.map(({ for: _, ...own }) => ({ ...flow, ...defined(own) }))].some(test)

const casesOf = (flow: Flow): readonly Case[] => {
  const { kind } = flow
  if (kind === 'backlog') return [...exceeds(flow, 'OdooBacklogHigh', 15), ...unreadable(flow)]
  if (kind === 'heartbeat') return [...exceeds(flow, 'OdooHeartbeatMissed', 2), ...unreadable(flow)]
  const isJudged = isSomewhere(flow, ({ evidence }) => evidence !== 'slice')
  const storesCompletions = isSomewhere(flow, ({ evidence, open }) => evidence === 'ledger' && open !== undefined)
  return [...(isJudged ? burns(flow) : []), ...(storesCompletions ? stalls(flow) : []), ...unreadable(flow)]
}

/** Whose rules a flow's alerts need. */
const NEEDED = ['estate', 'flows']

/** A file for `promtool test rules`. `pathOf`: where a subject's rules lie, as seen from the file that is made. */
export const flowTests = (flow: Flow, ruleFiles: readonly RuleFile[], pathOf: (subject: string) => string): string => {
  const needed = ruleFiles.filter(({ subject }) => NEEDED.includes(subject))
  const head = `# promtool test rules: the alerts of the flow ${flow.name}. Generated from its file; edits here are lost.\n`
  const file = {
    rule_files: needed.map(({ subject }) => pathOf(subject)),
    group_eval_order: needed.flatMap(({ groups }) => groups.map(({ name }) => name)),
    evaluation_interval: '1m',
    tests: casesOf(flow).map((each) => caseNode(flow, each)),
  }
  return head + stringify(file, { lineWidth: 0 })
}
