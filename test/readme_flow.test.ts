/** The README's flow over a custom model, as it stands there: parsed, put to an Odoo that has the model, and judged. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFlows as openByRpc } from '../collectors/odoo/flow_access.ts'
import { openFlows as openBySql } from '../collectors/odoo_sql/flow_access.ts'
import type { CustomModel } from '../demo/odoo/custom.ts'
import { createOdooDatabase } from '../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../demo/postgres.ts'
import { readShippedFlows } from '../src/config/files.ts'
import { formatProblem, parseConfig } from '../src/config.ts'
import { floorHour } from '../src/flow/ledger/counts.ts'
import type { Item } from '../src/flow/ledger/item.ts'
import { judge } from '../src/flow/ledger/verdict.ts'
import { promiseOf } from '../src/flow/promise.ts'
import type { FlowAccess } from '../src/flow/read/access.ts'
import { resolveFlow } from '../src/flow/spec/resolve.ts'
import type { TenantFlow } from '../src/flow/spec/tenant_flow.ts'
import { type Instant, minutes } from '../src/metric.ts'
import { clientOf } from './collectors/odoo/estate.ts'
import { opened, signal } from './collectors/odoo_sql/access.ts'
import { flowCollectors } from './support/collectors.ts'

const readme = readFileSync(resolve(import.meta.dirname, '../README.md'), 'utf8')
const block = (first: string): string => {
  const [found, ...others] = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].flatMap(([, text = '']) =>
    text.startsWith(first) ? [text] : [],
  )
  if (found === undefined || others.length > 0) throw new Error(`The README has not exactly one block of ${first}`)
  return found
}
const FLOW = block('# flows.d/wms-export.yaml')
const SETTINGS = block('flows:')

/** What a tenant has of them. */
const configured = async () => {
  const { sources } = await readShippedFlows()
  const main = `tenants: { acme: { tier: shared, db_cluster: c, odoo: {} } }\n${SETTINGS}`
  const own = [{ file: 'flows.d/wms-export.yaml', text: FLOW }]
  const { config, problems } = parseConfig({ file: 'README.md', text: main }, [], flowCollectors, {
    shipped: sources,
    own,
  })
  expect(problems.map(formatProblem)).toEqual([])
  const [tenant] = config?.tenants ?? []
  return new Map((tenant?.flows ?? []).map((flow) => [flow.flow.name, flow]))
}

test('the README’s settings of flows are ones', async () => {
  const flows = await configured()
  expect(flows.get('edi-documents')?.off).toBe('switched off in the configuration')
  expect(flows.get('order-confirmation')).toMatchObject({ off: undefined, mode: 'page', objective: 0.99 })
  expect(flows.get('order-confirmation')?.targets.map(({ target }) => target)).toEqual([
    { within: minutes(15) },
    { within: minutes(10) },
  ])
  expect(flows.get('wms-export')).toMatchObject({ off: undefined, mode: 'observe' })
})

const model: CustomModel = {
  name: 'x_wms_export',
  description: 'Export to the warehouse system',
  columns: { x_kind: 'varchar', x_state: 'varchar', x_answered: 'timestamp', x_warehouse: 'varchar' },
  selections: { x_kind: ['order', 'return', 'stock'], x_state: ['new', 'sent', 'accepted', 'refused', 'withdrawn'] },
}

const AT = Date.parse('2026-11-20T10:00:00Z')
const NOW = AT + minutes(60)
const at = (minute: number): Instant => AT + minutes(minute)
const text = (minute: number | undefined): string =>
  minute === undefined ? 'null' : `'${new Date(at(minute)).toISOString().slice(0, 19)}'`

/** What became of each, and the verdict: all but one began at ten. */
const ROWS = [
  { id: 1, state: 'accepted', answered: 10, verdict: { at: at(30), result: 'good' } },
  { id: 2, state: 'accepted', answered: 40, verdict: { at: at(30), result: 'bad' } },
  { id: 3, state: 'sent', verdict: { at: at(30), result: 'bad' } },
  { id: 4, state: 'refused', answered: 5, verdict: { at: at(5), result: 'bad' } },
  { id: 5, state: 'withdrawn', answered: 20, verdict: 'not_counted' },
  { id: 6, state: 'withdrawn', answered: 45, verdict: { at: at(30), result: 'bad' } },
  { id: 7, state: 'new', began: 45, verdict: 'open' },
  // No promise is made for these.
  { id: 8, state: 'new', kind: 'stock', verdict: undefined },
] as const satisfies readonly Row[]

interface Row {
  readonly id: number
  readonly state: string
  readonly kind?: string
  readonly began?: number
  readonly answered?: number
  readonly verdict: unknown
}

const inserts = (ROWS as readonly Row[])
  .map(
    ({ id, state, kind = 'order', began = 0, answered }) =>
      `INSERT INTO x_wms_export (id, create_date, write_date, x_kind, x_state, x_answered, x_warehouse)
       VALUES (${id}, ${text(began)}, ${text(answered ?? began)}, '${kind}', '${state}', ${text(answered)}, 'LYON')`,
  )
  .join(';')

describe.for([17, 18, 19] as const)('on an Odoo %i with that model', (version) => {
  const database = `wms_${version}`
  let postgres: PostgresServer
  let odoo: OdooServer
  let flow: TenantFlow
  beforeAll(async () => {
    postgres = await startPostgres()
    await createOdooDatabase(postgres, database, version, [model])
    await postgres.query(inserts, undefined, database)
    odoo = await startOdoo({ version, postgres, database, authenticateMs: 0, custom: [model] })
    const found = (await configured()).get('wms-export')
    if (!found) throw new Error('There is no such flow.')
    flow = found
  }, 60_000)
  afterAll(async () => {
    await odoo?.stop()
    await postgres?.stop()
  })

  const verdicts = async ({ odoo: known, reader }: FlowAccess) => {
    const resolved = resolveFlow(flow.flow, known, flow)
    if ('unsupported' in resolved) throw new Error(resolved.unsupported.join('; '))
    const terms = promiseOf(flow, resolved.flow, { tenant: 'acme', calendar: [], now: NOW })
    if ('unsupported' in terms) throw new Error(terms.unsupported)
    const items: Item[] = []
    for await (const [page = []] of reader.rows([resolved.flow], [floorHour(AT)], signal())) items.push(...page)
    return items
      .toSorted((a, b) => a.id - b.id)
      .map((item) => [item.id, item.group, judge(item, terms.promise, terms.deadline, NOW)])
  }
  const expected = ROWS.flatMap(({ id, verdict }) => (verdict === undefined ? [] : [[id, 'LYON', verdict]]))

  test('its rows are judged, by RPC', async () => {
    expect(await verdicts(await openByRpc(await clientOf(odoo), [flow], signal()))).toEqual(expected)
  })

  test('and by SQL', async () => {
    const client = await opened(postgres, database)
    try {
      expect(await verdicts(await openBySql(client, [flow], signal()))).toEqual(expected)
    } finally {
      await client.end()
    }
  })
})
