/** Which Redis is this, in which role, and since when does it run? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { numberOf } from './info.ts'

export const redisUp = metric({
  name: 'redis_up',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether Redis answers and serves: 0 too while it loads its dataset.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisInstanceInfo = metric({
  name: 'redis_instance_info',
  type: 'gauge',
  unit: 'info',
  help: 'Role, version, mode and eviction policy, in the labels; Valkey gives the version of Redis it is compatible with.',
  labels: ['server', 'role', 'redis_version', 'redis_mode', 'maxmemory_policy'],
  mayBeEmpty: ['maxmemory_policy'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisSoftwareInfo = metric({
  name: 'redis_software_info',
  type: 'gauge',
  unit: 'info',
  help: 'What runs here by its own name and version: redis, valkey.',
  labels: ['server', 'software', 'version'],
  maxSeries: 1,
})

export const redisUptime = metric({
  name: 'redis_uptime_in_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'For how long the server has run.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const server = probe({
  name: 'server',
  metrics: [redisInstanceInfo, redisSoftwareInfo, redisUptime],
  interval: seconds(15),
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => {
    const text = (field: string): string => info.fields.get(field) ?? ''
    const software = text('server_name') || 'redis'
    return [
      ...sample(
        redisInstanceInfo,
        {
          role: text('role'),
          redis_version: text('redis_version'),
          // Valkey 8 and newer calls it server_mode unless told to be as Redis
          redis_mode: text('redis_mode') || text('server_mode'),
          maxmemory_policy: text('maxmemory_policy'),
        },
        1,
      ),
      ...sample(redisSoftwareInfo, { software, version: text(`${software}_version`) }, 1),
      ...sample(redisUptime, {}, numberOf(info, 'uptime_in_seconds')),
    ]
  },
})
