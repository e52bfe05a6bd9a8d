/** How long do our own calls take? They pass through the same workers as everyone's. */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { CALLS } from './durations.ts'

export const odooRpcDuration = metric({
  name: 'odoo_rpc_duration_seconds',
  type: 'gauge',
  unit: 'seconds',
  help:
    "Duration of this exporter's calls of Odoo, by kind, from sending to the whole answer: the longest of the last " +
    'minute, or the latest where there was none.',
  labels: ['tenant', 'call'],
  maxSeries: CALLS.length,
})

export const rpc = probe({
  name: 'rpc',
  metrics: [odooRpcDuration],
  interval: seconds(15),
  read: async (client: OdooClient) => client.durations(),
  map: (durations) => [...durations].flatMap(([call, duration]) => sample(odooRpcDuration, { call }, duration)),
})
