/** Whether promises are kept, what is late, whether we could recover, what it will cost. For those who answer for the business. */
import { flowCutOffLeft } from '../alert-rules/recordings.ts'
import { CUT_OFF } from '../alert-rules/thresholds.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { windowActive } from '../src/calendar/metrics.ts'
import { flowOverdue, flowValue } from '../src/flow/metrics.ts'
import { promql } from '../src/metric.ts'
import { capacityRow, recoveryRow } from './executive_platform.ts'
import { firing, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec, Row } from './parts/dashboard.ts'
import { bad, budgetEnds, budgetLeftOf, good, judged, oldest, overdue, withProcess } from './parts/flows.ts'
import { tenantLink } from './parts/links.ts'
import { bars, lines, says, stat } from './parts/panels.ts'
import { SECONDS } from './parts/quantity.ts'
import { each, least, most, orZero, total } from './parts/query.ts'
import { table } from './parts/table.ts'
import { anyIs, below, budgetLeft, GOOD, neutral, PAGE, TICKET } from './parts/thresholds.ts'
import { variables } from './parts/variables.ts'

const ofProcess = (expr: Parameters<typeof withProcess>[0]) => promql`sum by (tenant, process) (${withProcess(expr)})`
const worstOfProcess = (expr: Parameters<typeof withProcess>[0]) =>
  promql`min by (tenant, process) (${withProcess(expr)})`
const kept = (window: string) =>
  promql`${ofProcess(good(window))} / on (tenant, process) (${ofProcess(judged(window))} > ${0})`

const inTenSeconds: Row = {
  id: 1,
  title: 'In ten seconds',
  panels: [
    stat({
      id: 2,
      title: 'Promises in danger',
      shows:
        'Alarms that somebody has been called for because customers or colleagues are not getting what they were promised.',
      good: 'none.',
      otherwise: 'the list of what is late below says where; the people on call know already.',
      queries: [{ expr: orZero(promql`count(${firing({ layer: 'symptom', severity: 'page' })})`) }],
      thresholds: anyIs(PAGE),
      alerts: ['OdooFlowBurnFast', 'OdooFlowStalled', 'OdooUnreachable'],
    }),
    stat({
      id: 3,
      title: 'Kept in the last 24 hours',
      shows: 'Of everything that came due in 24 hours, the share that was done in time.',
      good: 'as high as yesterday. Each promise has an objective of its own; the budgets below measure against it.',
      otherwise: 'the table below shows the process, the dashboard Flows the step.',
      queries: [{ expr: promql`sum(${good('1d')}) / (sum(${judged('1d')}) > ${0})` }],
      decimals: 1,
      thresholds: neutral,
      graph: true,
    }),
    stat({
      id: 4,
      title: 'Late now',
      shows: 'Orders, shipments, invoices and jobs that are open past their deadline at this moment.',
      good: 'none, or few and falling.',
      otherwise: 'see which below; near the cut-off what is late today leaves tomorrow.',
      queries: [{ expr: promql`sum(${overdue()})` }],
      thresholds: anyIs(TICKET),
      graph: true,
    }),
    stat({
      id: 5,
      title: 'Worth of what is late',
      shows: 'What the late documents are worth, each currency by itself.',
      good: '0.',
      otherwise: 'it is the amount that customers wait for, or that is not yet invoiced or paid.',
      queries: [{ expr: total(flowValue, ['currency'], { state: 'overdue' }), legend: '{{currency}}' }],
      thresholds: anyIs(TICKET),
      noValue: 'Amounts are shown for flows that are configured with value: true.',
    }),
    stat({
      id: 6,
      title: 'Systems that answer',
      shows: 'The share of tenants whose Odoo answers.',
      good: 'all of them.',
      otherwise: 'nobody can work in those that do not; the people on call have been paged.',
      queries: [{ expr: promql`avg(${each(odooUp)})` }],
      thresholds: below(1),
      alerts: ['OdooUnreachable', 'OdooDatabaseDown'],
    }),
    stat({
      id: 7,
      title: 'Until the next cut-off',
      shows: 'How long there is until the next deadline of the day, the last truck say, for each tenant that has one.',
      good: 'any value: it tells how much time there is for what is late.',
      otherwise: 'with little left and much late, decide now what leaves first.',
      queries: [{ expr: least(flowCutOffLeft, ['tenant']), legend: '{{tenant}}' }],
      thresholds: below(CUT_OFF.leftSeconds, TICKET),
      noValue: 'The calendar has no cut-off that concerns a flow in mode ticket or page.',
      alerts: ['OdooCutOffAtRisk'],
    }),
  ],
}

const promises: Row = {
  id: 10,
  title: 'Are we keeping our promises?',
  panels: [
    table({
      id: 11,
      title: 'By process and tenant',
      shows:
        'How much of what was promised was done in time, what is late, and how much of the error budget of 30 days the worst promise of each process has left.',
      good: 'budgets well above 0, and none that ends within the month at the present pace.',
      otherwise:
        'a budget that is used up means that the objective of the month is missed: reliability comes before changes there.',
      width: 16,
      height: 9,
      labels: [
        { label: 'tenant', title: 'Tenant', url: tenantLink('Tenant') },
        { label: 'process', title: 'Process' },
      ],
      values: [
        { title: 'Kept, 24 hours', expr: kept('1d'), decimals: 1 },
        { title: 'Kept, 30 days', expr: kept('30d'), decimals: 1 },
        { title: 'Late now', expr: ofProcess(overdue()), steps: anyIs(TICKET) },
        { title: 'Budget left', expr: worstOfProcess(budgetLeftOf()), steps: budgetLeft, decimals: 0 },
        { title: 'Ends in', expr: worstOfProcess(budgetEnds()), quantity: SECONDS, decimals: 0 },
      ],
      thresholds: neutral,
    }),
    bars({
      id: 12,
      title: 'Budgets nearest their end',
      shows:
        'The promises with the least error budget of 30 days left: 100 % is untouched, below 0 more was missed than the objective allows.',
      good: 'all of them green.',
      otherwise: 'red ones have missed the objective of the month; what used them up stands on the dashboard Flows.',
      width: 8,
      height: 9,
      queries: [{ expr: promql`sort(bottomk(${8}, ${budgetLeftOf()}))`, legend: '{{tenant}} {{flow}}' }],
      min: -1,
      max: 1,
      decimals: 0,
      thresholds: budgetLeft,
    }),
    lines({
      id: 13,
      title: 'Missed, by process',
      shows: 'Of what came due within the hour, the share that was not done in time.',
      good: 'near 0 all day.',
      otherwise: 'a step up began where something broke; the marks show business windows.',
      queries: [
        {
          expr: promql`${ofProcess(bad('1h'))} / on (tenant, process) (${ofProcess(judged('1h'))} > ${0})`,
          legend: '{{tenant}} {{process}}',
        },
      ],
      max: 1,
      thresholds: neutral,
    }),
    lines({
      id: 14,
      title: 'Late, by tenant',
      shows: 'Open documents past their deadline.',
      good: 'a line that falls back to where it was each day.',
      otherwise: 'one that only grows is work that nobody catches up with.',
      queries: [{ expr: total(flowOverdue, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
  ],
}

const lateNow: Row = {
  id: 20,
  title: 'What is late now',
  panels: [
    table({
      id: 21,
      title: 'Late, by promise',
      shows: 'Each promise with open documents past their deadline, and since when the oldest open one has waited.',
      good: 'an empty list.',
      otherwise: 'the page of the flow in Odoo Pulse lists the documents.',
      width: 16,
      height: 9,
      labels: [
        { label: 'tenant', title: 'Tenant', url: tenantLink('Tenant') },
        { label: 'flow', title: 'Promise' },
      ],
      values: [
        { title: 'Late', expr: promql`${overdue()} > ${0}`, steps: anyIs(TICKET) },
        { title: 'Oldest open', expr: promql`${oldest()} and on (tenant, flow) ${overdue()} > ${0}` },
      ],
      sortBy: 'Late',
      thresholds: neutral,
      noValue: 'Nothing is late.',
    }),
    table({
      id: 22,
      title: 'Business calendar, now',
      shows: 'The windows of the business calendar: which are active.',
      good: 'what you expect at this hour.',
      otherwise: 'a window that is missing could not be worked out, and alerts are as sensitive as on any day.',
      width: 8,
      height: 9,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'business_window', title: 'Window' },
        { label: 'kind', title: 'Kind' },
      ],
      values: [
        {
          title: 'Active',
          expr: most(windowActive, ['tenant', 'business_window', 'kind']),
          mappings: says({ '0': ['no', 'text'], '1': ['yes', GOOD] }),
          steps: neutral,
        },
      ],
      sortBy: 'Active',
      thresholds: neutral,
      noValue: 'No business calendar is configured.',
      alerts: ['OdooPulseCalendarStale'],
    }),
  ],
}

export const executive: DashboardSpec = {
  name: 'executive',
  title: 'Odoo Pulse: Executive',
  description: 'Are we keeping our promises, what is late, could we recover, what will it cost. Read in ten seconds.',
  from: 'now-24h',
  variables: variables(),
  annotations: windowMarks(),
  rows: [inTenSeconds, promises, lateNow, recoveryRow, capacityRow],
}
