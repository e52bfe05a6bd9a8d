/** Which crons (scheduled actions) are there, are they on, when did each last run and when is it to run next? */
import { CollectError, probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { instant } from './values.ts'

/** A database with every application of Odoo's has some 100. */
export const MAX_CRONS = 200

const perCron = { type: 'gauge', labels: ['tenant', 'cron'], maxSeries: MAX_CRONS } as const

export const odooCronActive = metric({
  ...perCron,
  name: 'odoo_cron_active',
  unit: 'bool',
  help: 'Whether the cron is switched on (and, on Odoo 17 and older, has calls left). Of two with one name the later is called "… (2)".',
})

export const odooCronNextCall = metric({
  ...perCron,
  name: 'odoo_cron_next_call_timestamp_seconds',
  unit: 'timestamp',
  help: 'When the cron is due. It stays in the past while the cron runs. Absent while it is switched off.',
})

export const odooCronLastCall = metric({
  ...perCron,
  name: 'odoo_cron_last_call_timestamp_seconds',
  unit: 'timestamp',
  help:
    'When the cron last ran to an end, well or not: the end of that run on Odoo 18, its begin on 17 and 19. Absent if ' +
    'it never ran, or is switched off.',
})

/** What every cron is read with; the name is the stored one, since `name` needs a right on server actions. */
export interface Cron {
  readonly id: number
  readonly cron_name: string | false
  readonly active: boolean
}

export interface ScheduledCron extends Cron {
  readonly nextcall: string | false
  readonly lastcall: string | false
  /** Odoo 17 and older: −1 without end; at 0 it is never called again, whatever `active` says (odoo/addons/base/models/ir_cron.py). */
  readonly numbercall?: number
}

/** All crons, the inactive too, which a search leaves out unless asked for both. Rejects with `series_limit` where they are too many. */
export const readCrons = async <Row extends Cron>(
  client: OdooClient,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  const rows = await client.searchRead<Row>(
    'ir.cron',
    [['active', 'in', [true, false]]],
    ['cron_name', 'active', ...fields],
    { order: 'id', limit: MAX_CRONS + 1 },
    signal,
  )
  if (rows.length > MAX_CRONS) {
    throw new CollectError('series_limit', `more than ${MAX_CRONS} crons: none is shown rather than some`)
  }
  return rows
}

/**
 * The label of each cron, by id: its name, and where a cron with a lower id has it already, the name and the first
 * free number. The same whatever order they come in.
 */
export const cronLabels = (crons: readonly Cron[]): ReadonlyMap<number, string> => {
  const nameOf = (cron: Cron): string => cron.cron_name || `cron ${cron.id}`
  const names = new Set(crons.map(nameOf))
  const labels = new Map<number, string>()
  const taken = new Set<string>()
  for (const cron of [...crons].sort((a, b) => a.id - b.id)) {
    const name = nameOf(cron)
    let label = name
    for (let n = 2; taken.has(label); n += 1) {
      const next = `${name} (${n})`
      if (!names.has(next)) label = next
    }
    taken.add(label)
    labels.set(cron.id, label)
  }
  return labels
}

export const crons = probe({
  name: 'crons',
  metrics: [odooCronActive, odooCronNextCall, odooCronLastCall],
  interval: seconds(30),
  priority: 'essential',
  read: (client: OdooClient, signal) =>
    readCrons<ScheduledCron>(
      client,
      client.version < 18 ? ['nextcall', 'lastcall', 'numbercall'] : ['nextcall', 'lastcall'],
      signal,
    ),
  map: (rows) => {
    const labels = cronLabels(rows)
    return rows.flatMap((row) => {
      const cron = { cron: labels.get(row.id) ?? '' }
      const active = row.active && row.numbercall !== 0
      return [
        ...sample(odooCronActive, cron, Number(active)),
        ...sample(odooCronNextCall, cron, active ? instant(row.nextcall) : undefined),
        ...sample(odooCronLastCall, cron, active ? instant(row.lastcall) : undefined),
      ]
    })
  },
})
