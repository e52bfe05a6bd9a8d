/**
 * Writes docs/flow-queries.md: every statement the shipped flows put to an Odoo's database, with the shape of its plan.
 * Run by hand after a change of a flow or of a reader: `node tools/flow-queries.ts`. A test holds the statements fresh.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadBulk } from '../demo/day/load.ts'
import { createOdooDatabase } from '../demo/odoo/database.ts'
import { startPostgres } from '../demo/postgres.ts'
import { askAll, explaining } from './flow-plans.ts'
import { type Explained, queriesPage } from './flow-queries-page.ts'

const SIZES = { orders: 100_000, pickings: 150_000, jobs: 200_000 }

const postgres = await startPostgres()
try {
  await createOdooDatabase(postgres, 'odoo', 18)
  await loadBulk(postgres, 'odoo', SIZES)
  const questions = await askAll(postgres, 'odoo')
  const { explain, end } = await explaining(postgres, 'odoo')
  const explained: Explained[] = []
  for (const { flow, question, asked } of questions) {
    for (const each of asked) {
      explained.push({ flow, question, sql: each.sql, plan: await explain(each, 'COSTS OFF') })
    }
  }
  end()
  writeFileSync(
    join(import.meta.dirname, '..', 'docs', 'flow-queries.md'),
    queriesPage(explained, SIZES, postgres.version),
  )
  console.log(`wrote docs/flow-queries.md: ${explained.length} statements`)
} finally {
  await postgres.stop()
}
