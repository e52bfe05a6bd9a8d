import { describe, expect, test } from 'vitest'
import { ledgerConfigOf } from '../../src/flow/ledger/config.ts'
import { HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import type { Catalogue } from '../../src/flow/spec/catalogue.ts'
import { furtherOf } from '../../src/flow/spec/resolve.ts'
import type { Flow } from '../../src/flow/spec/spec_file.ts'
import type { Duration } from '../../src/metric.ts'
import { shipped } from './shipped.ts'

const flowOf = (name: string): Flow => {
  const { flow } = shipped(`${name}.yaml`)
  if (!flow) throw new Error(name)
  return flow
}
/** As Odoo's: jobs and notifications have no write_date (`_log_access = False`). */
const catalogueWithout = (...stampless: readonly string[]): Catalogue => ({
  version: 18,
  field: (model, name) => {
    if (name === 'sale_order_ids') return { kind: 'many', relation: 'sale.order' }
    return name === 'write_date' && !stampless.includes(model) ? { kind: 'datetime' } : undefined
  },
})
const odoo = catalogueWithout('queue.job', 'mail.notification')
const configOf = (flow: Flow, countsWorth = false, catalogue = odoo) =>
  ledgerConfigOf<Duration>({
    flow,
    catalogue,
    promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: MINUTE }] },
    deadline: (start, target) => start + target,
    reach: HOUR,
    prompt: HOUR,
    countsWorth,
  })

describe('the ledger of a flow', () => {
  test.each(['picking', 'shipment-validation', 'carrier-label'])('%s reads ahead: its rows are planned', (name) => {
    expect(configOf(flowOf(name)).ahead).toBe(30 * 24 * HOUR)
  })

  test.each([
    'order-confirmation',
    'paid-order',
    'background-jobs',
    'order-import',
    'invoice-posting',
    'pos-sync',
    'outgoing-mail',
    'edi-documents',
  ])('%s does not: its rows stand where they were made', (name) => expect(configOf(flowOf(name)).ahead).toBe(0))

  test('is looked at by stamps where all that an item is read from has them', () => {
    expect(configOf(flowOf('picking')).fast).toBe('changed')
    expect(configOf(flowOf('background-jobs')).fast).toBe('checksums')
    // Its end is the order's.
    expect(configOf(flowOf('paid-order')).fast).toBe('changed')
    expect(configOf(flowOf('paid-order'), false, catalogueWithout('sale.order')).fast).toBe('checksums')
  })

  test('has the longest window where nothing within it is forgotten, and none beyond what is', () => {
    expect(configOf(flowOf('picking')).horizon).toBeUndefined()
    expect(configOf({ ...flowOf('picking'), horizon: 7 * 24 * HOUR }).horizon).toBe(7 * 24 * HOUR)
  })

  test('of a further model goes by that model', () => {
    const mail = flowOf('outgoing-mail')
    const further = furtherOf(mail)
    if (further === undefined) throw new Error('outgoing-mail has no further rows')
    expect(configOf(mail).fast).toBe('changed')
    expect(configOf({ ...mail, ...further }).fast).toBe('checksums')
  })

  test('counts what items are worth only where they have a value and it is asked for', () => {
    expect(configOf(flowOf('paid-order')).countsWorth).toBe(false)
    expect(configOf(flowOf('paid-order'), true).countsWorth).toBe(true)
    expect(configOf(flowOf('picking'), true).countsWorth).toBe(false)
  })
})
