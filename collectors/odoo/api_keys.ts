/** When does the key that we come with expire? A user may read its own. */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { instant } from './values.ts'

export const odooApiKeyExpiry = metric({
  name: 'odoo_api_key_expiry_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help:
    "When the first of the monitoring user's API keys for RPC that are still valid expires: Odoo doesn't say which of " +
    'them was used. Absent if none does. Odoo 18 and newer; before, keys do not expire.',
  labels: ['tenant'],
  maxSeries: 1,
})

export interface ApiKey {
  readonly id: number
  readonly expiration_date: string | false
}

/** More keys than a monitoring user has use for. */
const MAX_KEYS = 100

export const apiKeys = probe({
  name: 'api_keys',
  metrics: [odooApiKeyExpiry],
  interval: minutes(5),
  priority: 'detail',
  read: async (client: OdooClient, signal) => {
    if (client.version < 18) throw new Unsupported(`API keys of Odoo ${client.version} do not expire: there is no date`)
    return client.searchRead<ApiKey>(
      'res.users.apikeys',
      // a key without a scope opens everything
      [['user_id', '=', client.uid], '|', ['scope', '=', 'rpc'], ['scope', '=', false]],
      ['expiration_date'],
      { order: 'id desc', limit: MAX_KEYS },
      signal,
    )
  },
  map: (keys, at) => {
    const ends = keys.flatMap(({ expiration_date }) => instant(expiration_date) ?? []).filter((end) => end > at / 1000)
    return sample(odooApiKeyExpiry, {}, ends.length === 0 ? undefined : Math.min(...ends))
  },
})
