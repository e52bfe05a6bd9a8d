/** What is to be read in ten seconds. Pure. */
import { flowCutOffLeft } from '../../alert-rules/recordings.ts'
import { CUT_OFF } from '../../alert-rules/thresholds.ts'
import { odooUp } from '../../collectors/odoo/info.ts'
import { flowValue } from '../../src/flow/metrics.ts'
import { promql } from '../../src/metric.ts'
import { firing } from '../parts/alerts.ts'
import type { Row } from '../parts/dashboard.ts'
import { good, judged, overdue } from '../parts/flows.ts'
import { stat } from '../parts/panels.ts'
import { each, least, orZero, total } from '../parts/query.ts'
import { anyIs, below, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

export const glance: Row = {
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
      good: 'as high as yesterday. How much may be missed each promise says for itself: see the budgets below.',
      otherwise: 'the table below shows the process, the dashboard Flows the step.',
      next: ['flows'],
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
