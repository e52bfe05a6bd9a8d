/** Odoo's own work (crons, jobs, workers) and what comes in from outside, of every tenant. For who runs the Odoos. */
import { API_KEY_LEFT, CERTIFICATE, CRON_LATE, INGRESS, QUEUE } from '../alert-rules/thresholds.ts'
import { odooApiKeyExpiry } from '../collectors/odoo/api_keys.ts'
import { odooCronFailures, odooCronLastDuration, odooCronRunning } from '../collectors/odoo/cron_runs.ts'
import { odooCronTriggersWaiting } from '../collectors/odoo/cron_triggers.ts'
import { odooCronActive, odooCronLastCall, odooCronNextCall } from '../collectors/odoo/crons.ts'
import { odooHealth } from '../collectors/odoo/health.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { odooModulesPending } from '../collectors/odoo/modules.ts'
import { odooQueueJobs, odooQueueMaxRetries, odooQueueOldestJob, odooQueueStuckJobs } from '../collectors/odoo/queue.ts'
import { odooRpcDuration } from '../collectors/odoo/rpc.ts'
import { odooWorkersSaturated } from '../collectors/odoo/workers.ts'
import { odooCronWorkers, odooQueueRunners } from '../collectors/postgres/odoo_processes.ts'
import { odooIngressTlsNotAfter } from '../collectors/traefik/certificates.ts'
import { odooIngressOpenConnections } from '../collectors/traefik/connections.ts'
import {
  odooIngressRequestDuration,
  odooIngressRequests,
  odooIngressRetries,
  odooIngressStreams,
} from '../collectors/traefik/requests.ts'
import { promql } from '../src/metric.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec, Row } from './parts/dashboard.ts'
import { errorShare } from './parts/ingress.ts'
import { tenantLink } from './parts/links.ts'
import { heatmap, lines, says, stat, timeline } from './parts/panels.ts'
import { bucketsOf, each, least, most, perSecond, quantile, since, total, until } from './parts/query.ts'
import { table } from './parts/table.ts'
import { above, anyIs, GOOD, neutral, PAGE, runningOut, TICKET } from './parts/thresholds.ts'
import { variables } from './parts/variables.ts'

const YES = says({ '0': ['no', 'text'], '1': ['yes', GOOD] })
const CRON = ['tenant', 'cron'] as const
const CHANNEL = ['tenant', 'channel'] as const

const answering: Row = {
  id: 1,
  title: 'Workers',
  panels: [
    timeline({
      id: 2,
      title: 'Answers',
      shows: 'When each Odoo answered and let Odoo Pulse in.',
      good: 'one green line each.',
      otherwise: 'red: nobody could work. Blank: it was not asked.',
      width: 12,
      height: 7,
      queries: [{ expr: most(odooUp, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', PAGE], '1': ['yes', GOOD] }),
      thresholds: neutral,
      alerts: ['OdooUnreachable'],
    }),
    timeline({
      id: 3,
      title: 'All workers busy',
      shows:
        'When all HTTP workers were taken: the health page waited while the gevent port, which needs no worker, answered.',
      good: 'green.',
      otherwise: 'look at blocked sessions, slow requests and crons of that time.',
      width: 12,
      height: 7,
      queries: [{ expr: most(odooWorkersSaturated, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', GOOD], '1': ['yes', PAGE] }),
      thresholds: neutral,
      noValue: 'Told where gevent_url is configured.',
      alerts: ['OdooWorkersSaturated'],
    }),
    lines({
      id: 4,
      title: 'Checks that fail',
      shows:
        'Of the health page, the database as Odoo sees it, and the gevent port: those that did not answer within a second.',
      good: '0.',
      otherwise: 'page alone: workers are busy. database: PostgreSQL is away. All: Odoo is.',
      width: 8,
      queries: [{ expr: promql`${1} - ${most(odooHealth, ['tenant', 'check'])}`, legend: '{{tenant}} {{check}}' }],
      max: 1,
      thresholds: neutral,
    }),
    lines({
      id: 5,
      title: 'How long calls take',
      shows: 'The longest of Odoo Pulse’s own calls within a minute, all kinds.',
      good: 'tenths of a second.',
      otherwise: 'the same wait is what connected systems feel.',
      width: 8,
      queries: [{ expr: most(odooRpcDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    lines({
      id: 6,
      title: 'Processes that listen',
      shows: 'Sessions of cron workers (with the bus’s listeners) on each server, and job runners of each database.',
      good: 'cron workers as many as are configured; one job runner a database.',
      otherwise: 'no runner: no job starts. Two: jobs may run twice.',
      width: 8,
      queries: [
        { expr: most(odooCronWorkers, ['server']), legend: 'crons on {{server}}' },
        { expr: total(odooQueueRunners, ['datname']), legend: 'runners of {{datname}}' },
      ],
      thresholds: neutral,
      noValue: 'Told by the primary of a PostgreSQL that is watched.',
      alerts: ['OdooJobRunnerMissing', 'OdooJobRunnerDoubled'],
    }),
  ],
}

const late = since(each(odooCronNextCall))

const crons: Row = {
  id: 10,
  title: 'Crons',
  panels: [
    table({
      id: 11,
      title: 'Every cron',
      shows: 'How late each is (below 0: it is due in that time), when it last ran and for how long, and what fails.',
      good: 'nothing late for longer than it usually runs, no failures.',
      otherwise: 'after five failures over seven days Odoo switches a cron off by itself.',
      width: 24,
      labels: [
        { label: 'tenant', title: 'Tenant', url: tenantLink('Tenant') },
        { label: 'cron', title: 'Cron' },
      ],
      values: [
        { title: 'Switched on', expr: most(odooCronActive, CRON), mappings: YES },
        { title: 'Late', expr: late, steps: above(CRON_LATE, TICKET), decimals: 0 },
        { title: 'Runs', expr: most(odooCronRunning, CRON), mappings: YES },
        { title: 'Ran before', expr: since(most(odooCronLastCall, CRON)), decimals: 0 },
        { title: 'Last took', expr: most(odooCronLastDuration, CRON) },
        { title: 'Failures in a row', expr: most(odooCronFailures, CRON), steps: above(3, TICKET) },
        {
          title: 'Triggers waiting',
          // A cron without any is absent.
          expr: promql`${most(odooCronTriggersWaiting, CRON)} or ${0} * ${most(odooCronActive, CRON)}`,
        },
      ],
      sortBy: 'Late',
      thresholds: neutral,
      alerts: ['OdooCronLate', 'OdooCronFailing', 'OdooCronSwitchedOff', 'OdooCronsStopped'],
    }),
    lines({
      id: 12,
      title: 'Crons that are late',
      shows: 'How many were due more than five minutes ago.',
      good: 'none for long.',
      otherwise: 'nearly all: no cron worker is left, or modules wait to be upgraded.',
      width: 8,
      queries: [
        {
          expr: promql`count by (tenant) (${late} > ${CRON_LATE}) or ${0} * count by (tenant) (${late})`,
          legend: '{{tenant}}',
        },
      ],
      thresholds: neutral,
      alerts: ['OdooCronsStopped'],
    }),
    lines({
      id: 13,
      title: 'How long the longest took',
      shows: 'Duration of the last run of each tenant’s longest cron.',
      good: 'shorter than its interval.',
      otherwise: 'past limit_time_real_cron it is killed, and begins again from the start.',
      width: 8,
      queries: [{ expr: most(odooCronLastDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'Told by Odoo 18 and newer.',
    }),
    lines({
      id: 14,
      title: 'Modules that wait',
      shows: 'Modules waiting to be installed, upgraded or removed: while there is any, Odoo runs no cron.',
      good: '0 but during an upgrade.',
      otherwise: 'an upgrade broke off: finish it or take it back.',
      width: 8,
      queries: [{ expr: most(odooModulesPending, ['tenant']), legend: '{{tenant}}' }],
      thresholds: above(1, TICKET),
      alerts: ['OdooModulesHalfUpgraded'],
    }),
  ],
}

const queues: Row = {
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
        { label: 'tenant', title: 'Tenant', url: tenantLink('Tenant') },
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

const ingress: Row = {
  id: 30,
  title: 'Ingress',
  panels: [
    lines({
      id: 31,
      title: 'Rate',
      shows: 'Requests answered, by tenant; websockets apart.',
      good: 'the shape of the working day.',
      otherwise: 'none in working hours: users do not get through.',
      width: 8,
      queries: [{ expr: perSecond(odooIngressRequests, ['tenant']), legend: '{{tenant}}', unit: 'reqps' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 32,
      title: 'Errors',
      shows: 'Of each tenant’s requests, the share that ended in a server error.',
      good: '0.',
      otherwise: 'above the line for two minutes, of at least ten that failed: somebody is paged.',
      width: 8,
      queries: [{ expr: errorShare, legend: '{{tenant}}' }],
      thresholds: above(INGRESS.errorRatio),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressErrors'],
    }),
    lines({
      id: 33,
      title: 'Duration, 95 of 100',
      shows: 'Within this time 95 % of the requests were answered. It reads no higher than Traefik’s last bucket.',
      good: 'about a second.',
      otherwise: 'look at workers, then at the database: blocked sessions first.',
      width: 8,
      queries: [{ expr: quantile(0.95, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: above(INGRESS.p95Seconds, TICKET),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressSlow'],
    }),
    heatmap({
      id: 34,
      title: 'Duration of all requests',
      shows: 'How long requests took: the darker the more.',
      good: 'a dark band at the bottom.',
      otherwise: 'a second band above is one kind of request that is slow; one that climbs is load.',
      bounds: 's',
      queries: [{ expr: bucketsOf(odooIngressRequestDuration, []), legend: '{{le}}' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 35,
      title: 'By status',
      shows: 'Requests answered, by HTTP status, and those sent once more as the first attempt failed.',
      good: '2xx and 3xx.',
      otherwise: '429: a limit is hit. 502, 503, 504: Odoo did not answer. Retries hide failures: they come first.',
      queries: [
        { expr: perSecond(odooIngressRequests, ['code']), legend: '{{code}}', unit: 'reqps' },
        { expr: perSecond(odooIngressRetries, ['tenant']), legend: 'sent again, {{tenant}}', unit: 'reqps' },
      ],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 36,
      title: 'Open connections',
      shows: 'By entry point.',
      good: 'about as many as people who work.',
      otherwise: 'a rise without requests: answers do not come, or somebody holds connections open.',
      width: 8,
      queries: [
        { expr: most(odooIngressOpenConnections, ['server', 'entrypoint']), legend: '{{server}} {{entrypoint}}' },
      ],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 37,
      title: 'Websockets that ended',
      shows: 'Long connections (the bus, live chat) that ended, by status.',
      good: 'a few, spread out.',
      otherwise: 'all at once: the gevent process was restarted, or the proxy cut them off.',
      width: 8,
      queries: [
        {
          expr: perSecond(odooIngressStreams, ['tenant', 'protocol', 'code']),
          legend: '{{tenant}} {{protocol}} {{code}}',
        },
      ],
      thresholds: neutral,
      noValue: 'No websocket has ended yet, or no ingress is watched.',
    }),
    table({
      id: 38,
      title: 'What expires',
      shows: 'How long certificates have left.',
      good: 'weeks.',
      otherwise: 'a certificate that renews itself should have: look at the log of Traefik.',
      width: 8,
      height: 8,
      labels: [
        { label: 'server', title: 'Ingress' },
        { label: 'cn', title: 'Certificate' },
      ],
      values: [
        {
          title: 'Left',
          expr: until(most(odooIngressTlsNotAfter, ['server', 'cn'])),
          steps: runningOut(CERTIFICATE),
          unit: 's',
        },
      ],
      thresholds: neutral,
      noValue: 'No ingress with certificates is watched.',
      alerts: ['OdooCertificateExpiring', 'OdooCertificateExpiringSoon'],
    }),
    stat({
      id: 39,
      title: 'Keys of Odoo Pulse',
      shows: 'How long the first API key of the monitoring user that expires has left.',
      good: 'weeks.',
      otherwise: 'make a new one in time: without it nothing of Odoo is seen.',
      width: 24,
      height: 4,
      queries: [{ expr: until(least(odooApiKeyExpiry, ['tenant'])), legend: '{{tenant}}' }],
      thresholds: runningOut({ ticket: API_KEY_LEFT, page: 0 }),
      noValue: 'No key expires, or this version of Odoo has none that do.',
      alerts: ['OdooApiKeyExpiring'],
    }),
  ],
}

export const odooIngress: DashboardSpec = {
  name: 'odoo-ingress',
  title: 'Odoo Pulse: Odoo and ingress',
  description: 'Crons, job queues and workers of every Odoo; rate, errors and duration of what comes in, by tenant.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [answering, crons, queues, ingress],
}
