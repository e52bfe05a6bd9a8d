/** An Odoo's database on one connection of its own, read-only, with its clock. */
import { CollectError, type ConnectContext } from '../../src/collector.ts'
import type { Instant } from '../../src/metric.ts'
import * as postgres from '../postgres/client.ts'
import { createClock } from './clock.ts'
import { asPostgres, type OdooSqlConfig } from './config.ts'
import { inOurWords } from './errors.ts'

export interface OdooSqlClient {
  readonly config: OdooSqlConfig
  /**
   * One after another. When the signal aborts the connection is destroyed: what is asked of it afterwards rejects with
   * `connect`, so that it is opened anew. Rejects with CollectError or Unsupported.
   */
  readonly query: postgres.PostgresClient['query']
  /** The database's clock: ours until `hearClock`. */
  readonly now: () => Instant
  readonly hearClock: (signal: AbortSignal) => Promise<void>
  readonly end: () => void
}

const CLOCK = 'select extract(epoch from clock_timestamp())::float8 * 1000 as clock'

const reworded = async <T>(config: OdooSqlConfig, work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    throw inOurWords(error, config)
  }
}

export const connect = async (config: OdooSqlConfig, context: ConnectContext): Promise<OdooSqlClient> => {
  const client = await reworded(config, postgres.connect(asPostgres(config), context))
  const clock = createClock()
  let isGivenUp = false
  const query: OdooSqlClient['query'] = async <Row>(sql: string, params: readonly unknown[], signal: AbortSignal) => {
    if (isGivenUp) throw new CollectError('connect', 'the connection was given up, as an answer did not come in time')
    if (signal.aborted) throw new CollectError('timeout', 'the question came too late')
    try {
      return await reworded(config, client.query<Row>(sql, params, signal))
    } catch (error) {
      isGivenUp ||= signal.aborted
      throw error
    }
  }
  return {
    config,
    query,
    now: clock.now,
    hearClock: async (signal) => {
      const asked = Date.now()
      const [row] = await query<{ readonly clock: number }>(CLOCK, [], signal)
      if (row === undefined) throw new CollectError('decode', 'the database told no time')
      clock.heard(row.clock, asked, Date.now())
    },
    end: client.end,
  }
}

/** Whether the database answers, on a connection of its own. Throws CollectError. */
export const check = (config: OdooSqlConfig, context: ConnectContext): Promise<void> =>
  reworded(config, postgres.check(asPostgres(config), context))

/** At once, whatever the other side does. */
export const close = async (client: OdooSqlClient): Promise<void> => client.end()
