/** What is known of each flow that alerts: who it is, its budget, what the calendar asks for now. It changes seldom. */
import type { Recording, RuleGroup } from '../src/alerting/rule.ts'
import { windowActive, windowEnd, windowSensitivity } from '../src/calendar/metrics.ts'
import { flowAsOf, flowBackfill, flowInfo, flowObjective } from '../src/flow/metrics.ts'
import { labelsOf, type MetricDescriptor, type PromQL, promql } from '../src/metric.ts'
import { tenantInfo } from '../src/tenants.ts'
import { byConfiguration } from './newest.ts'
import {
  flowAlertBudget,
  flowAlerting,
  flowBudget,
  flowCutOffLeft,
  flowInHours,
  flowOnceRead,
  flowPast,
  flowSensitivity,
  flowWhole,
  tenantKnown,
} from './recordings.ts'

const flow = labelsOf(flowAlerting, 'tenant', 'flow')
const process = labelsOf(flowAlerting, 'tenant', 'process')
const alerting = labelsOf(flowAlerting, 'tenant', 'flow', 'process', 'severity')
const mode = labelsOf(flowInfo, 'tenant', 'flow', 'process', 'mode')
const ofTenant = labelsOf(tenantKnown, 'tier', 'db_cluster')

/** One each: of replicas that disagree, by the configuration read last. */
const latest = promql`topk by (${flow}) (1, max by (${mode}) (${byConfiguration(promql`${flowInfo}{mode=~"page|ticket",state!="off"}`, promql`${tenantInfo}`)}))`
/** Tenants that were there and of which nothing is told now. */
const unseen = promql`${tenantKnown} unless on (tenant) ${tenantInfo}`

/** Windows of all processes have an empty one. */
const OF_ALL = '{process=""}'

/**
 * What concerns a flow that alerts: of its own process, and of all. Two series a flow at most, told apart by a label that
 * the aggregation over them drops.
 */
const concerning = (fold: 'min' | 'max', values: (matchers: string) => PromQL): PromQL => promql`${fold} by (${flow}) (
  ${flowAlerting} * on (${process}) group_left () ${fold} by (${process}) (${values('')})
  or label_replace(${flowAlerting} * on (tenant) group_left () ${fold} by (tenant) (${values(OF_ALL)}), "of", "all", "", "")
)`

/** A name may be one of several processes; of all there is one. */
const sensitivity = (matchers: string): PromQL => {
  const window = labelsOf(windowActive, 'tenant', 'business_window')
  const named = matchers === OF_ALL ? window : promql`${window}, ${labelsOf(windowActive, 'process')}`
  return promql`max by (${named}) (${windowSensitivity}${matchers}) and on (${named}) max by (${named}) (${windowActive}${matchers}) == ${1}`
}

/** Of one kind. */
const ofKind = (metric: MetricDescriptor, kind: string, matchers: string): PromQL =>
  promql`${metric}{kind="${kind}"${matchers === '' ? '' : ',process=""'}}`
const hoursOf = (matchers: string): PromQL => ofKind(windowActive, 'open', matchers)
/** Where a process has hours of its own, those of all say nothing of it. */
const inHours = promql`${flowAlerting} and on (${process}) max by (${process}) (${hoursOf('')}) == ${1}
or ${flowAlerting}
  unless on (${process}) max by (${process}) (${hoursOf('')})
  unless on (tenant) max by (tenant) (${hoursOf(OF_ALL)}) == ${0}`

const who: readonly Recording[] = [
  {
    record: flowAlerting,
    expr: promql`max by (${alerting}) (
  label_replace(
    ${latest} ^ ${0},
    "severity", "$1", "mode", "(.*)"
  )
) * on (tenant) group_left (${ofTenant}) ${tenantKnown}
or on (${flow}) (${flowAlerting} and on (tenant) (${unseen}))`,
  },
]

/** What the calendar asks for of them now. */
const sensitivities: readonly Recording[] = [
  {
    record: flowSensitivity,
    expr: promql`${concerning('max', sensitivity)}
or on (${flow}) max by (${flow}) (${flowAlerting})`,
  },
]

const hours: readonly Recording[] = [
  { record: flowInHours, expr: promql`max by (${flow}) (${inHours})` },
  // A cut-off that has just ended stands until the calendar tells of the next one.
  {
    record: flowCutOffLeft,
    expr: promql`${concerning('min', (matchers) => promql`${ofKind(windowEnd, 'cut-off', matchers)} > time()`)} - time()`,
  },
]

/** What can be seen of them now. */
const sight: readonly Recording[] = [
  // Its windows vanish while it can't be read; that it could be is not forgotten.
  {
    record: flowOnceRead,
    expr: promql`(max by (${flow}) (${flowAsOf}) ^ ${0} or ${flowOnceRead}) and on (${flow}) ${flowAlerting}`,
  },
  { record: flowPast, expr: promql`max by (${flow}) (${flowBackfill}) < ${1}` },
  {
    record: flowWhole,
    expr: promql`${flowOnceRead} and on (${flow}) ${flowAsOf} unless on (${flow}) ${flowPast}`,
  },
]

const budgets: readonly Recording[] = [
  { record: flowBudget, expr: promql`${1} - max by (${flow}) (${flowObjective})` },
  { record: flowAlertBudget, expr: promql`${flowBudget} / on (${flow}) ${flowSensitivity}` },
]

export const knownGroups: readonly RuleGroup[] = [
  { name: 'odoo-flows', rules: who },
  { name: 'odoo-flow-sensitivity', rules: sensitivities },
  { name: 'odoo-flow-hours', rules: hours },
  { name: 'odoo-flow-sight', rules: sight },
  { name: 'odoo-flow-budgets', rules: budgets },
]
