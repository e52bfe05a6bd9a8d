/** Which calls were slow? The log's entries hold the arguments of the commands: only their numbers are kept. */
import { CollectError, probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient, Reply } from './client.ts'

export const redisSlowlogLength = metric({
  name: 'redis_slowlog_length',
  type: 'gauge',
  unit: 'count',
  help: 'Entries in the slow log; at most slowlog-max-len.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisSlowlogLastId = metric({
  name: 'redis_slowlog_last_id',
  type: 'gauge',
  unit: 'count',
  help: 'Number of the newest entry in the slow log; it grows by one with each slow call.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export const redisLastSlowExecution = metric({
  name: 'redis_last_slow_execution_duration_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'How long the call took that entered the slow log last.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'redis_exporter',
})

export interface SlowlogRow {
  readonly length: number
  /** Absent while the log is empty. */
  readonly last: { readonly id: number; readonly usec: number } | undefined
}

/** [[id, when, microseconds, arguments, …]] */
const lastOf = (reply: Reply): SlowlogRow['last'] => {
  const entries: readonly Reply[] = Array.isArray(reply) ? reply : []
  const [entry] = entries
  if (entry === undefined) return undefined
  const parts: readonly Reply[] = Array.isArray(entry) ? entry : []
  const [id, , usec] = parts
  if (typeof id === 'number' && typeof usec === 'number') return { id, usec }
  throw new CollectError('decode', 'an entry of SLOWLOG GET has no id and duration')
}

export const slowlog = probe({
  name: 'slowlog',
  metrics: [redisSlowlogLength, redisSlowlogLastId, redisLastSlowExecution],
  interval: seconds(15),
  read: async (client: RedisClient, signal): Promise<SlowlogRow> => {
    const [length, entries] = await Promise.all([
      client.ask(['SLOWLOG', 'LEN'], signal),
      client.ask(['SLOWLOG', 'GET', '1'], signal),
    ])
    if (typeof length !== 'number') throw new CollectError('decode', 'SLOWLOG LEN is no number')
    return { length, last: lastOf(entries) }
  },
  map: ({ length, last }) => [
    ...sample(redisSlowlogLength, {}, length),
    ...sample(redisSlowlogLastId, {}, last?.id),
    ...sample(redisLastSlowExecution, {}, last && last.usec / 1e6),
  ],
})
