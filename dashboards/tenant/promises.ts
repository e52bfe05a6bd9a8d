/** What the tenant is promised. Pure. */
import type { Row } from '../parts/dashboard.ts'
import { budgetLeftOf, burnRate, missed, oldest, overdue } from '../parts/flows.ts'
import { lines } from '../parts/panels.ts'
import { table } from '../parts/table.ts'
import { anyIs, budgetLeft, burning, neutral, TICKET } from '../parts/thresholds.ts'

export const promises: Row = {
  id: 10,
  title: 'What it is promised',
  panels: [
    table({
      id: 11,
      title: 'Its flows',
      shows: 'What is late and missed, and what is left of each error budget.',
      good: 'nothing overdue, budgets green.',
      otherwise: 'the link leads to the flow’s own graphs.',
      width: 12,
      height: 12,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
      ],
      values: [
        { title: 'Overdue', expr: overdue(), steps: anyIs(TICKET) },
        { title: 'Oldest', expr: oldest(), decimals: 0 },
        { title: 'Missed, 1 h', expr: missed('1h'), decimals: 1 },
        { title: 'Missed, 1 d', expr: missed('1d'), decimals: 1 },
        { title: 'Budget left', expr: budgetLeftOf(), steps: budgetLeft, decimals: 0 },
      ],
      sortBy: 'Overdue',
      thresholds: neutral,
    }),
    lines({
      id: 12,
      title: 'Burn rate, 1 hour',
      shows: 'How many times faster than its objective allows each flow misses deadlines.',
      good: 'below 1.',
      otherwise: 'see the flow’s own graphs.',
      height: 12,
      queries: [{ expr: burnRate('1h'), legend: '{{tenant}} {{flow}}' }],
      thresholds: burning,
      alerts: ['OdooFlowBurnFast', 'OdooFlowBurnSlow'],
    }),
  ],
}
