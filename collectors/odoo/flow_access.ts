/** How the business flows of a tenant are read by RPC: as much of its Odoo as they need to be known. */
import { CollectError } from '../../src/collector.ts'
import type { FlowAccess, Wanted } from '../../src/flow/read/access.ts'
import { gatherCatalogue, modulesNamed } from '../../src/flow/spec/gather.ts'
import { LARGEST_PAGE } from './calls.ts'
import { askFields } from './catalogue.ts'
import type { OdooClient, ReadOptions } from './client.ts'
import { flowReader } from './flow_reader.ts'
import type { Domain } from './values.ts'

type Row = Readonly<Record<string, unknown>>

/** The client, whose rows are taken as they come: what they hold is checked. */
interface Asked {
  readonly searchRead: (
    model: string,
    domain: Domain,
    fields: readonly string[],
    options: ReadOptions,
    signal: AbortSignal,
  ) => Promise<readonly Row[]>
}

/** Archived ones too, and without naming the field: companies have it from 16 on. */
const context = { active_test: false } as const

/** All rows, in pages. */
const allRows = async (
  client: Asked,
  model: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (let from = 0; ; ) {
    const page = await client.searchRead(
      model,
      [['id', '>', from]],
      fields,
      { order: 'id', limit: LARGEST_PAGE, context },
      signal,
    )
    rows.push(...page)
    const last = page.at(-1)?.id
    if (page.length < LARGEST_PAGE) return rows
    if (typeof last !== 'number' || last <= from)
      throw new CollectError('decode', `${model}: rows without ids in order`)
    from = last
  }
}

const malformed = (model: string, field: string): CollectError =>
  new CollectError('decode', `${model}.search_read gave no proper ${field}`)

const idOf = (model: string, row: Row): number => {
  if (typeof row.id !== 'number') throw malformed(model, 'id')
  return row.id
}

/** Codes by id, and by company. */
export const currenciesOf = async (client: Asked, signal: AbortSignal) => {
  const currencies = new Map<number, string>()
  for (const row of await allRows(client, 'res.currency', ['name'], signal)) {
    if (typeof row.name !== 'string') throw malformed('res.currency', 'name')
    currencies.set(idOf('res.currency', row), row.name)
  }
  const companyCurrencies = new Map<number, string>()
  for (const row of await allRows(client, 'res.company', ['currency_id'], signal)) {
    const [currency] = Array.isArray(row.currency_id) ? row.currency_id : []
    const code = currencies.get(Number(currency))
    if (code !== undefined) companyCurrencies.set(idOf('res.company', row), code)
  }
  return { currencies, companyCurrencies }
}

/** A module to be upgraded or removed has its tables still. */
const THERE = ['installed', 'to upgrade', 'to remove'] as const

const installed = async (
  client: Asked,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  if (names.length === 0) return new Set()
  const found = await client.searchRead(
    'ir.module.module',
    [
      ['name', 'in', names],
      ['state', 'in', THERE],
    ],
    ['name'],
    { order: 'id' },
    signal,
  )
  return new Set(found.map(({ name }) => String(name)))
}

/** With one company of three, 13 of 28 invoices were seen, and no error. */
const withheldBy = async (client: Asked & Pick<OdooClient, 'uid'>, signal: AbortSignal) => {
  const [user] = await client.searchRead(
    'res.users',
    [['id', '=', client.uid]],
    ['company_ids', 'companies_count'],
    { order: 'id', limit: 1 },
    signal,
  )
  if (!Array.isArray(user?.company_ids)) throw malformed('res.users', 'company_ids')
  if (typeof user.companies_count !== 'number') throw malformed('res.users', 'companies_count')
  const seen = user.company_ids.length
  if (seen >= user.companies_count) return undefined
  return (
    `the monitoring user sees ${seen} of ${user.companies_count} companies, and of the others Odoo shows it nothing, ` +
    'without an error: give it every company (Settings → Users & Companies → Users → Allowed Companies)'
  )
}

/** A few calls a model, one at a time. Rejects with CollectError, or Unsupported where not even the modules may be read. */
export const openFlows = async (
  client: OdooClient,
  flows: readonly Wanted[],
  signal: AbortSignal,
): Promise<FlowAccess> => {
  const withheld = await withheldBy(client, signal)
  const modules = await installed(client, modulesNamed(flows), signal)
  const catalogue = await gatherCatalogue({ version: client.version, modules }, flows, askFields(client, signal))
  const currencies = await currenciesOf(client, signal)
  return {
    via: 'rpc',
    odoo: { catalogue, modules },
    reader: flowReader({ client, catalogue, currencies }),
    now: client.now,
    waited: client.waited,
    withheld,
  }
}
