/** What has it done since its start: keys found and missed, expired and evicted, commands, traffic? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds, type Unit } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { numberOf } from './info.ts'

const counter = (name: string, help: string, unit: Unit = 'count'): MetricDescriptor<'server'> =>
  metric({ name, type: 'counter', unit, help, labels: ['server'], maxSeries: 1, inherited: 'redis_exporter' })

export const redisEvictedKeys = counter('redis_evicted_keys_total', 'Keys thrown out because maxmemory was reached.')
export const redisExpiredKeys = counter('redis_expired_keys_total', 'Keys that reached the end of their time to live.')
export const redisKeyspaceHits = counter('redis_keyspace_hits_total', 'Lookups that found their key.')
export const redisKeyspaceMisses = counter('redis_keyspace_misses_total', 'Lookups that did not find their key.')
export const redisCommandsProcessed = counter('redis_commands_processed_total', 'Commands executed.')
export const redisNetInput = counter('redis_net_input_bytes_total', 'Bytes received.', 'bytes')
export const redisNetOutput = counter('redis_net_output_bytes_total', 'Bytes sent.', 'bytes')

const FIELDS: readonly (readonly [MetricDescriptor<'server'>, string])[] = [
  [redisEvictedKeys, 'evicted_keys'],
  [redisExpiredKeys, 'expired_keys'],
  [redisKeyspaceHits, 'keyspace_hits'],
  [redisKeyspaceMisses, 'keyspace_misses'],
  [redisCommandsProcessed, 'total_commands_processed'],
  [redisNetInput, 'total_net_input_bytes'],
  [redisNetOutput, 'total_net_output_bytes'],
]

export const stats = probe({
  name: 'stats',
  metrics: FIELDS.map(([metric]) => metric),
  interval: seconds(15),
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => FIELDS.flatMap(([metric, field]) => sample(metric, {}, numberOf(info, field))),
})
