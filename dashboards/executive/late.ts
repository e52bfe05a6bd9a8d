/** What is late now, and what the calendar says of now. Pure. */
import { windowActive } from '../../src/calendar/metrics.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { oldest, overdue } from '../parts/flows.ts'
import { says } from '../parts/panels.ts'
import { most } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { anyIs, GOOD, neutral, TICKET } from '../parts/thresholds.ts'

export const late: Row = {
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
        { label: 'tenant', title: 'Tenant' },
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
      alerts: ['OdooPulseCalendarStale', 'OdooBusinessFreeze', 'OdooBusinessMaintenance'],
    }),
  ],
}
