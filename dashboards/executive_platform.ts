/** Of the executive dashboard: what the platform could lose, and what it grows by. */
import { POSTGRES, REDIS_MEMORY_RATIO } from '../alert-rules/thresholds.ts'
import { pgStatArchiver } from '../collectors/postgres/archiver.ts'
import { pgReplicationLag, pgReplicationReceiverConnected } from '../collectors/postgres/replication.ts'
import { redisRdbLastSave } from '../collectors/redis/persistence.ts'
import { redisMasterLinkUp } from '../collectors/redis/replication.ts'
import { odooIngressRequests } from '../collectors/traefik/requests.ts'
import { promql } from '../src/metric.ts'
import type { Row } from './parts/dashboard.ts'
import { lines, says, stat } from './parts/panels.ts'
import { connectionsShare, growthOfTenant, redisMemoryShare, sizeOfTenant } from './parts/platform.ts'
import { most, perSecond, risenIn, since } from './parts/query.ts'
import { above, below, GOOD, neutral, PAGE, TICKET } from './parts/thresholds.ts'

export const recoveryRow: Row = {
  id: 30,
  title: 'Could we recover?',
  panels: [
    stat({
      id: 31,
      title: 'Copies of the database',
      shows: 'Whether each standby receives what the primary writes.',
      good: 'all of them do.',
      otherwise: 'until it does there is no up-to-date copy to go on with if the primary is lost.',
      width: 6,
      queries: [{ expr: most(pgReplicationReceiverConnected, ['server']), legend: '{{server}}' }],
      thresholds: below(1),
      mappings: says({ '0': ['cut off', PAGE], '1': ['current', GOOD] }),
      noValue: 'There is no standby: losing the primary means restoring a backup.',
      alerts: ['OdooPostgresStandbyCutOff'],
    }),
    stat({
      id: 32,
      title: 'Lost at worst, if the primary is lost now',
      shows: 'How old, at most, is what each standby has: so much work would be lost.',
      good: 'seconds.',
      otherwise: 'more than a minute: the standby replays too slowly, or not at all.',
      width: 6,
      queries: [{ expr: most(pgReplicationLag, ['server']), legend: '{{server}}' }],
      thresholds: above(POSTGRES.lagSeconds, TICKET),
      noValue: 'Not known: no standby streams from its primary.',
      alerts: ['OdooPostgresStandbyLagging'],
    }),
    stat({
      id: 33,
      title: 'Archive of the database ends',
      shows:
        'How long ago the last piece of the log of changes was archived: a backup can be brought forward to there.',
      good: 'minutes on a busy server.',
      otherwise: 'what happened since is in no archive; a failing archive also fills the disk.',
      width: 6,
      queries: [{ expr: since(most(pgStatArchiver.last_archived_time, ['server'])), legend: '{{server}}' }],
      thresholds: neutral,
      noValue: 'No server archives its log: backups are as old as they are.',
      alerts: ['OdooPostgresArchivingFailing'],
    }),
    stat({
      id: 34,
      title: 'Sessions saved',
      shows:
        'How long ago Redis last wrote what it holds, users’ sessions among it, to disk; of replicas, whether they follow.',
      good: 'recent: after a restart users stay signed in.',
      otherwise: 'a restart signs out everybody who came since, unless a replica or an append-only file has it.',
      width: 6,
      queries: [
        { expr: since(most(redisRdbLastSave, ['server'])), legend: '{{server}}' },
        {
          expr: promql`${most(redisMasterLinkUp, ['server'])}`,
          legend: '{{server}} follows',
          steps: below(1),
        },
      ],
      thresholds: neutral,
      noValue: 'No Redis is watched.',
      alerts: ['OdooRedisPersistenceFailing', 'OdooRedisReplicaCutOff'],
    }),
  ],
}

export const capacityRow: Row = {
  id: 40,
  title: 'Capacity and cost',
  panels: [
    lines({
      id: 41,
      title: 'Size of the databases, by tenant',
      shows: 'Disk space that each tenant’s database takes, on one server.',
      good: 'steady growth that you know.',
      otherwise: 'a jump is an import, a log table or attachments; look before the disk is full.',
      queries: [{ expr: sizeOfTenant, legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    lines({
      id: 42,
      title: 'Growth within a day, by tenant',
      shows: 'How much larger each tenant’s database is than a day before.',
      good: 'less in a year than the disk has left.',
      otherwise: 'times 365 it is what a year needs: order, archive or clean up.',
      queries: [{ expr: growthOfTenant, legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    lines({
      id: 43,
      title: 'Connections taken',
      shows: 'Of the connections that a PostgreSQL server has for ordinary roles, the share that is in use.',
      good: 'well below the line also in the busiest hour.',
      otherwise: 'fewer workers, a pooler, or a larger server: at 100 % every further request fails.',
      queries: [{ expr: connectionsShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(POSTGRES.connectionsRatio),
      alerts: ['OdooPostgresConnectionsNearMax'],
    }),
    lines({
      id: 44,
      title: 'Memory of Redis',
      shows: 'Of the memory each Redis may use, the share that it does.',
      good: 'below the line.',
      otherwise:
        'at the limit it refuses writes or throws sessions out: raise maxmemory or shorten the life of sessions.',
      queries: [{ expr: redisMemoryShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(REDIS_MEMORY_RATIO),
      noValue: 'No Redis with a memory limit is watched.',
      alerts: ['OdooRedisMemoryNearLimit', 'OdooRedisEvicting'],
    }),
    lines({
      id: 45,
      title: 'Traffic, by tenant',
      shows: 'Requests that came through the ingress.',
      good: 'the shape of the working day.',
      otherwise: 'none in working hours means that users do not reach Odoo; a plateau far above is a robot.',
      queries: [{ expr: perSecond(odooIngressRequests, ['tenant']), legend: '{{tenant}}', unit: 'reqps' }],
      thresholds: neutral,
      noValue: 'No ingress is watched.',
    }),
    lines({
      id: 46,
      title: 'Busiest hours of the week',
      shows: 'Requests in each hour of the last seven days, all tenants on top of each other.',
      good: 'any shape: upgrades and heavy work belong into the valleys.',
      otherwise: 'a peak that grows from week to week is where capacity will lack first.',
      queries: [{ expr: risenIn('1h', odooIngressRequests, ['tenant']), legend: '{{tenant}}' }],
      draw: 'bars',
      stacked: true,
      step: '1h',
      over: '7d',
      thresholds: neutral,
      noValue: 'No ingress is watched, or not yet for a whole hour.',
    }),
  ],
}
