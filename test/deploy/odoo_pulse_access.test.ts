/** The add-on itself is Python for Odoo; here: that it grants what the collector reads. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { find } from '../../src/flow/spec/catalogue.ts'
import { modulesNamed, wanted } from '../../src/flow/spec/gather.ts'
import { resolveFlow } from '../../src/flow/spec/resolve.ts'
import { allWanted, flows } from '../collectors/odoo_sql/access.ts'
import { catalogueOf } from '../flow/stand_in.ts'

const root = join(import.meta.dirname, '../..')
const addOn = readFileSync(join(root, 'deploy/odoo_pulse_access/models/ir_model_access.py'), 'utf8')
const list = addOn.slice(addOn.indexOf('MODELS = ('), addOn.indexOf('\n)\n'))
const granted = [...list.matchAll(/^ {4}'([a-z_.]+)',/gm)].map(([, model]) => model)

/** Any internal user may read these: itself, and its own keys. */
const READABLE = ['res.users', 'res.users.apikeys']

const collector = join(root, 'collectors/odoo')
const read = readdirSync(collector)
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => [...readFileSync(join(collector, file), 'utf8').matchAll(/'((?:ir|res|queue)\.[a-z_.]+)'/g)])
  .map(([, model]) => model)

test('every model the Odoo collector names is granted by the add-on, or open to all', () => {
  expect(read).toContain('ir.cron')
  expect(read.filter((model) => ![...granted, ...READABLE].includes(model))).toEqual([])
})

test.for([17, 18, 19] as const)(
  '%i: every model a shipped flow reads is granted, those its paths lead through too',
  (version) => {
    const catalogue = catalogueOf(version)
    const modules = new Set(modulesNamed(allWanted))
    const models = wanted(allWanted, { version, modules }).flatMap(([model, path]) => {
      const found = find(catalogue, model, path)
      return 'problem' in found ? [] : [found.model, ...found.steps.map(({ relation }) => relation)]
    })
    expect(flows.filter((flow) => 'flow' in resolveFlow(flow, { catalogue, modules }))).toHaveLength(flows.length)
    expect([...new Set(models)].filter((model) => !granted.includes(model))).toEqual([])
    expect(models).toContain('delivery.carrier')
  },
)

test('nothing is granted twice, and no model that holds secrets', () => {
  expect(new Set(granted).size).toBe(granted.length)
  expect(granted.length).toBeGreaterThan(15)
  for (const secret of [
    'res.users.apikeys',
    'payment.provider',
    'ir.config_parameter',
    'ir.attachment',
    'mail.message',
  ])
    expect(granted).not.toContain(secret)
})

test('every right it writes is one to read', () => {
  expect(addOn).toMatch(/'perm_read': True/)
  expect(addOn).not.toMatch(/'perm_(write|create|unlink)': True/)
})
