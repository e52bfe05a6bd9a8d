/** How many requests did each tenant get, how did they end, how long did they take? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { TraefikClient } from './client.ts'

const MAX_TENANTS = 500
const CODES = 20

export const odooIngressRequests = metric({
  name: 'odoo_ingress_requests_total',
  type: 'counter',
  unit: 'count',
  help:
    'Requests answered, by HTTP status, since this exporter began to watch; websockets and event streams apart. An empty ' +
    'tenant is what no pattern fits.',
  labels: ['server', 'tenant', 'code'],
  mayBeEmpty: ['tenant'],
  maxSeries: MAX_TENANTS * CODES,
})

export const odooIngressStreams = metric({
  name: 'odoo_ingress_streams_total',
  type: 'counter',
  unit: 'count',
  help: 'Websockets and event streams that ended, by protocol and HTTP status, since this exporter began to watch.',
  labels: ['server', 'tenant', 'protocol', 'code'],
  mayBeEmpty: ['tenant'],
  maxSeries: MAX_TENANTS * CODES,
})

export const odooIngressRequestDuration = metric({
  name: 'odoo_ingress_request_duration_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'How long requests took, in the buckets of Traefik (by default they end at 5 s); websockets and event streams left out.',
  labels: ['server', 'tenant'],
  mayBeEmpty: ['tenant'],
  maxSeries: MAX_TENANTS,
})

export const odooIngressRetries = metric({
  name: 'odoo_ingress_retries_total',
  type: 'counter',
  unit: 'count',
  help: 'Requests that Traefik sent once more because the first attempt failed.',
  labels: ['server', 'tenant'],
  mayBeEmpty: ['tenant'],
  maxSeries: MAX_TENANTS,
})

export const requests = probe({
  name: 'requests',
  metrics: [odooIngressRequests, odooIngressStreams, odooIngressRequestDuration, odooIngressRetries],
  interval: seconds(10),
  priority: 'essential',
  read: async (client: TraefikClient, signal) => client.ledger.take(await client.page(signal)),
  map: (totals) => [
    ...totals.requests.flatMap(({ labels, value }) => sample(odooIngressRequests, labels, value)),
    ...totals.streams.flatMap(({ labels, value }) => sample(odooIngressStreams, labels, value)),
    ...totals.durations.flatMap(({ labels, value }) => sample(odooIngressRequestDuration, labels, value)),
    ...totals.retries.flatMap(({ labels, value }) => sample(odooIngressRetries, labels, value)),
  ],
})
