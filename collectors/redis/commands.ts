/** Which commands are called, how long do they take, how many are refused? */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds, type Unit } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { decimal, groupsOf } from './info.ts'

/** Redis 8 with its modules knows some 450, subcommands counted; a server has a series for those it was ever asked. */
const MOST_COMMANDS = 500

const counter = (name: string, help: string, unit: Unit = 'count'): MetricDescriptor<'server' | 'cmd'> =>
  metric({
    name,
    type: 'counter',
    unit,
    help,
    labels: ['server', 'cmd'],
    maxSeries: MOST_COMMANDS,
    inherited: 'redis_exporter',
  })

export const redisCommandsTotal = counter('redis_commands_total', 'Calls of a command.')
export const redisCommandsDuration = counter(
  'redis_commands_duration_seconds_total',
  'Time the server spent in a command; nobody else is served meanwhile.',
  'seconds',
)
export const redisCommandsFailed = counter(
  'redis_commands_failed_calls_total',
  'Calls of a command that ended in an error.',
)
export const redisCommandsRejected = counter(
  'redis_commands_rejected_calls_total',
  'Calls of a command refused before it began: no memory, no permission, wrong arguments.',
)

const MICROSECONDS = 1e6

export const commands = probe({
  name: 'commands',
  metrics: [redisCommandsTotal, redisCommandsDuration, redisCommandsFailed, redisCommandsRejected],
  interval: seconds(15),
  priority: 'detail',
  read: (client: RedisClient, signal) => client.info(signal),
  map: (info) =>
    groupsOf(info, 'cmdstat_').flatMap(([cmd, parts]) => {
      const usec = decimal(parts.get('usec'))
      return [
        ...sample(redisCommandsTotal, { cmd }, decimal(parts.get('calls'))),
        ...sample(redisCommandsDuration, { cmd }, usec === undefined ? usec : usec / MICROSECONDS),
        // since Redis 6.2
        ...sample(redisCommandsFailed, { cmd }, decimal(parts.get('failed_calls'))),
        ...sample(redisCommandsRejected, { cmd }, decimal(parts.get('rejected_calls'))),
      ]
    }),
})
