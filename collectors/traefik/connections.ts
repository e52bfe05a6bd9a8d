/** How many connections are open? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { TraefikClient } from './client.ts'
import type { Families } from './exposition_format.ts'

export const odooIngressOpenConnections = metric({
  name: 'odoo_ingress_open_connections',
  type: 'gauge',
  unit: 'count',
  help: 'Open connections by entry point: of Traefik 3 all that are open, of Traefik 2 those that carry a request.',
  labels: ['server', 'entrypoint'],
  maxSeries: 100,
})

/** Traefik 3 and 2 name it differently; the protocol, and with 2 the method, are summed over. */
const openConnections = (families: Families): ReadonlyMap<string, number> => {
  const family = families.get('traefik_open_connections') ?? families.get('traefik_entrypoint_open_connections')
  const sums = new Map<string, number>()
  for (const { labels, value } of family?.series ?? []) {
    const entrypoint = labels.get('entrypoint')
    if (entrypoint !== undefined && Number.isFinite(value)) {
      sums.set(entrypoint, (sums.get(entrypoint) ?? 0) + value)
    }
  }
  return sums
}

export const connections = probe({
  name: 'connections',
  metrics: [odooIngressOpenConnections],
  interval: seconds(10),
  read: async (client: TraefikClient, signal) => openConnections((await client.page(signal)).families),
  map: (sums) => [...sums].flatMap(([entrypoint, open]) => sample(odooIngressOpenConnections, { entrypoint }, open)),
})
