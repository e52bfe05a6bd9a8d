/** Every way the shipped flows are read, on one Odoo: variants, and further rows as flows of their own. */
import type { Version } from '../../demo/odoo/columns.ts'
import { furtherOf, type ResolvedFlow, resolveFlow } from '../../src/flow/spec/resolve.ts'
import { shipped } from './shipped.ts'
import { catalogueOf } from './stand_in.ts'

export const MODULES: ReadonlySet<string> = new Set([
  'account',
  'account_edi',
  'mail',
  'payment',
  'point_of_sale',
  'queue_job',
  'sale',
  'stock',
  'stock_delivery',
])

export const flowOf = (name: string, version: Version, modules: ReadonlySet<string> = MODULES): ResolvedFlow => {
  const parsed = shipped(`${name}.yaml`).flow
  const result = parsed && resolveFlow(parsed, { catalogue: catalogueOf(version), modules })
  if (!result || 'unsupported' in result) throw new Error(`${name}: ${JSON.stringify(result)}`)
  return result.flow
}

const withoutJobs = new Set([...MODULES].filter((module) => module !== 'queue_job'))

const furtherMail = (version: Version): ResolvedFlow => {
  const further = furtherOf(flowOf('outgoing-mail', version))
  if (!further) throw new Error('outgoing-mail has no further rows')
  return further
}

/** A name a way. */
export const readable: Readonly<Record<string, (version: Version) => ResolvedFlow>> = {
  ...Object.fromEntries(
    [
      'background-jobs',
      'picking',
      'invoice-posting',
      'carrier-label',
      'paid-order',
      'order-confirmation',
      'order-import',
      'payment-sync',
      'pos-sync',
      'edi-documents',
      'shipment-validation',
      'outgoing-mail',
      'stock-sync',
      'stock-reservation',
    ].map((name) => [name, (version: Version) => flowOf(name, version)]),
  ),
  'outgoing-mail, sent': furtherMail,
  'stock-sync, by cron': (version) => flowOf('stock-sync', version, withoutJobs),
}

/** Those with hours, of which a ledger is kept. */
export const hourlyOn = (version: Version): readonly string[] =>
  Object.entries(readable).flatMap(([name, flow]) => (flow(version).slot ? [name] : []))
