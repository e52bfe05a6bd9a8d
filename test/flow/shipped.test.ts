/** The shipped flows: each parses, names only fields that are there, and is asked in a way Odoo takes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tablesOf, type Version, versions } from '../../demo/odoo/columns.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { condition as parseCondition } from '../../src/flow/condition/condition.ts'
import { toDomain } from '../../src/flow/condition/domain.ts'
import { toSql } from '../../src/flow/condition/sql.ts'
import { find, tableOf } from '../../src/flow/spec/catalogue.ts'
import { type Asked, conditionsOf, fieldsOf, type ResolvedFlow, resolveFlow } from '../../src/flow/spec/resolve.ts'
import type { Flow } from '../../src/flow/spec/spec_file.ts'
import { odooRows } from '../demo/odoo_rows.ts'
import { flowFiles, shipped } from './shipped.ts'
import { catalogueOf, searchIds } from './stand_in.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')

test('there are fourteen', () => {
  expect(flowFiles.map((file) => file.replace('.yaml', ''))).toEqual([
    'background-jobs',
    'carrier-label',
    'edi-documents',
    'invoice-posting',
    'order-confirmation',
    'order-import',
    'outgoing-mail',
    'paid-order',
    'payment-sync',
    'picking',
    'pos-sync',
    'shipment-validation',
    'stock-reservation',
    'stock-sync',
  ])
})

test.for(flowFiles)('%s parses', (file) => {
  expect(shipped(file).problems).toEqual([])
})

const flows: readonly Flow[] = flowFiles.flatMap((file) => shipped(file).flow ?? [])

const modules = new Set([
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

const resolved = (flow: Flow, version: Version, without?: string): ResolvedFlow => {
  const installed = new Set([...modules].filter((module) => module !== without))
  const result = resolveFlow(flow, { catalogue: catalogueOf(version), modules: installed })
  if ('unsupported' in result) throw new Error(`${flow.name} on ${version}: ${result.unsupported.join('; ')}`)
  return result.flow
}

/** With the job queue and without: the heartbeat is read off other models then. */
const everyWay = (version: Version): readonly ResolvedFlow[] => [
  ...flows.map((flow) => resolved(flow, version)),
  ...flows.filter((flow) => flow.name === 'stock-sync').map((flow) => resolved(flow, version, 'queue_job')),
]

describe.for(versions)('on %i', (version) => {
  test('every field they read is a measured column, or links to one', () => {
    const catalogue = catalogueOf(version)
    const tables = tablesOf(version)
    const unmeasured = everyWay(version).flatMap((flow) =>
      fieldsOf(flow).flatMap(([model, path]) => {
        const found = find(catalogue, model, path)
        if ('problem' in found) return [`${flow.name}: ${found.problem}`]
        const columns = tables.get(tableOf(found.model))
        const isThere = columns?.has(found.name) || (found.field.link && tables.has(found.field.link.table))
        return isThere ? [] : [`${found.model}.${found.name}`]
      }),
    )
    expect(unmeasured).toEqual([])
  })

  test('a field it narrows by is one of the model', () => {
    const problems = everyWay(version).flatMap((flow) =>
      (flow.narrow_by ?? []).flatMap((path) => {
        const found = find(catalogueOf(version), flow.model, path)
        return 'problem' in found ? [found.problem] : []
      }),
    )
    expect(problems).toEqual([])
  })
})

describe.for(versions)('put to an Odoo %i', (version) => {
  const database = `shipped_${version}`
  let postgres: PostgresServer
  let odoo: OdooServer
  beforeAll(async () => {
    postgres = await startPostgres()
    await createOdooDatabase(postgres, database, version)
    await postgres.query(odooRows(version), undefined, database)
    odoo = await startOdoo({ version, postgres, database, authenticateMs: 0 })
  })
  afterAll(async () => {
    await odoo?.stop()
    await postgres?.stop()
  })

  test('it takes their domains, and PostgreSQL their SQL, with the same rows', async () => {
    const found = new Set<string>()
    for (const flow of everyWay(version)) {
      for (const [model, condition] of conditionsOf(flow)) {
        // The rows are of these days.
        const setting = { catalogue: catalogueOf(version), model, now: Date.now() }
        const domain = toDomain(setting, condition)
        const sql = toSql(setting, condition)
        if (!('domain' in domain && 'where' in sql)) throw new Error(`${flow.name}: ${JSON.stringify([domain, sql])}`)
        const text = `SELECT t.id FROM "${tableOf(model)}" t ${sql.joins} WHERE ${sql.where} ORDER BY t.id`
        const rows = await postgres.query(text, [...sql.values], database)
        const ids = await searchIds(odoo, model, domain.domain)
        expect([flow.name, ids]).toEqual([flow.name, rows.map((row) => Number(row.id))])
        if (ids.length > 0) found.add(model)
      }
    }
    // Where the rows put there are none, agreement says nothing.
    expect([...found]).toEqual(expect.arrayContaining(['queue.job', 'sale.order', 'stock.picking', 'stock.move']))
  })
})

const domainOf = (name: string, version: Version): unknown => {
  const flow = flows.find((f) => f.name === name)
  if (!flow) throw new Error(name)
  const { model, base } = resolved(flow, version)
  const result = toDomain({ catalogue: catalogueOf(version), model, now: NOW }, { kind: 'and', conditions: base })
  return 'domain' in result ? result.domain : result.problems
}

test('base domains read as Odoo’s', () => {
  expect(domainOf('paid-order', 18)).toEqual([
    ['state', 'in', ['done', 'authorized']],
    ['sale_order_ids', '!=', false],
    ['operation', '!=', 'validation'],
  ])
  expect(domainOf('stock-reservation', 19)).toEqual([
    ['state', 'in', ['confirmed', 'partially_available']],
    ['picking_type_id.code', '=', 'outgoing'],
    ['date', '<', '2026-11-20 12:00:00'],
  ])
  expect(domainOf('carrier-label', 17)).toEqual([
    ['state', '=', 'done'],
    ['carrier_id.integration_level', '=', 'rate_and_ship'],
    ['carrier_id.delivery_type', 'not in', ['fixed', 'base_on_rule']],
    ['picking_type_id.code', '!=', 'incoming'],
    ['picking_type_id.print_label', '=', true],
  ])
  // website_sale is not installed there: the field is not.
  expect(domainOf('order-confirmation', 18)).toEqual([])
})

test('what a version or a module lacks is unsupported, with its reason', () => {
  const reasons = (name: string, version: number, installed: ReadonlySet<string>, hidden = '') => {
    const flow = flows.find((f) => f.name === name)
    const base = catalogueOf(18)
    const catalogue = {
      version,
      field: (model: string, field: string) => (`${model}.${field}` === hidden ? undefined : base.field(model, field)),
    }
    const result = flow && resolveFlow(flow, { catalogue, modules: installed })
    return result && 'unsupported' in result ? result.unsupported : 'supported'
  }
  expect(reasons('pos-sync', 18, new Set())).toEqual(['the module point_of_sale is not installed'])
  expect(reasons('carrier-label', 18, new Set(['delivery']))).toEqual(['the module stock_delivery is not installed'])
  expect(reasons('carrier-label', 16, new Set(['delivery']))).toBe('supported')
  expect(reasons('picking', 16, modules, 'stock.picking.return_id')).toBe('supported')
  expect(reasons('picking', 18, modules, 'stock.picking.date_done')).toEqual([
    'stock.picking has no stored field date_done, or it is not readable',
  ])
  expect(reasons('invoice-posting', 15, modules)).toEqual(['auto_post takes a text'])
  expect(reasons('stock-sync', 17, new Set())).toBe('supported')
})

test('what is asked on the way to a start is verified as well', () => {
  const flow = flows.find((f) => f.name === 'background-jobs')
  if (!flow) throw new Error('There is no background-jobs.')
  const odoo = { catalogue: catalogueOf(18), modules }
  const start = { when: [parseCondition.parse({ field: 'retry', is: 'set' })], use: 'eta', else: 'date_created' }
  expect(resolveFlow({ ...flow, start }, odoo)).toEqual({
    unsupported: ["retry can't be told from 0 when unset: compare it"],
  })
  expect(resolveFlow({ ...flow, series: { from: 19 } }, odoo)).toEqual({
    unsupported: ['needs Odoo 19 or newer; this is 18'],
  })
  expect(resolveFlow({ ...flow, series: { to: 17 } }, odoo)).toEqual({
    unsupported: ['needs Odoo 17 or older; this is 18'],
  })
})

describe('as a tenant has it', () => {
  const put = (
    name: string,
    asked: Partial<Asked>,
    version: Version = 18,
    installed: ReadonlySet<string> = modules,
  ) => {
    const flow = flows.find((f) => f.name === name)
    if (!flow) throw new Error(name)
    const odoo = { catalogue: catalogueOf(version), modules: installed }
    const result = resolveFlow(flow, odoo, { narrow: [], group: undefined, ...asked })
    return 'unsupported' in result ? result.unsupported : result.flow
  }
  const where = (...written: readonly unknown[]) => written.map((each) => parseCondition.parse(each))

  test('its narrowing is added to the base of whichever variant applies', () => {
    const narrow = where({ field: 'channel', in: ['root.stock'] })
    const [ofFile] = flows.filter((f) => f.name === 'stock-sync')
    expect(put('stock-sync', { narrow })).toMatchObject({
      model: 'queue.job',
      base: [...(ofFile?.variants.at(-1)?.base ?? []), ...narrow],
    })
  })

  test('narrowed by a field that says nothing of this Odoo, it is unsupported', () => {
    const narrow = where({ field: 'cron_name', '=': 'Sync' })
    expect(put('stock-sync', { narrow }, 17, new Set())).toMatchObject({ model: 'ir.cron' })
    expect(put('stock-sync', { narrow })).toEqual([
      'queue.job has no stored field cron_name, or it is not readable',
      'here it is read from queue.job: narrow it by channel',
    ])
  })

  test('fields and values that are not there are said; one unknown value among known ones is a slip as well', () => {
    expect(put('picking', { narrow: where({ field: 'teem_id', in: [1] }) })).toEqual([
      'stock.picking has no stored field teem_id, or it is not readable',
    ])
    expect(put('picking', { narrow: where({ field: 'picking_type_id', '=': 'Pick' }) })).toEqual([
      'picking_type_id takes an id (a whole number); for its name add .name',
    ])
    const slip = where({ or: [{ field: 'state', in: ['assigned', 'ready'] }, { not: { field: 'state', '=': 'dun' } }] })
    expect(put('picking', { narrow: slip })).toEqual([
      'state has none of these values here: dun',
      'state has no value ready here',
      'state has no value dun here',
    ])
    // Its file's own are for several versions: `done` is no state of an order from 17 on.
    expect(put('order-confirmation', { narrow: where({ field: 'origin', is: 'set' }) })).toMatchObject({
      model: 'sale.order',
    })
  })

  test('what is optional is left out where it is not there', () => {
    const narrow = where({ field: 'x_lane', '=': 'fast', optional: true }, { field: 'partner_id', is: 'set' })
    expect(put('picking', { narrow })).toMatchObject({ base: expect.arrayContaining([narrow[1]]) })
    expect(put('picking', { narrow })).not.toMatchObject({ base: expect.arrayContaining([narrow[0]]) })
  })

  test('rows of a second model can’t be narrowed with it', () => {
    expect(put('outgoing-mail', { narrow: where({ field: 'state', '=': 'outgoing' }) })).toEqual([
      "it can't be narrowed: rows of mail.notification belong to it too",
    ])
  })

  test('its grouping takes the place of the flow’s, also of a variant’s', () => {
    const group = { dimension: 'partner', field: 'partner_id' }
    expect(put('picking', { group })).toMatchObject({ group })
    expect(put('picking', { group: { dimension: 'lane', field: 'x_lane' } })).toEqual([
      'stock.picking has no stored field x_lane, or it is not readable',
    ])
    expect(put('paid-order', {})).toMatchObject({ group: { dimension: 'provider', field: 'provider_id' } })
  })
})
