import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import xmlrpc from 'xmlrpc'
import { type Version, versions } from '../../demo/odoo/columns.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type OdooOptions, type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { eventually } from '../support/eventually.ts'
import { odooRows } from './odoo_rows.ts'

type User = keyof OdooServer['users']

let postgres: PostgresServer
let count = 0
const running: OdooServer[] = []

beforeAll(async () => {
  postgres = await startPostgres()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((odoo) => odoo.stop()))
})
afterAll(() => postgres?.stop())

const start = async (version: Version, options: Partial<OdooOptions> = {}): Promise<OdooServer> => {
  count += 1
  const database = `odoo_${count}`
  await createOdooDatabase(postgres, database, version)
  await postgres.query(odooRows(version), undefined, database)
  const odoo = await startOdoo({ version, postgres, database, authenticateMs: 0, ...options })
  running.push(odoo)
  return odoo
}

const call = (odoo: OdooServer, service: string, method: string, params: readonly unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const done = (error: unknown, value: unknown) => (error ? reject(error) : resolve(value))
    xmlrpc.createClient(`${odoo.url}/xmlrpc/2/${service}`).methodCall(method, [...params], done)
  })

const kw = (odoo: OdooServer, user: User, model: string, method: string, args: readonly unknown[], kwargs = {}) => {
  const { uid, apiKey } = odoo.users[user]
  return call(odoo, 'object', 'execute_kw', [odoo.database, uid, apiKey, model, method, args, kwargs])
}

const json2 = async (odoo: OdooServer, path: string, body: object) => {
  const headers = { 'content-type': 'application/json', authorization: `bearer ${odoo.users.pulse.apiKey}` }
  const response = await fetch(`${odoo.url}/json/2/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, body: await response.text() }
}

const login = (odoo: OdooServer, user: User, password: string) =>
  call(odoo, 'common', 'authenticate', [odoo.database, odoo.users[user].login, password, {}])

const health = async (url: string, patience = 10_000): Promise<string> => {
  const response = await fetch(`${url}/web/health`, { signal: AbortSignal.timeout(patience) })
  return response.text()
}

test.for([17, 18] as const)('%i takes a condition on an unsearchable field for true', async (version) => {
  const odoo = await start(version)
  const all = await kw(odoo, 'pulse', 'account.move', 'search_count', [[]])
  expect(all).toBe(3)
  expect(await kw(odoo, 'pulse', 'account.move', 'search_count', [[['edi_error_count', '>', 0]]])).toBe(all)
  const both = [
    ['edi_error_count', '>', 0],
    ['state', '=', 'draft'],
  ]
  expect(await kw(odoo, 'pulse', 'account.move', 'search_count', [both])).toBe(0)
})

test('17 has no cron progress, no failure count, no end of a key', async () => {
  const odoo = await start(17)
  await expect(kw(odoo, 'pulse', 'ir.cron.progress', 'search_count', [[]])).rejects.toMatchObject({ faultCode: 2 })
  const fields = { fields: ['failure_count'] }
  await expect(kw(odoo, 'pulse', 'ir.cron', 'search_read', [[]], fields)).rejects.toMatchObject({ faultCode: 1 })
  const info = await kw(odoo, 'pulse', 'res.users.apikeys', 'fields_get', [['name', 'expiration_date']])
  expect(Object.keys(Object(info))).toEqual(['name'])
})

test('fields_get says what may be searched', async () => {
  const odoo = await start(18)
  const asked = [
    ['edi_error_count', 'state', 'company_id'],
    ['type', 'store', 'searchable', 'relation'],
  ]
  expect(await kw(odoo, 'pulse', 'account.move', 'fields_get', asked)).toEqual({
    edi_error_count: { type: 'integer', store: false, searchable: false },
    state: { type: 'selection', store: true, searchable: true },
    company_id: { type: 'many2one', store: true, searchable: true, relation: 'res.company' },
  })
})

test.for(versions)('%i: rights that are lost fault, and come back', async (version) => {
  const odoo = await start(version)
  const crons = () => kw(odoo, 'pulse', 'ir.cron', 'search_count', [[]])
  expect(await crons()).toBe(9)
  odoo.faults.rightsLost(true)
  await expect(crons()).rejects.toMatchObject({ faultCode: 4, faultString: expect.stringContaining('(ir.cron)') })
  if (version === 19) expect(await json2(odoo, 'ir.cron/search_count', { domain: [] })).toMatchObject({ status: 403 })
  expect(await kw(odoo, 'pulse', 'res.company', 'search_count', [[]])).toBe(3)
  odoo.faults.rightsLost(false)
  expect(await crons()).toBe(9)
})

test('a path through a model which the user may not read faults', async () => {
  const odoo = await start(18, {
    rights: { pulse: { models: ['stock.picking'], allGroups: false, allCompanies: false } },
  })
  expect(await kw(odoo, 'pulse', 'stock.picking', 'search_count', [[['picking_type_id.code', '=', 'outgoing']]])).toBe(
    12,
  )
  const through = [['sale_id.state', '=', 'sale']]
  await expect(kw(odoo, 'pulse', 'stock.picking', 'search_count', [through])).rejects.toMatchObject({ faultCode: 4 })
})

test('companies that are not on the user hide their rows without a word', async () => {
  const odoo = await start(18)
  await postgres.query(
    'UPDATE account_move SET company_id = id; UPDATE account_move SET company_id = NULL WHERE id = 3',
    undefined,
    odoo.database,
  )
  const moves = () => kw(odoo, 'pulse', 'account.move', 'search_count', [[]])
  expect(await moves()).toBe(3)
  await odoo.faults.companies([1])
  expect(await moves()).toBe(2)
  expect(await kw(odoo, 'pulse', 'res.users', 'read', [[odoo.users.pulse.uid], ['company_ids']])).toMatchObject([
    { company_ids: [1] },
  ])
  expect(await kw(odoo, 'pulse', 'res.company', 'search_count', [[]])).toBe(3)
  odoo.faults.rightsLost(true)
  expect(await kw(odoo, 'pulse', 'res.company', 'search_count', [[]])).toBe(1)
})

test('a key is good as password and as bearer, until its end', async () => {
  const odoo = await start(19)
  const { uid, apiKey, password } = odoo.users.pulse
  expect(await login(odoo, 'pulse', apiKey)).toBe(uid)
  expect(await json2(odoo, 'res.users/context_get', {})).toMatchObject({ status: 200 })
  await odoo.faults.keysExpire(new Date(Date.now() - 1_000))
  expect(await login(odoo, 'pulse', apiKey)).toBe(false)
  expect(await json2(odoo, 'res.users/context_get', {})).toMatchObject({ status: 401 })
  await expect(kw(odoo, 'pulse', 'res.company', 'search_count', [[]])).rejects.toMatchObject({ faultCode: 3 })
  expect(await login(odoo, 'pulse', password)).toBe(uid)
})

test('an authentication takes its time and leaves a row', async () => {
  const odoo = await start(18, { authenticateMs: 150 })
  const begin = performance.now()
  await login(odoo, 'pulse', 'pulse')
  expect(performance.now() - begin).toBeGreaterThan(140)
  await login(odoo, 'pulse', 'wrong')
  expect(await kw(odoo, 'admin', 'res.users.log', 'search_count', [[]])).toBe(1)
})

test('with all workers busy the page hangs while the gevent port answers', async () => {
  const odoo = await start(18, { workers: 2 })
  odoo.faults.busyWorkers(1)
  expect(await health(odoo.url)).toBe('{"status": "pass"}')
  odoo.faults.busyWorkers(2)
  const waiting = health(odoo.url)
  await expect(health(odoo.url, 300)).rejects.toThrow('timeout')
  expect(await health(odoo.geventUrl)).toContain('pass')
  odoo.faults.busyWorkers(0)
  expect(await waiting).toContain('pass')
})

test('more requests than workers are answered one after the other', async () => {
  const odoo = await start(18, { workers: 2 })
  odoo.faults.slow(100)
  const begin = performance.now()
  await Promise.all(Array.from({ length: 6 }, () => health(odoo.url)))
  expect(performance.now() - begin).toBeGreaterThan(290)
})

test('hangs, refuses, and resets, each until it is over', async () => {
  const odoo = await start(19)
  odoo.faults.hang(true)
  const waiting = health(odoo.url)
  await expect(health(odoo.geventUrl, 300)).rejects.toThrow('timeout')
  odoo.faults.hang(false)
  expect(await waiting).toContain('pass')

  await odoo.faults.down(true)
  await expect(health(odoo.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  await odoo.faults.down(false)
  expect(await health(odoo.url)).toContain('pass')

  odoo.faults.reset(1)
  await expect(health(odoo.url)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
  expect(await health(odoo.url)).toContain('pass')
})

test('what waits in vain leaves no worker behind', async () => {
  const odoo = await start(18, { workers: 1 })
  odoo.faults.busyWorkers(1)
  await expect(Promise.allSettled(Array.from({ length: 5 }, () => health(odoo.url, 200)))).resolves.toHaveLength(5)
  odoo.faults.busyWorkers(0)
  await eventually(async () => expect(await health(odoo.url)).toContain('pass'))
})

test('JSON-2 takes JSON only, and knows its database; before 19 there is none', async () => {
  const post = async (odoo: OdooServer, headers: Readonly<Record<string, string>>) => {
    const authorization = `bearer ${odoo.users.pulse.apiKey}`
    const init = {
      method: 'POST',
      headers: { authorization, ...headers },
      body: '{"domain": []}',
      redirect: 'manual',
    } as const
    const response = await fetch(`${odoo.url}/json/2/ir.cron/search_count`, init)
    await response.text()
    return [response.status, response.headers.get('content-type'), response.headers.get('location')]
  }
  const json = { 'content-type': 'application/json' }
  const odoo = await start(19)
  expect(await post(odoo, json)).toEqual([200, 'application/json; charset=utf-8', null])
  expect(await post(odoo, { 'content-type': 'text/plain' })).toEqual([415, 'application/json; charset=utf-8', null])
  expect(await post(odoo, { ...json, 'x-odoo-database': 'other' })).toEqual([404, 'text/html; charset=utf-8', null])
  expect(await post(await start(18), json)).toEqual([303, 'text/html; charset=utf-8', '/web/login'])
  expect(await post(await start(17), json)).toEqual([404, 'text/html; charset=utf-8', null])
})

test('a number past 32 bits is a fault in XML and a number in JSON', async () => {
  const odoo = await start(19)
  await postgres.query('UPDATE ir_cron SET priority = 2147483647', undefined, odoo.database)
  const asked = { domain: [], groupby: [], aggregates: ['priority:sum'] }
  await expect(kw(odoo, 'pulse', 'ir.cron', 'formatted_read_group', [], asked)).rejects.toMatchObject({
    faultCode: 1,
    faultString: expect.stringContaining('OverflowError'),
  })
  const { body } = await json2(odoo, 'ir.cron/formatted_read_group', asked)
  expect(JSON.parse(body)).toMatchObject([{ 'priority:sum': 9 * 2147483647 }])
})

test('stops while a request waits, and says how many it has answered', async () => {
  const odoo = await start(18)
  await health(odoo.url)
  expect(odoo.requests().get('/web/health')).toBe(1)
  odoo.faults.busyWorkers(2)
  const waiting = health(odoo.url).catch((error: unknown) => error)
  await odoo.stop()
  expect(await waiting).toBeInstanceOf(Error)
})
