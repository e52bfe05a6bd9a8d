/** Redis as Odoo's session store, bus or queue: what logs users out, or will. Each runbook says when to change a threshold. */
import { redisRejectedConnections } from '../collectors/redis/clients.ts'
import { redisErrors } from '../collectors/redis/errors.ts'
import { redisMemoryMax, redisMemoryUsed } from '../collectors/redis/memory.ts'
import {
  redisAofEnabled,
  redisAofLastBgrewriteStatus,
  redisAofLastWriteStatus,
  redisRdbLastBgsaveStatus,
} from '../collectors/redis/persistence.ts'
import { redisMasterLinkUp } from '../collectors/redis/replication.ts'
import { redisInstanceInfo, redisUptime } from '../collectors/redis/server.ts'
import { redisOdooSessions } from '../collectors/redis/sessions.ts'
import { redisEvictedKeys, redisExpiredKeys } from '../collectors/redis/stats.ts'
import { ask } from '../src/alerting/ask.ts'
import type { RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, type MetricDescriptor, minutes, type PromQL, promql, where } from '../src/metric.ts'
import { aboutServer } from './about.ts'
import { REDIS_MEMORY_RATIO } from './thresholds.ts'

const server = labelsOf(redisMemoryUsed, 'server')
const error = labelsOf(redisErrors, 'server', 'err')
const store = labelsOf(redisOdooSessions, 'server', 'tenant', 'db', 'prefix')

/** Replicas of the exporter see the same server: folded first, so that nothing counts twice. */
const seen = (metric: MetricDescriptor): PromQL => promql`max by (${server}) (${metric})`
const risen = (metric: MetricDescriptor): PromQL => promql`max by (${server}) (increase(${metric}[5m]))`

/** A replica follows its master's limit, and is not to be mended by itself. */
const refusesWhenFull = promql`max by (${server}) (${where(redisInstanceInfo, { role: 'master', maxmemory_policy: 'noeviction' })})`
const aofIsOn = promql`${seen(redisAofEnabled)} == ${1}`

const sessionsNow = promql`max by (${store}) (${redisOdooSessions})`
const sessionsBefore = promql`max by (${store}) (max_over_time(${redisOdooSessions}[30m]))`
const ofStore = (query: (series: string) => string, shown: string, otherwise: string): string =>
  ask(
    query(`${redisOdooSessions.name}{server=%q,tenant=%q,db=%q,prefix=%q}`),
    ['server', 'tenant', 'db', 'prefix'],
    shown,
    otherwise,
  )
const sessionsLeft = ofStore(
  (series) => `max(${series})`,
  `{{ . | first | value | printf "%.0f" }} are left${ofStore(
    (series) => `max(max_over_time(${series}[30m]))`,
    ' of the {{ . | first | value | printf "%.0f" }} there were within half an hour',
    '',
  )}`,
  'How many are left is not known',
)

const ofServer = (query: string, shown: string): string => ask(query, ['server'], shown, 'unknown')
const count = '{{ . | first | value | humanize }}'
const policy = ofServer(
  `max by (maxmemory_policy) (${redisInstanceInfo.name}{server=%q})`,
  '{{ with first . }}{{ .Labels.maxmemory_policy }}{{ end }}',
)
const limit = ofServer(`max by (server) (${redisMemoryMax.name}{server=%q})`, '{{ . | first | value | humanize1024 }}B')
const inHalfAnHour = (metric: MetricDescriptor): string =>
  ofServer(`max by (server) (increase(${metric.name}{server=%q}[30m]))`, count)
const uptime = ofServer(
  `max by (server) (${redisUptime.name}{server=%q})`,
  '{{ . | first | value | humanizeDuration }}',
)

export const redis: RuleFile = {
  subject: 'redis',
  groups: [
    {
      name: 'odoo-redis',
      rules: [
        aboutServer({
          name: 'OdooRedisMemoryNearLimit',
          by: server,
          expr: promql`${seen(redisMemoryUsed)} / (${seen(redisMemoryMax)} > ${0}) > ${REDIS_MEMORY_RATIO} and on (${server}) ${refusesWhenFull}`,
          for: minutes(5),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'cause',
          summary: 'Redis {{ $labels.server }} has used {{ $value | humanizePercentage }} of its memory limit.',
          description: `More than nine tenths of ${limit} for five minutes, and its policy is noeviction: at the limit it refuses every write.`,
          impact:
            'At the limit nobody can sign in, no session is kept, no message or job enters; who is signed in may be thrown out.',
        }),
        aboutServer({
          name: 'OdooRedisEvicting',
          by: server,
          expr: promql`${risen(redisEvictedKeys)} > ${0}`,
          for: minutes(5),
          keepFiringFor: minutes(10),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Redis {{ $labels.server }} is full and throws keys out: {{ $value | humanize }} in five minutes.',
          description: `It has reached ${limit} and evicts by ${policy}, for five minutes or longer.`,
          impact: 'For a cache that is its work. Where sessions live here, each that goes is a user logged out.',
        }),
        aboutServer({
          name: 'OdooRedisWritesRefused',
          by: error,
          expr: promql`max by (${error}) (increase(${redisErrors}{err=~"OOM|MISCONF|NOREPLICAS"}[5m])) > ${5}`,
          for: minutes(1),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'cause',
          summary: 'Redis {{ $labels.server }} refuses writes with {{ $labels.err }}.',
          description:
            '{{ $value | humanize }} in five minutes. OOM: it is full. MISCONF: the last snapshot failed. NOREPLICAS: too few replicas follow.',
          impact: 'Odoo can keep no session here: users cannot sign in, and see errors where a page writes.',
        }),
        aboutServer({
          name: 'OdooRedisPersistenceFailing',
          by: server,
          expr: promql`${seen(redisRdbLastBgsaveStatus)} == ${0} or ((${seen(redisAofLastWriteStatus)} == ${0} or ${seen(redisAofLastBgrewriteStatus)} == ${0}) and on (${server}) ${aofIsOn})`,
          for: minutes(5),
          keepFiringFor: minutes(5),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Redis {{ $labels.server }} cannot write its data to disk.',
          description:
            'The last snapshot, or the last write or rewrite of the append-only file, failed; for five minutes.',
          impact:
            'A restart now loses what was not saved: everybody is logged out. By its defaults Redis refuses writes after a failed snapshot.',
        }),
        aboutServer({
          name: 'OdooRedisReplicaCutOff',
          by: server,
          expr: promql`${seen(redisMasterLinkUp)} == ${0}`,
          for: minutes(5),
          keepFiringFor: minutes(2),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Redis replica {{ $labels.server }} has lost its master.',
          description:
            'The connection to its master has been down for five minutes; a first synchronisation counts as down.',
          impact: 'What it serves is old, and a failover to it loses everything since: sessions, messages, jobs.',
        }),
        aboutServer({
          name: 'OdooRedisSessionsFalling',
          by: store,
          seen: seen(redisOdooSessions),
          expr: promql`${sessionsNow} / (${sessionsBefore} >= ${20}) < ${0.5}`,
          for: minutes(2),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'symptom',
          summary:
            "Odoo's sessions on {{ $labels.server }}{{ with $labels.tenant }} of {{ . }}{{ end }} have fallen by more than half.",
          description: `${sessionsLeft}. Keys evicted within half an hour: ${inHalfAnHour(redisEvictedKeys)}, expired: ${inHalfAnHour(redisExpiredKeys)}. Redis has run for ${uptime}.`,
          impact: 'Users have been logged out in the middle of their work; what they had not saved is lost.',
        }),
        aboutServer({
          name: 'OdooRedisConnectionsRejected',
          by: server,
          expr: promql`${risen(redisRejectedConnections)} > ${5}`,
          for: minutes(1),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'cause',
          summary: 'Redis {{ $labels.server }} has turned {{ $value | humanize }} connections away in five minutes.',
          description: 'All connections it may have (maxclients) are taken.',
          impact:
            'Odoo processes that find no connection cannot read the session of the request they serve: users see errors.',
        }),
      ],
    },
  ],
}
