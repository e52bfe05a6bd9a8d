/** Odoo: whether it answers, its crons, its background jobs, and whether we are let see. Thresholds suit a busy Odoo; each runbook says when to change them. */
import { odooApiKeyExpiry } from '../collectors/odoo/api_keys.ts'
import { odooUserCompaniesRatio } from '../collectors/odoo/companies.ts'
import { odooCronFailures, odooCronFirstFailure, odooCronRunning } from '../collectors/odoo/cron_runs.ts'
import { odooCronActive, odooCronNextCall } from '../collectors/odoo/crons.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { odooModulesPending } from '../collectors/odoo/modules.ts'
import { odooQueueJobs, odooQueueOldestJob, odooQueueStuckJobs } from '../collectors/odoo/queue.ts'
import { odooWorkersSaturated } from '../collectors/odoo/workers.ts'
import { odooQueueRunners } from '../collectors/postgres/odoo_processes.ts'
import { ask } from '../src/alerting/ask.ts'
import type { Alert, RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, minutes, promql, where } from '../src/metric.ts'
import { tenantDatabaseInfo, tenantInfo } from '../src/tenants.ts'

const tenant = labelsOf(odooCronActive, 'tenant')
const cron = labelsOf(odooCronActive, 'tenant', 'cron')
const channel = labelsOf(odooQueueJobs, 'tenant', 'channel')
const database = labelsOf(tenantDatabaseInfo, 'tenant', 'server', 'datname')
const place = labelsOf(odooQueueRunners, 'server', 'datname')

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Replicas of the exporter see the same Odoo: folded first, so that nothing counts twice and every join has one side. */
const active = promql`max by (${cron}) (${odooCronActive})`
const running = promql`max by (${cron}) (${odooCronRunning})`
const failures = promql`max by (${cron}) (${odooCronFailures})`
const late = promql`time() - max by (${cron}) (${odooCronNextCall})`
const halfUpgraded = promql`max by (${tenant}) (${odooModulesPending}) > ${0}`
const saturated = promql`max by (${tenant}) (${odooWorkersSaturated}) == ${1}`
const hasQueue = promql`max by (${tenant}) (${odooQueueJobs})`
const started = promql`max by (${channel}) (${where(odooQueueJobs, { state: 'started' })})`
const failedJobs = where(odooQueueJobs, { state: 'failed' })
const oldestPending = promql`max by (${channel}) (${where(odooQueueOldestJob, { state: 'pending' })})`
const runners = promql`max by (${database}) (${tenantDatabaseInfo}) * on (${place}) group_left () max by (${place}) (${odooQueueRunners})`

const unreachable: readonly Alert[] = [
  {
    name: 'OdooUnreachable',
    expr: promql`max by (${tenant}) (${odooUp}) == ${0} unless on (${tenant}) ${saturated}`,
    for: minutes(2),
    keepFiringFor: minutes(2),
    severity: 'page',
    layer: 'symptom',
    summary: 'Odoo of {{ $labels.tenant }} has not answered for two minutes.',
    description:
      'It refuses connections, gives no answer in time, or turns our credentials down; the landing page of Odoo Pulse shows which. Its other series have vanished, so its other alerts are silent.',
    impact: 'If it is down for us it is down for its users: no orders, no picking, no invoices.',
  },
  {
    name: 'OdooWorkersSaturated',
    expr: saturated,
    for: minutes(2),
    keepFiringFor: minutes(5),
    severity: 'page',
    layer: 'symptom',
    summary: 'All HTTP workers of Odoo of {{ $labels.tenant }} are busy.',
    description:
      'For two minutes its health page has hung on the HTTP port while the gevent port, which needs no worker, answered it.',
    impact:
      'Every click waits until a worker is free, or fails at the proxy; orders from the web shop and scanners too.',
  },
]

const failingSince = ask(
  `${7 * DAY} - (time() - max(${odooCronFirstFailure.name}{tenant=%q,cron=%q})) > 0`,
  ['tenant', 'cron'],
  'Odoo switches it off if it goes on failing for another {{ . | first | value | humanizeDuration }}',
  'Odoo may switch it off at its next failure',
)

/** What Odoo leaves when it switches a failing cron off: inactive, and a count that was 4 or more and is gone (a user who does it leaves the count). */
const justSwitchedOff = promql`max by (${cron}) (last_over_time(${odooCronFailures}[1h])) >= ${4}
  and on (${cron}) ${active} == ${0}
  unless on (${cron}) ${failures}
  and on (${tenant}) max by (${tenant}) (${odooCronFailures})`

const SWITCHED_OFF = 'OdooCronSwitchedOff'
const fired = `max by (${cron}) (last_over_time(ALERTS{alertname="${SWITCHED_OFF}",alertstate="firing"}[1h]))`
const since = `max by (${cron}) (last_over_time(ALERTS_FOR_STATE{alertname="${SWITCHED_OFF}"}[1h]))`
/** Held for a week while it is off, and while nothing is seen of the tenant's crons. */
const stillOff = promql`(
  ${fired} and on (${cron}) ${active} == ${0}
  or ${fired} unless on (${tenant}) max by (${tenant}) (${odooCronActive}) and on (${tenant}) max by (${tenant}) (${tenantInfo})
) and on (${cron}) time() - ${since} < ${7 * DAY}`

const crons: readonly Alert[] = [
  {
    name: 'OdooCronLate',
    expr: promql`(
  (${late} > ${5 * MINUTE} and on (${cron}) ${running} == ${0})
    or (${late} > ${30 * MINUTE} unless on (${cron}) ${running} == ${1})
    or ${late} > ${2 * HOUR}
) unless on (${tenant}) ${halfUpgraded}`,
    for: minutes(1),
    severity: 'ticket',
    layer: 'cause',
    summary: 'Cron "{{ $labels.cron }}" of {{ $labels.tenant }} is {{ $value | humanizeDuration }} late.',
    description:
      'It was due more than five minutes ago and does not run. Where Odoo does not say what runs (17 and older), half an hour; where it runs since, two hours.',
    impact: 'What it does stands still: imports, mails, reservations, whatever its name says.',
  },
  {
    name: 'OdooCronFailing',
    expr: promql`(${failures} >= ${3} or ${failures} and on (${cron}) time() - max by (${cron}) (${odooCronFirstFailure}) > ${DAY}) and on (${cron}) ${active} == ${1}`,
    for: minutes(1),
    severity: 'ticket',
    layer: 'cause',
    summary: 'Cron "{{ $labels.cron }}" of {{ $labels.tenant }} has failed {{ $value }} times in a row.',
    description: `Three times or more, or for more than a day. ${failingSince} (five failures over seven days).`,
    impact: 'What it does is not done, and users are not told.',
  },
  {
    name: SWITCHED_OFF,
    expr: promql`${justSwitchedOff}\nor\n${stillOff}`,
    for: minutes(1),
    severity: 'ticket',
    layer: 'cause',
    summary: 'Odoo of {{ $labels.tenant }} has switched the cron "{{ $labels.cron }}" off.',
    description:
      'It failed at least five times over more than seven days. Odoo then sets it inactive and forgets the failures; the log alone tells.',
    impact: 'What it does is not done any more, and nothing will start it again by itself.',
  },
  {
    name: 'OdooModulesHalfUpgraded',
    expr: halfUpgraded,
    for: minutes(15),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} modules of {{ $labels.tenant }} wait to be installed, upgraded or removed.',
    description: 'For a quarter of an hour: longer than most upgrades take. One that broke off leaves them so.',
    impact: 'Odoo runs no cron of this database meanwhile (after five hours it resets the modules by itself).',
  },
]

const jobs: readonly Alert[] = [
  {
    name: 'OdooQueueStalled',
    expr: promql`time() - ${oldestPending} > ${10 * MINUTE} unless on (${channel}) ${started} > ${0}`,
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
  },
  {
    name: 'OdooQueueJobsStuck',
    expr: promql`max by (${channel}) (${odooQueueStuckJobs}) > ${0}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} jobs of channel {{ $labels.channel }} of {{ $labels.tenant }} are stuck.',
    description:
      'Enqueued for more than ten minutes, or started more than an hour ago, and not requeued within ten minutes.',
    impact: 'They are not done, and each takes a place of its channel: with all places taken nothing runs.',
  },
  {
    name: 'OdooQueueJobsFailing',
    expr: promql`max by (${channel}) (${failedJobs} - min_over_time(${failedJobs}[30m])) >= ${5}`,
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
  },
  {
    name: 'OdooJobRunnerMissing',
    expr: promql`sum by (${tenant}) (${runners}) == ${0} and on (${tenant}) ${hasQueue}`,
    for: minutes(5),
    severity: 'ticket',
    layer: 'cause',
    summary: 'No job runner listens on the database of {{ $labels.tenant }}.',
    description: 'queue_job is installed, and for five minutes no session has listened for its jobs.',
    impact: 'No background job is started: imports, labels and everything else that is queued wait.',
  },
  {
    name: 'OdooJobRunnerDoubled',
    expr: promql`${runners} > ${1} and on (${tenant}) ${hasQueue}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $value }} job runners listen on the database {{ $labels.datname }} of {{ $labels.tenant }}.',
    description: 'For ten minutes, which is longer than a change of versions takes. There is to be one.',
    impact: 'Jobs can run twice, and twice as many at once as the channels allow.',
  },
]

const sight: readonly Alert[] = [
  {
    name: 'OdooApiKeyExpiring',
    expr: promql`max by (${tenant}) (${odooApiKeyExpiry}) - time() < ${14 * DAY}`,
    for: minutes(10),
    severity: 'ticket',
    layer: 'telemetry',
    summary: 'An API key of the monitoring user of {{ $labels.tenant }} expires in {{ $value | humanizeDuration }}.',
    description: 'Less than two weeks. Odoo does not say which of its keys is in use: the first that expires counts.',
    impact: 'From then on nothing is seen of this Odoo, and OdooUnreachable pages.',
  },
  {
    name: 'OdooCompaniesNotVisible',
    expr: promql`max by (${tenant}) (${odooUserCompaniesRatio}) < ${1}`,
    for: minutes(15),
    severity: 'ticket',
    layer: 'telemetry',
    summary:
      'The monitoring user of {{ $labels.tenant }} is allowed in {{ $value | humanizePercentage }} of the companies.',
    description: 'Odoo leaves the documents of the others out of every answer, without an error.',
    impact: 'What goes wrong in those companies is not seen.',
  },
]

export const odoo: RuleFile = {
  subject: 'odoo',
  groups: [{ name: 'odoo', rules: [...unreachable, ...crons, ...jobs, ...sight] }],
}
