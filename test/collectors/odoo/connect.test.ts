/** What is asked of Odoo to be let in, and how seldom. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createConnector } from '../../../collectors/odoo/connect.ts'
import { createLogins, REFUSED_FOR } from '../../../collectors/odoo/login.ts'
import type { OdooServer } from '../../../demo/odoo/server.ts'
import { CollectError } from '../../../src/collector.ts'
import { configOf, contextOf, type Estate, startEstate } from './estate.ts'
import { reply, startRawServer } from './raw_server.ts'

const signal = AbortSignal.timeout(120_000)
let estate: Estate
let odoo: OdooServer
let before: ReadonlyMap<string, number>

beforeAll(async () => {
  estate = await startEstate([18])
  odoo = estate.of(18)
}, 60_000)
beforeEach(() => {
  before = odoo.requests()
})
afterAll(() => estate?.stop())

/** Since the test began, by path. */
const asked = (path: string): number => (odoo.requests().get(path) ?? 0) - (before.get(path) ?? 0)
/** authenticate and version go to one address. */
const COMMON = '/xmlrpc/2/common'

test('one login for all connections of one configuration', async () => {
  const { connect, check } = createConnector()
  const config = configOf(odoo)
  const context = contextOf(odoo.users.pulse.apiKey)
  const first = await connect(config, context)
  await first.searchCount('queue.job', [], undefined, signal)
  const versionAndLogin = asked(COMMON)
  await check(config, context)
  expect(asked(COMMON)).toBe(versionAndLogin + 1)
  const second = await connect(config, context)
  expect(second.uid).toBe(first.uid)
  expect(asked(COMMON)).toBe(versionAndLogin + 2)
})

test('a refused login is not repeated, but where the secret has changed or time has passed', async () => {
  let now = Date.now()
  const { connect, check } = createConnector(createLogins(() => now))
  const config = configOf(odoo)
  const refused = { reason: 'auth', message: expect.stringContaining('credentials') }
  await expect(connect(config, contextOf('wrong'))).rejects.toMatchObject(refused)
  const once = asked(COMMON)
  for (const again of [connect, check]) {
    await expect(again(config, contextOf('wrong'))).rejects.toMatchObject({
      reason: 'auth',
      message: expect.stringMatching(/credentials.*Not tried again for 10 min/),
    })
  }
  expect(asked(COMMON)).toBe(once)
  now += REFUSED_FOR
  await expect(check(config, contextOf('wrong'))).rejects.toMatchObject(refused)
  expect(asked(COMMON)).toBeGreaterThan(once)
  // rotated: at once
  expect((await connect(config, contextOf(odoo.users.pulse.apiKey))).uid).toBe(odoo.users.pulse.uid)
})

test('a key that is revoked is auth, and the next connection logs in anew', async () => {
  const { connect } = createConnector()
  const config = configOf(odoo)
  const client = await connect(config, contextOf(odoo.users.pulse.apiKey))
  const rows = await estate.postgres.query('select * from res_users_apikeys', undefined, odoo.database)
  const count = async (): Promise<number> => client.searchCount('queue.job', [], undefined, signal)
  try {
    await estate.postgres.query(
      `update res_users_apikeys set key = 'x' || key, index = 'x' || index where user_id = ${odoo.users.pulse.uid}`,
      undefined,
      odoo.database,
    )
    await expect(count()).rejects.toMatchObject({ reason: 'auth' })
    await expect(connect(config, contextOf(odoo.users.pulse.apiKey))).rejects.toMatchObject({ reason: 'auth' })
  } finally {
    await estate.postgres.query(
      'update res_users_apikeys set key = substr(key, 2), index = substr(index, 2) where user_id = ' +
        odoo.users.pulse.uid,
      undefined,
      odoo.database,
    )
  }
  expect(rows).not.toEqual([])
  expect(await count()).toBeGreaterThanOrEqual(0)
})

const versionReply = (headers: readonly string[] = []): Buffer =>
  reply(200, 'application/json', '{"version": "19.0+e", "version_info": [19, 0, 0, "final", 0, "e"]}', headers)

const keyed = (url: string) => configOf(odoo, { url, protocol: 'json2' })

test('one call at a time; who no longer waits is never sent', async () => {
  let running = 0
  let most = 0
  const seen: string[] = []
  const release: (() => void)[] = []
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('GET')) return socket.end(versionReply())
    if (request.includes('context_get')) return socket.end(reply(200, 'application/json', '{"uid": 7}'))
    seen.push(request.split(' ')[1] ?? '')
    running += 1
    most = Math.max(most, running)
    release.push(() => {
      running -= 1
      socket.end(reply(200, 'application/json', '5'))
    })
  })
  const client = await createConnector().connect(keyed(url), contextOf('k'))
  const abort = new AbortController()
  const calls = ['a', 'b', 'c'].map((model) =>
    client.searchCount(model, [], undefined, model === 'b' ? abort.signal : signal).catch((error: unknown) => error),
  )
  await vi.waitFor(() => expect(release).toHaveLength(1))
  const late = new CollectError('timeout', 'late')
  abort.abort(late)
  release[0]?.()
  await vi.waitFor(() => expect(release).toHaveLength(2))
  release[1]?.()
  expect(await Promise.all(calls)).toEqual([5, late, 5])
  expect(seen).toEqual(['/json/2/a/search_count', '/json/2/c/search_count'])
  expect(most).toBe(1)
})

test("the server's clock is followed where it differs by more than its seconds tell", async () => {
  const hourAhead = (): string => `Date: ${new Date(Date.now() + 3_600_000).toUTCString()}`
  let dated = true
  const url = await startRawServer((socket, request) => {
    const headers = dated ? [hourAhead()] : []
    if (request.startsWith('GET')) return socket.end(versionReply(headers))
    socket.end(reply(200, 'application/json', '{"uid": 7}', headers))
  })
  const client = await createConnector().connect(keyed(url), contextOf('k'))
  expect(Math.abs(client.now() - Date.now() - 3_600_000)).toBeLessThan(1500)
  dated = false
  const without = await createConnector().connect(keyed(url), contextOf('k'))
  expect(Math.abs(without.now() - Date.now())).toBeLessThan(100)
})

test('what is sent over JSON-2: key, database, named arguments', async () => {
  let seen = ''
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('GET')) return socket.end(versionReply())
    if (request.includes('context_get')) return socket.end(reply(200, 'application/json', '{"uid": 7}'))
    seen = request
    socket.end(reply(200, 'application/json', '[]'))
  })
  const client = await createConnector().connect(keyed(url), contextOf('the-key'))
  await client.searchRead(
    'ir.cron',
    [['active', 'in', [true, false]]],
    ['cron_name'],
    { order: 'id', limit: 9000 },
    signal,
  )
  expect(seen).toMatch(/^POST \/json\/2\/ir\.cron\/search_read HTTP/)
  expect(seen.toLowerCase()).toContain(`\r\nx-odoo-database: ${odoo.database}\r\n`)
  expect(seen.toLowerCase()).toContain('\r\nauthorization: bearer the-key\r\n')
  expect(JSON.parse(seen.split('\r\n\r\n')[1] ?? '')).toEqual({
    domain: [['active', 'in', [true, false]]],
    fields: ['cron_name'],
    order: 'id',
    limit: 500,
  })
})

test('Odoo 20 is never asked for read_group', async () => {
  let path = ''
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('GET')) {
      return socket.end(
        reply(200, 'application/json', '{"version": "20.0", "version_info": [20, 0, 0, "final", 0, ""]}'),
      )
    }
    if (request.includes('context_get')) return socket.end(reply(200, 'application/json', '{"uid": 7}'))
    path = request.split(' ')[1] ?? ''
    socket.end(reply(200, 'application/json', '[{"state": "done", "__count": 2, "__extra_domain": []}]'))
  })
  const client = await createConnector().connect(keyed(url), contextOf('k'))
  expect(await client.readGroup('queue.job', [], ['state'], [], signal)).toEqual([{ state: 'done', __count: 2 }])
  expect(path).toBe('/json/2/queue.job/formatted_read_group')
})

test('a series of Odoo Online is read as one', async () => {
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('GET')) {
      const version = '{"version": "saas~19.2+e", "version_info": ["saas~19", 2, 0, "final", 0, "e"]}'
      return socket.end(reply(200, 'application/json', version))
    }
    socket.end(reply(200, 'application/json', '{"uid": 7}'))
  })
  const client = await createConnector().connect(keyed(url), contextOf('k'))
  expect(client.version).toBe(19)
  expect(await client.askVersion(signal)).toEqual({ series: 19, text: 'saas~19.2+e' })
})

test('answers of another shape than the question has are not taken', async () => {
  let answer = ''
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('GET')) return socket.end(versionReply())
    if (request.includes('context_get')) return socket.end(reply(200, 'application/json', '{"uid": 7}'))
    socket.end(reply(200, 'application/json', answer))
  })
  const client = await createConnector().connect(keyed(url), contextOf('k'))
  for (answer of ['null', '{}', '[1]', '"x"', '[[]]', '[null]']) {
    const all = [
      client.searchRead('a', [], [], { order: 'id' }, signal),
      client.searchCount('a', [], undefined, signal),
      client.readGroup('a', [], [], [], signal),
    ]
    for (const asked of all) await expect(asked, answer).rejects.toMatchObject({ reason: 'decode' })
  }
  for (answer of ['[]', '5', '{"a": 1}']) {
    await expect(client.fieldsGet('a', [], [], signal), answer).rejects.toMatchObject({ reason: 'decode' })
  }
})

test('an Odoo whose workers are all busy has not gone: the gevent port vouches for who is logged in', async () => {
  const { connect, check } = createConnector()
  const config = configOf(odoo, { gevent_url: odoo.geventUrl })
  const context = () => contextOf(odoo.users.pulse.apiKey, AbortSignal.timeout(4000))
  const first = await connect(config, context())
  odoo.faults.busyWorkers(99)
  try {
    await check(config, context())
    expect(await connect(config, context())).toMatchObject({ uid: first.uid, version: 18 })
    // who has yet to log in can't, and adds nothing to the queue meanwhile
    const stranger = createConnector().connect(config, context())
    await expect(stranger).rejects.toBeDefined()
    odoo.faults.hang(true)
    await expect(check(config, context())).rejects.toMatchObject({ reason: 'timeout' })
  } finally {
    odoo.faults.hang(false)
    odoo.faults.busyWorkers(0)
  }
}, 30_000)
