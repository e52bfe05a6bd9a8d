/** For whom deadlines are missed: tenant by tenant the warehouses, carriers, channels. Pure. */
import { MEMBER } from '../../alert-rules/thresholds.ts'
import { flowGroupInfo, flowGroupVerdicts } from '../../src/flow/metrics.ts'
import { type PromQL, promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { chosen, most, total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, neutral, TICKET } from '../parts/thresholds.ts'

const OF = { flow: chosen('flow') }

const MEMBERS = ['tenant', 'flow', 'dimension', 'member'] as const
const ofMember = (window: string, result?: string): PromQL =>
  total(flowGroupVerdicts, MEMBERS, { ...OF, window, ...(result === undefined ? {} : { result }) })
const share = (window: string): PromQL =>
  promql`${ofMember(window, 'bad')} / on (${MEMBERS.join(', ')}) (${ofMember(window)} > ${0})`
/** By the name that Odoo has for it, else by its own. */
const named = (expr: PromQL): PromQL =>
  promql`(${expr}) * on (${MEMBERS.join(', ')}) group_left (name) topk by (${MEMBERS.join(', ')}) (${1}, ${most(flowGroupInfo, [...MEMBERS, 'name'], OF)})
or on (${MEMBERS.join(', ')}) label_replace(${expr}, "name", "$1", "member", "(.*)")`

export const members: Row = {
  id: 60,
  title: 'By warehouse, carrier, channel',
  panels: [
    lines({
      id: 61,
      title: 'Missed, 1 hour, by member',
      shows:
        'Of what came due within the hour, the share that was missed, for each carrier, channel, provider, warehouse.',
      good: 'near 0, and all alike.',
      otherwise: 'one above the line while the others are well is the cause: look there first.',
      queries: [{ expr: named(share('1h')), legend: '{{tenant}} {{flow}}: {{name}}' }],
      max: 1,
      height: 10,
      thresholds: above(MEMBER.ratio, TICKET),
      noValue: 'Groups are told for dedicated tenants; nothing of them came due within the hour.',
      alerts: ['OdooFlowMemberFailing'],
    }),
    table({
      id: 62,
      title: 'Members of each group',
      shows: 'What came due within a day, and the share of it that was missed.',
      good: 'all alike.',
      otherwise: 'what stands out is a matter of one partner, not of the flow.',
      width: 12,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
        { label: 'dimension', title: 'By' },
        { label: 'name', title: 'Name' },
      ],
      values: [
        { title: 'Due, 1 d', expr: named(ofMember('1d')) },
        { title: 'Missed, 1 d', expr: named(share('1d')), steps: above(MEMBER.ratio, TICKET), decimals: 1 },
        { title: 'Missed, 1 h', expr: named(share('1h')), steps: above(MEMBER.ratio, TICKET), decimals: 1 },
      ],
      sortBy: 'Missed, 1 d',
      thresholds: neutral,
      noValue: 'Groups are told for dedicated tenants only.',
      alerts: ['OdooFlowMemberFailing'],
    }),
  ],
}
