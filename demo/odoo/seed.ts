/** The first rows of a database: what every flow of the day refers to. */
import type { Tables } from './columns.ts'
import type { Registry } from './models.ts'
import { reflectionOf } from './reflection.ts'
import { channels, crons, modulesOf } from './seed_facts.ts'
import { hashOf, keyIndex, loginsOf } from './users.ts'

type Cell = string | number | boolean | null | { readonly en_US: string } | { readonly sql: string }
export type SeedRow = Readonly<Record<string, Cell>>

const literal = (value: Cell): string => {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value !== 'object') return String(value)
  return 'sql' in value ? value.sql : `jsonb_build_object('en_US', ${literal(value.en_US)})`
}

/** Columns this version does not have are left out. */
const insert = (tables: Tables, table: string, rows: readonly SeedRow[]): readonly string[] => {
  const columns = tables.get(table)
  const [first] = rows
  if (!columns || !first) return []
  const names = Object.keys(first).filter((name) => columns.has(name))
  const values = rows.map((row) => `(${names.map((name) => literal(row[name] ?? null)).join(', ')})`)
  return [
    `INSERT INTO "${table}" (${names.map((n) => `"${n}"`).join(', ')}) VALUES ${values.join(', ')}`,
    ...(columns.has('id') ? [`SELECT setval('"${table}_id_seq"', (SELECT max(id) FROM "${table}"))`] : []),
  ]
}

const en = (name: string): Cell => ({ en_US: name })
const numbered = <T extends SeedRow>(rows: readonly T[]): readonly SeedRow[] =>
  rows.map((row, i) => ({ id: i + 1, ...row }))
const utc = (sql: string): Cell => ({ sql: `(now() AT TIME ZONE 'UTC' ${sql})::timestamp(0)` })

const companies = ['Nordwind Trading GmbH', 'Nordwind Iberia SL', 'Nordwind Polska Sp. z o.o.'] as const
const partners = [...companies, 'Administrator', 'Monitoring', 'Warehouse Clerk', 'OdooBot'] as const

/** Ids as Odoo gives them: 1 is its robot, 2 the administrator. */
export const userIds = { robot: 1, admin: 2, pulse: 6, lowpriv: 7 } as const

const users = (database: string): readonly SeedRow[] => {
  const logins = loginsOf(database)
  const user = (id: number, login: string, password: string | null, partner: number, active = true) => ({
    id,
    login,
    password: password === null ? null : hashOf(password),
    partner_id: partner,
    company_id: 1,
    active,
    share: false,
    notification_type: 'email',
  })
  return [
    user(userIds.robot, '__system__', null, 7, false),
    user(userIds.admin, logins.admin.login, logins.admin.password, 4),
    user(userIds.pulse, logins.pulse.login, logins.pulse.password, 5),
    user(userIds.lowpriv, logins.lowpriv.login, logins.lowpriv.password, 6),
  ]
}

const keys = (database: string): readonly SeedRow[] => {
  const logins = loginsOf(database)
  return numbered(
    (
      [
        ['admin', null],
        ['pulse', utc("+ interval '89 days'")],
        ['lowpriv', utc("+ interval '89 days'")],
      ] as const
    ).map(([who, end]) => ({
      name: who === 'pulse' ? 'metrics' : who,
      user_id: userIds[who],
      scope: 'rpc',
      index: keyIndex(logins[who].apiKey),
      key: hashOf(logins[who].apiKey),
      expiration_date: end,
    })),
  )
}

const cronRows: readonly SeedRow[] = numbered(
  crons.map(({ name, every, unit, active = true }) => ({
    ir_actions_server_id: 1,
    user_id: 1,
    cron_name: name,
    interval_number: every,
    interval_type: unit,
    active,
    priority: 5,
    numbercall: -1,
    doall: false,
    failure_count: 0,
    nextcall: utc(`+ interval '${every} ${unit}'`),
    lastcall: active ? utc(`- interval '1 minute'`) : null,
  })),
)

const types = [
  { name: 'Receipts', code: 'incoming', sequence_code: 'IN', print_label: false },
  { name: 'Delivery Orders', code: 'outgoing', sequence_code: 'OUT', print_label: true },
  { name: 'Internal Transfers', code: 'internal', sequence_code: 'INT', print_label: false },
] as const

const perCompany = <T extends SeedRow>(make: (company: number) => readonly T[]): readonly SeedRow[] =>
  numbered(companies.flatMap((_, i) => make(i + 1)))

const warehouseRows: readonly SeedRow[] = perCompany((company) => [
  {
    company_id: company,
    name: `Warehouse ${company}`,
    code: `WH${company}`,
    view_location_id: 1,
    lot_stock_id: 8,
    active: true,
  },
])

const typeRows: readonly SeedRow[] = perCompany((company) =>
  types.map((type, i) => ({
    ...type,
    name: en(type.name),
    sequence: i + 1,
    company_id: company,
    warehouse_id: company,
    default_location_src_id: 8,
    default_location_dest_id: 5,
    active: true,
  })),
)

const journalRows: readonly SeedRow[] = perCompany((company) => [
  { company_id: company, name: en('Customer Invoices'), code: 'INV', type: 'sale', active: true },
  { company_id: company, name: en('Vendor Bills'), code: 'BILL', type: 'purchase', active: true },
  { company_id: company, name: en('Bank'), code: 'BNK1', type: 'bank', active: true },
])

const carrier = (name: string, type: string, level: string): SeedRow => ({
  name: en(name),
  delivery_type: type,
  integration_level: level,
  invoice_policy: 'estimated',
  product_id: 1,
  active: true,
  prod_environment: true,
})

/** Statements, in an order that can be run as they stand. */
export const seed = (database: string, registry: Registry, tables: Tables): readonly string[] => {
  const put = (table: string, rows: readonly SeedRow[]) => insert(tables, table, rows)
  const everyone = [userIds.robot, userIds.admin, userIds.pulse]
  const visible = everyone.flatMap((user) => companies.map((_, i) => ({ user_id: user, cid: i + 1 })))
  return [
    ...put('res_partner', numbered(partners.map((name) => ({ name, active: true })))),
    ...put(
      'res_currency',
      numbered([
        { name: 'EUR', symbol: '€', rounding: 0.01, decimal_places: 2, active: true },
        { name: 'PLN', symbol: 'zł', rounding: 0.01, decimal_places: 2, active: true },
      ]),
    ),
    ...put(
      'res_company',
      numbered(
        companies.map((name, i) => ({
          name,
          partner_id: i + 1,
          currency_id: i === 2 ? 2 : 1,
          sequence: i,
          active: true,
        })),
      ),
    ),
    ...put('res_users', users(database)),
    ...put('res_company_users_rel', [...visible, { user_id: userIds.lowpriv, cid: 1 }]),
    ...put('res_users_apikeys', keys(database)),
    ...put('stock_warehouse', warehouseRows),
    ...put('stock_picking_type', typeRows),
    ...put('account_journal', journalRows),
    ...put(
      'delivery_carrier',
      numbered([
        carrier('Parcel Express', 'parcel_express', 'rate_and_ship'),
        carrier('Freight Line', 'freight_line', 'rate_and_ship'),
        carrier('Own Van', 'fixed', 'rate'),
      ]),
    ),
    ...put(
      'payment_provider',
      perCompany((company) => [
        { company_id: company, name: en('Card'), code: 'card', state: 'enabled', sequence: 1, is_published: true },
        {
          company_id: company,
          name: en('Wire Transfer'),
          code: 'custom',
          state: 'enabled',
          sequence: 2,
          is_published: true,
        },
      ]),
    ),
    ...put(
      'crm_team',
      numbered(['Sales', 'Website', 'Marketplace'].map((name) => ({ name: en(name), active: true, sequence: 1 }))),
    ),
    ...put('account_edi_format', numbered([{ name: 'Factur-X', code: 'facturx_1_0_05' }])),
    ...put(
      'pos_config',
      perCompany((company) => [{ company_id: company, name: `Counter ${company}`, picking_type_id: 1, active: true }]),
    ),
    ...put('ir_cron', cronRows),
    ...put('queue_job_channel', channels),
    ...put(
      'ir_module_module',
      numbered(
        modulesOf(registry.version).map(({ name, release, state }) => ({
          name,
          state,
          latest_version: release,
          application: false,
        })),
      ),
    ),
    ...reflectionOf(registry).flatMap(([table, rows]) => put(table, rows)),
  ]
}
