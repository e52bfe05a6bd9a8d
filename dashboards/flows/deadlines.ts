/** Of every flow: how it stands to its deadlines and its budget. Pure. */
import { flowBudget, flowCutOffLeft } from '../../alert-rules/recordings.ts'
import { CUT_OFF } from '../../alert-rules/thresholds.ts'
import {
  flowAsOf,
  flowBackfill,
  flowCompletions,
  flowCompletionsExpected,
  flowDue,
  flowInfo,
  flowOpen,
  flowStarts,
  flowStartsExpected,
} from '../../src/flow/metrics.ts'
import { type PromQL, promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { bad, budgetEnds, budgetLeftOf, burnRate, judged, missed, ofFlow, oldest, overdue } from '../parts/flows.ts'
import { bars, lines } from '../parts/panels.ts'
import { SECONDS } from '../parts/quantity.ts'
import { chosen, each, least, most, since, total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { anyIs, below, budgetLeft, burning, neutral, TICKET } from '../parts/thresholds.ts'

const OF = { flow: chosen('flow') }
const legend = '{{tenant}} {{flow}}'
const FLOW = ['tenant', 'flow'] as const

/** With what is known of the flow, in labels. */
const joined = (expr: PromQL): PromQL => {
  const labels = most(flowInfo, ['tenant', 'flow', 'process', 'mode', 'state'], OF)
  return promql`(${expr}) * on (tenant, flow) group_left (process, mode, state) topk by (tenant, flow) (${1}, ${labels})`
}

export const deadlines: Row = {
  id: 50,
  title: 'Deadlines, by flow',
  panels: [
    lines({
      id: 51,
      title: 'Burn rate, 1 hour',
      shows:
        'How many times faster than its objective allows each flow misses deadlines. At 1 the error budget lasts its 30 days.',
      good: 'below 1.',
      otherwise:
        'above the upper line somebody is paged, if it goes on for flows in mode page; above the lower one it is a ticket.',
      queries: [{ expr: burnRate('1h', OF), legend }],
      thresholds: burning,
      alerts: ['OdooFlowBurnFast', 'OdooFlowBurnSlow'],
    }),
    lines({
      id: 52,
      title: 'Missed, 1 hour',
      shows: 'Of what came due within the hour, the share that was not done by then, late or never.',
      good: 'near 0.',
      otherwise: 'which member of its group misses stands below: a carrier, a channel, a warehouse.',
      queries: [{ expr: missed('1h', OF), legend }],
      max: 1,
      thresholds: neutral,
      alerts: ['OdooFlowBurnFast'],
    }),
    lines({
      id: 53,
      title: 'Overdue',
      shows: 'Open items past their deadline; of a backlog those above what is allowed.',
      good: 'none.',
      otherwise: 'rising: nothing moves. Falling: what was held up is being worked off.',
      queries: [{ expr: overdue(OF), legend }],
      thresholds: neutral,
      alerts: ['OdooBacklogHigh', 'OdooHeartbeatMissed', 'OdooCutOffAtRisk'],
    }),
    lines({
      id: 54,
      title: 'Oldest open',
      shows: 'How long the oldest open item of each flow has waited.',
      good: 'a saw: each is done in its turn.',
      otherwise: 'a slope of one second a second is an item that nobody touches: one document, or a standstill.',
      queries: [{ expr: oldest(OF), legend }],
      thresholds: neutral,
    }),
    lines({
      id: 55,
      title: 'Completed within the hour, of what is usual',
      shows: 'Completions by what the median of four weeks has at this hour of the week.',
      good: 'around 100 %.',
      otherwise: 'at 0 while several are expected, and some are open, the flow is stalled.',
      queries: [
        {
          expr: promql`${total(flowCompletions, FLOW, { ...OF, window: '1h' })} / on (tenant, flow) (${total(flowCompletionsExpected, FLOW, { ...OF, window: '1h' })} > ${0})`,
          legend,
        },
      ],
      thresholds: neutral,
      noValue: 'Told of flows that alert and of dedicated tenants, where something is usual at this hour.',
      alerts: ['OdooFlowStalled'],
    }),
    lines({
      id: 56,
      title: 'Started within the hour, of what is usual',
      shows: 'Starts by what the median of four weeks has at this hour of the week.',
      good: 'around 100 %.',
      otherwise: 'at 0 while many are expected nothing reaches Odoo: look at the shop, the marketplace, the ingress.',
      queries: [
        {
          expr: promql`${total(flowStarts, FLOW, { ...OF, window: '1h' })} / on (tenant, flow) (${total(flowStartsExpected, FLOW, { ...OF, window: '1h' })} > ${0})`,
          legend,
        },
      ],
      thresholds: neutral,
      noValue: 'Told of flows that alert and of dedicated tenants, where something is usual at this hour.',
      alerts: ['OdooFlowSilent'],
    }),
    bars({
      id: 57,
      title: 'Error budget left',
      shows: 'Of the error budget of 30 days: 100 % is untouched, below 0 more was missed than the objective allows.',
      good: 'green.',
      otherwise: 'with none left the objective of the month is missed.',
      width: 8,
      height: 14,
      queries: [{ expr: promql`sort(${budgetLeftOf(OF)})`, legend }],
      min: -1,
      max: 1,
      decimals: 0,
      thresholds: budgetLeft,
      noValue: 'No flow has been read 30 days back yet.',
    }),
    table({
      id: 58,
      title: 'Every flow',
      shows:
        'Where each flow stands: its mode, how it is judged, what is open, late and due, what was missed, and how fresh that is.',
      good: 'judged, read in full, a reading not older than some minutes.',
      otherwise: 'withheld, failing or unsupported flows say why on the page of Odoo Pulse.',
      width: 16,
      height: 14,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
        { label: 'process', title: 'Process' },
        { label: 'mode', title: 'Mode' },
        { label: 'state', title: 'State' },
      ],
      values: [
        { title: 'Objective', expr: joined(promql`${1} - ${ofFlow(flowBudget, OF)}`), decimals: 2 },
        { title: 'Open', expr: joined(each(flowOpen, OF)) },
        { title: 'Overdue', expr: joined(overdue(OF)), steps: anyIs(TICKET) },
        { title: 'Oldest', expr: joined(oldest(OF)), decimals: 0 },
        { title: 'Due in 1 h', expr: joined(total(flowDue, FLOW, { ...OF, horizon: '1h' })) },
        { title: 'Missed, 1 d', expr: joined(missed('1d', OF)), decimals: 1 },
        { title: 'Judged, 1 d', expr: joined(judged('1d', OF)) },
        { title: 'Bad, 30 d', expr: joined(bad('30d', OF)) },
        { title: 'Budget ends in', expr: joined(budgetEnds(OF)), quantity: SECONDS, decimals: 0 },
        { title: 'Cut-off in', expr: joined(ofFlow(flowCutOffLeft, OF)), steps: below(CUT_OFF.leftSeconds, TICKET) },
        { title: 'Read up to', expr: joined(most(flowBackfill, FLOW, OF)), decimals: 0 },
        { title: 'Read before', expr: joined(since(least(flowAsOf, FLOW, OF))), decimals: 0 },
      ],
      sortBy: 'Overdue',
      thresholds: neutral,
      alerts: ['OdooCutOffAtRisk', 'OdooUnreadable', 'OdooFlowBackfillStuck'],
    }),
  ],
}
