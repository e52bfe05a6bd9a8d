/** Crons, job channels and modules of the distributor's Odoo. */
import type { Version } from './columns.ts'

export interface SeedCron {
  readonly name: string
  readonly every: number
  readonly unit: 'minutes' | 'hours' | 'days'
  readonly active?: boolean
}

export const crons: readonly SeedCron[] = [
  { name: 'Base: Auto-vacuum internal data', every: 1, unit: 'days' },
  { name: 'Mail: Email Queue Manager', every: 1, unit: 'hours' },
  { name: 'Mail: Fetchmail Service', every: 5, unit: 'minutes', active: false },
  { name: 'Payment: Post-process transactions', every: 10, unit: 'minutes' },
  { name: 'Procurement: run scheduler', every: 1, unit: 'days' },
  { name: 'Marketplace: import orders', every: 5, unit: 'minutes' },
  { name: 'Marketplace: export stock', every: 15, unit: 'minutes' },
  { name: 'EDI: Perform web services operations', every: 1, unit: 'days' },
  { name: 'Account: Post draft entries', every: 1, unit: 'days' },
  { name: 'AutoVacuum Job Queue', every: 1, unit: 'days' },
  { name: 'Jobs Garbage Collector', every: 5, unit: 'minutes' },
]

const channel = (id: number, name: string) => ({
  id,
  name,
  complete_name: id === 1 ? 'root' : `root.${name}`,
  parent_id: id === 1 ? null : 1,
  removal_interval: 30,
})

export const channels = ['root', 'sale', 'inventory', 'delivery', 'edi', 'stock'].map((name, i) => channel(i + 1, name))

const installed = [
  'base',
  'web',
  'mail',
  'account',
  'account_edi',
  'payment',
  'sale',
  'stock',
  'delivery',
  'stock_delivery',
  'sale_stock',
  'point_of_sale',
  'queue_job',
] as const

export interface SeedModule {
  readonly name: string
  /** Of the module, with the series in front: `18.0.1.3`. */
  readonly release: string | null
  readonly state: 'installed' | 'uninstalled'
}

/** `rpc` is an addon of its own from 19 on. */
export const modulesOf = (version: Version): readonly SeedModule[] => [
  ...[...installed, ...(version >= 19 ? ['rpc'] : [])].map((name) => ({
    name,
    release: `${version}.0.1.0`,
    state: 'installed' as const,
  })),
  ...['website_sale', 'mrp', 'hr'].map((name) => ({ name, release: null, state: 'uninstalled' as const })),
]
