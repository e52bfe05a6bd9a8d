/** deploy/postgres/role.sql on a real PostgreSQL: what it grants suffices, and nothing of the tables can be read. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { close, connect } from '../../collectors/postgres/client.ts'
import { config } from '../../collectors/postgres/config.ts'
import { postgres } from '../../collectors/postgres/index.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { Unsupported } from '../../src/collector.ts'

const ROLE_SQL = readFileSync(join(import.meta.dirname, '../../deploy/postgres/role.sql'), 'utf8')
const PASSWORD = 'of-the-monitoring-role'

describe.for([14, 18])('on PostgreSQL %i', (version) => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres({ version })
    await server.query('create role odoo')
    await server.query('create database acme owner odoo')
    await server.query('revoke connect on database acme from public')
    const makeTable = 'set role odoo; create table sale_order (id serial primary key, name text)'
    await server.query(
      version < 15 ? makeTable : `grant create on schema public to odoo; ${makeTable}`,
      undefined,
      'acme',
    )
    await server.query(ROLE_SQL)
    await server.query(ROLE_SQL, undefined, 'acme')
    await server.query(`alter role odoo_pulse password '${PASSWORD}'`)
  }, 60_000)
  afterAll(() => server?.stop())

  const unsupported = async (): Promise<Readonly<Record<string, string>>> => {
    const settings = { host: '127.0.0.1', port: server.port, user: 'odoo_pulse', password: { env: 'P' } }
    const signal = AbortSignal.timeout(20_000)
    const client = await connect(config.parse(settings), { secret: async () => PASSWORD, signal })
    const lacking: Record<string, string> = {}
    for (const probe of postgres.probes) {
      try {
        await probe.read(client, signal)
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error
        lacking[probe.name] = error.message
      }
    }
    await close(client)
    return lacking
  }

  test('no probe lacks a grant, the sequences included', async () => {
    const lacking = await unsupported()
    expect(Object.keys(lacking)).not.toContain('sequences')
    expect(Object.values(lacking).filter((message) => /grant/i.test(message))).toEqual([])
  })

  test('sequences made later by the owner can be read too', async () => {
    await server.query('set role odoo; create sequence later_seq', undefined, 'acme')
    const [row] = await server.query(
      "select has_sequence_privilege('odoo_pulse', 'later_seq', 'SELECT') as may",
      undefined,
      'acme',
    )
    expect(row?.may).toBe(true)
  })

  test('what the tables hold can neither be read nor written', async () => {
    const url = new URL(server.url)
    const options = { host: url.hostname, port: server.port, user: 'odoo_pulse', password: PASSWORD, database: 'acme' }
    const client = new pg.Client(options)
    await client.connect()
    for (const sql of ['select * from sale_order', "insert into sale_order (name) values ('x')", 'create role other'])
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' })
    await expect(client.query("select nextval('sale_order_id_seq')")).rejects.toMatchObject({ code: '42501' })
    await client.end()
  })

  test('it may be run again, and sets right what was changed', async () => {
    await server.query('alter role odoo_pulse nologin connection limit 1')
    await server.query(ROLE_SQL)
    const [row] = await server.query(
      "select rolcanlogin, rolconnlimit, rolsuper from pg_roles where rolname = 'odoo_pulse'",
    )
    expect(row).toEqual({ rolcanlogin: true, rolconnlimit: 6, rolsuper: false })
  })
})
