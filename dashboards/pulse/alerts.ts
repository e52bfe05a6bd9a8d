/** Alerts, those that are held or inhibited, and what the objectives are used up by. Pure. */
import { flowAlerting } from '../../alert-rules/recordings.ts'
import { flowAsOf } from '../../src/flow/metrics.ts'
import { promql } from '../../src/metric.ts'
import { buildInfo } from '../../src/own_metrics.ts'
import { firing, inhibited, pending } from '../parts/alerts.ts'
import type { Row } from '../parts/dashboard.ts'
import { budgetEnds, budgetLeftOf, missed } from '../parts/flows.ts'
import { lines, says, stat, timeline } from '../parts/panels.ts'
import { SECONDS } from '../parts/quantity.ts'
import { most, orZero } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { budgetLeft, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

const NOW = says({ '1': ['now', TICKET] })
const ofAlerts = [
  { label: 'alertname', title: 'Alert' },
  { label: 'severity', title: 'Severity' },
  { label: 'layer', title: 'Layer' },
  { label: 'tenant', title: 'Tenant' },
  { label: 'flow', title: 'Flow' },
  { label: 'server', title: 'Server' },
  { label: 'db_cluster', title: 'Machine group' },
]
const labels = [...ofAlerts, { label: 'target', title: 'Target' }]
const LABELS = labels.map(({ label }) => label).join(', ')
const LABELS_OF_ALERTS = ofAlerts.map(({ label }) => label).join(', ')

/** Symptoms of a flow of which nothing is told (that it can't be read is told by one of its own), and all while no replica tells of anything. */
const held = promql`max by (${LABELS_OF_ALERTS}) (
  ${firing({ layer: 'symptom' })} unless ${firing({ alertname: 'OdooUnreadable' })} and on (tenant, flow) ${most(flowAlerting, ['tenant', 'flow'])}
    unless on (tenant, flow) ${most(flowAsOf, ['tenant', 'flow'])}
  or ${firing({ layer: 'symptom' })} and on () absent(${buildInfo})
)`

export const alerts: Row = {
  id: 40,
  title: 'Alerts and objectives',
  panels: [
    stat({
      id: 41,
      title: 'Watchdog',
      shows: 'An alert that always fires: that rules are evaluated.',
      good: '1.',
      otherwise: 'no rule is evaluated: no alert can come, whatever happens.',
      width: 4,
      height: 8,
      queries: [{ expr: orZero(promql`count(ALERTS{alertname="OdooPulseWatchdog",alertstate="firing"})`) }],
      thresholds: [
        { value: null, color: PAGE },
        { value: 1, color: 'green' },
      ],
      alerts: ['OdooPulseWatchdog'],
    }),
    lines({
      id: 42,
      title: 'Firing, by severity',
      shows: 'How many alerts fire.',
      good: 'none but the watchdog (severity none).',
      otherwise: 'many at once have one cause: see what is inhibited.',
      width: 10,
      queries: [{ expr: promql`count by (severity) (${firing()})`, legend: '{{severity}}' }],
      stacked: true,
      thresholds: neutral,
    }),
    timeline({
      id: 43,
      title: 'Firing',
      shows: 'When each alert fired.',
      good: 'the watchdog alone.',
      otherwise: 'the runbook is named like the alert.',
      width: 10,
      queries: [
        {
          expr: promql`max by (alertname, tenant, flow, server) (${firing()})`,
          legend: '{{alertname}} {{tenant}} {{flow}} {{server}}',
        },
      ],
      mappings: says({ '1': ['fires', TICKET] }),
      thresholds: neutral,
    }),
    table({
      id: 44,
      title: 'Fires now',
      shows: 'Every alert that fires, whether somebody is told of it or not.',
      good: 'the watchdog alone.',
      otherwise: 'the link leads to the runbook.',
      width: 12,
      labels,
      values: [{ title: 'Fires', expr: promql`max by (${LABELS}) (${firing()})`, mappings: NOW }],
      sortBy: 'Severity',
      thresholds: neutral,
    }),
    table({
      id: 45,
      title: 'About to fire',
      shows: 'Alerts whose condition holds, and that wait whether it goes on.',
      good: 'few, and they go.',
      otherwise: 'what stays here for minutes will fire.',
      width: 12,
      labels,
      values: [{ title: 'Pending', expr: promql`max by (${LABELS}) (${pending()})`, mappings: NOW }],
      thresholds: neutral,
      noValue: 'Nothing is about to fire.',
    }),
    table({
      id: 46,
      title: 'Inhibited',
      shows:
        'Alerts that fire and that the shipped inhibition rules keep from being sent, since another explains them. Worked out from what fires: Alertmanager itself is not asked, and its silences and time intervals are not in it.',
      good: 'empty while no page fires.',
      otherwise: 'they are the causes and the small print of a page: read them with it.',
      width: 12,
      labels: ofAlerts,
      values: [{ title: 'Inhibited', expr: inhibited(LABELS_OF_ALERTS), mappings: NOW }],
      thresholds: neutral,
      noValue: 'Nothing that fires is inhibited.',
    }),
    table({
      id: 47,
      title: 'Held',
      shows:
        'Alerts that fired when what they are about could last be seen, and that are held while it is not: blindness heals nothing.',
      good: 'empty.',
      otherwise: 'first make it be seen again; then the alert ends or goes on by itself.',
      width: 12,
      labels: ofAlerts,
      values: [{ title: 'Held', expr: held, mappings: NOW }],
      thresholds: neutral,
      noValue: 'No alert is held.',
      alerts: ['OdooUnreadable', 'OdooUnreachable'],
    }),
    table({
      id: 48,
      title: 'Objectives',
      shows:
        'Of every flow the share missed, what is left of its error budget of 30 days, and when that ends at the pace of the last day.',
      good: 'budgets green.',
      otherwise: 'the link leads to the flow.',
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
      ],
      values: [
        { title: 'Missed, 1 h', expr: missed('1h'), decimals: 2 },
        { title: 'Missed, 1 d', expr: missed('1d'), decimals: 2 },
        { title: 'Missed, 30 d', expr: missed('30d'), decimals: 2 },
        { title: 'Budget left', expr: budgetLeftOf(), steps: budgetLeft, decimals: 0 },
        { title: 'Ends in', expr: budgetEnds(), quantity: SECONDS, decimals: 0 },
      ],
      thresholds: neutral,
    }),
  ],
}
