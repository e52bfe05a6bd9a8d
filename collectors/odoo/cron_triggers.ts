/** Which crons were asked to run at once (by a trigger) and have not yet? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { type Cron, cronLabels, MAX_CRONS, readCrons } from './crons.ts'
import { datetime, many2one } from './values.ts'

export const odooCronTriggersWaiting = metric({
  name: 'odoo_cron_triggers_waiting',
  type: 'gauge',
  unit: 'count',
  help: 'Triggers of an active cron whose time has come; they are deleted when it runs. A cron without any is absent.',
  labels: ['tenant', 'cron'],
  maxSeries: MAX_CRONS,
})

export const cronTriggers = probe({
  name: 'cron_triggers',
  metrics: [odooCronTriggersWaiting],
  interval: seconds(60),
  read: async (client: OdooClient, signal) => {
    const now = datetime(client.now() / 1000)
    const waiting = await client.readGroup('ir.cron.trigger', [['call_at', '<=', now]], ['cron_id'], [], signal)
    // most often nothing waits, and then nobody's name is wanted
    return { waiting, crons: waiting.length === 0 ? [] : await readCrons<Cron>(client, [], signal) }
  },
  map: ({ waiting, crons }) => {
    const labels = cronLabels(crons)
    const active = new Set(crons.filter((cron) => cron.active).map(({ id }) => id))
    return waiting.flatMap((row) => {
      const id = many2one(row.cron_id)?.id
      // a cron that is off keeps its triggers, which wait for nothing
      return id === undefined || !active.has(id)
        ? []
        : sample(odooCronTriggersWaiting, { cron: labels.get(id) ?? '' }, row.__count)
    })
  },
})
