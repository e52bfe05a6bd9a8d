/** What is asked of an Odoo before its flows are judged, and what is made of the answers. */
import { expect, test } from 'vitest'
import type { Condition } from '../../src/flow/condition/condition.ts'
import type { Wanted } from '../../src/flow/read/access.ts'
import type { Field } from '../../src/flow/spec/catalogue.ts'
import { type AskFields, type Described, gatherCatalogue, modulesNamed, wanted } from '../../src/flow/spec/gather.ts'
import { resolveFlow } from '../../src/flow/spec/resolve.ts'
import type { Flow } from '../../src/flow/spec/spec_file.ts'
import { shipped } from './shipped.ts'
import { catalogueOf } from './stand_in.ts'

const flow = (name: string): Flow => {
  const parsed = shipped(`${name}.yaml`).flow
  if (parsed === undefined) throw new Error(name)
  return parsed
}
const asked = (name: string, narrow: readonly Condition[] = []): Wanted => ({
  flow: flow(name),
  narrow,
  group: undefined,
})
const all = (...names: readonly string[]) => names.map((name) => asked(name))
const isSet = (field: string): Condition => ({ kind: 'field', field, test: { operator: 'set' }, optional: false })

const edition = {
  version: 18,
  modules: new Set(modulesNamed(all('picking', 'carrier-label', 'paid-order', 'stock-sync'))),
}

/** Answers as the stand-in's models are, but for what is said otherwise; `heard` is what was asked. */
const asking = (over: Readonly<Record<string, Described | 'absent'>> = {}, unreadable: readonly string[] = []) => {
  const heard: string[] = []
  const catalogue = catalogueOf(18)
  const ask: AskFields = async (model, names) => {
    heard.push(`${model}: ${[...names].sort().join(' ')}`)
    if (unreadable.includes(model)) return { unreadable: `no read access to ${model}` }
    const found = names.flatMap((name): (readonly [string, Described])[] => {
      const described = over[`${model}.${name}`] ?? catalogue.field(model, name)
      return described === undefined || described === 'absent' ? [] : [[name, described]]
    })
    return new Map(found)
  }
  return { heard, ask }
}

test('a model is asked once for all flows, and those its paths lead to after it', async () => {
  const { heard, ask } = asking()
  const catalogue = await gatherCatalogue(edition, all('picking', 'carrier-label'), ask)
  const models = heard.map((line) => line.split(':')[0])
  expect(models[0]).toBe('stock.picking')
  expect(models.slice(1).sort()).toEqual(['delivery.carrier', 'stock.picking.type'])
  expect(heard.find((line) => line.startsWith('stock.picking:'))).toMatch(
    /carrier_id.*carrier_tracking_ref.*picking_type_id.*write_date/,
  )
  expect(heard.find((line) => line.startsWith('stock.picking.type:'))).toMatch(/code print_label/)
  expect(catalogue.field('delivery.carrier', 'integration_level')?.kind).toBe('selection')
  for (const name of ['picking', 'carrier-label'])
    expect(resolveFlow(flow(name), { catalogue, modules: edition.modules })).toHaveProperty('flow')
})

test('stamps, names and what is archived are asked though no file names them', () => {
  const paths = wanted(all('picking'), edition).map(([model, path]) => `${model} ${path}`)
  for (const name of ['id', 'write_date', 'create_date', 'active', 'state', 'name'])
    expect(paths).toContain(`stock.picking ${name}`)
})

test('the variant that applies is asked for, and a module that is missing asks for nothing', () => {
  const modelsOf = (version: number, modules: readonly string[]) =>
    new Set(wanted(all('stock-sync'), { version, modules: new Set(modules) }).map(([model]) => model))
  expect(modelsOf(17, [])).toEqual(new Set(['ir.cron']))
  expect(modelsOf(18, [])).toEqual(new Set(['ir.cron.progress']))
  expect(modelsOf(18, ['queue_job'])).toEqual(new Set(['queue.job']))
  expect(wanted(all('carrier-label'), { version: 18, modules: new Set() })).toEqual([])
  expect(modulesNamed(all('carrier-label'))).toEqual(['stock_delivery', 'delivery'])
})

test('what the tenant narrows and groups by is asked as well', async () => {
  const { heard, ask } = asking()
  const narrowed: Wanted = {
    ...asked('picking', [isSet('sale_id.origin')]),
    group: { dimension: 'place', field: 'backorder_id' },
  }
  await gatherCatalogue(edition, [narrowed], ask)
  expect(heard.find((line) => line.startsWith('stock.picking:'))).toMatch(/backorder_id.*sale_id/)
  expect(heard.find((line) => line.startsWith('sale.order:'))).toBe('sale.order: origin')
})

test('a model met again further on is asked for what is new alone', async () => {
  const { heard, ask } = asking()
  await gatherCatalogue(
    edition,
    [asked('picking', [isSet('backorder_id.backorder_id.note'), isSet('return_id.state')])],
    ask,
  )
  const transfers = heard.filter((line) => line.startsWith('stock.picking:'))
  expect(transfers.slice(1)).toEqual(['stock.picking: note'])
})

test('a model that may not be read says so, wherever a path meets it', async () => {
  const { heard, ask } = asking({}, ['stock.picking.type'])
  const catalogue = await gatherCatalogue(edition, all('picking', 'carrier-label'), ask)
  expect(resolveFlow(flow('picking'), { catalogue, modules: edition.modules })).toEqual({
    unsupported: ['no read access to stock.picking.type'],
  })
  expect(heard.filter((line) => line.startsWith('stock.picking.type'))).toHaveLength(1)
})

const computed: Described = { problem: 'it is computed' }
const text: Field = { kind: 'text' }

test('an optional condition is left out where its field is not there, and holds where it is only hidden', async () => {
  const resolved = async (over: Readonly<Record<string, Described | 'absent'>>) => {
    const catalogue = await gatherCatalogue(edition, all('picking'), asking(over).ask)
    return resolveFlow(flow('picking'), { catalogue, modules: edition.modules })
  }
  const without = await resolved({ 'stock.picking.return_id': 'absent' })
  expect('flow' in without && without.flow.base.map((c) => (c.kind === 'field' ? c.field : ''))).not.toContain(
    'return_id',
  )
  expect(await resolved({ 'stock.picking.return_id': computed })).toEqual({ unsupported: ['it is computed'] })
  const kept = await resolved({ 'stock.picking.return_id': text })
  expect('flow' in kept && kept.flow.base.map((c) => (c.kind === 'field' ? c.field : ''))).toContain('return_id')
})

test('who can’t tell fails as a whole', async () => {
  const ask: AskFields = async () => Promise.reject(new Error('no answer'))
  await expect(gatherCatalogue(edition, all('picking'), ask)).rejects.toThrow('no answer')
})
