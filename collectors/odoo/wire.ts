/** What one configuration leads to: its addresses, and the clock on the other side. */
import type { ConnectContext } from '../../src/collector.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import type { OdooConfig } from './config.ts'
import { createPages, type Pages } from './pages.ts'
import { type Endpoint, type Exchange, exchange } from './transport.ts'

/** The Date header knows whole seconds. */
const CLOCK_RESOLUTION: Duration = 1500

export interface Wire {
  readonly http: Endpoint
  readonly pages: Pages
  readonly exchange: Exchange
  readonly now: () => Instant
  /** How long answers were waited for so far, all together. */
  readonly waited: () => Duration
}

const endpointOf = (url: string, ca: string | undefined): Endpoint => ({ url: url.replace(/\/+$/, ''), ca })

export const wireOf = async (config: OdooConfig, secret: ConnectContext['secret']): Promise<Wire> => {
  const ca = config.ca === undefined ? undefined : await secret(config.ca)
  let ahead: Duration = 0
  let waited: Duration = 0
  const timed: Exchange = async (endpoint, message, signal) => {
    const begun = performance.now()
    try {
      return await exchange(endpoint, message, signal)
    } finally {
      waited += performance.now() - begun
    }
  }
  const observed: Exchange = async (endpoint, message, signal) => {
    const reply = await timed(endpoint, message, signal)
    if (reply.date !== undefined) {
      const difference = reply.date + 500 - Date.now()
      ahead = Math.abs(difference) < CLOCK_RESOLUTION ? 0 : difference
    }
    return reply
  }
  const http = endpointOf(config.url, ca)
  const gevent = config.gevent_url === undefined ? undefined : endpointOf(config.gevent_url, ca)
  return {
    http,
    pages: createPages(http, gevent, observed),
    exchange: observed,
    now: () => Date.now() + ahead,
    waited: () => waited,
  }
}
