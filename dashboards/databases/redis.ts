/** Redis, by use, saturation and errors. Pure. */
import { REDIS_MEMORY_RATIO } from '../../alert-rules/thresholds.ts'
import { redisConnectedClients, redisMaxClients, redisRejectedConnections } from '../../collectors/redis/clients.ts'
import { redisCommandsDuration, redisCommandsTotal } from '../../collectors/redis/commands.ts'
import { redisErrors } from '../../collectors/redis/errors.ts'
import { redisMemoryUsed, redisMemoryUsedRss } from '../../collectors/redis/memory.ts'
import {
  redisAofLastWriteStatus,
  redisRdbChanges,
  redisRdbLastBgsaveStatus,
} from '../../collectors/redis/persistence.ts'
import { redisMasterLinkUp } from '../../collectors/redis/replication.ts'
import { redisUp } from '../../collectors/redis/server.ts'
import { redisOdooSessions } from '../../collectors/redis/sessions.ts'
import {
  redisCommandsProcessed,
  redisEvictedKeys,
  redisKeyspaceHits,
  redisKeyspaceMisses,
} from '../../collectors/redis/stats.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines, says, timeline } from '../parts/panels.ts'
import { redisMemoryShare } from '../parts/platform.ts'
import { most, perSecond, total } from '../parts/query.ts'
import { above, GOOD, neutral, PAGE } from '../parts/thresholds.ts'

const NONE = 'No Redis is watched.'
const SERVER = ['server'] as const

const hits = perSecond(redisKeyspaceHits, SERVER)
const misses = perSecond(redisKeyspaceMisses, SERVER)
const COMMAND = ['server', 'cmd'] as const

export const redis: Row = {
  id: 60,
  title: 'Redis',
  panels: [
    timeline({
      ...THIRD,
      id: 61,
      title: 'Answers, saves, follows',
      shows:
        'Whether each Redis answers and serves, wrote its last snapshot and append-only file, and, of a replica, follows its master.',
      good: 'green.',
      otherwise:
        'a save that fails makes Redis refuse writes; a replica that does not follow loses sessions at a failover.',
      queries: [
        { expr: most(redisUp, SERVER), legend: '{{server}} answers' },
        { expr: most(redisRdbLastBgsaveStatus, SERVER), legend: '{{server}} saved' },
        { expr: most(redisAofLastWriteStatus, SERVER), legend: '{{server}} appended' },
        { expr: most(redisMasterLinkUp, SERVER), legend: '{{server}} follows' },
      ],
      mappings: says({ '0': ['no', PAGE], '1': ['yes', GOOD] }),
      thresholds: neutral,
      noValue: 'No Redis is watched, or none that follows another.',
      alerts: ['OdooRedisPersistenceFailing', 'OdooRedisReplicaCutOff'],
    }),
    lines({
      ...THIRD,
      id: 62,
      title: 'Memory, of what it may use',
      shows: 'Memory taken by the limit set with maxmemory.',
      good: 'below the line.',
      otherwise: 'at 100 % writes are refused (noeviction), or keys thrown out: users are signed out.',
      queries: [{ expr: redisMemoryShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(REDIS_MEMORY_RATIO),
      noValue: 'No Redis with a memory limit is watched.',
      alerts: ['OdooRedisMemoryNearLimit', 'OdooRedisWritesRefused'],
    }),
    lines({
      ...THIRD,
      id: 63,
      title: 'Memory',
      shows: 'Taken for data and overhead, and as the operating system sees it.',
      good: 'both together.',
      otherwise: 'far apart: fragmentation; a restart of a replica, then a failover, gives it back.',
      queries: [
        { expr: most(redisMemoryUsed, SERVER), legend: '{{server}} used' },
        { expr: most(redisMemoryUsedRss, SERVER), legend: '{{server}} resident' },
      ],
      thresholds: neutral,
      noValue: NONE,
    }),
    lines({
      ...THIRD,
      id: 64,
      title: 'Connections taken',
      shows: 'Clients by how many there may be (maxclients).',
      good: 'a small share.',
      otherwise: 'at 100 % further ones are turned away: Odoo can not read sessions.',
      queries: [
        {
          expr: promql`${most(redisConnectedClients, SERVER)} / (${most(redisMaxClients, SERVER)} > ${0})`,
          legend: '{{server}}',
        },
        {
          expr: perSecond(redisRejectedConnections, SERVER),
          legend: '{{server}} turned away',
        },
      ],
      thresholds: neutral,
      noValue: NONE,
      alerts: ['OdooRedisConnectionsRejected'],
    }),
    lines({
      ...THIRD,
      id: 65,
      title: 'Commands',
      shows: 'Executed, of all kinds.',
      good: 'the shape of the working day.',
      otherwise: 'a jump without more users is a loop.',
      queries: [{ expr: perSecond(redisCommandsProcessed, SERVER), legend: '{{server}}', unit: 'ops' }],
      thresholds: neutral,
      noValue: NONE,
    }),
    lines({
      ...THIRD,
      id: 66,
      title: 'How long a command takes',
      shows: 'Time the server spends in a call, on average, of the five slowest kinds.',
      good: 'microseconds.',
      otherwise: 'milliseconds: while it runs nobody else is served. KEYS and large SCANs are usual suspects.',
      queries: [
        {
          expr: promql`topk(${5}, ${perSecond(redisCommandsDuration, COMMAND)} / (${perSecond(redisCommandsTotal, COMMAND)} > ${0}))`,
          legend: '{{server}} {{cmd}}',
        },
      ],
      thresholds: neutral,
      noValue: NONE,
    }),
    lines({
      ...THIRD,
      id: 67,
      title: 'Lookups that found their key',
      shows: 'Share of lookups that found what they asked for.',
      good: 'near 100 % for sessions.',
      otherwise: 'a fall after a restart or eviction: users come with sessions that are gone.',
      queries: [{ expr: promql`${hits} / (${hits} + ${misses} > ${0})`, legend: '{{server}}' }],
      max: 1,
      thresholds: neutral,
      noValue: 'Nothing was looked up.',
    }),
    lines({
      ...THIRD,
      id: 68,
      title: 'Thrown out, errors',
      shows: 'Keys evicted because memory was full, and errors answered, by class.',
      good: '0.',
      otherwise: 'evicted keys are users signed out. OOM, MISCONF, NOREPLICAS: writes are refused.',
      queries: [
        { expr: perSecond(redisEvictedKeys, SERVER), legend: '{{server}} evicted' },
        { expr: perSecond(redisErrors, ['server', 'err']), legend: '{{server}} {{err}}' },
      ],
      thresholds: neutral,
      noValue: NONE,
      alerts: ['OdooRedisEvicting', 'OdooRedisWritesRefused'],
    }),
    lines({
      ...THIRD,
      id: 69,
      title: 'Sessions of Odoo',
      shows: 'Keys of each session store, of users and visitors alike.',
      good: 'the shape of the week.',
      otherwise: 'a cliff: users have been signed out.',
      queries: [
        {
          expr: total(redisOdooSessions, ['server', 'tenant', 'prefix'], { tenant: undefined }),
          legend: '{{server}} {{tenant}} {{prefix}}',
        },
      ],
      thresholds: neutral,
      noValue: 'No session store is configured.',
      alerts: ['OdooRedisSessionsFalling'],
    }),
    lines({
      ...THIRD,
      id: 70,
      title: 'Not on disk yet',
      shows: 'Changes since the last snapshot: a crash would lose them where there is no append-only file.',
      good: 'a saw.',
      otherwise: 'it only grows: snapshots are off, or fail.',
      queries: [{ expr: most(redisRdbChanges, SERVER), legend: '{{server}}' }],
      thresholds: neutral,
      noValue: NONE,
      alerts: ['OdooRedisPersistenceFailing'],
    }),
  ],
}
