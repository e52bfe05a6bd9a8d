/** Fills a tenant's tables with the past of a big distributor and what came of it, set by set, in about a minute. */
import pg from 'pg'
import type { PostgresServer } from '../postgres.ts'
import { jobs, orders, pickings } from './past.ts'
import { type Before, type RecordSet, records } from './past_records.ts'
import { readTables } from './tables.ts'

export interface BulkSizes {
  readonly orders: number
  readonly pickings: number
  readonly jobs: number
}

/** An index is built faster over the whole than row by row: those that are no constraint are left out while a table fills. */
const withoutIndexes = async (client: pg.Client, table: string, fill: () => Promise<unknown>): Promise<void> => {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT c.relname AS name, pg_get_indexdef(c.oid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)`,
    [table],
  )
  for (const { name } of rows) await client.query(`DROP INDEX "${name}"`)
  await fill()
  for (const { definition } of rows) await client.query(definition)
}

const fill = async (client: pg.Client, table: string, sql: string): Promise<void> => {
  await client.query('BEGIN')
  await withoutIndexes(client, table, () => client.query(sql))
  const { rows } = await client.query(
    "SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'id' AND attnum > 0",
    [table],
  )
  if (rows.length > 0) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT coalesce(max(id), 1) FROM ${table}))`,
    )
  }
  await client.query('COMMIT')
  // As autovacuum leaves a table, so that whoever reads it first does not pay for it.
  await client.query(`VACUUM (ANALYZE) ${table}`)
}

const idsOf = async (client: pg.Client): Promise<Before> => {
  const { rows } = await client.query<Before>(
    `SELECT (SELECT coalesce(max(id), 0) FROM sale_order) AS order, (SELECT coalesce(max(id), 0) FROM stock_picking) AS picking`,
  )
  return rows[0] ?? { order: 0, picking: 0 }
}

/** Fills on top of what is there, while nothing else writes; the same sizes give the same rows, but for instants and uuids. */
export const loadBulk = async (
  { port, password }: Pick<PostgresServer, 'port' | 'password'>,
  database: string,
  sizes: BulkSizes,
): Promise<void> => {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database, ssl: false })
  // Said by the query in flight.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SELECT setseed(0.42)")
    const before = await idsOf(client)
    const sets: readonly (RecordSet & { readonly count: number })[] = [
      { table: 'sale_order', sql: orders(sizes.orders), count: sizes.orders },
      { table: 'stock_picking', sql: pickings(sizes.pickings), count: sizes.pickings },
      { table: 'queue_job', sql: jobs(sizes.jobs), count: sizes.jobs },
      ...records(await readTables(client), before, sizes.orders).map((set) => ({ ...set, count: sizes.orders })),
    ]
    for (const { table, sql, count } of sets) if (count > 0) await fill(client, table, sql)
    // Small tables too, as after a restore or an upgrade: PostgreSQL takes one it knows nothing of for next to empty.
    await client.query('ANALYZE')
  } finally {
    await client.end()
  }
}
