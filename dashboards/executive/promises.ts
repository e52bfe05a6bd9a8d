/** Which promises are kept, by process and tenant; what is left of their budgets, and until when. Pure. */
import { flowOverdue } from '../../src/flow/metrics.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { bad, budgetEnds, budgetLeftOf, good, judged, overdue, withProcess } from '../parts/flows.ts'
import { bars, lines } from '../parts/panels.ts'
import { SECONDS } from '../parts/quantity.ts'
import { total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { anyIs, budgetLeft, neutral, TICKET } from '../parts/thresholds.ts'

const ofProcess = (expr: Parameters<typeof withProcess>[0]) => promql`sum by (tenant, process) (${withProcess(expr)})`
const worstOfProcess = (expr: Parameters<typeof withProcess>[0]) =>
  promql`min by (tenant, process) (${withProcess(expr)})`
const kept = (window: string) =>
  promql`${ofProcess(good(window))} / on (tenant, process) (${ofProcess(judged(window))} > ${0})`

export const promises: Row = {
  id: 10,
  title: 'Are we keeping our promises?',
  panels: [
    table({
      id: 11,
      title: 'By process and tenant',
      shows:
        'How much of what was promised was done in time, and what is late. Each promise may be missed now and then, its budget for 30 days: how much of it the worst promise of each process has left, and when that ends if misses go on as within the last day.',
      good: 'budgets well above 0, and none that ends within the month at the present pace.',
      otherwise:
        'with its budget used up a promise is not kept over the month: see to it there before anything is changed.',
      width: 16,
      height: 9,
      labels: [
        { label: 'tenant', title: 'Tenant' },
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
        'The promises with the least left of the misses that are allowed in 30 days: at 100 % none was, below 0 too many were.',
      good: 'all of them green.',
      otherwise: 'red ones are not kept over the month; the dashboard Flows shows where and when they were missed.',
      next: ['flows'],
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
