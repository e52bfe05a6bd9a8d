/** Which Odoo is this, and how do we speak to it? */
import { CollectError, probe } from '../../src/collector.ts'
import { metric, minutes, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'

export const odooUp = metric({
  name: 'odoo_up',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether Odoo answers and lets us in.',
  labels: ['tenant'],
  maxSeries: 1,
})

export const odooInfo = metric({
  name: 'odoo_info',
  type: 'gauge',
  unit: 'info',
  help: 'The version of Odoo, as it names it, and the protocol we speak to it: xmlrpc or json2.',
  labels: ['tenant', 'version', 'protocol'],
  maxSeries: 1,
})

export const info = probe({
  name: 'info',
  metrics: [odooInfo],
  interval: minutes(1),
  deadline: seconds(5),
  read: async (client: OdooClient, signal) => {
    const version = await client.askVersion(signal)
    if (version.series !== client.version) {
      // what was never asked of the old series may be there now: everything begins anew with a new connection
      throw new CollectError('connect', `Odoo went from ${client.version} to ${version.series}: connecting anew`)
    }
    return { version: version.text, protocol: client.protocol }
  },
  map: (labels) => sample(odooInfo, labels, 1),
})
