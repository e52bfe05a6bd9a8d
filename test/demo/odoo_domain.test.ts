import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { versions } from '../../demo/odoo/columns.ts'
import { createOdooDatabase, type Database, openDatabase } from '../../demo/odoo/database.ts'
import { registryOf } from '../../demo/odoo/models.ts'
import { search } from '../../demo/odoo/search.ts'
import type { Environment } from '../../demo/odoo/sql.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { domains, evaluate, type Picking, picking } from './odoo_domain_model.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const insert = async (database: string, rows: readonly Picking[]): Promise<void> => {
  const columns = 'state, carrier_tracking_ref, weight, has_deadline_issue, scheduled_date, carrier_id, picking_type_id'
  await postgres.query(
    `INSERT INTO stock_picking (id, name, location_id, location_dest_id, company_id, ${columns})
     SELECT id, 'P' || id, 8, 5, 1, ${columns} FROM json_populate_recordset(NULL::stock_picking, $1)`,
    [JSON.stringify(rows)],
    database,
  )
}

describe.each(versions)('domains on %i', (version) => {
  let db: Database
  let env: Environment
  const rows = fc.sample(picking, { numRuns: 80, seed: 42 }).map((row, i) => ({ ...row, id: i + 1 }))
  const registry = registryOf(version)
  const model = registry.model('stock.picking')

  beforeAll(async () => {
    const database = `domains_${version}`
    await createOdooDatabase(postgres, database, version)
    await insert(database, rows)
    db = openDatabase({ postgres, database, size: 2, processId: 1 })
    const access = {
      uid: 2,
      check: () => undefined,
      hasGroup: () => true,
      companyIds: [1, 2, 3],
      seesAllCompanies: true,
    }
    env = { registry, query: db.query, access }
  })
  afterAll(() => db?.close())

  test('SQL finds the rows which an evaluation in memory finds', async () => {
    if (!model) throw new Error('There is no stock.picking.')
    let found = 0
    await fc.assert(
      fc.asyncProperty(domains, async (domain) => {
        const ids = await search(env, model, domain, { order: 'id' }, {})
        const expected = rows.filter((row) => evaluate(version, domain, row)).map((row) => row.id)
        found += ids.length
        expect(ids).toEqual(expected)
      }),
      { numRuns: 400, seed: 7 },
    )
    // Neither nothing nor everything throughout.
    expect(found).toBeGreaterThan(400 * 5)
    expect(found).toBeLessThan(400 * 75)
  })
})
