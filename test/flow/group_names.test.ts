/** What members of groups are called, by RPC and by SQL on one database: the same, and never people. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { flowReader as rpcReader } from '../../collectors/odoo/flow_reader.ts'
import { flowReader as sqlReader } from '../../collectors/odoo_sql/flow_reader.ts'
import { close, type PostgresClient } from '../../collectors/postgres/client.ts'
import { Unsupported } from '../../src/collector.ts'
import type { FlowReader } from '../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../src/flow/spec/resolve.ts'
import { clientOf, type Estate, startEstate } from '../collectors/odoo/estate.ts'
import { flowOf } from './readable.ts'
import { opened, signal } from './reading.ts'
import { catalogueOf } from './stand_in.ts'

let estate: Estate
let postgres: PostgresClient
let readers: readonly FlowReader<ResolvedFlow>[]
/** Questions of both readers. */
let asked = 0

beforeAll(async () => {
  estate = await startEstate([18])
  await estate.postgres.query(
    `INSERT INTO delivery_carrier (id, name, active, delivery_type, integration_level, product_id, sequence)
      VALUES (900, '{"en_US": "Gone Express", "fr_FR": "Express disparu"}', false, 'fixed', 'rate', 1, 1)`,
    undefined,
    'odoo18',
  )
  postgres = await opened(estate.postgres, 'odoo18')
  const client = await clientOf(estate.of(18))
  const all = catalogueOf(18)
  // As it is gathered: names are not among what flows need.
  const catalogue = {
    ...all,
    field: (model: string, name: string) => (name === 'name' ? undefined : all.field(model, name)),
  }
  const shared = { catalogue, currencies: { currencies: new Map(), companyCurrencies: new Map() } }
  const searchRead: typeof client.searchRead = (...question) => {
    asked += 1
    return client.searchRead(...question)
  }
  readers = [
    rpcReader({ ...shared, client: { ...client, searchRead } }),
    sqlReader({
      ...shared,
      now: Date.now,
      query: (sql, params, within) => {
        if (!sql.includes('set_config')) asked += 1
        return postgres.query(sql, params, within)
      },
    }),
  ]
}, 60_000)
afterAll(async () => {
  if (postgres) await close(postgres)
  await estate?.stop()
})

const namesOf = (flow: ResolvedFlow, ...members: readonly string[]) => {
  asked = 0
  return Promise.all(readers.map((reader) => reader.groupNames(flow, members, signal())))
}
const grouped = (field: string): ResolvedFlow => ({ ...flowOf('picking', 18), group: { dimension: 'x', field } })

test('carriers, archived ones too, in one question each; one that has gone has no name', async () => {
  const rows = await estate.postgres.query(
    "SELECT id::text, name->>'en_US' AS name FROM delivery_carrier WHERE id IN (1, 900) ORDER BY id",
    undefined,
    'odoo18',
  )
  const known = new Map(rows.map(({ id, name }) => [String(id), String(name)]))
  expect(known.get('900')).toBe('Gone Express')
  expect(known.size).toBe(2)
  expect(await namesOf(flowOf('carrier-label', 18), '1', '900', '4711')).toEqual([known, known])
  expect(asked).toBe(2)
})

test('people are not named, nor asked for', async () => {
  expect(catalogueOf(18).field('stock.picking', 'user_id')?.relation).toBe('res.users')
  expect(await namesOf(grouped('user_id'), '1', '2')).toEqual([new Map(), new Map()])
  expect(catalogueOf(18).field('sale.order', 'partner_id')?.relation).toBe('res.partner')
  expect(await namesOf(grouped('sale_id.partner_id'), '1', '2')).toEqual([new Map(), new Map()])
  expect(asked).toBe(0)
})

test('texts are their own names; what is no id is not asked for', async () => {
  expect(await namesOf(flowOf('background-jobs', 18), 'root.sale')).toEqual([new Map(), new Map()])
  expect(await namesOf(flowOf('carrier-label', 18), 'false', '-1', '1.5')).toEqual([new Map(), new Map()])
  expect(asked).toBe(0)
})

test('what the user may not read in Odoo is refused', async () => {
  const [rpc] = readers
  const { faults } = estate.of(18)
  faults.rightsLost(true)
  onTestFinished(() => faults.rightsLost(false))
  await expect(rpc?.groupNames(flowOf('carrier-label', 18), ['1'], signal())).rejects.toThrow(Unsupported)
})
