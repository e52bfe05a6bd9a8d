/** The tenant’s database, and whoever shares its servers. Pure. */
import { NEIGHBOUR, POSTGRES } from '../../alert-rules/thresholds.ts'
import { pgLongestBlocked } from '../../collectors/postgres/locks.ts'
import { pgReplicationLag } from '../../collectors/postgres/replication.ts'
import { type PromQL, promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { busy, ofTheirServers, withTenant } from '../parts/platform.ts'
import { each, most } from '../parts/query.ts'
import { above, TICKET } from '../parts/thresholds.ts'

/** Of the servers that the tenants chosen hang on, everybody's. */
const neighbours: PromQL = promql`${ofTheirServers(busy)}`

export const database: Row = {
  id: 30,
  title: 'Its database, and its neighbours',
  panels: [
    lines({
      id: 31,
      title: 'Longest wait for a lock',
      shows: 'How long the session that has waited longest has waited for a lock, in its databases.',
      good: '0, or seconds.',
      otherwise: 'the dashboard Databases shows who stands at the head of the queue.',
      next: ['databases'],
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
