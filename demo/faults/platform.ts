/** Faults of Redis and of the ingress. */
import type { Estate } from '../estate.ts'
import type { RedisServer } from '../redis.ts'
import type { Fault } from './fault.ts'

const redisOf = ({ redis }: Estate): RedisServer => {
  if (redis === undefined) throw new Error("there is no Redis in this demo: Debian's package redis-server is lacking")
  return redis
}

export const redisFull: Fault = {
  title: 'Redis is full and throws sessions away: users are logged out',
  start: async (estate) => {
    const redis = redisOf(estate)
    await redis.fill()
    return redis.drain
  },
}

export const redisDown: Fault = {
  title: 'Redis has ended, and with it every session',
  start: async (estate) => {
    const redis = redisOf(estate)
    await redis.down()
    return redis.up
  },
}

/** Beyond what anybody waits for gladly. */
const SLOW_MS = 6000

export const ingressSlow: Fault = {
  title: 'every request through the ingress takes some seconds longer',
  start: async ({ ingress }) => {
    ingress.faults.slow(SLOW_MS)
    return async () => ingress.faults.slow('off')
  },
}

export const certificateExpiring: Fault = {
  title: "the certificate of acme's host ends in less than three days, and nobody has renewed it",
  start: async ({ ingress }) => {
    ingress.faults.certificateExpiring(true)
    return async () => ingress.faults.certificateExpiring(false)
  },
}
