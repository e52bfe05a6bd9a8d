/** What is asked of business flows on several dashboards. Each gives one series a tenant and flow, unless said otherwise. Pure. */
import { flowBudget } from '../../alert-rules/recordings.ts'
import { DAY } from '../../alert-rules/thresholds.ts'
import { flowInfo, flowOldestOpen, flowOverdue, flowVerdicts } from '../../src/flow/metrics.ts'
import { type MetricDescriptor, type PromQL, promql } from '../../src/metric.ts'
import { each, least, type Matchers, most, since, total } from './query.ts'

type OfFlow = Matchers<'flow'>
const FLOW = ['tenant', 'flow'] as const

export const ofFlow = (metric: MetricDescriptor<'tenant' | 'flow'>, of: OfFlow = {}): PromQL => each(metric, of)

export const judged = (window: string, of: OfFlow = {}): PromQL => total(flowVerdicts, FLOW, { ...of, window })
export const bad = (window: string, of: OfFlow = {}): PromQL =>
  total(flowVerdicts, FLOW, { ...of, window, result: 'bad' })
export const good = (window: string, of: OfFlow = {}): PromQL =>
  total(flowVerdicts, FLOW, { ...of, window, result: 'good' })

/** Of what was due in the window; absent where nothing was. */
export const missed = (window: string, of: OfFlow = {}): PromQL =>
  promql`${bad(window, of)} / on (tenant, flow) (${judged(window, of)} > ${0})`

export const oldest = (of: OfFlow = {}): PromQL => since(least(flowOldestOpen, FLOW, of))
export const overdue = (of: OfFlow = {}): PromQL => ofFlow(flowOverdue, of)

/** How many times faster than the objective allows the budget is used up. */
export const burnRate = (window: string, of: OfFlow = {}): PromQL =>
  promql`${missed(window, of)} / on (tenant, flow) (${ofFlow(flowBudget, of)} > ${0})`

/** Of the error budget of 30 days; below 0 where more was missed than allowed. */
export const budgetLeftOf = (of: OfFlow = {}): PromQL => promql`${1} - ${burnRate('30d', of)}`

/** Seconds until the budget of 30 days is gone, if the misses go on as within the last day; absent where there were none. */
export const budgetEnds = (of: OfFlow = {}): PromQL => {
  const left = promql`${ofFlow(flowBudget, of)} * on (tenant, flow) ${judged('30d', of)} - on (tenant, flow) ${bad('30d', of)}`
  return promql`clamp_min((${left}) / on (tenant, flow) (${bad('1d', of)} > ${0}), ${0}) * ${DAY}`
}

/** `expr` by tenant and flow, with the flow's process; one series of it, also while replicas have read different files. */
export const withProcess = (expr: PromQL): PromQL =>
  promql`(${expr}) * on (tenant, flow) group_left (process) topk by (tenant, flow) (${1}, ${most(flowInfo, ['tenant', 'flow', 'process'])} ^ ${0})`
