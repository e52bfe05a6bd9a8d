/** How flows are opened by RPC: what is missing has its reason, and an answer that is none is never taken for one. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { describedBy } from '../../../collectors/odoo/catalogue.ts'
import type { OdooClient } from '../../../collectors/odoo/client.ts'
import { currenciesOf, openFlows } from '../../../collectors/odoo/flow_access.ts'
import type { Domain } from '../../../collectors/odoo/values.ts'
import { CollectError } from '../../../src/collector.ts'
import { resolveFlow } from '../../../src/flow/spec/resolve.ts'
import { allWanted, flowNamed, signal, wantedOf } from '../odoo_sql/access.ts'
import { clientOf, type Estate, startEstate } from './estate.ts'

let estate: Estate
beforeAll(async () => {
  estate = await startEstate([17, 18, 19])
}, 60_000)
afterAll(() => estate?.stop())

describe.for([
  [17, 'xmlrpc'],
  [18, 'xmlrpc'],
  [19, 'xmlrpc'],
  [19, 'json2'],
] as const)('%i by %s', ([version, protocol]) => {
  let client: OdooClient
  const odoo = () => estate.of(version)
  beforeAll(async () => {
    client = await clientOf(odoo(), { protocol })
  })
  afterEach(async () => {
    odoo().faults.badReplies(undefined)
    odoo().faults.rightsLost(false)
    await odoo().faults.companies([1, 2, 3])
  })
  const open = (...names: readonly string[]) =>
    openFlows(
      client,
      names.map((name) => wantedOf(flowNamed(name))),
      signal(),
    )

  test('currencies, those of archived companies too', async () => {
    const archive = (isActive: boolean) =>
      estate.postgres.query(`update res_company set active = ${isActive} where id = 3`, undefined, odoo().database)
    await archive(false)
    const { currencies, companyCurrencies } = await currenciesOf(client, signal())
    await archive(true)
    expect([...currencies.values()].sort()).toEqual(['EUR', 'PLN'])
    expect([...companyCurrencies].sort()).toEqual([
      [1, 'EUR'],
      [2, 'EUR'],
      [3, 'PLN'],
    ])
  })

  test('a model the user may not read', async () => {
    odoo().faults.rightsLost(true)
    await odoo().faults.companies([1, 2, 3])
    const { odoo: known, withheld } = await open('stock-reservation', 'picking', 'edi-documents')
    expect(withheld).toBeUndefined()
    const resolved = resolveFlow(flowNamed('stock-reservation'), known)
    expect(resolved).toEqual({
      unsupported: [expect.stringMatching(/^no read access to stock\.move: .*the add-on odoo_pulse_access/)],
    })
    // Through move_id: the flow's own model may be read, the one it leads to may not.
    expect(resolveFlow(flowNamed('edi-documents'), known)).toEqual({
      unsupported: [expect.stringMatching(/^no read access to account\.move: /)],
    })
  })

  test('a model that is not there', async () => {
    const flow = { ...flowNamed('background-jobs'), model: 'no.such.model' }
    const { odoo: known } = await openFlows(client, [wantedOf(flow)], signal())
    expect(resolveFlow(flow, known)).toEqual({ unsupported: [expect.stringMatching(/^no model no\.such\.model/)] })
  })

  test('not every company is seen: nothing may be judged', async () => {
    await odoo().faults.companies([1])
    const { withheld } = await open('invoice-posting')
    expect(withheld).toMatch(/sees 1 of 3 companies.*Allowed Companies/)
  })

  test.for([
    'fault_1',
    'fault_2',
    'fault_3',
    'html',
    'html_502',
    'truncated',
    'cut_off',
    'empty',
    'wrong_types',
    'wrong_shape',
  ] as const)('sale.order answers %s: nothing is known of it, all of the others', async (bad) => {
    odoo().faults.badReplies(bad, 'sale.order')
    const { odoo: known } = await open('order-confirmation', 'invoice-posting')
    expect(resolveFlow(flowNamed('order-confirmation'), known)).toEqual({
      unsupported: [expect.stringMatching(/^sale\.order could not be asked for its fields: /)],
      isUntold: true,
    })
    expect(resolveFlow(flowNamed('invoice-posting'), known)).toHaveProperty('flow')
  })

  test('an Odoo that is gone meanwhile is no model’s affair', async () => {
    const gone: OdooClient = {
      ...client,
      fieldsGet: async () => {
        throw new CollectError('connect', 'refused')
      },
      searchCount: async () => {
        throw new CollectError('connect', 'refused')
      },
    }
    const opening = openFlows(gone, [wantedOf(flowNamed('order-confirmation'))], signal())
    await expect(opening).rejects.toMatchObject({ reason: 'connect' })
  })

  test.for([
    ['res.users', 'wrong_types', 'decode'],
    ['res.users', 'wrong_shape', 'decode'],
    ['res.currency', 'wrong_types', 'decode'],
    ['res.company', 'wrong_shape', 'decode'],
    ['ir.module.module', 'wrong_shape', 'decode'],
  ] as const)('%s answers %s: no catalogue at all', async ([model, bad, reason]) => {
    odoo().faults.badReplies(bad, model)
    const outcome = await open('order-confirmation').catch((error: unknown) => error)
    expect(outcome).toBeInstanceOf(CollectError)
    expect(outcome).toMatchObject({ reason })
  })

  test('one that answers nothing holds nobody up', async () => {
    odoo().faults.badReplies('hanging', 'sale.order')
    const soon = AbortSignal.timeout(500)
    const begun = performance.now()
    await expect(openFlows(client, [wantedOf(flowNamed('order-confirmation'))], soon)).rejects.toThrow()
    expect(soon.aborted).toBe(true)
    expect(performance.now() - begun).toBeLessThan(3_000)
  })

  test('what it costs: a few calls a model', async () => {
    const asked: string[] = []
    const counting: OdooClient = {
      ...client,
      fieldsGet: (model, ...rest) => {
        asked.push(model)
        return client.fieldsGet(model, ...rest)
      },
    }
    const { odoo: known } = await openFlows(counting, allWanted, signal())
    expect(allWanted.filter(({ flow }) => 'flow' in resolveFlow(flow, known))).toHaveLength(allWanted.length)
    expect(asked.length).toBeLessThan(25)
    expect(asked.filter((model) => model === 'stock.picking')).toHaveLength(1)
  })
})

test('more companies than a page holds', async () => {
  const companies = Array.from({ length: 1_201 }, (_, i) => ({ id: i + 1, currency_id: [1, 'EUR'] }))
  const asked: unknown[] = []
  const searchRead = async (model: string, domain: Domain) => {
    asked.push(domain)
    const [[, , from] = []] = domain
    const all: readonly { readonly id: number; readonly [field: string]: unknown }[] =
      model === 'res.currency' ? [{ id: 1, name: 'EUR' }] : companies
    return all.filter(({ id }) => id > Number(from)).slice(0, 500)
  }
  expect((await currenciesOf({ searchRead }, signal())).companyCurrencies.size).toBe(1_201)
  expect(asked).toHaveLength(4)
  const stuck = async () => Array.from({ length: 500 }, () => ({ id: 0, name: 'EUR' }))
  await expect(currenciesOf({ searchRead: stuck }, signal())).rejects.toThrow(CollectError)
})

describe('a field', () => {
  const stored = { type: 'char', store: true, searchable: true } as const
  test('is what fields_get says', () => {
    expect(describedBy('m', 'f', stored)).toEqual({ kind: 'text' })
    expect(describedBy('m', 'f', { ...stored, type: 'many2one', relation: 'n' })).toEqual({
      kind: 'many2one',
      relation: 'n',
    })
    const selection = [['a', 'A'] as const, ['b', 'B'] as const]
    expect(describedBy('m', 'f', { ...stored, type: 'selection', selection })).toEqual({
      kind: 'selection',
      selection: ['a', 'b'],
    })
  })

  // 17 and 18 take an unsearchable field in a domain for true of every row.
  test.for([
    [{ ...stored, store: false }, 'computed'],
    [{ ...stored, searchable: false }, 'computed'],
    [{ ...stored, type: 'binary' }, 'of type binary'],
    [{ ...stored, type: 'properties' }, 'of type properties'],
  ] as const)('%j can’t be judged by', ([info, reason]) => {
    expect(describedBy('m', 'f', info)).toEqual({ problem: expect.stringContaining(reason) })
  })

  test.for([{}, { type: 'char' }, { type: 'char', store: true }, { ...stored, type: 'many2one' }])(
    '%j is no answer',
    (info) => {
      expect(() => describedBy('m', 'f', info)).toThrow(CollectError)
    },
  )
})
