/** What each fault must lead to, on the way from the estate to the receiver. */
import { odooCronFailures } from '../../collectors/odoo/cron_runs.ts'
import { odooCronNextCall } from '../../collectors/odoo/crons.ts'
import { odooUp } from '../../collectors/odoo/info.ts'
import {
  odooQueueJobs,
  odooQueueMaxRetries,
  odooQueueOldestJob,
  odooQueueStuckJobs,
} from '../../collectors/odoo/queue.ts'
import { odooWorkersSaturated } from '../../collectors/odoo/workers.ts'
import { pgConnectionsUsed } from '../../collectors/postgres/connections.ts'
import { pgBlockedSessions } from '../../collectors/postgres/locks.ts'
import { odooQueueRunners } from '../../collectors/postgres/odoo_processes.ts'
import { pgReplicationReceiverConnected, pgReplicationReplayPaused } from '../../collectors/postgres/replication.ts'
import { pgUp } from '../../collectors/postgres/server.ts'
import { redisUp } from '../../collectors/redis/server.ts'
import { redisEvictedKeys } from '../../collectors/redis/stats.ts'
import { odooIngressTlsNotAfter } from '../../collectors/traefik/certificates.ts'
import { FAILING_CRON } from '../../demo/day/crons.ts'
import { CHANNELS } from '../../demo/day/jobs.ts'
import type { Heal } from '../../demo/faults/fault.ts'
import { FAULTS, type FaultName } from '../../demo/faults.ts'
import type { Demo } from '../../demo/start.ts'
import { probeSuccess } from '../../src/health.ts'
import { type PromQL, promql, where } from '../../src/metric.ts'

export interface Case {
  readonly name: string
  readonly start: (demo: Demo) => Promise<Heal>
  /** Gives something as long as the fault is to be seen in the metrics, and nothing without it. */
  readonly shows: string
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
  /** What else is told of it: flows, whose windows hold what was bad long after it was healed. */
  readonly also?: readonly Pick<Case, 'alert' | 'labels'>[]
  /** The cases that must be over before, since they are about the same part. */
  readonly after: readonly string[]
}

const fault = (
  name: FaultName,
  shows: PromQL,
  alert: string,
  labels: Case['labels'],
  after: readonly string[] = [],
  also: Case['also'] = [],
): Case => ({ name, shows: shows.text, alert, labels, after, also, start: ({ estate }) => FAULTS[name].start(estate) })

const cron = FAILING_CRON
const overdue = promql`time() - ${where(odooCronNextCall, { tenant: 'globex' })} > ${600}`
const failed = (channel: string): PromQL => {
  const count = where(odooQueueJobs, { tenant: 'acme', channel, state: 'failed' })
  return promql`${count} - min_over_time(${count}[5m]) > ${0}`
}
const oldestImport = where(odooQueueOldestJob, { tenant: 'acme', channel: CHANNELS.import, state: 'pending' })
const slowest = promql`histogram_quantile(0.5, sum by (le, tenant) (rate(odoo_ingress_request_duration_seconds_bucket[30s]))) > ${3}`
const endsOf = promql`max(${where(odooIngressTlsNotAfter, { cn: 'acme.localhost' })})`

const DAY = 24 * 3600

/** Acme: its day suffers first, then its server. Globex: its server first. The standby and Redis: one thing at a time. */
export const cases: readonly Case[] = [
  fault('standby-paused', promql`${pgReplicationReplayPaused} == ${1}`, 'OdooPostgresStandbyLagging', {
    server: 'pg-standby',
  }),
  fault(
    'standby-cut-off',
    promql`${pgReplicationReceiverConnected} == ${0}`,
    'OdooPostgresStandbyCutOff',
    { server: 'pg-standby' },
    ['standby-paused'],
  ),
  {
    name: 'standby frozen',
    start: async ({ estate: { standby } }) => {
      standby.freeze()
      return async () => standby.thaw()
    },
    shows: promql`${where(pgUp, { server: 'pg-standby' })} == ${0}`.text,
    alert: 'OdooPulseTargetBlind',
    labels: { target: 'pg-standby' },
    after: ['standby-cut-off'],
  },
  fault('redis-full', promql`increase(${redisEvictedKeys}[1m]) > ${0}`, 'OdooRedisSessionsFalling', {
    server: 'redis',
  }),
  fault('redis-down', promql`${redisUp} == ${0}`, 'OdooPulseTargetBlind', { target: 'redis' }, ['redis-full']),
  fault('ingress-slow', slowest, 'OdooIngressSlow', { tenant: 'globex' }),
  fault('certificate-expiring', promql`${endsOf} - time() < ${7 * DAY}`, 'OdooCertificateExpiringSoon', {
    cn: 'acme.localhost',
  }),
  fault('cron-failing', promql`${where(odooCronFailures, { cron })} > ${2}`, 'OdooCronFailing', { cron }),
  fault('jobs-stuck', promql`${odooQueueStuckJobs} > ${0}`, 'OdooQueueJobsStuck', { channel: CHANNELS.reserve }),
  fault(
    'carrier-down',
    failed(CHANNELS.label),
    'OdooQueueJobsFailing',
    { channel: CHANNELS.label },
    [],
    [{ alert: 'OdooFlowBurnFast', labels: { tenant: 'acme', flow: 'carrier-label', severity: 'page' } }],
  ),
  // Without orders and stock there would be nothing to label.
  fault(
    'import-stalled',
    promql`time() - ${oldestImport} > ${1800}`,
    'OdooQueueStalled',
    { channel: CHANNELS.import },
    ['carrier-down'],
    [{ alert: 'OdooFlowBurnFast', labels: { tenant: 'acme', flow: 'order-import', severity: 'page' } }],
  ),
  fault(
    'reservations-failing',
    promql`${where(odooQueueMaxRetries, { tenant: 'acme', channel: CHANNELS.reserve })} > ${0}`,
    'OdooQueueJobsFailing',
    { channel: CHANNELS.reserve },
    ['carrier-down'],
  ),
  fault('lock-held', promql`${pgBlockedSessions} > ${0}`, 'OdooPostgresSessionsBlocked', { datname: 'acme' }),
  // Others' sessions could not be opened meanwhile.
  fault(
    'connections-full',
    promql`sum(${pgConnectionsUsed}) > ${50}`,
    'OdooPostgresConnectionsNearMax',
    { server: 'pg-primary' },
    ['cron-stopped', 'job-runner-dead'],
  ),
  fault('cron-stopped', overdue, 'OdooCronLate', { tenant: 'globex' }),
  fault('job-runner-dead', promql`${where(odooQueueRunners, { datname: 'globex' })} == ${0}`, 'OdooJobRunnerMissing', {
    tenant: 'globex',
  }),
  fault(
    'rights-lost',
    promql`${where(probeSuccess, { target: 'globex', probe: 'crons' })} == ${0}`,
    'OdooPulseProbeFailing',
    { target: 'globex' },
    ['cron-stopped', 'job-runner-dead'],
  ),
  fault('odoo-down', promql`${where(odooUp, { tenant: 'globex' })} == ${0}`, 'OdooUnreachable', { tenant: 'globex' }, [
    'rights-lost',
  ]),
  fault('workers-busy', promql`${odooWorkersSaturated} == ${1}`, 'OdooWorkersSaturated', { tenant: 'acme' }, [
    ...['cron-failing', 'jobs-stuck', 'import-stalled', 'carrier-down', 'reservations-failing'],
  ]),
  fault('odoo-hanging', promql`${where(odooUp, { tenant: 'acme' })} == ${0}`, 'OdooUnreachable', { tenant: 'acme' }, [
    'workers-busy',
  ]),
]
