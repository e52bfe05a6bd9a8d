/** Does Traefik take up its dynamic configuration? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { TraefikClient } from './client.ts'
import type { Families } from './exposition_format.ts'

export const odooIngressConfigReloads = metric({
  name: 'odoo_ingress_config_reloads_total',
  type: 'counter',
  unit: 'count',
  help: 'Times Traefik took up a changed dynamic configuration. Those it refused it does not count.',
  labels: ['server'],
  maxSeries: 1,
})

export const odooIngressConfigLastReload = metric({
  name: 'odoo_ingress_config_last_reload_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When Traefik last took up a changed dynamic configuration; absent before the first.',
  labels: ['server'],
  maxSeries: 1,
})

const only = (families: Families, name: string): number | undefined => {
  const value = families.get(name)?.series[0]?.value
  return Number.isFinite(value) ? value : undefined
}

export const configReloads = probe({
  name: 'config_reloads',
  metrics: [odooIngressConfigReloads, odooIngressConfigLastReload],
  interval: seconds(10),
  priority: 'detail',
  read: async (client: TraefikClient, signal) => {
    const { families } = await client.page(signal)
    return {
      reloads: only(families, 'traefik_config_reloads_total'),
      last: only(families, 'traefik_config_last_reload_success'),
    }
  },
  map: ({ reloads, last }) => [
    ...sample(odooIngressConfigReloads, {}, reloads),
    ...sample(odooIngressConfigLastReload, {}, last === 0 ? undefined : last),
  ],
})
