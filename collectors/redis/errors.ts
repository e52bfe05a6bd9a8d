/** With which classes of error does it answer? OOM, MISCONF and NOREPLICAS mean that writes are refused. */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { RedisClient } from './client.ts'
import { decimal, groupsOf } from './info.ts'

export const redisErrors = metric({
  name: 'redis_errors_total',
  type: 'counter',
  unit: 'count',
  help: 'Errors answered, by the first word of the error; `other` for words that are no class of Redis.',
  labels: ['server', 'err'],
  maxSeries: 60,
  inherited: 'redis_exporter',
})

/** There from the beginning, so that the first one is an increase. */
const KNOWN = [
  ...['BUSY', 'CLUSTERDOWN', 'ERR', 'LOADING', 'MASTERDOWN', 'MISCONF', 'NOAUTH', 'NOPERM', 'NOREPLICAS', 'OOM'],
  ...['READONLY', 'WRONGPASS', 'WRONGTYPE'],
]

/** Those Redis has besides, of its own and of its cluster: https://github.com/redis/redis/tree/7.2/src */
const RARE = [
  ...['ASK', 'BUSYGROUP', 'BUSYKEY', 'CROSSSLOT', 'DENIED', 'EXECABORT', 'INPROG', 'INVALIDOBJ', 'IOERR', 'MOVED'],
  ...['NOGROUP', 'NOMASTERLINK', 'NOPROTO', 'NOSCRIPT', 'NOTBUSY', 'TRYAGAIN', 'UNBLOCKED', 'UNKILLABLE'],
]

const CLASSES: ReadonlySet<string> = new Set([...KNOWN, ...RARE])

/** A script answers with whatever text it likes, and its first word counts as a class: those go together. */
const classOf = (word: string): string => (CLASSES.has(word) ? word : 'other')

export const errors = probe({
  name: 'errors',
  metrics: [redisErrors],
  interval: seconds(15),
  priority: 'essential',
  read: async (client: RedisClient, signal) => {
    const info = await client.info(signal)
    if (!info.sections.has('errorstats')) throw new Unsupported('errors by class need Redis 6.2 or newer')
    return info
  },
  map: (info) => {
    const counts = new Map(KNOWN.map((err) => [err, 0]))
    for (const [word, parts] of groupsOf(info, 'errorstat_')) {
      const err = classOf(word)
      counts.set(err, (counts.get(err) ?? 0) + (decimal(parts.get('count')) ?? 0))
    }
    return [...counts].flatMap(([err, count]) => sample(redisErrors, { err }, count))
  },
})
