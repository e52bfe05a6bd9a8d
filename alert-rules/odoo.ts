/** Odoo: whether it answers, its crons, its background jobs, and whether we are let see. Thresholds suit a busy Odoo; each runbook says when to change them. */
import { odooApiKeyExpiry } from '../collectors/odoo/api_keys.ts'
import { odooUserCompaniesRatio } from '../collectors/odoo/companies.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { odooModulesPending } from '../collectors/odoo/modules.ts'
import { odooQueueJobs, odooQueueOldestJob, odooQueueStuckJobs } from '../collectors/odoo/queue.ts'
import { odooWorkersSaturated } from '../collectors/odoo/workers.ts'
import { odooQueueRunners } from '../collectors/postgres/odoo_processes.ts'
import { ask } from '../src/alerting/ask.ts'
import type { Alert, RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, minutes, promql, where } from '../src/metric.ts'
import { tenantDatabaseInfo, tenantInfo } from '../src/tenants.ts'
import { aboutTenant } from './about.ts'
import { cronGroups } from './crons.ts'
import { API_KEY_LEFT, QUEUE } from './thresholds.ts'

const tenant = labelsOf(odooUp, 'tenant')
const channel = labelsOf(odooQueueJobs, 'tenant', 'channel')
const database = labelsOf(tenantDatabaseInfo, 'tenant', 'server', 'datname')
const place = labelsOf(odooQueueRunners, 'server', 'datname')

/** Replicas of the exporter see the same Odoo: folded first, so that nothing counts twice and every join has one side. */
const halfUpgraded = promql`max by (${tenant}) (${odooModulesPending}) > ${0}`
const saturated = promql`max by (${tenant}) (${odooWorkersSaturated}) == ${1}`
const hasQueue = promql`max by (${tenant}) (${odooQueueJobs})`
const started = promql`max by (${channel}) (${where(odooQueueJobs, { state: 'started' })})`
const failedJobs = where(odooQueueJobs, { state: 'failed' })
const oldestPending = promql`max by (${channel}) (${where(odooQueueOldestJob, { state: 'pending' })})`
const runners = promql`max by (${database}) (${tenantDatabaseInfo}) * on (${place}) group_left () max by (${place}) (${odooQueueRunners})`

const unreachable: readonly Alert[] = [
  aboutTenant({
    name: 'OdooUnreachable',
    by: tenant,
    expr: promql`max by (${tenant}) (${odooUp}) == ${0} unless on (${tenant}) ${saturated}`,
    seen: promql`max by (${tenant}) (${tenantInfo})`,
    for: minutes(2),
    keepFiringFor: minutes(2),
    severity: 'page',
    layer: 'symptom',
    summary: 'Odoo of {{ $labels.tenant }} has not answered for two minutes.',
    description:
      'It refuses connections, gives no answer in time, or turns our credentials down; the landing page of Odoo Pulse shows which. Its other series have vanished, so its other alerts are silent.',
    impact: 'If it is down for us it is down for its users: no orders, no picking, no invoices.',
  }),
  aboutTenant({
    name: 'OdooWorkersSaturated',
    by: tenant,
    expr: saturated,
    for: minutes(2),
    keepFiringFor: minutes(5),
    severity: 'page',
    layer: 'cause',
    summary: 'All HTTP workers of Odoo of {{ $labels.tenant }} are busy.',
    description:
      'For two minutes its health page has hung on the HTTP port while the gevent port, which needs no worker, answered it.',
    impact:
      'Every click waits until a worker is free, or fails at the proxy; orders from the web shop and scanners too.',
  }),
]

const modules: readonly Alert[] = [
  aboutTenant({
    name: 'OdooModulesHalfUpgraded',
    by: tenant,
    expr: halfUpgraded,
    for: minutes(15),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} modules of {{ $labels.tenant }} wait to be installed, upgraded or removed.',
    description: 'For a quarter of an hour: longer than most upgrades take. One that broke off leaves them so.',
    impact: 'Odoo runs no cron of this database meanwhile (after five hours it resets the modules by itself).',
  }),
]

const jobs: readonly Alert[] = [
  aboutTenant({
    name: 'OdooQueueStalled',
    by: channel,
    expr: promql`time() - ${oldestPending} > ${QUEUE.waitSeconds} unless on (${channel}) ${started} > ${0}`,
    for: minutes(5),
    severity: 'ticket',
    layer: 'cause',
    summary:
      'Jobs of channel {{ $labels.channel }} of {{ $labels.tenant }} have waited {{ $value | humanizeDuration }} and none runs.',
    description: `${ask(
      `max(${odooQueueJobs.name}{tenant=%q,channel=%q,state="pending"})`,
      ['tenant', 'channel'],
      '{{ . | first | value | humanize }} wait',
      'It is not known how many wait',
    )}; the oldest could have begun more than ten minutes ago.`,
    impact: 'What the channel carries (orders, labels, stock levels, documents) piles up.',
  }),
  aboutTenant({
    name: 'OdooQueueJobsStuck',
    by: channel,
    expr: promql`max by (${channel}) (${odooQueueStuckJobs}) > ${0}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} jobs of channel {{ $labels.channel }} of {{ $labels.tenant }} are stuck.',
    description:
      'Enqueued for more than ten minutes, or started more than an hour ago, and not requeued within ten minutes.',
    impact: 'They are not done, and each takes a place of its channel: with all places taken nothing runs.',
  }),
  aboutTenant({
    name: 'OdooQueueJobsFailing',
    by: channel,
    expr: promql`max by (${channel}) (${failedJobs} - min_over_time(${failedJobs}[30m])) >= ${QUEUE.failedInHalfAnHour}`,
    for: minutes(2),
    severity: 'ticket',
    layer: 'cause',
    summary:
      '{{ $value }} jobs of channel {{ $labels.channel }} of {{ $labels.tenant }} have failed within half an hour.',
    description: `A failed job has used up its retries, or met an error that is not tried again. ${ask(
      `max(${odooQueueJobs.name}{tenant=%q,channel=%q,state="failed"})`,
      ['tenant', 'channel'],
      '{{ . | first | value | humanize }} wait',
      'An unknown number waits',
    )} for someone to see to them.`,
    impact:
      'They are not done until someone requeues them. What the channel carries (orders, labels, documents) is missing one by one.',
  }),
  aboutTenant({
    name: 'OdooJobRunnerMissing',
    by: tenant,
    expr: promql`sum by (${tenant}) (${runners}) == ${0} and on (${tenant}) ${hasQueue}`,
    for: minutes(5),
    severity: 'ticket',
    layer: 'cause',
    summary: 'No job runner listens on the database of {{ $labels.tenant }}.',
    description: 'queue_job is installed, and for five minutes no session has listened for its jobs.',
    impact: 'No background job is started: imports, labels and everything else that is queued wait.',
  }),
  aboutTenant({
    name: 'OdooJobRunnerDoubled',
    by: database,
    expr: promql`${runners} > ${1} and on (${tenant}) ${hasQueue}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} job runners listen on the database {{ $labels.datname }} of {{ $labels.tenant }}.',
    description: 'For ten minutes, which is longer than a change of versions takes. There is to be one.',
    impact: 'Jobs can run twice, and twice as many at once as the channels allow.',
  }),
]

const sight: readonly Alert[] = [
  aboutTenant({
    name: 'OdooApiKeyExpiring',
    by: tenant,
    expr: promql`max by (${tenant}) (${odooApiKeyExpiry}) - time() < ${API_KEY_LEFT}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'telemetry',
    summary: 'An API key of the monitoring user of {{ $labels.tenant }} expires in {{ $value | humanizeDuration }}.',
    description: 'Less than two weeks. Odoo does not say which of its keys is in use: the first that expires counts.',
    impact: 'From then on nothing is seen of this Odoo, and OdooUnreachable pages.',
  }),
  aboutTenant({
    name: 'OdooCompaniesNotVisible',
    by: tenant,
    expr: promql`max by (${tenant}) (${odooUserCompaniesRatio}) < ${1}`,
    for: minutes(15),
    severity: 'ticket',
    layer: 'telemetry',
    summary:
      'The monitoring user of {{ $labels.tenant }} is allowed in {{ $value | humanizePercentage }} of the companies.',
    description: 'Odoo leaves the documents of the others out of every answer, without an error.',
    impact: 'What goes wrong in those companies is not seen.',
  }),
]

export const odoo: RuleFile = {
  subject: 'odoo',
  groups: [...cronGroups, { name: 'odoo', rules: [...unreachable, ...modules, ...jobs, ...sight] }],
}
