/** Which of the modules that decide what can be asked are installed, and is one half installed? Then Odoo runs no cron. */
import { probe } from '../../src/collector.ts'
import { metric, minutes, sample } from '../../src/metric.ts'
import type { OdooClient } from './client.ts'
import { text } from './values.ts'

/** Those whose models or fields we and the business flows read, and our own. */
const RELEVANT = [
  'account',
  'account_edi',
  'base',
  'delivery',
  'mail',
  'odoo_pulse_access',
  'payment',
  'point_of_sale',
  'queue_job',
  'rpc',
  'sale',
  'sale_stock',
  'stock',
  'stock_delivery',
  'stock_picking_batch',
  'website_sale',
] as const

/** As many as there can be of interest, when every module is to be upgraded: more are not counted. */
const MAX_MODULES = 500

/** ir.module.module's states between installed and not: cron workers skip the database while there is any (odoo/addons/base/models/ir_cron.py). */
const PENDING = ['to install', 'to upgrade', 'to remove'] as const

export const odooModuleInfo = metric({
  name: 'odoo_module_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: installed modules that decide what can be asked, and the version the database was last brought to.',
  labels: ['tenant', 'module', 'version'],
  mayBeEmpty: ['version'],
  maxSeries: RELEVANT.length,
})

export const odooModulesPending = metric({
  name: 'odoo_modules_pending',
  type: 'gauge',
  unit: 'count',
  help: 'Modules waiting to be installed, upgraded or removed. While there is any, Odoo runs no cron of the database (for up to 5 hours).',
  labels: ['tenant'],
  maxSeries: 1,
})

export interface Module {
  readonly name: string
  readonly state: string
  readonly latest_version: string | false
}

const isPending = ({ state }: Module): boolean => PENDING.some((pending) => pending === state)

export const modules = probe({
  name: 'modules',
  metrics: [odooModuleInfo, odooModulesPending],
  interval: minutes(2),
  read: (client: OdooClient, signal) =>
    client.searchRead<Module>(
      'ir.module.module',
      ['|', ['state', 'in', PENDING], '&', ['state', '=', 'installed'], ['name', 'in', RELEVANT]],
      ['name', 'state', 'latest_version'],
      { order: 'name', limit: MAX_MODULES },
      signal,
    ),
  map: (found) => [
    ...found
      // the tables of one that is to be upgraded or removed are there
      .filter(({ name, state }) => state !== 'to install' && RELEVANT.some((relevant) => relevant === name))
      .flatMap(({ name, latest_version }) =>
        sample(odooModuleInfo, { module: name, version: text(latest_version) ?? '' }, 1),
      ),
    ...sample(odooModulesPending, {}, found.filter(isPending).length),
  ],
})
