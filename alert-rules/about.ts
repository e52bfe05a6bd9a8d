/** What alerts about one kind of thing have in common: the labels they are routed by, and that blindness heals nothing. */
import type { Alert } from '../src/alerting/rule.ts'
import { labelsOf, type PromQL, promql } from '../src/metric.ts'
import { flowAlerting, serverKnown, tenantKnown } from './recordings.ts'

/** An alert, but for what follows from what it is about. */
export interface Draft extends Omit<Alert, 'about'> {
  /** The labels of the expression: they tell two alerts of this name apart. */
  readonly by: string
  /**
   * Of a symptom: something that is there, by the labels the join is on, as long as its expression could tell that the
   * trouble is over. While it is not there, an alert that fires goes on firing.
   */
  readonly seen?: PromQL
}

const tenant = labelsOf(tenantKnown, 'tenant')
const server = labelsOf(serverKnown, 'server')
const cluster = labelsOf(serverKnown, 'db_cluster')
const flow = labelsOf(flowAlerting, 'tenant', 'flow')
const ofFlow = labelsOf(flowAlerting, 'process', 'tier', 'db_cluster')
const modeOfFlow = labelsOf(flowAlerting, 'severity')
const ofTenant = labelsOf(tenantKnown, 'tier', 'db_cluster')

interface Join {
  readonly on: string
  readonly adds: string
  /** Has exactly one series for each `on`, always 1. */
  readonly known: PromQL
}

const joined = (expr: PromQL, { on, adds, known }: Join): PromQL =>
  promql`(\n  ${expr}\n) * on (${on}) group_left (${adds}) ${known}`

/** The same alert as long as it fires and what would tell that it is over is not seen. */
const held = (name: string, by: string, seen: PromQL, on: string): PromQL =>
  promql`max by (${by}) (ALERTS{alertname="${name}",alertstate="firing"}) unless on (${on}) ${seen}`

const completed = ({ by, seen, ...draft }: Draft, about: Alert['about'], join: Join): Alert => {
  const expr = seen ? promql`${draft.expr}\n  or on (${by}) ${held(draft.name, by, seen, join.on)}` : draft.expr
  return { ...draft, about, expr: joined(expr, join) }
}

/** `by` begins with the tenant. */
export const aboutTenant = (draft: Draft): Alert =>
  completed(draft, 'tenant', { on: tenant, adds: ofTenant, known: promql`${tenantKnown}` })

export const aboutServer = (draft: Draft): Alert =>
  completed(draft, 'server', { on: server, adds: cluster, known: promql`${serverKnown}` })

/** The expression has the machine group already. */
export const aboutCluster = (draft: Draft): Alert =>
  completed(draft, 'cluster', { on: cluster, adds: '', known: promql`max by (${cluster}) (${serverKnown})` })

/** By tenant and flow, unless said otherwise; only flows that alert. */
export const aboutFlow = (draft: Omit<Draft, 'by'> & Partial<Pick<Draft, 'by'>>): Alert =>
  completed({ by: flow, ...draft }, 'flow', {
    on: flow,
    adds: draft.severity === 'mode' ? `${modeOfFlow}, ${ofFlow}` : ofFlow,
    known: promql`${flowAlerting}`,
  })

export const aboutPulse = (draft: Omit<Alert, 'about'>): Alert => ({ ...draft, about: 'pulse' })
