/** Redis 6.2 and 7, Valkey; standalone, replica, found by Sentinel, or one node of a cluster; by the ACL user of deploy/redis. */
import type { Collector } from '../../src/collector.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { check, close, connect, type RedisClient } from './client.ts'
import { clients } from './clients.ts'
import { commands } from './commands.ts'
import { config, type RedisConfig } from './config.ts'
import { errors } from './errors.ts'
import { keys, redisKeyMemory } from './keys.ts'
import { keyspace } from './keyspace.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import { persistence } from './persistence.ts'
import { replication } from './replication.ts'
import { redisUp, server } from './server.ts'
import { sessions } from './sessions.ts'
import { slowlog } from './slowlog.ts'
import { stats } from './stats.ts'
import { streams } from './streams.ts'

/** What nothing is configured for is not asked. */
const isAsked = (asked: RedisConfig, metric: MetricDescriptor): boolean => {
  if (metric === redisKeyMemory) return asked.keys.some(({ memory }) => memory)
  if (keys.metrics.includes(metric)) return asked.keys.length > 0
  if (streams.metrics.includes(metric)) return asked.streams.length > 0
  if (sessions.metrics.includes(metric)) return asked.sessions.length > 0
  return true
}

export const redis: Collector<RedisConfig, RedisClient> = {
  name: 'redis',
  config,
  up: redisUp,
  connect,
  check,
  close,
  tenantNames: ['sessions', '*', 'tenant'],
  probes: [
    server,
    memory,
    clients,
    stats,
    persistence,
    replication,
    commands,
    latency,
    errors,
    slowlog,
    keyspace,
    keys,
    streams,
    sessions,
  ],
  leavesOut: (given, metric) => !isAsked(given, metric) || (given.only === 'new' && metric.inherited !== undefined),
}
