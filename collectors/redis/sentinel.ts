/** Who is the master? Asked of the Sentinels one by one: https://redis.io/docs/latest/develop/reference/sentinel-clients/ */
import { CollectError } from '../../src/collector.ts'
import { type Duration, seconds } from '../../src/metric.ts'
import type { Session } from './client.ts'
import type { RedisConfig } from './config.ts'
import { type Address, addressText } from './explain.ts'

/** One that hangs must leave time for the next: the whole connect has four seconds. */
const ONE_SENTINEL: Duration = seconds(1)

/**
 * The driver's own connector can't be aborted while it asks, and tells neither which Sentinel failed nor why; hence
 * these lines. Throws CollectError naming what each one said.
 */
export const masterBySentinel = async (
  { master, sentinels }: NonNullable<RedisConfig['sentinel']>,
  open: (address: Address, bound: Duration) => Promise<Session>,
  signal: AbortSignal,
): Promise<Address> => {
  const failures: string[] = []
  for (const address of sentinels) {
    if (signal.aborted) break
    try {
      const session = await open(address, ONE_SENTINEL)
      try {
        const bound = AbortSignal.any([signal, AbortSignal.timeout(ONE_SENTINEL)])
        const reply = await session.ask(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master], bound)
        const [host, port] = Array.isArray(reply) ? reply : []
        if (typeof host === 'string' && /^\d{1,5}$/.test(String(port))) return { host, port: Number(port) }
        failures.push(`${addressText(address)} knows no master "${master}"`)
      } finally {
        session.end()
      }
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new CollectError('connect', `no Sentinel names the master: ${failures.join('; ')}`)
}
