/** What Odoo does by itself, job by job. Pure. */
import { QUEUE } from '../../alert-rules/thresholds.ts'
import {
  odooQueueJobs,
  odooQueueMaxRetries,
  odooQueueOldestJob,
  odooQueueStuckJobs,
} from '../../collectors/odoo/queue.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { each, least, most, since, total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, anyIs, neutral, TICKET } from '../parts/thresholds.ts'

const CHANNEL = ['tenant', 'channel'] as const

export const queues: Row = {
  id: 20,
  title: 'Job queues',
  panels: [
    lines({
      id: 21,
      title: 'Jobs, by state',
      shows: 'Jobs that are not done, by state, of all channels.',
      good: 'few pending, some started, none that failed lately.',
      otherwise: 'pending that only grows: nothing is started, or not fast enough.',
      queries: [{ expr: total(odooQueueJobs, ['tenant', 'state']), legend: '{{tenant}} {{state}}' }],
      thresholds: neutral,
      noValue: 'The job queue is not installed.',
      alerts: ['OdooJobRunnerMissing'],
    }),
    lines({
      id: 22,
      title: 'Oldest that waits',
      shows: 'How long the oldest pending job of each channel has waited.',
      good: 'seconds.',
      otherwise: 'above the line while none of the channel runs, it is stalled.',
      queries: [
        { expr: since(least(odooQueueOldestJob, CHANNEL, { state: 'pending' })), legend: '{{tenant}} {{channel}}' },
      ],
      thresholds: above(QUEUE.waitSeconds, TICKET),
      noValue: 'No job waits, or the job queue is not installed.',
      alerts: ['OdooQueueStalled'],
    }),
    table({
      id: 23,
      title: 'Channels',
      shows: 'What each channel holds, and what is wrong in it.',
      good: 'no stuck jobs, few retries, no new failures.',
      otherwise: 'stuck: a worker died with them. Retries: something answers badly, a carrier or a partner.',
      width: 24,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'channel', title: 'Channel' },
      ],
      values: [
        { title: 'Pending', expr: total(odooQueueJobs, CHANNEL, { state: 'pending' }) },
        { title: 'Started', expr: total(odooQueueJobs, CHANNEL, { state: 'started' }) },
        { title: 'Failed', expr: total(odooQueueJobs, CHANNEL, { state: 'failed' }) },
        {
          title: 'Failed, 30 min',
          expr: promql`max by (tenant, channel) (${each(odooQueueJobs, { state: 'failed' })} - on (tenant, channel, state) max by (tenant, channel, state) (min_over_time(${odooQueueJobs}{tenant=~"$tenant",state="failed"}[30m])))`,
          steps: above(QUEUE.failedInHalfAnHour, TICKET),
        },
        { title: 'Stuck', expr: most(odooQueueStuckJobs, CHANNEL), steps: anyIs(TICKET) },
        { title: 'Most retries', expr: most(odooQueueMaxRetries, CHANNEL) },
      ],
      sortBy: 'Failed, 30 min',
      thresholds: neutral,
      noValue: 'The job queue is not installed.',
      alerts: ['OdooQueueJobsStuck', 'OdooQueueJobsFailing'],
    }),
  ],
}
