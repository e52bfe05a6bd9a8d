import { expect, test } from 'vitest'
import { type Table, tables } from '../../../collectors/postgres/tables.ts'
import { CollectError } from '../../../src/collector.ts'

const table: Table = {
  schemaname: 'public',
  relname: 'sale_order',
  reltuples: 1000,
  pages: 10,
  index_pages: 5,
  block_size: 8192,
  live: 900,
  dead: 100,
  modified: 100,
  last_vacuum: null,
  last_autovacuum: null,
  last_analyze: null,
  last_autoanalyze: null,
}
const named = (over: Partial<Table>) =>
  Object.fromEntries(
    tables.map([{ datname: 'acme', result: [{ ...table, ...over }] }], 0).map((s) => [s.metric.name, s.value]),
  )

test('statistics lost in a crash are unknown, not 0; the size is still known', () => {
  expect(named({})).toMatchObject({ pg_stat_user_tables_n_live_tup: 900, pg_stat_user_tables_n_dead_tup: 100 })
  expect(named({ live: 0, dead: 0, modified: 0 })).toEqual({
    pg_stat_user_tables_success: 1,
    pg_stat_user_tables_table_size_bytes: 81_920,
    pg_stat_user_tables_index_size_bytes: 40_960,
  })
})

test('an empty table has no rows', () => {
  expect(named({ reltuples: 0, live: 0, dead: 0 })).toMatchObject({ pg_stat_user_tables_n_live_tup: 0 })
})

test('of a table that was never vacuumed or analyzed the size is unknown', () => {
  const fresh = named({ reltuples: -1, pages: 0 })
  expect(fresh).toMatchObject({ pg_stat_user_tables_n_live_tup: 900 })
  expect(Object.keys(fresh).filter((name) => name.endsWith('_bytes'))).toEqual([])
})

test('a database that could not be read is said, the others stand', () => {
  const failed = { datname: 'broken', result: new CollectError('connect', 'no') }
  const samples = tables.map([failed, { datname: 'acme', result: [] }], 0)
  expect(samples.map((s) => [s.metric.name, s.labels.datname, s.value])).toEqual([
    ['pg_stat_user_tables_success', 'broken', 0],
    ['pg_stat_user_tables_success', 'acme', 1],
  ])
})
