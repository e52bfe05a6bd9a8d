/** Traefik 2.11 and 3, by the metrics it serves for Prometheus. */
import type { Collector } from '../../src/collector.ts'
import { metric } from '../../src/metric.ts'
import { certificates } from './certificates.ts'
import { check, close, connect, type TraefikClient } from './client.ts'
import { config, type TraefikConfig } from './config.ts'
import { configReloads } from './config_reloads.ts'
import { connections } from './connections.ts'
import { requests } from './requests.ts'

export const odooIngressUp = metric({
  name: 'odoo_ingress_up',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether Traefik serves its metrics.',
  labels: ['server'],
  maxSeries: 1,
})

export const traefik: Collector<TraefikConfig, TraefikClient> = {
  name: 'traefik',
  config,
  up: odooIngressUp,
  connect,
  check,
  close,
  probes: [requests, connections, certificates, configReloads],
  tenantNames: ['tenants'],
}
