/** How long are the keys the configuration names? Each is asked for by its full name; nothing is searched. */
import { CollectError, probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { Command, RedisClient, Reply } from './client.ts'

/** As many as the configuration takes. */
const MOST_KEYS = 50

export const redisKeySize = metric({
  name: 'redis_key_size',
  type: 'gauge',
  unit: 'count',
  help: 'Length of a configured key: elements, fields, entries or, of a string, bytes; 0 where there is no such key.',
  labels: ['server', 'db', 'key'],
  maxSeries: MOST_KEYS,
  inherited: 'redis_exporter',
})

export const redisKeyMemory = metric({
  name: 'redis_key_memory_usage_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'Memory a configured key takes, estimated from five of its elements; only of keys configured with memory: true.',
  labels: ['server', 'db', 'key'],
  maxSeries: MOST_KEYS,
  inherited: 'redis_exporter',
})

/** What tells the length of a type: https://redis.io/docs/latest/commands/type/ */
const LENGTH_COMMANDS: ReadonlyMap<string, string> = new Map([
  ['string', 'STRLEN'],
  ['list', 'LLEN'],
  ['set', 'SCARD'],
  ['zset', 'ZCARD'],
  ['hash', 'HLEN'],
  ['stream', 'XLEN'],
])

export interface KeyRow {
  readonly db: number
  readonly key: string
  /** Absent for a type of a module, which has no length. */
  readonly length: number | undefined
  readonly memory: number | undefined
}

/** On a node of a cluster that does not hold the key's slot: another target has it. */
const isElsewhere = (error: unknown): boolean => error instanceof CollectError && /: (MOVED|ASK) \d/.test(error.message)

const numeric = (reply: Reply, what: string): number => {
  if (typeof reply === 'number') return reply
  throw new CollectError('decode', `${what} is no number`)
}

type Ask = (command: Command) => Promise<Reply>

const lengthOf = async (ask: Ask, key: string): Promise<number | undefined> => {
  const type = await ask(['TYPE', key])
  if (type === 'none') return 0
  const command = LENGTH_COMMANDS.get(String(type))
  return command === undefined ? undefined : numeric(await ask([command, key]), command)
}

const memoryOf = async (ask: Ask, key: string): Promise<number | undefined> => {
  const reply = await ask(['MEMORY', 'USAGE', key])
  return reply === null ? undefined : numeric(reply, 'MEMORY USAGE')
}

export const keys = probe({
  name: 'keys',
  metrics: [redisKeySize, redisKeyMemory],
  interval: seconds(30),
  read: async (client: RedisClient, signal): Promise<readonly KeyRow[]> => {
    const rows = client.config.keys.map(async ({ db, key, memory }): Promise<readonly KeyRow[]> => {
      const ask: Ask = (command) => client.askIn(db, command, signal)
      try {
        const [length, bytes] = await Promise.all([lengthOf(ask, key), memory ? memoryOf(ask, key) : undefined])
        return [{ db, key, length, memory: bytes }]
      } catch (error) {
        if (isElsewhere(error)) return []
        throw error
      }
    })
    return (await Promise.all(rows)).flat()
  },
  map: (rows) =>
    rows.flatMap(({ db, key, length, memory }) => {
      const labels = { db: `db${db}`, key }
      return [...sample(redisKeySize, labels, length), ...sample(redisKeyMemory, labels, memory)]
    }),
})
