/** Is what it holds on disk, and did the last save succeed? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds, type Unit } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { numberOf, okOf } from './info.ts'

const gauge = (name: string, help: string, unit: Unit = 'bool'): MetricDescriptor<'server'> =>
  metric({ name, type: 'gauge', unit, help, labels: ['server'], maxSeries: 1, inherited: 'redis_exporter' })

export const redisRdbLastBgsaveStatus = gauge(
  'redis_rdb_last_bgsave_status',
  'Whether the last snapshot was written; 1 too before the first.',
)
export const redisRdbBgsaveInProgress = gauge('redis_rdb_bgsave_in_progress', 'Whether a snapshot is being written.')
export const redisRdbLastSave = gauge(
  'redis_rdb_last_save_timestamp_seconds',
  'When the last snapshot was written; before the first, when the server started.',
  'timestamp',
)
export const redisRdbChanges = gauge(
  'redis_rdb_changes_since_last_save',
  'Changes that a crash would lose where there is no append-only file.',
  'count',
)
export const redisAofEnabled = gauge('redis_aof_enabled', 'Whether the append-only file is on.')
export const redisAofLastWriteStatus = gauge(
  'redis_aof_last_write_status',
  'Whether the last write to the append-only file succeeded; 1 too where it is off.',
)
export const redisAofLastBgrewriteStatus = gauge(
  'redis_aof_last_bgrewrite_status',
  'Whether the last rewrite of the append-only file succeeded; 1 too before the first.',
)

const NUMBERS: readonly (readonly [MetricDescriptor<'server'>, string])[] = [
  [redisRdbBgsaveInProgress, 'rdb_bgsave_in_progress'],
  [redisRdbLastSave, 'rdb_last_save_time'],
  [redisRdbChanges, 'rdb_changes_since_last_save'],
  [redisAofEnabled, 'aof_enabled'],
]
const STATUSES: readonly (readonly [MetricDescriptor<'server'>, string])[] = [
  [redisRdbLastBgsaveStatus, 'rdb_last_bgsave_status'],
  [redisAofLastWriteStatus, 'aof_last_write_status'],
  [redisAofLastBgrewriteStatus, 'aof_last_bgrewrite_status'],
]

export const persistence = probe({
  name: 'persistence',
  metrics: [...NUMBERS, ...STATUSES].map(([metric]) => metric),
  interval: seconds(15),
  priority: 'essential',
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => [
    ...NUMBERS.flatMap(([metric, field]) => sample(metric, {}, numberOf(info, field))),
    ...STATUSES.flatMap(([metric, field]) => sample(metric, {}, okOf(info, field))),
  ],
})
