/** The tenant’s Odoo. Pure. */
import { QUEUE } from '../../alert-rules/thresholds.ts'
import { odooHealth } from '../../collectors/odoo/health.ts'
import { odooQueueOldestJob } from '../../collectors/odoo/queue.ts'
import { odooRpcDuration } from '../../collectors/odoo/rpc.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { least, most, since } from '../parts/query.ts'
import { above, neutral, TICKET } from '../parts/thresholds.ts'

export const odoo: Row = {
  id: 20,
  title: 'Its Odoo',
  panels: [
    lines({
      id: 21,
      title: 'Checks',
      shows: 'Whether its health page, its database as it sees it, and its gevent port answer within a second.',
      good: '1 for all of them.',
      otherwise: 'page 0 while gevent is 1: the workers are busy. All 0: it is down.',
      width: 8,
      queries: [{ expr: most(odooHealth, ['tenant', 'check']), legend: '{{tenant}} {{check}}' }],
      max: 1,
      thresholds: neutral,
    }),
    lines({
      id: 22,
      title: 'How long its answers take',
      shows: 'The longest of Odoo Pulse’s own calls within a minute, by kind: a view of how busy it is.',
      good: 'tenths of a second.',
      otherwise: 'seconds: it is busy, or its database waits.',
      width: 8,
      queries: [{ expr: most(odooRpcDuration, ['tenant', 'call']), legend: '{{tenant}} {{call}}' }],
      thresholds: neutral,
    }),
    lines({
      id: 23,
      title: 'Jobs that wait',
      shows: 'How long the oldest job that may run has waited for its turn, by channel.',
      good: 'seconds.',
      otherwise: 'above the line while none runs, the channel is stalled.',
      width: 8,
      queries: [
        {
          expr: since(least(odooQueueOldestJob, ['tenant', 'channel'], { state: 'pending' })),
          legend: '{{tenant}} {{channel}}',
        },
      ],
      thresholds: above(QUEUE.waitSeconds, TICKET),
      noValue: 'No job waits, or the job queue is not installed.',
      alerts: ['OdooQueueStalled', 'OdooJobRunnerMissing'],
    }),
  ],
}
