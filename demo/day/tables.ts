/** Writing into Odoo's tables, whatever columns this version of them has. */
import type { ClientBase } from 'pg'

/** The columns of each table. */
export type Tables = ReadonlyMap<string, ReadonlySet<string>>

export const readTables = async (client: ClientBase): Promise<Tables> => {
  const { rows } = await client.query<{ table: string; columns: readonly string[] }>(
    `SELECT table_name AS table, array_agg(column_name::text) AS columns
    FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1`,
  )
  return new Map(rows.map(({ table, columns }) => [table, new Set(columns)]))
}

/** A row by column; a column that the table lacks (in this version of Odoo) is left out. */
export type NewRow = Readonly<Record<string, unknown>>

/** Inserts rows that have the same columns. Gives their ids, in turn. */
export const insert = async (
  client: ClientBase,
  tables: Tables,
  table: string,
  rows: readonly NewRow[],
): Promise<readonly number[]> => {
  const [first] = rows
  if (first === undefined) return []
  const columns = Object.keys(first).filter((column) => tables.get(table)?.has(column))
  const list = columns.map((column) => `"${column}"`).join(', ')
  const inserted = await client.query<{ id: number }>(
    `INSERT INTO ${table} (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::${table}, $1) RETURNING id`,
    [JSON.stringify(rows)],
  )
  return inserted.rows.map(({ id }) => id)
}
