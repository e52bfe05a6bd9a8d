/** All of one tenant: what it is promised, its Odoo, its database and who shares it, its ingress. For who looks after it. */
import { tenantServer } from '../alert-rules/recordings.ts'
import { CRON_LATE, INGRESS, NEIGHBOUR, POSTGRES, QUEUE } from '../alert-rules/thresholds.ts'
import { odooCronNextCall } from '../collectors/odoo/crons.ts'
import { odooHealth } from '../collectors/odoo/health.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { odooQueueJobs, odooQueueOldestJob } from '../collectors/odoo/queue.ts'
import { odooRpcDuration } from '../collectors/odoo/rpc.ts'
import { odooWorkersSaturated } from '../collectors/odoo/workers.ts'
import { pgLongestBlocked } from '../collectors/postgres/locks.ts'
import { pgReplicationLag } from '../collectors/postgres/replication.ts'
import { odooIngressRequestDuration, odooIngressRequests } from '../collectors/traefik/requests.ts'
import { type PromQL, promql } from '../src/metric.ts'
import { firingOfServers, firingOfTenant, pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec, Row } from './parts/dashboard.ts'
import { budgetLeftOf, burnRate, missed, oldest, overdue } from './parts/flows.ts'
import { errorShare } from './parts/ingress.ts'
import { alertLink, flowLink } from './parts/links.ts'
import { lines, says, stat } from './parts/panels.ts'
import { busy, ofTheirServers, sizeOfTenant, withTenant } from './parts/platform.ts'
import { each, least, most, number, perSecond, quantile, since, total } from './parts/query.ts'
import { table } from './parts/table.ts'
import { above, anyIs, below, budgetLeft, burning, GOOD, neutral, PAGE, TICKET } from './parts/thresholds.ts'
import { variables } from './parts/variables.ts'

const UP = says({ '0': ['no', PAGE], '1': ['yes', GOOD] })

const overview: Row = {
  id: 1,
  title: 'How it is',
  panels: [
    stat({
      id: 2,
      title: 'Odoo answers',
      shows: 'Whether each Odoo answers and lets Odoo Pulse in.',
      good: 'yes.',
      otherwise: 'nobody can work in it: follow the runbook.',
      queries: [{ expr: most(odooUp, ['tenant']), legend: '{{tenant}}' }],
      mappings: UP,
      thresholds: below(1),
      alerts: ['OdooUnreachable'],
    }),
    stat({
      id: 3,
      title: 'All workers busy',
      shows: 'Whether all HTTP workers are taken, so that every click waits.',
      good: 'no.',
      otherwise: 'look at blocked sessions first, then at slow requests and crons.',
      queries: [{ expr: most(odooWorkersSaturated, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', GOOD], '1': ['yes', PAGE] }),
      thresholds: anyIs(PAGE),
      noValue: 'Told where gevent_url is configured.',
      alerts: ['OdooWorkersSaturated'],
    }),
    stat({
      id: 4,
      title: 'Overdue',
      shows: 'Open items of all flows past their deadline.',
      good: 'none.',
      otherwise: 'the table of flows says which.',
      queries: [{ expr: promql`sum by (tenant) (${overdue()})`, legend: '{{tenant}}' }],
      thresholds: anyIs(TICKET),
    }),
    stat({
      id: 5,
      title: 'Crons that are late',
      shows: 'Crons that were due more than five minutes ago; one that runs counts until it ends.',
      good: 'none for long.',
      otherwise: 'all of them: no cron worker is left. One: it hangs, or waits for a lock.',
      queries: [
        {
          expr: promql`count by (tenant) (${since(each(odooCronNextCall))} > ${CRON_LATE}) or ${0} * ${number(odooCronNextCall, ['tenant'])}`,
          legend: '{{tenant}}',
        },
      ],
      thresholds: anyIs(TICKET),
      alerts: ['OdooCronLate', 'OdooCronsStopped'],
    }),
    stat({
      id: 6,
      title: 'Failed jobs',
      shows: 'Background jobs that have failed and wait for somebody to see to them.',
      good: 'none, or none that are new.',
      otherwise: 'what they carried is not done: requeue or cancel them.',
      queries: [{ expr: total(odooQueueJobs, ['tenant'], { state: 'failed' }), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'The job queue is not installed.',
      alerts: ['OdooQueueJobsFailing'],
    }),
    stat({
      id: 7,
      title: 'Size of its database',
      shows: 'Disk space, indexes and free space included.',
      good: 'steady growth.',
      otherwise: 'the dashboard Executive shows by how much it grows.',
      queries: [{ expr: sizeOfTenant, legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    table({
      id: 8,
      title: 'What fires',
      shows: 'Alerts about the tenant, and about the servers it hangs on.',
      good: 'an empty list.',
      otherwise: 'symptoms say what suffers, causes what may be behind it; the link leads to the runbook.',
      width: 24,
      height: 7,
      labels: [
        { label: 'alertname', title: 'Alert', url: alertLink('Alert') },
        { label: 'severity', title: 'Severity' },
        { label: 'layer', title: 'Layer' },
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
        { label: 'server', title: 'Server' },
      ],
      values: [
        {
          title: 'Fires',
          expr: promql`max by (alertname, severity, layer, tenant, flow, server) (${firingOfTenant()}
or ${firingOfServers()} and on (server) ${most(tenantServer, ['server'])})`,
          mappings: says({ '1': ['now', TICKET] }),
        },
      ],
      sortBy: 'Severity',
      thresholds: neutral,
      noValue: 'Nothing fires.',
    }),
  ],
}

const promises: Row = {
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
        { label: 'flow', title: 'Flow', url: flowLink('Tenant', 'Flow') },
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

const odoo: Row = {
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

/** Of the servers that the tenants chosen hang on, everybody's. */
const neighbours: PromQL = promql`${ofTheirServers(busy)}`

const database: Row = {
  id: 30,
  title: 'Its database, and its neighbours',
  panels: [
    lines({
      id: 31,
      title: 'Longest wait for a lock',
      shows: 'How long the session that has waited longest has waited for a lock, in its databases.',
      good: '0, or seconds.',
      otherwise: 'the dashboard Databases shows who stands at the head of the queue.',
      width: 8,
      queries: [{ expr: withTenant(each(pgLongestBlocked)), legend: '{{tenant}} on {{server}}' }],
      thresholds: above(POSTGRES.blockedSeconds),
      alerts: ['OdooPostgresSessionsBlocked'],
    }),
    lines({
      id: 32,
      title: 'Sessions at work, by database of its servers',
      shows: 'How many sessions execute statements on average: its own, and those of whoever shares its servers.',
      good: 'its own among the largest.',
      otherwise:
        'another’s far above its own, and above one session all the time, takes what it needs: a noisy neighbour.',
      width: 8,
      queries: [{ expr: neighbours, legend: '{{datname}} on {{server}}' }],
      stacked: true,
      thresholds: above(NEIGHBOUR.busyRatio, TICKET),
      alerts: ['OdooNoisyNeighbour'],
    }),
    lines({
      id: 33,
      title: 'Lag of its standbys',
      shows: 'How old, at most, is what each standby of its database shows.',
      good: 'seconds.',
      otherwise: 'reports are old, and after a failover that much work would be lost.',
      width: 8,
      queries: [{ expr: ofTheirServers(most(pgReplicationLag, ['server'])), legend: '{{server}}' }],
      thresholds: above(POSTGRES.lagSeconds, TICKET),
      noValue: 'No standby of its database streams.',
      alerts: ['OdooPostgresStandbyLagging', 'OdooPostgresStandbyCutOff'],
    }),
  ],
}

const ingress: Row = {
  id: 40,
  title: 'Its ingress',
  panels: [
    lines({
      id: 41,
      title: 'Requests',
      shows: 'Requests answered, by HTTP status.',
      good: 'the shape of its working day, nearly all of it 2xx and 3xx.',
      otherwise: '502 and 504 are answers that Odoo did not give.',
      width: 8,
      queries: [
        { expr: perSecond(odooIngressRequests, ['tenant', 'code']), legend: '{{tenant}} {{code}}', unit: 'reqps' },
      ],
      stacked: true,
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 42,
      title: 'Failed requests',
      shows: 'Of all requests, the share that ended in a server error.',
      good: '0.',
      otherwise: 'above the line users see errors: follow the runbook.',
      width: 8,
      queries: [{ expr: errorShare, legend: '{{tenant}}' }],
      thresholds: above(INGRESS.errorRatio),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressErrors'],
    }),
    lines({
      id: 43,
      title: 'How long requests take',
      shows:
        'Half of the requests, and 19 of 20, were answered within this time. It reads no higher than Traefik’s last bucket.',
      good: 'under a second for most.',
      otherwise: 'above the line pages feel slow: look at workers, locks, and the neighbours.',
      width: 8,
      queries: [
        { expr: quantile(0.5, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}} 50 %' },
        { expr: quantile(0.95, odooIngressRequestDuration, ['tenant']), legend: '{{tenant}} 95 %' },
      ],
      thresholds: above(INGRESS.p95Seconds, TICKET),
      noValue: 'No ingress is watched, or nothing was asked.',
      alerts: ['OdooIngressSlow'],
    }),
  ],
}

export const tenant: DashboardSpec = {
  name: 'tenant',
  title: 'Odoo Pulse: Tenant',
  description: 'All of one tenant: its promises, its Odoo, its database and its neighbours, its ingress.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [overview, promises, odoo, database, ingress],
}
