/** How many keys are there, and how many of them will expire? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds, type Unit } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { decimal, groupsOf } from './info.ts'

/** Redis has 16 logical databases unless told otherwise. */
const MOST_DATABASES = 100

const gauge = (name: string, help: string, unit: Unit = 'count'): MetricDescriptor<'server' | 'db'> =>
  metric({
    name,
    type: 'gauge',
    unit,
    help,
    labels: ['server', 'db'],
    maxSeries: MOST_DATABASES,
    inherited: 'redis_exporter',
  })

export const redisDbKeys = gauge(
  'redis_db_keys',
  'Keys in a logical database; db0 always, the others while they have any.',
)
export const redisDbKeysExpiring = gauge('redis_db_keys_expiring', 'Keys that have a time to live.')
export const redisDbAvgTtl = gauge(
  'redis_db_avg_ttl_seconds',
  'What keys have left to live on average, as Redis estimates it; absent where it has no estimate.',
  'seconds',
)

const EMPTY: readonly [string, ReadonlyMap<string, string>] = [
  '0',
  new Map([
    ['keys', '0'],
    ['expires', '0'],
  ]),
]

export const keyspace = probe({
  name: 'keyspace',
  metrics: [redisDbKeys, redisDbKeysExpiring, redisDbAvgTtl],
  interval: seconds(15),
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => {
    const told = groupsOf(info, 'db').filter(([n, parts]) => /^\d+$/.test(n) && parts.has('keys'))
    // a database without keys is not listed
    const isMissing = info.sections.has('keyspace') && !told.some(([n]) => n === '0')
    return [...(isMissing ? [EMPTY] : []), ...told].flatMap(([n, parts]) => {
      const labels = { db: `db${n}` }
      const ttl = decimal(parts.get('avg_ttl'))
      return [
        ...sample(redisDbKeys, labels, decimal(parts.get('keys'))),
        ...sample(redisDbKeysExpiring, labels, decimal(parts.get('expires'))),
        ...sample(redisDbAvgTtl, labels, ttl ? ttl / 1000 : undefined),
      ]
    })
  },
})
