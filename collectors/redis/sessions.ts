/**
 * How many sessions does Odoo keep here? When they fall sharply, users have been logged out.
 * Odoo's session stores for Redis (such as session_redis) write one key a session under a common prefix.
 */
import { CollectError, probe, Unsupported } from '../../src/collector.ts'
import { metric, minutes, sample, seconds } from '../../src/metric.ts'
import type { RedisClient, Reply } from './client.ts'
import type { SessionStore } from './config.ts'
import { decimal, pairsOf } from './info.ts'

export const redisOdooSessions = metric({
  name: 'redis_odoo_sessions',
  type: 'gauge',
  unit: 'count',
  help: 'Keys of an Odoo session store, of users and visitors alike; those a longer configured prefix counts are left out.',
  labels: ['server', 'tenant', 'db', 'prefix'],
  mayBeEmpty: ['tenant', 'prefix'],
  maxSeries: 50,
})

/** Buckets a call visits: some tenths of a millisecond in which nobody else is served. */
const PER_CALL = 1000
/** A table may have several times as many buckets as keys, before it is shrunk. */
const MOST_CALLS_A_KEY = 10 / PER_CALL

export interface SessionRow {
  readonly store: SessionStore
  readonly count: number
}

/** What all begin with. */
export const commonPrefix = (texts: readonly string[]): string =>
  texts.reduce((common, text) => {
    let n = 0
    while (n < common.length && common[n] === text[n]) n += 1
    return common.slice(0, n)
  })

/** For MATCH: https://redis.io/docs/latest/commands/keys/ tells the pattern's signs. */
export const literally = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&')

const pageOf = (reply: Reply): { readonly cursor: string; readonly keys: readonly Reply[] } => {
  const [cursor, keys] = Array.isArray(reply) ? reply : []
  if (typeof cursor !== 'string' || !Array.isArray(keys))
    throw new CollectError('decode', 'SCAN is answered in an unknown way')
  return { cursor, keys }
}

/** SCAN may give a key twice while the table grows or shrinks: the count is off by as much for one round. */
const countIn = async (
  client: RedisClient,
  db: number,
  stores: readonly SessionStore[],
  signal: AbortSignal,
): Promise<readonly SessionRow[]> => {
  const byLength = stores.toSorted((a, b) => b.prefix.length - a.prefix.length)
  const counts = new Map(byLength.map((store) => [store, 0]))
  const pattern = `${literally(commonPrefix(stores.map(({ prefix }) => prefix)))}*`
  let cursor = '0'
  let calls = 0
  do {
    if (calls > client.config.scan_limit * MOST_CALLS_A_KEY) {
      throw new CollectError('query', `db ${db}: SCAN came to no end within ${calls} calls`)
    }
    const page = pageOf(await client.askIn(db, ['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(PER_CALL)], signal))
    for (const key of page.keys) {
      const store = byLength.find(({ prefix }) => typeof key === 'string' && key.startsWith(prefix))
      if (store !== undefined) counts.set(store, (counts.get(store) ?? 0) + 1)
    }
    cursor = page.cursor
    calls += 1
  } while (cursor !== '0')
  return [...counts].map(([store, count]) => ({ store, count }))
}

export const sessions = probe({
  name: 'sessions',
  metrics: [redisOdooSessions],
  interval: minutes(1),
  deadline: seconds(20),
  read: async (client: RedisClient, signal): Promise<readonly SessionRow[]> => {
    const { sessions: stores, scan_limit } = client.config
    const { fields } = await client.info(signal)
    const rows: SessionRow[] = []
    for (const [db, those] of Map.groupBy(stores, (store) => store.db)) {
      const size = decimal(pairsOf(fields.get(`db${db}`) ?? '').get('keys')) ?? 0
      if (size > scan_limit) {
        throw new Unsupported(
          `db ${db} has ${size} keys, more than redis.scan_limit (${scan_limit}): give the sessions a database ` +
            'of their own, or raise it',
        )
      }
      rows.push(...(await countIn(client, db, those, signal)))
    }
    return rows
  },
  map: (rows) =>
    rows.flatMap(({ store: { tenant = '', db, prefix }, count }) =>
      sample(redisOdooSessions, { tenant, db: `db${db}`, prefix }, count),
    ),
})
