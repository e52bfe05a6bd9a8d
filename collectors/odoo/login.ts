/**
 * What is remembered of a login beyond one connection.
 *
 * A login costs Odoo 400 ms of CPU and a row, so the user id outlives the connection; and each refused one counts
 * towards a cooldown that Odoo lays on everyone who comes from the same address (`base.login_cooldown_after`), so the
 * same credentials are not tried again soon. A changed secret is tried at once.
 */
import { hash } from 'node:crypto'
import { CollectError } from '../../src/collector.ts'
import { type Instant, minutes } from '../../src/metric.ts'
import type { OdooConfig } from './config.ts'

/** A kept login: valid while the series stays what it was. */
export interface Login {
  readonly uid: number
  readonly series: number
}

export interface Logins {
  readonly kept: (config: OdooConfig, secret: string) => Login | undefined
  readonly keep: (config: OdooConfig, secret: string, login: Login) => void
  readonly forget: (config: OdooConfig) => void
  readonly refuse: (config: OdooConfig, secret: string, why: CollectError) => void
  /** Throws `auth` where these credentials were refused a short while ago. */
  readonly assertNotRefused: (config: OdooConfig, secret: string) => void
}

export const REFUSED_FOR = minutes(10)

type Memory = { readonly digest: string } & (
  | { readonly login: Login }
  | { readonly why: CollectError; readonly at: Instant }
)

export const createLogins = (now: () => Instant = Date.now): Logins => {
  const memories = new WeakMap<OdooConfig, Memory>()
  const digestOf = (secret: string): string => hash('sha256', secret)
  const recall = (config: OdooConfig, secret: string): Memory | undefined => {
    const memory = memories.get(config)
    return memory?.digest === digestOf(secret) ? memory : undefined
  }
  return {
    kept: (config, secret) => {
      const memory = recall(config, secret)
      return memory !== undefined && 'login' in memory ? memory.login : undefined
    },
    keep: (config, secret, login) => void memories.set(config, { digest: digestOf(secret), login }),
    forget: (config) => void memories.delete(config),
    refuse: (config, secret, why) => void memories.set(config, { digest: digestOf(secret), why, at: now() }),
    assertNotRefused: (config, secret) => {
      const memory = recall(config, secret)
      if (memory === undefined || 'login' in memory || now() - memory.at >= REFUSED_FOR) return
      const minutesLeft = Math.ceil((REFUSED_FOR - (now() - memory.at)) / minutes(1))
      throw new CollectError(
        'auth',
        `${memory.why.message}. Not tried again for ${minutesLeft} min, or until the secret changes: Odoo locks out addresses with many failed logins`,
      )
    },
  }
}
