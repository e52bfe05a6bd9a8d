/** Every question of every flow, put by SQL to a filled database, with the plan PostgreSQL makes for it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type OdooSqlClient } from '../collectors/odoo_sql/client.ts'
import { config } from '../collectors/odoo_sql/config.ts'
import { openFlows } from '../collectors/odoo_sql/flow_access.ts'
import { flowReader } from '../collectors/odoo_sql/flow_reader.ts'
import type { PostgresServer } from '../demo/postgres.ts'
import { type Condition, condition } from '../src/flow/condition/condition.ts'
import type { FlowReader } from '../src/flow/read/reader.ts'
import { furtherOf, type ResolvedFlow, resolveFlow } from '../src/flow/spec/resolve.ts'
import { type Flow, parseFlow } from '../src/flow/spec/spec_file.ts'
import { hours, type Instant, minutes } from '../src/metric.ts'

export interface Asked {
  readonly sql: string
  readonly params: readonly unknown[]
}

export interface FlowQuestion {
  /** `picking`; a further model's rows and other variants have names of their own. */
  readonly flow: string
  readonly question: string
  /** In the order asked. */
  readonly asked: readonly Asked[]
}

const slo = join(import.meta.dirname, '..', 'slo')

const shippedFlows = (): readonly Flow[] =>
  readdirSync(slo)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parseFlow({ file: `slo/${file}`, text: readFileSync(join(slo, file), 'utf8') }).flow ?? [])

/** As a tenant may have narrowed what must be. */
const NARROWED: Readonly<Record<string, readonly object[]>> = {
  'order-confirmation': [{ field: 'create_uid', '=': 2 }],
  'order-import': [{ field: 'channel', in: ['root.sale'] }],
  'stock-sync': [{ field: 'channel', in: ['root.inventory'] }],
}
/** Where there is no job queue. */
const NARROWED_BY_CRON: typeof NARROWED = { 'stock-sync': [{ field: 'cron_id', '=': 7 }] }

interface Way {
  readonly name: string
  readonly flow: ResolvedFlow
}

type Odoo = Parameters<typeof resolveFlow>[1]

const resolved = (flow: Flow, odoo: Odoo, narrow: readonly Condition[]): ResolvedFlow => {
  const result = resolveFlow(flow, odoo, { narrow, group: undefined })
  if ('unsupported' in result) throw new Error(`${flow.name}: ${result.unsupported.join('; ')}`)
  return result.flow
}

const waysOf = (flow: Flow, odoo: Odoo, narrow: readonly Condition[]): readonly Way[] => {
  const main = resolved(flow, odoo, narrow)
  const further = furtherOf(main)
  return [
    { name: flow.name, flow: main },
    ...(further ? [{ name: `${flow.name}, of ${further.model}`, flow: further }] : []),
  ]
}

type Ask = (reader: FlowReader<ResolvedFlow>, flow: ResolvedFlow, now: Instant, signal: AbortSignal) => Promise<unknown>

const readAll = async (pages: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of pages);
}

const read = (reader: FlowReader<ResolvedFlow>, flow: ResolvedFlow, hour: Instant, signal: AbortSignal) =>
  readAll(reader.rows([flow], [hour], signal))

const DAY = hours(24)
/** So that a mass write of the filling is gone into all the same. */
const MANY = 1_000_000
const floorHour = (at: Instant): Instant => Math.floor(at / hours(1)) * hours(1)

/** Slots are planned ahead where they have an index: the span of a ledger reaches into the future then. */
const spanOf = ({ slot, horizon }: ResolvedFlow, now: Instant): readonly [Instant, Instant] => [
  floorHour(now - (horizon ?? DAY)),
  floorHour(now + (slot?.floor === undefined ? 7 * DAY : hours(1))),
]

const ofLedger = (isStamped: boolean): Readonly<Record<string, Ask>> => ({
  ...(isStamped && {
    'each minute: what changed in a day': (reader, flow, now, signal) =>
      reader.changedSince([flow], now - minutes(2), floorHour(now) - DAY, spanOf(flow, now)[1], MANY, signal),
    'each three minutes: what changed in three days': (reader, flow, now, signal) =>
      reader.changedSince([flow], now - minutes(4), floorHour(now) - 3 * DAY, spanOf(flow, now)[1], MANY, signal),
    'each twenty minutes: what changed before': (reader, flow, now, signal) =>
      reader.changedSince([flow], now - minutes(22), spanOf(flow, now)[0], floorHour(now) - 3 * DAY, MANY, signal),
  }),
  ...(!isStamped && {
    'each minute: the checksums of two hours': (reader, flow, now, signal) =>
      reader.checksums([flow], floorHour(now) - hours(2), spanOf(flow, now)[1], signal),
    'each three minutes: the checksums of six hours': (reader, flow, now, signal) =>
      reader.checksums([flow], floorHour(now) - hours(6), spanOf(flow, now)[1], signal),
  }),
  'each ten minutes: the checksums of three days': (reader, flow, now, signal) =>
    reader.checksums([flow], floorHour(now) - 3 * DAY, spanOf(flow, now)[1], signal),
  'each three hours: the checksums of the span': (reader, flow, now, signal) =>
    reader.checksums([flow], ...spanOf(flow, now), signal),
  'after the start: rows of before that reach into the hours that page': (reader, flow, now, signal) =>
    readAll(reader.reaching([flow], floorHour(now) - 14 * DAY, floorHour(now) - hours(7), signal)),
  'rows of an hour today': (reader, flow, now, signal) => read(reader, flow, floorHour(now) - hours(3), signal),
  'rows of an hour long ago': (reader, flow, now, signal) =>
    read(reader, flow, floorHour(now - (flow.horizon ?? DAY)) + hours(6), signal),
})

const present: Ask = (reader, flow, _, signal) => reader.present(flow, signal)
const documents: Ask = (reader, flow, _, signal) => reader.documents(flow, 200, signal)

const questionsOf = (flow: ResolvedFlow, odoo: Odoo): Readonly<Record<string, Ask>> => ({
  ...(flow.slot ? ofLedger(odoo.catalogue.field(flow.model, 'write_date') !== undefined) : {}),
  ...(flow.slot && flow.kind !== 'backlog' ? {} : { 'each minute: what stands there': present }),
  ...(flow.open || flow.kind === 'backlog' ? { 'on demand: open documents': documents } : {}),
})

const openSql = ({ port, password }: PostgresServer, dbname: string): Promise<OdooSqlClient> => {
  const settings = config.parse({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    dbname,
    password: { env: 'X' },
    sslmode: 'disable',
  })
  return connect(settings, { secret: async () => password, signal: AbortSignal.timeout(10_000) })
}

const withoutRepeats = (asked: readonly Asked[]): readonly Asked[] => [
  ...new Map(asked.map((each) => [each.sql, each])).values(),
]

const NO_CURRENCIES = { currencies: new Map<number, string>(), companyCurrencies: new Map<number, string>() }

/** The reader of each question is new, so that it looks for its floors too. */
const askFlows = async (
  client: OdooSqlClient,
  flows: readonly Flow[],
  narrowed: typeof NARROWED,
): Promise<readonly FlowQuestion[]> => {
  let asked: Asked[] = []
  const recording: OdooSqlClient = {
    ...client,
    query: (sql, params, signal) => {
      asked.push({ sql, params })
      return client.query(sql, params, signal)
    },
  }
  const signal = AbortSignal.timeout(600_000)
  const narrowOf = ({ name }: Flow) => (narrowed[name] ?? []).map((written) => condition.parse(written))
  const wanted = flows.map((flow) => ({ flow, narrow: narrowOf(flow), group: undefined }))
  const { odoo, now } = await openFlows(recording, wanted, signal)
  const found: FlowQuestion[] = []
  for (const { name, flow } of flows.flatMap((each) => waysOf(each, odoo, narrowOf(each)))) {
    for (const [question, ask] of Object.entries(questionsOf(flow, odoo))) {
      // What is remembered of the tables goes with the connection.
      const query: OdooSqlClient['query'] = (...asking) => recording.query(...asking)
      const reader = flowReader({ query, catalogue: odoo.catalogue, currencies: NO_CURRENCIES, now })
      asked = []
      await ask(reader, flow, now(), signal)
      const own = asked.filter(({ sql }) => !sql.includes('set_config'))
      found.push({ flow: name, question, asked: withoutRepeats(own) })
    }
  }
  return found
}

/** At whatever hour the tables were filled: what leads to another record that has just changed is followed there. */
const payNow = `
  WITH paid AS (
    UPDATE payment_transaction SET last_state_change = now() AT TIME ZONE 'UTC'
    WHERE id = (SELECT max(t.id) FROM payment_transaction t JOIN sale_order_transaction_rel ON transaction_id = t.id
      WHERE t.state = 'done' AND t.operation <> 'validation')
    RETURNING id)
  UPDATE sale_order SET write_date = now() AT TIME ZONE 'UTC'
  FROM paid JOIN sale_order_transaction_rel ON transaction_id = paid.id WHERE sale_order.id = sale_order_id`

/** Puts all questions; last those of an Odoo without the job queue, which it is without from then on. */
export const askAll = async (postgres: PostgresServer, database: string): Promise<readonly FlowQuestion[]> => {
  await postgres.query(payNow, [], database)
  const client = await openSql(postgres, database)
  try {
    const flows = shippedFlows()
    const found = await askFlows(client, flows, NARROWED)
    await postgres.query("UPDATE ir_module_module SET state = 'uninstalled' WHERE name = 'queue_job'", [], database)
    const beats = flows.filter(({ kind }) => kind === 'heartbeat')
    const byCron = await askFlows(client, beats, NARROWED_BY_CRON)
    return [...found, ...byCron.map((each) => ({ ...each, flow: `${each.flow}, without queue_job` }))]
  } finally {
    client.end()
  }
}

/** `options` as EXPLAIN takes them. */
export type Explain = (asked: Asked, options: string) => Promise<string>

/** On a connection set up as the reader's. */
export const explaining = async (
  postgres: PostgresServer,
  database: string,
): Promise<{ readonly explain: Explain; readonly end: () => void }> => {
  const client = await openSql(postgres, database)
  await client.query("select set_config('search_path', 'pg_catalog, public', false)", [], AbortSignal.timeout(10_000))
  return {
    explain: async ({ sql, params }, options) => {
      const rows = await client.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN (${options}) ${sql}`,
        params,
        AbortSignal.timeout(60_000),
      )
      return rows.map((row) => row['QUERY PLAN']).join('\n')
    },
    end: client.end,
  }
}
