/** What every protocol and version must answer alike. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OdooClient } from '../../../collectors/odoo/client.ts'
import { createConnector } from '../../../collectors/odoo/connect.ts'
import { Unsupported } from '../../../src/collector.ts'
import { clientOf, configOf, contextOf, type Estate, startEstate, type Version } from './estate.ts'

const signal = AbortSignal.timeout(120_000)
let estate: Estate

beforeAll(async () => {
  estate = await startEstate([17, 18, 19])
  for (const [version, odoo] of estate.odoos) {
    await estate.postgres.query(
      `insert into queue_job (uuid, model_name, method_name, channel, state, priority, retry, max_retries, name,
         date_created, date_enqueued, date_started, exec_time)
       select version::text || '-' || n, 'sale.order', 'x', case when n < 5 then 'root.sale' else 'root.edi' end,
         case when n % 2 = 0 then 'pending' else 'failed' end, 10, n, 5, 'job ' || n,
         '2026-11-20 10:00:00.5'::timestamp + n * interval '1 minute', null, null, 0
       from generate_series(1, 8) n, (select ${version} as version) v`,
      undefined,
      odoo.database,
    )
  }
}, 60_000)

afterAll(() => estate?.stop())

const ways: readonly (readonly [Version, 'xmlrpc' | 'json2'])[] = [
  [17, 'xmlrpc'],
  [18, 'xmlrpc'],
  [19, 'xmlrpc'],
  [19, 'json2'],
]

describe.for(ways)('Odoo %i over %s', ([version, protocol]) => {
  let client: OdooClient
  beforeAll(async () => {
    client = await clientOf(estate.of(version), { protocol })
  })

  const rejection = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      () => 'no error',
      (error: unknown) => error,
    )

  test('who and what', () => {
    expect(client).toMatchObject({ version, protocol, uid: estate.of(version).users.pulse.uid })
  })

  test('rows: values, nulls, many2one, order, limit, offset', async () => {
    const fields = ['channel', 'state', 'retry', 'date_created', 'date_started', 'company_id']
    const page = (limit: number, offset: number) =>
      client.searchRead(
        'queue.job',
        [['channel', '=', 'root.sale']],
        fields,
        { order: 'id desc', limit, offset },
        signal,
      )
    expect(await page(1, 1)).toEqual([
      {
        id: 3,
        channel: 'root.sale',
        state: 'failed',
        retry: 3,
        date_created: '2026-11-20 10:03:00',
        date_started: false,
        company_id: false,
      },
    ])
    expect(await page(10, 4)).toEqual([])
    const crons = await client.searchRead<{ id: number }>(
      'ir.cron',
      [['active', 'in', [true, false]]],
      ['cron_name', 'active', 'user_id'],
      { order: 'id' },
      signal,
    )
    expect(crons.length).toBeGreaterThan(3)
    expect(crons[0]).toMatchObject({ active: true, cron_name: expect.any(String), user_id: [1, expect.any(String)] })
  })

  test('counts, and a cap on them', async () => {
    expect(await client.searchCount('queue.job', [['state', 'in', ['failed', 'pending']]], undefined, signal)).toBe(8)
    expect(await client.searchCount('queue.job', [], 3, signal)).toBe(3)
    expect(await client.searchCount('queue.job', [['channel', '=', 'root.none']], undefined, signal)).toBe(0)
  })

  test('groups in one shape: keys, aggregates by name, __count', async () => {
    const groups = await client.readGroup(
      'queue.job',
      [['state', 'in', ['failed', 'pending']]],
      ['channel', 'state'],
      ['date_created:min', 'date_created:max', 'date_enqueued:min', 'retry:max'],
      signal,
    )
    const key = (g: (typeof groups)[number]) => `${g.channel} ${g.state}`
    expect(groups.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))).toEqual([
      {
        channel: 'root.edi',
        state: 'failed',
        'date_created:min': '2026-11-20 10:05:00',
        'date_created:max': '2026-11-20 10:07:00',
        'date_enqueued:min': false,
        'retry:max': 7,
        __count: 2,
      },
      {
        channel: 'root.edi',
        state: 'pending',
        'date_created:min': '2026-11-20 10:06:00',
        'date_created:max': '2026-11-20 10:08:00',
        'date_enqueued:min': false,
        'retry:max': 8,
        __count: 2,
      },
      {
        channel: 'root.sale',
        state: 'failed',
        'date_created:min': '2026-11-20 10:01:00',
        'date_created:max': '2026-11-20 10:03:00',
        'date_enqueued:min': false,
        'retry:max': 3,
        __count: 2,
      },
      {
        channel: 'root.sale',
        state: 'pending',
        'date_created:min': '2026-11-20 10:02:00',
        'date_created:max': '2026-11-20 10:04:00',
        'date_enqueued:min': false,
        'retry:max': 4,
        __count: 2,
      },
    ])
  })

  test('groups by a many2one, without aggregates, and all in one', async () => {
    const byCompany = await client.readGroup('res.users', [['active', '=', true]], ['company_id'], [], signal)
    expect(byCompany[0]).toEqual({ company_id: [1, expect.any(String)], __count: expect.any(Number) })
    expect(await client.readGroup('queue.job', [['id', '=', -1]], [], ['date_created:min', '__count'], signal)).toEqual(
      [{ 'date_created:min': false, __count: 0 }],
    )
    expect(await client.readGroup('queue.job', [], [], [], signal)).toEqual([{ __count: 8 }])
  })

  test('fields: those there are', async () => {
    const fields = await client.fieldsGet('queue.job', ['state', 'no_such'], ['type', 'store', 'searchable'], signal)
    expect(fields).toEqual({ state: expect.objectContaining({ type: 'selection', store: true, searchable: true }) })
  })

  test('what is not there is unsupported', async () => {
    const errors = await Promise.all([
      rejection(client.searchCount('no.such.model', [], undefined, signal)),
      rejection(client.searchCount('queue.job', [['no_such_field', '=', 1]], undefined, signal)),
      rejection(client.searchRead('queue.job', [], ['no_such_field'], { order: 'id' }, signal)),
    ])
    for (const error of errors) expect(error).toBeInstanceOf(Unsupported)
    expect(String(errors[0])).toContain('no.such.model')
    expect(String(errors[1])).toContain('no_such_field')
    expect(String(errors[2])).toContain('no_such_field')
  })

  test('rights that are lacking are unsupported, and named', async () => {
    const { faults } = estate.of(version)
    faults.rightsLost(true)
    try {
      const error = await rejection(client.searchCount('ir.cron', [], undefined, signal))
      expect(error).toBeInstanceOf(Unsupported)
      expect(String(error)).toContain('no read access to ir.cron')
    } finally {
      faults.rightsLost(false)
    }
  })

  test('a bad date is a failed query, and says no more than that', async () => {
    const error = await rejection(
      client.searchCount('queue.job', [['date_created', '<', '2026-13-99']], undefined, signal),
    )
    expect(error).toMatchObject({ reason: 'query' })
    expect(String(error)).not.toMatch(/Traceback|File "/)
  })

  test('credentials that do not hold are auth', async () => {
    const odoo = estate.of(version)
    const { connect } = createConnector()
    const error = await rejection(connect(configOf(odoo, { protocol }), contextOf('0'.repeat(40))))
    expect(error).toMatchObject({ reason: 'auth', message: expect.stringContaining(odoo.database) })
  })

  test('a database that is not there is said so', async () => {
    const odoo = estate.of(version)
    const { connect } = createConnector()
    const asked = connect(configOf(odoo, { protocol, database: 'nowhere' }), contextOf(odoo.users.pulse.apiKey))
    expect(await rejection(asked)).toMatchObject({
      reason: 'connect',
      message: expect.stringContaining('no database "nowhere"'),
    })
  })

  test('the clock of the other side', () => {
    expect(Math.abs(client.now() - Date.now())).toBeLessThan(2000)
  })
})

test('auto: JSON-2 from 19 on where there is a key, else XML-RPC', async () => {
  expect((await clientOf(estate.of(18))).protocol).toBe('xmlrpc')
  expect((await clientOf(estate.of(19))).protocol).toBe('json2')
  const odoo = estate.of(19)
  const byPassword = configOf(odoo, { api_key: undefined, password: { env: 'PASSWORD' } })
  const { connect } = createConnector()
  expect((await connect(byPassword, contextOf(odoo.users.pulse.password))).protocol).toBe('xmlrpc')
})

test('JSON-2 asked of an Odoo without it is refused with advice', async () => {
  await expect(clientOf(estate.of(18), { protocol: 'json2' })).rejects.toMatchObject({
    reason: 'connect',
    message: expect.stringContaining('JSON-2 begins with 19'),
  })
})

test('an Odoo known to speak JSON-2 is asked nothing by the RPC that is on its way out', async () => {
  const odoo = estate.of(19)
  const asked = async (client: Promise<OdooClient>): Promise<readonly (readonly [string, number])[]> => {
    const before = odoo.requests()
    const connected = await client
    await connected.searchCount('queue.job', [], undefined, signal)
    await connected.askVersion(signal)
    return [...odoo.requests()]
      .map(([path, n]) => [path, n - (before.get(path) ?? 0)] as const)
      .filter(([path, n]) => n > 0 && path.startsWith('/xmlrpc'))
  }
  expect(await asked(clientOf(odoo, { protocol: 'json2' }))).toEqual([])
  // the first time, to find out: an older one would spend much on a page it lacks
  expect(await asked(clientOf(odoo))).toEqual([['/xmlrpc/2/common', 1]])
})

test('an Odoo without XML-RPC is found by its page, and what is no Odoo by none', async () => {
  const { startRawServer, reply } = await import('./raw_server.ts')
  const notFound = reply(404, 'text/html', 'not found')
  const url = await startRawServer((socket, request) => {
    if (request.startsWith('POST /xmlrpc')) return socket.end(notFound)
    if (request.includes('context_get')) return socket.end(reply(200, 'application/json', '{"uid": 7}'))
    socket.end(reply(200, 'application/json', '{"version": "22.0", "version_info": [22, 0, 0, "final", 0, ""]}'))
  })
  expect(await clientOf(estate.of(19), { url })).toMatchObject({ version: 22, protocol: 'json2', uid: 7 })
  const other = await startRawServer((socket) => socket.end(notFound))
  for (const protocol of ['auto', 'json2', 'xmlrpc']) {
    await expect(clientOf(estate.of(19), { url: other, protocol })).rejects.toMatchObject({
      reason: 'connect',
      message: expect.stringContaining('is this Odoo?'),
    })
  }
})
