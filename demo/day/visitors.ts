/** People and devices at the ingress: real requests, more of them in busy hours. */
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { seconds } from '../../src/metric.ts'
import { busyness, dayClock } from './clock.ts'

export interface VisitorsOptions {
  /** Of the ingress. */
  readonly url: string
  /** The names it routes by. */
  readonly hosts: readonly string[]
  readonly speed: number
}

export interface Visitors {
  readonly stop: () => Promise<void>
}

/** Requests to a host in a second, in the quietest and in the busiest hour; real ones, whatever the day's speed. */
const RATE = [0.5, 4] as const
const PATIENCE = seconds(15)

/** Resolves when the answer is there, or will not come. */
const visit = (url: string, host: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
    request(url, { headers: { host }, agent: false, signal: patience }, (response) => {
      response.resume()
      response.once('error', () => undefined)
    })
      // Nobody there, or too slow: seen in the ingress' figures.
      .once('error', () => undefined)
      .once('close', resolve)
      .end()
  })

/** Visitors come whether those before them have been answered or not. */
export const startVisitors = ({ url, hosts, speed }: VisitorsOptions): Visitors => {
  const stopping = new AbortController()
  const { signal } = stopping
  const clock = dayClock(speed, Date.now())
  const comingTo = async (host: string): Promise<void> => {
    const inside = new Set<Promise<void>>()
    while (!signal.aborted) {
      const rate = RATE[0] + (RATE[1] - RATE[0]) * busyness(clock(Date.now()))
      await delay(1000 / rate, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) break
      const visiting = visit(`${url}/web/health`, host, signal)
      inside.add(visiting)
      void visiting.then(() => inside.delete(visiting))
    }
    await Promise.all(inside)
  }
  const all = hosts.map(comingTo)
  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(all)
    },
  }
}
