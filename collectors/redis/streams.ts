/** How long are the configured streams, and how far behind are the groups that read them? */
import { CollectError, probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient, Reply } from './client.ts'

const MOST_STREAMS = 50
const MOST_GROUPS = 200

const ofStream = (name: string, help: string): MetricDescriptor<'server' | 'db' | 'stream'> =>
  metric({
    name,
    type: 'gauge',
    unit: 'count',
    help,
    labels: ['server', 'db', 'stream'],
    maxSeries: MOST_STREAMS,
    inherited: 'redis_exporter',
  })

const ofGroup = (name: string, help: string): MetricDescriptor<'server' | 'db' | 'stream' | 'group'> =>
  metric({
    name,
    type: 'gauge',
    unit: 'count',
    help,
    labels: ['server', 'db', 'stream', 'group'],
    maxSeries: MOST_GROUPS,
    inherited: 'redis_exporter',
  })

export const redisStreamLength = ofStream(
  'redis_stream_length',
  'Entries in a configured stream; 0 where there is no such key.',
)
export const redisStreamGroups = ofStream('redis_stream_groups', 'Groups that read a configured stream.')
export const redisStreamGroupConsumers = ofGroup('redis_stream_group_consumers', 'Consumers in a group.')
export const redisStreamGroupPending = ofGroup(
  'redis_stream_group_messages_pending',
  'Entries given to a consumer of the group and not acknowledged yet.',
)
export const redisStreamGroupLag = ofGroup(
  'redis_stream_group_lag',
  'Entries the group has not been given yet; absent before Redis 7.0 and where Redis can not tell.',
)

interface GroupRow {
  readonly group: string
  readonly consumers: number | undefined
  readonly pending: number | undefined
  readonly lag: number | undefined
}

export interface StreamRow {
  readonly db: number
  readonly key: string
  readonly length: number
  readonly groups: readonly GroupRow[]
}

/** [name, value, name, value, …] */
const fieldsOf = (reply: Reply): ReadonlyMap<Reply, Reply> => {
  const flat: readonly Reply[] = Array.isArray(reply) ? reply : []
  return new Map(flat.flatMap((name, i): [Reply, Reply][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? null]] : [])))
}

const groupOf = (reply: Reply): GroupRow => {
  const fields = fieldsOf(reply)
  const group = fields.get('name')
  if (typeof group !== 'string') throw new CollectError('decode', 'a group of XINFO GROUPS has no name')
  const count = (name: string): number | undefined => {
    const value = fields.get(name)
    return typeof value === 'number' ? value : undefined
  }
  return { group, consumers: count('consumers'), pending: count('pending'), lag: count('lag') }
}

const has = (error: unknown, pattern: RegExp): boolean => error instanceof CollectError && pattern.test(error.message)

const streamOf = async (
  client: RedisClient,
  { db, key }: { readonly db: number; readonly key: string },
  signal: AbortSignal,
): Promise<readonly StreamRow[]> => {
  try {
    const [length, groups] = await Promise.all([
      client.askIn(db, ['XLEN', key], signal),
      client.askIn(db, ['XINFO', 'GROUPS', key], signal).catch((error: unknown) => {
        if (has(error, /no such key/)) return []
        throw error
      }),
    ])
    if (typeof length !== 'number' || !Array.isArray(groups)) {
      throw new CollectError('decode', 'XLEN or XINFO GROUPS is answered in an unknown way')
    }
    return [{ db, key, length, groups: groups.map(groupOf) }]
  } catch (error) {
    // on a node of a cluster that does not hold the key's slot: another target has it
    if (has(error, /: (MOVED|ASK) \d/)) return []
    throw error
  }
}

export const streams = probe({
  name: 'streams',
  metrics: [
    redisStreamLength,
    redisStreamGroups,
    redisStreamGroupConsumers,
    redisStreamGroupPending,
    redisStreamGroupLag,
  ],
  interval: seconds(30),
  read: async (client: RedisClient, signal): Promise<readonly StreamRow[]> =>
    (await Promise.all(client.config.streams.map((stream) => streamOf(client, stream, signal)))).flat(),
  map: (rows) =>
    rows.flatMap(({ db, key, length, groups }) => {
      const labels = { db: `db${db}`, stream: key }
      return [
        ...sample(redisStreamLength, labels, length),
        ...sample(redisStreamGroups, labels, groups.length),
        ...groups.flatMap(({ group, consumers, pending, lag }) => [
          ...sample(redisStreamGroupConsumers, { ...labels, group }, consumers),
          ...sample(redisStreamGroupPending, { ...labels, group }, pending),
          ...sample(redisStreamGroupLag, { ...labels, group }, lag),
        ]),
      ]
    }),
})
