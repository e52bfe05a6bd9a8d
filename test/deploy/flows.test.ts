/** deploy/postgres/flows.sql on a real PostgreSQL; what the role can do with it: test/collectors/odoo_sql. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'

const FLOWS_SQL = readFileSync(join(import.meta.dirname, '../../deploy/postgres/flows.sql'), 'utf8')

describe.for([14, 18])('on PostgreSQL %i', (version) => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres({ version })
    await createOdooDatabase(server, 'acme', 19)
    await server.query('create database bare')
  }, 60_000)
  afterAll(() => server?.stop())

  const readable = () =>
    server.query(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and has_any_column_privilege('odoo_pulse_flows', oid, 'SELECT') order by 1`,
      undefined,
      'acme',
    )

  test('it may be run again, and where there is no table at all', async () => {
    await server.query(FLOWS_SQL, undefined, 'acme')
    const once = await readable()
    await server.query(FLOWS_SQL, undefined, 'acme')
    await server.query(FLOWS_SQL, undefined, 'bare')
    expect(await readable()).toEqual(once)
    expect(once.length).toBeGreaterThan(20)
  })

  test('a table that comes later is readable once it is run again', async () => {
    await server.query('drop table queue_job', undefined, 'acme')
    await server.query('create table queue_job (id int4, state varchar, exc_info text)', undefined, 'acme')
    await server.query(FLOWS_SQL, undefined, 'acme')
    const [row] = await server.query(
      `select has_column_privilege('odoo_pulse_flows', 'queue_job', 'state', 'SELECT') as state,
        has_column_privilege('odoo_pulse_flows', 'queue_job', 'exc_info', 'SELECT') as exc_info`,
      undefined,
      'acme',
    )
    expect(row).toEqual({ state: true, exc_info: false })
  })

  test('no column that holds a secret or a person is among them', async () => {
    const secret = '(password|token|secret|_key|credential|body|email|phone|args|exc_info|partner)'
    const rows = await server.query(
      `select attrelid::regclass || '.' || attname as name from pg_attribute join pg_class c on c.oid = attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and attnum > 0 and not attisdropped
          and attname ~ '${secret}' and has_column_privilege('odoo_pulse_flows', attrelid, attnum, 'SELECT')`,
      undefined,
      'acme',
    )
    expect(rows).toEqual([])
  })
})
