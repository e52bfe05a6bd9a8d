/** How much memory does it take, and how much may it? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { numberOf } from './info.ts'

const bytes = <const N extends string>(name: N, help: string): MetricDescriptor<'server'> =>
  metric({ name, type: 'gauge', unit: 'bytes', help, labels: ['server'], maxSeries: 1, inherited: 'redis_exporter' })

export const redisMemoryUsed = bytes('redis_memory_used_bytes', 'Memory taken by the allocator for data and overhead.')
export const redisMemoryMax = bytes('redis_memory_max_bytes', 'The limit set by maxmemory; 0: there is none.')
export const redisMemoryUsedRss = bytes('redis_memory_used_rss_bytes', 'Memory as the operating system sees it.')
export const redisMemoryUsedPeak = bytes(
  'redis_memory_used_peak_bytes',
  'The most that was ever taken since the start.',
)
export const redisMemoryUsedDataset = bytes('redis_memory_used_dataset_bytes', 'Memory taken by the data itself.')
export const redisMemoryUsedOverhead = bytes(
  'redis_memory_used_overhead_bytes',
  'Memory taken by what manages the data: dictionaries, buffers of clients and replicas.',
)
export const redisMemFragmentationBytes = bytes(
  'redis_mem_fragmentation_bytes',
  'Memory the operating system gave that is not in use; below 0 where some is swapped out.',
)

export const redisMemFragmentationRatio = metric({
  name: 'redis_mem_fragmentation_ratio',
  type: 'gauge',
  unit: 'ratio',
  range: [0, Number.POSITIVE_INFINITY],
  help: 'Memory as the operating system sees it by memory in use; under 1: some is swapped out.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

const FIELDS: readonly (readonly [MetricDescriptor<'server'>, string])[] = [
  [redisMemoryUsed, 'used_memory'],
  [redisMemoryMax, 'maxmemory'],
  [redisMemoryUsedRss, 'used_memory_rss'],
  [redisMemoryUsedPeak, 'used_memory_peak'],
  [redisMemoryUsedDataset, 'used_memory_dataset'],
  [redisMemoryUsedOverhead, 'used_memory_overhead'],
  [redisMemFragmentationBytes, 'mem_fragmentation_bytes'],
  [redisMemFragmentationRatio, 'mem_fragmentation_ratio'],
]

export const memory = probe({
  name: 'memory',
  metrics: FIELDS.map(([metric]) => metric),
  interval: seconds(15),
  priority: 'essential',
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) => FIELDS.flatMap(([metric, field]) => sample(metric, {}, numberOf(info, field))),
})
