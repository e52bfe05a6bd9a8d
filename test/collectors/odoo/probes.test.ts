import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OdooClient } from '../../../collectors/odoo/client.ts'
import { createDurations } from '../../../collectors/odoo/durations.ts'
import { health } from '../../../collectors/odoo/health.ts'
import { odoo as collector } from '../../../collectors/odoo/index.ts'
import { info } from '../../../collectors/odoo/info.ts'
import { rpc } from '../../../collectors/odoo/rpc.ts'
import { workers } from '../../../collectors/odoo/workers.ts'
import { Unsupported } from '../../../src/collector.ts'
import { minutes, type Sample, seconds } from '../../../src/metric.ts'
import { clientOf, type Estate, startEstate } from './estate.ts'
import { reply, startRawServer } from './raw_server.ts'

const signal = (): AbortSignal => AbortSignal.timeout(20_000)
let estate: Estate

beforeAll(async () => {
  estate = await startEstate([17, 18, 19])
}, 60_000)
afterAll(() => estate?.stop())

const withGevent = (version: 17 | 18 | 19): Promise<OdooClient> =>
  clientOf(estate.of(version), { gevent_url: estate.of(version).geventUrl })

const values = (samples: readonly Sample[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(samples.map((s) => [Object.values(s.labels).join(' '), s.value]))

const poll = async <Raw>(
  probe: {
    read: (client: OdooClient, signal: AbortSignal) => Promise<Raw>
    map: (raw: Raw, at: number) => readonly Sample[]
  },
  client: OdooClient,
): Promise<Readonly<Record<string, unknown>>> => values(probe.map(await probe.read(client, signal()), Date.now()))

test.for([
  [17, { page: 1, gevent: 1 }],
  [18, { page: 1, database: 1, gevent: 1 }],
  [19, { page: 1, database: 1, gevent: 1 }],
] as const)('health of %i', async ([version, expected]) => {
  expect(await poll(health, await withGevent(version))).toEqual(expected)
  const { gevent: _, ...rest } = { ...expected }
  expect(await poll(health, await clientOf(estate.of(version)))).toEqual(rest)
})

test('health: the page hangs while all workers are busy, and the gevent port does not', async () => {
  const client = await withGevent(18)
  const { faults } = estate.of(18)
  faults.busyWorkers(99)
  try {
    expect(await poll(health, client)).toEqual({ page: 0, gevent: 1 })
    expect(await poll(workers, client)).toEqual({ '': 1 })
  } finally {
    faults.busyWorkers(0)
  }
  expect(await poll(workers, client)).toEqual({ '': 0 })
})

test('health: all hangs; then nobody can say that the workers are busy', async () => {
  const client = await withGevent(18)
  const { faults } = estate.of(18)
  faults.hang(true)
  try {
    expect(await poll(health, client)).toEqual({ page: 0, gevent: 0 })
    await expect(workers.read(client, signal())).rejects.toMatchObject({ reason: 'timeout' })
  } finally {
    faults.hang(false)
  }
})

test('health: nothing listens', async () => {
  const client = await withGevent(18)
  const { faults } = estate.of(18)
  await faults.down(true)
  try {
    await expect(health.read(client, signal())).rejects.toMatchObject({ reason: 'connect' })
    await expect(workers.read(client, signal())).rejects.toMatchObject({ reason: 'connect' })
  } finally {
    await faults.down(false)
  }
})

test('without gevent_url saturation is unsupported, and not 0', async () => {
  const asked = workers.read(await clientOf(estate.of(18)), signal())
  await expect(asked).rejects.toBeInstanceOf(Unsupported)
  await expect(asked).rejects.toThrow('odoo.gevent_url')
})

describe('a page that says otherwise', () => {
  const clientOn = async (url: string): Promise<OdooClient> => {
    const client = await clientOf(estate.of(19))
    const { createPages } = await import('../../../collectors/odoo/pages.ts')
    const { exchange } = await import('../../../collectors/odoo/transport.ts')
    return { ...client, pages: createPages({ url, ca: undefined }, undefined, exchange) }
  }

  test('the database is away', async () => {
    const url = await startRawServer((socket, request) =>
      socket.end(
        request.includes('db_server_status')
          ? reply(500, 'application/json', '{"status": "fail", "db_server_status": false}')
          : reply(200, 'application/json', '{"status": "pass"}'),
      ),
    )
    expect(await poll(health, await clientOn(url))).toEqual({ page: 1, database: 0 })
  })

  test('a proxy keeps the path to itself: unknown, so unsupported', async () => {
    const url = await startRawServer((socket) => socket.end(reply(403, 'text/html', 'forbidden')))
    await expect(health.read(await clientOn(url), signal())).rejects.toThrow(/HTTP 403.*proxy/)
  })

  test('a proxy that does not reach Odoo', async () => {
    const url = await startRawServer((socket) => socket.end(reply(502, 'text/html', 'bad gateway')))
    expect(await poll(health, await clientOn(url))).toEqual({ page: 0, database: 0 })
  })

  test('an Odoo older than the page', async () => {
    const client = { ...(await clientOf(estate.of(17))), version: 14 }
    await expect(health.read(client, signal())).rejects.toBeInstanceOf(Unsupported)
    const known = { ...(await withGevent(17)), version: 14 }
    expect(await poll(health, known)).toEqual({ gevent: 1 })
    await expect(workers.read(known, signal())).rejects.toBeInstanceOf(Unsupported)
  })
})

test("the gevent port behind a proxy: a websocket's refusal is an answer, a worker's is none", async () => {
  let status = 400
  const paths: string[] = []
  const url = await startRawServer((socket, request) => {
    paths.push(request.split(' ')[1] ?? '')
    socket.end(reply(status, 'text/html', ''))
  })
  const client = await clientOf(estate.of(18), { gevent_url: `${url}/websocket` })
  expect(await client.pages.gevent?.(signal())).toBe(true)
  status = 502
  expect(await client.pages.gevent?.(signal())).toBe(false)
  expect(paths).toEqual(['/websocket', '/websocket'])
})

test.for([
  [17, '17.0 xmlrpc'],
  [18, '18.0-20250506 xmlrpc'],
  [19, '19.0 json2'],
] as const)('info of %i', async ([version, labels]) => {
  expect(await poll(info, await clientOf(estate.of(version)))).toEqual({ [labels]: 1 })
})

test('an upgrade under our feet ends the connection', async () => {
  const client = { ...(await clientOf(estate.of(18))), version: 17 }
  await expect(info.read(client, signal())).rejects.toMatchObject({ reason: 'connect' })
})

test('durations, by kind of call', async () => {
  const client = await clientOf(estate.of(19))
  const first = await poll(rpc, client)
  expect(Object.keys(first).toSorted()).toEqual(['authenticate', 'version'])
  await client.searchCount('queue.job', [], undefined, signal())
  await client.readGroup('queue.job', [], ['state'], [], signal()).catch(() => undefined)
  await client.fieldsGet('no.such.model', [], [], signal()).catch(() => undefined)
  const all = await poll(rpc, client)
  expect(Object.keys(all).toSorted()).toEqual(['authenticate', 'fields_get', 'read_group', 'search_count', 'version'])
  for (const duration of Object.values(all)) {
    expect(duration).toBeGreaterThan(0)
    expect(duration).toBeLessThan(5)
  }
})

test('durations: the longest of the last minute, else the latest, for a while', () => {
  const durations = createDurations()
  durations.add('search_read', 9, 0)
  durations.add('search_read', 1, seconds(70))
  durations.add('search_read', 3, seconds(80))
  durations.add('search_read', 2, seconds(90))
  durations.add('version', 5, 0)
  const at = (t: number) => Object.fromEntries(durations.longest(t))
  expect(at(seconds(95))).toEqual({ search_read: 3, version: 5 })
  expect(at(seconds(145))).toEqual({ search_read: 2, version: 5 })
  expect(at(minutes(5))).toEqual({ search_read: 2, version: 5 })
  expect(at(minutes(7))).toEqual({ search_read: 2 })
  expect(at(minutes(60))).toEqual({})
})

test('XML-RPC and JSON-2 give the same samples', async () => {
  const by = (protocol: string) => clientOf(estate.of(19), { protocol, gevent_url: estate.of(19).geventUrl })
  const [xmlrpc, json2] = [await by('xmlrpc'), await by('json2')]
  const asked = collector.probes.filter((p) => ![rpc.name, info.name].includes(p.name))
  expect(asked.length).toBeGreaterThan(7)
  let samples = 0
  for (const probe of asked) {
    const [one, other] = [await probe.read(xmlrpc, signal()), await probe.read(json2, signal())]
    const at = Date.now()
    const mapped = probe.map(one, at)
    expect(mapped, probe.name).toEqual(probe.map(other, at))
    samples += mapped.length
  }
  expect(samples).toBeGreaterThan(20)
})

describe('what all probes together ask', () => {
  /** Seconds of a worker, generously: measured were 3 to 11 ms a call, 2 to 3 ms a page. */
  const COST = { call: 0.012, page: 0.003 }

  test.for([17, 18, 19] as const)('of %i: at most 12 calls a cycle, a hundredth of a worker', async (version) => {
    const odoo = estate.of(version)
    const client = await withGevent(version)
    let cycle = 0
    let share = 0
    for (const probe of collector.probes) {
      const before = odoo.requests()
      const reading = async () => probe.read(client, signal())
      await reading().catch((error: unknown) => {
        if (!(error instanceof Unsupported)) throw error
      })
      const made = [...odoo.requests()].map(([path, n]) => [path, n - (before.get(path) ?? 0)] as const)
      const sum = (isPage: boolean) =>
        made.filter(([path]) => (path === '/web/health') === isPage).reduce((total, [, n]) => total + n, 0)
      cycle += sum(false)
      share += (sum(false) * COST.call + sum(true) * COST.page) / (probe.interval / 1000)
    }
    expect(cycle).toBeGreaterThan(5)
    expect(cycle).toBeLessThanOrEqual(12)
    expect(share).toBeLessThan(0.01)
  })
})
