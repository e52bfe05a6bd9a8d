/** Until when are the certificates good? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { TraefikClient } from './client.ts'
import type { Families, Series } from './exposition_format.ts'

export const odooIngressTlsNotAfter = metric({
  name: 'odoo_ingress_tls_not_after_timestamp_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When the newest certificate of a name expires; a certificate without common name goes by the first of its names.',
  labels: ['server', 'cn'],
  maxSeries: 2000,
})

/** Made by Traefik itself at each start, for hosts it has no certificate for: nobody renews it, or visits them. */
const FALLBACK = 'TRAEFIK DEFAULT CERT'

/** Certificates of today need no common name: https://letsencrypt.org/docs/profiles/ */
const nameOf = (labels: Series['labels']): string => labels.get('cn') || (labels.get('sans')?.split(',', 1)[0] ?? '')

/** A renewed certificate leaves the old one's series behind, until Traefik restarts. */
const newest = (families: Families): ReadonlyMap<string, number> => {
  const ends = new Map<string, number>()
  for (const { labels, value } of families.get('traefik_tls_certs_not_after')?.series ?? []) {
    const cn = nameOf(labels)
    if (cn !== '' && cn !== FALLBACK && Number.isFinite(value)) ends.set(cn, Math.max(value, ends.get(cn) ?? value))
  }
  return ends
}

export const certificates = probe({
  name: 'certificates',
  metrics: [odooIngressTlsNotAfter],
  interval: seconds(30),
  read: async (client: TraefikClient, signal) => newest((await client.page(signal)).families),
  map: (ends) => [...ends].flatMap(([cn, notAfter]) => sample(odooIngressTlsNotAfter, { cn }, notAfter)),
})
