/** One meaning, three ways: SQL on PostgreSQL, the domain through an Odoo, and the evaluation in memory. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { versions } from '../../demo/odoo/columns.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { condition } from '../../src/flow/condition/condition.ts'
import { toDomain } from '../../src/flow/condition/domain.ts'
import { evaluate } from '../../src/flow/condition/evaluate.ts'
import { toSql } from '../../src/flow/condition/sql.ts'
import { catalogueOf, searchIds } from './stand_in.ts'
import { conditions, NOW, rpcRow, sqlRow, transferRows, transfers } from './transfers.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const RUNS = 250

describe.for(versions)('%i', (version) => {
  const database = `agree_${version}`
  const setting = { catalogue: catalogueOf(version), model: 'stock.picking', now: NOW }
  let odoo: OdooServer
  beforeAll(async () => {
    await createOdooDatabase(postgres, database, version)
    await postgres.query(transferRows(version), undefined, database)
    odoo = await startOdoo({ version, postgres, database, authenticateMs: 0 })
  })
  afterAll(() => odoo?.stop())

  test('SQL, the domain and memory find the same rows', async () => {
    let found = 0
    await fc.assert(
      fc.asyncProperty(conditions, async (written) => {
        const parsed = condition.parse(written)
        const inMemory = transfers.flatMap((t, i) => (evaluate(parsed, sqlRow(t, i), NOW) === true ? [i + 1] : []))
        const asRpc = transfers.flatMap((t, i) => (evaluate(parsed, rpcRow(t, i), NOW) === true ? [i + 1] : []))
        const domain = toDomain(setting, parsed)
        const sql = toSql(setting, parsed, 't', [0])
        if (!('domain' in domain && 'where' in sql)) throw new Error(JSON.stringify([domain, sql]))
        const text = `SELECT t.id FROM stock_picking t ${sql.joins} WHERE t.id > $1 AND ${sql.where} ORDER BY t.id`
        const rows = await postgres.query(text, [...sql.values], database)
        found += inMemory.length
        expect(asRpc).toEqual(inMemory)
        expect(rows.map((row) => Number(row.id))).toEqual(inMemory)
        expect(await searchIds(odoo, 'stock.picking', domain.domain)).toEqual(inMemory)
      }),
      { numRuns: RUNS, seed: 4 },
    )
    // Neither nothing nor everything throughout.
    expect(found).toBeGreaterThan(RUNS * 5)
    expect(found).toBeLessThan(RUNS * 55)
  })
})
