/** How long do the slowest calls of each command take? */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { decimal, groupsOf } from './info.ts'

export const redisLatencyPercentiles = metric({
  name: 'redis_latency_percentiles_usec',
  type: 'gauge',
  unit: 'count',
  help: 'Duration of the calls of a command by quantile, in microseconds, since the start or CONFIG RESETSTAT.',
  labels: ['server', 'cmd', 'quantile'],
  maxSeries: 1500,
  inherited: 'redis_exporter',
})

/** `p99.9` → `0.999`, without the tails of binary fractions. */
const quantileOf = (name: string): string | undefined => {
  const percent = name.startsWith('p') ? decimal(name.slice(1)) : undefined
  return percent === undefined ? undefined : String(Number((percent / 100).toFixed(8)))
}

export const latency = probe({
  name: 'latency',
  metrics: [redisLatencyPercentiles],
  interval: seconds(15),
  priority: 'detail',
  read: async (client: RedisClient, signal) => {
    const info = await client.info(signal)
    if (!info.sections.has('latencystats')) throw new Unsupported('percentiles of latency need Redis 7.0 or newer')
    if (groupsOf(info, 'latency_percentiles_usec_').length > 0) return info
    throw new Unsupported('this server keeps no percentiles of latency: CONFIG SET latency-tracking yes')
  },
  map: (info) =>
    groupsOf(info, 'latency_percentiles_usec_').flatMap(([cmd, parts]) =>
      [...parts].flatMap(([name, value]) => {
        const quantile = quantileOf(name)
        return quantile === undefined ? [] : sample(redisLatencyPercentiles, { cmd, quantile }, decimal(value))
      }),
    ),
})
