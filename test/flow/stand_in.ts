/** The stand-in's models as a catalogue, and its server as something to ask. */
import xmlrpc from 'xmlrpc'
import type { Version } from '../../demo/odoo/columns.ts'
import { type Field as ModelField, registryOf } from '../../demo/odoo/models.ts'
import type { OdooServer } from '../../demo/odoo/server.ts'
import type { Catalogue, Field, FieldKind } from '../../src/flow/spec/catalogue.ts'

const kinds: Readonly<Record<ModelField['type'], FieldKind | undefined>> = {
  integer: 'integer',
  float: 'number',
  monetary: 'number',
  boolean: 'boolean',
  char: 'text',
  text: 'text',
  selection: 'selection',
  date: 'date',
  datetime: 'datetime',
  many2one: 'many2one',
  one2many: 'many',
  many2many: 'many',
  binary: undefined,
  json: undefined,
}

const fieldOf = (field: ModelField): Field | undefined => {
  const kind = field.stored || field.link ? kinds[field.type] : undefined
  return (
    kind && {
      kind,
      ...(field.relation !== undefined && { relation: field.relation }),
      ...(field.link && { link: field.link }),
      ...(field.translated && { translated: true }),
      // Carriers and formats of other modules are not among the stand-in's choices.
      ...(field.selection && field.name === 'state' && { selection: field.selection.map(([value]) => value) }),
    }
  )
}

export const catalogueOf = (version: Version): Catalogue => {
  const registry = registryOf(version)
  return {
    version,
    field: (model, name) => {
      const field = registry.model(model)?.fields.get(name)
      return field && fieldOf(field)
    },
  }
}

/** Ids by a domain, through the server. */
export const searchIds = (odoo: OdooServer, model: string, domain: unknown): Promise<readonly number[]> => {
  const { uid, apiKey } = odoo.users.pulse
  const client = xmlrpc.createClient(`${odoo.url}/xmlrpc/2/object`)
  const params = [odoo.database, uid, apiKey, model, 'search', [domain], { order: 'id' }]
  return new Promise((resolve, reject) => {
    client.methodCall('execute_kw', params, (error: unknown, value: unknown) => {
      if (error) reject(error)
      else if (Array.isArray(value)) resolve(value.map(Number))
      else reject(new Error('no list'))
    })
  })
}
