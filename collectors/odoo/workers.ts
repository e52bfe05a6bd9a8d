/** Are all HTTP workers busy? Then everyone waits, though Odoo and its database are alive. */
import { CollectError, probe, Unsupported } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { areWorkersBusy } from './pages.ts'

export const odooWorkersSaturated = metric({
  name: 'odoo_workers_saturated',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether all HTTP workers are busy: the health page waits for over a second, while the gevent port answers.',
  labels: ['tenant'],
  maxSeries: 1,
})

const HEALTH_PAGE_SINCE = 15

export const workers = probe({
  name: 'workers',
  metrics: [odooWorkersSaturated],
  interval: seconds(15),
  deadline: seconds(5),
  priority: 'essential',
  read: async ({ pages, version }: OdooClient, signal) => {
    if (pages.gevent === undefined) {
      throw new Unsupported('busy workers are told from a hanging Odoo by the gevent port: give odoo.gevent_url')
    }
    if (version < HEALTH_PAGE_SINCE) throw new Unsupported(`Odoo ${version} has no health page: it came with 15`)
    const busy = await areWorkersBusy(pages, signal)
    // a finding of ours and no missed deadline: whether Odoo has gone, its calls will tell
    if (busy === undefined) throw new CollectError('timeout', 'neither the workers nor the gevent port answer')
    return busy
  },
  map: (busy) => sample(odooWorkersSaturated, {}, Number(busy)),
})
