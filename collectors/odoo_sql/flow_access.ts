/** How the business flows of a tenant are read in its Odoo's database, of all companies. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { FlowAccess, Wanted } from '../../src/flow/read/access.ts'
import { gatherCatalogue, modulesNamed } from '../../src/flow/spec/gather.ts'
import { askFields } from './catalogue.ts'
import type { OdooSqlClient } from './client.ts'
import { noSelect } from './errors.ts'
import { flowReader } from './flow_reader.ts'

/** Without these nothing is known of the others. */
const OF_ODOO = ['ir_module_module', 'ir_model_fields', 'ir_model_fields_selection', 'res_currency', 'res_company']

const STANDING = `
  select t.name, c.oid is not null as there, coalesce(has_any_column_privilege(c.oid, 'SELECT'), false) as readable
  from unnest($1::text[]) as t (name) left join pg_class c on c.oid = to_regclass(format('public.%I', t.name))`

/** Throws Unsupported. */
const needsOdoo = async ({ query, config }: OdooSqlClient, signal: AbortSignal): Promise<void> => {
  const tables = await query<{ name: string; there: boolean; readable: boolean }>(STANDING, [OF_ODOO], signal)
  for (const { name, there, readable } of tables) {
    if (!there) {
      throw new Unsupported(`no table ${name}: "${config.dbname}" is no database of Odoo; check odoo_sql.dbname`)
    }
    if (!readable) throw new Unsupported(noSelect(config, name))
  }
}

// A module to be upgraded or removed has its tables still.
const MODULES = `
  select name::text, latest_version::text as version from public.ir_module_module
  where state in ('installed', 'to upgrade', 'to remove') and name = any ($1::text[])`

/** `18.0.1.3` and `saas~18.2.1.3` are both of 18. */
export const seriesOf = (version: string | null): number | undefined => {
  const [, series] = /^(?:saas~)?(\d{1,3})\.\d/.exec(version ?? '') ?? []
  return series === undefined ? undefined : Number(series)
}

const editionOf = async ({ query }: OdooSqlClient, names: readonly string[], signal: AbortSignal) => {
  const found = await query<{ name: string; version: string | null }>(MODULES, [['base', ...names]], signal)
  const base = found.find(({ name }) => name === 'base')
  const version = seriesOf(base?.version ?? null)
  if (version === undefined) throw new CollectError('decode', 'ir_module_module names no version of the module base')
  return { version, modules: new Set(found.map(({ name }) => name).filter((name) => names.includes(name))) }
}

const CURRENCIES = 'select id, name::text from public.res_currency'
const COMPANIES = `
  select c.id, u.name::text from public.res_company c join public.res_currency u on u.id = c.currency_id`

interface Code {
  readonly id: number
  readonly name: string
}

const codes = (rows: readonly Code[]): ReadonlyMap<number, string> => new Map(rows.map(({ id, name }) => [id, name]))

/** Rejects with CollectError, or Unsupported where this is no Odoo's database or the grants are missing. */
export const openFlows = async (
  client: OdooSqlClient,
  flows: readonly Wanted[],
  signal: AbortSignal,
): Promise<FlowAccess> => {
  const { query, now } = client
  await client.hearClock(signal)
  await needsOdoo(client, signal)
  const edition = await editionOf(client, modulesNamed(flows), signal)
  const catalogue = await gatherCatalogue(edition, flows, askFields(client, signal))
  const currencies = {
    currencies: codes(await query<Code>(CURRENCIES, [], signal)),
    companyCurrencies: codes(await query<Code>(COMPANIES, [], signal)),
  }
  return {
    via: 'sql',
    odoo: { catalogue, modules: edition.modules },
    reader: flowReader({ query, catalogue, currencies, now }),
    now,
    withheld: undefined,
  }
}
