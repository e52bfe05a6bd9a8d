/** A flow over a model and fields that no module of Odoo has, opened by both ways. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFlows as byRpc } from '../../../collectors/odoo/flow_access.ts'
import { close, type OdooSqlClient } from '../../../collectors/odoo_sql/client.ts'
import { openFlows as bySql } from '../../../collectors/odoo_sql/flow_access.ts'
import type { CustomModel } from '../../../demo/odoo/custom.ts'
import { createOdooDatabase } from '../../../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { resolveFlow } from '../../../src/flow/spec/resolve.ts'
import { type Flow, parseFlow } from '../../../src/flow/spec/spec_file.ts'
import { clientOf } from '../odoo/estate.ts'
import { opened, signal, wantedOf } from './access.ts'

const repair: CustomModel = {
  name: 'x_repair',
  description: 'Repair',
  columns: { x_name: 'varchar', x_state: 'varchar', x_closed: 'timestamp', x_transfer_id: 'int4', company_id: 'int4' },
  relations: { x_transfer_id: 'stock.picking' },
  selections: { x_state: ['open', 'closed'] },
  extra: [{ name: 'x_is_late', type: 'boolean' }],
}

const flowWith = (base: string): Flow => {
  const text = `
title: A repair is closed
process: service
owner: service
kind: journey
evidence: ledger
model: x_repair
base: [${base}]
start: create_date
open: [{ field: x_state, '=': open }]
done: { when: [{ field: x_state, '=': closed }], at: x_closed }
target: { within: 4h }
slot: { field: create_date, floor: id }
horizon: 30d
unknowable: Nothing.
`
  const { flow, problems } = parseFlow({ file: 'repair.yaml', text })
  if (flow === undefined) throw new Error(JSON.stringify(problems))
  return flow
}

let postgres: PostgresServer
let odoo: OdooServer
let sql: OdooSqlClient
beforeAll(async () => {
  postgres = await startPostgres({ version: 16 })
  await createOdooDatabase(postgres, 'custom', 18, [repair])
  odoo = await startOdoo({ version: 18, postgres, database: 'custom', custom: [repair], authenticateMs: 1 })
  sql = await opened(postgres, 'custom')
}, 60_000)
afterAll(async () => {
  if (sql) await close(sql)
  await odoo?.stop()
  await postgres?.stop()
})

const resolvedBy = async (flow: Flow) => {
  const wanted = [wantedOf(flow)]
  const ways = [await byRpc(await clientOf(odoo), wanted, signal()), await bySql(sql, wanted, signal())]
  return ways.map((access) => ({ access, resolved: resolveFlow(flow, access.odoo) }))
}

test('its fields are verified like any', async () => {
  for (const { access, resolved } of await resolvedBy(flowWith('{ field: x_transfer_id.state, "=": done }'))) {
    expect(resolved).toHaveProperty('flow')
    const { catalogue } = access.odoo
    expect(catalogue.field('x_repair', 'x_state')).toEqual({ kind: 'selection', selection: ['open', 'closed'] })
    expect(catalogue.field('x_repair', 'x_transfer_id')).toEqual({ kind: 'many2one', relation: 'stock.picking' })
    expect(catalogue.field('x_repair', 'x_closed')).toEqual({ kind: 'datetime' })
  }
})

test.for([
  ['{ field: x_is_late, "=": true }', 'x_repair.x_is_late is computed, not stored: nothing can be judged by it'],
  ['{ field: x_prio, "=": high }', 'x_repair has no stored field x_prio, or it is not readable'],
  ['{ field: x_state, "=": lost }', 'x_state has none of these values here: lost'],
  ['{ field: x_name.code, "=": R }', 'x_repair.x_name is no relation: nothing can follow it'],
])('%s can’t be judged', async ([base = '', reason]) => {
  for (const { resolved, access } of await resolvedBy(flowWith(base))) {
    expect(resolved, access.via).toEqual({ unsupported: [reason] })
  }
})
