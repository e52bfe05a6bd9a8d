import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { timeoutOf } from '../src/handlers.ts'
import { parseListen } from '../src/listen.ts'
import type { ServerDeps } from '../src/server.ts'
import { ask, pageOf, startEdge, targetState } from './support/edge.ts'
import { eventually } from './support/eventually.ts'

const never = new Promise<never>(() => {})

const rawSocket = async (port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}) // a reset is one of the endings looked for
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** All that comes until the far side closes. */
const rest = async (socket: Socket): Promise<string> => {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk
  })
  if (!socket.closed) await once(socket, 'close')
  return text
}

test('addresses', () => {
  expect(parseListen('127.0.0.1:18069')).toEqual({ host: '127.0.0.1', port: 18069 })
  expect(parseListen('[::1]:0')).toEqual({ host: '::1', port: 0 })
  expect(parseListen(':80')).toEqual({ host: undefined, port: 80 })
  for (const wrong of ['127.0.0.1', '::1:80', 'a:70000', 'a b:1', 'http://a:1', '']) {
    expect(() => parseListen(wrong)).toThrow('expected HOST:PORT')
  }
})

test('listens on IPv6 loopback, and says what to do about a taken address', async () => {
  const edge = await startEdge({ listen: '[::1]:0' })
  expect(edge.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
  expect((await ask(`${edge.url}/-/healthy`)).status).toBe(200)
  await expect(startEdge({ listen: `[::1]:${edge.port}` })).rejects.toThrow('another process listens there')
})

test('metrics: type, no ETag, no banner, HEAD, excluded collectors in order and once', async () => {
  const asked: (readonly string[])[] = []
  const page: ServerDeps['page'] = (exclude) => {
    asked.push(exclude)
    return Promise.resolve(pageOf('a 1\n'))
  }
  const { url } = await startEdge({ page })
  const reply = await ask(`${url}/metrics?exclude[]=redis&exclude[]=odoo&exclude%5B%5D=redis`)
  expect(reply.text).toBe('a 1\n')
  expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(reply.headers).not.toHaveProperty('etag')
  expect(reply.headers).not.toHaveProperty('x-powered-by')
  expect(asked).toEqual([['odoo', 'redis']])

  const head = await ask(`${url}/metrics`, { method: 'HEAD' })
  expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '4', ''])
  const odd = await ask(`${url}/metrics?exclude[]=${encodeURIComponent('<b>')}`)
  expect(odd.status).toBe(400)
  expect(odd.headers['content-type']).toContain('text/plain')
})

test.each([
  ['gzip', true],
  ['deflate, gzip;q=0.5', true],
  ['*', true],
  ['identity;q=0.5, gzip;q=1', true],
  ['gzip;q=0', false],
  ['gzip;q=0.2, identity;q=0.8', false],
  ['*;q=0', false],
  ['br', false],
  ['', false],
  [undefined, false],
])('Accept-Encoding %j: compressed %s', async (accept, compressed) => {
  const { url } = await startEdge({ page: () => Promise.resolve(pageOf('a 1\n')) })
  const reply = await ask(`${url}/metrics`, accept === undefined ? {} : { headers: { 'Accept-Encoding': accept } })
  expect(reply.status).toBe(200)
  expect(reply.headers['content-encoding']).toBe(compressed ? 'gzip' : undefined)
  expect(reply.headers.vary).toContain('Accept-Encoding')
  expect((compressed ? gunzipSync(reply.body) : reply.body).toString()).toBe('a 1\n')
})

test('ten scrapers at once get the whole page each', async () => {
  const text = Array.from({ length: 20_000 }, (_, i) => `series{n="${i}"} ${i}\n`).join('')
  const page = pageOf(text)
  const { url } = await startEdge({ page: () => Promise.resolve(page) })
  const scrape = () => ask(`${url}/metrics`, { headers: { 'Accept-Encoding': 'gzip' } })
  const replies = await Promise.all(Array.from({ length: 10 }, scrape))
  for (const reply of replies) expect(gunzipSync(reply.body).toString() === text).toBe(true)
})

test('a fault of ours is a plain 500 that tells nothing, and stands redacted in the log', async () => {
  const edge = await startEdge({ page: () => Promise.reject(new Error('password s3cret')) })
  const reply = await ask(`${edge.url}/metrics`)
  expect(reply.status).toBe(500)
  expect(reply.text).toBe('Internal error; the log says more.\n')
  expect(edge.log()).toContain('password [redacted]')
  expect(edge.log()).not.toContain('s3cret')
})

test('probe: its page, unknown names, lacking, doubled and nested parameters', async () => {
  const probe: ServerDeps['probe'] = async (target, collector) => {
    if (target !== `L'Été "1"`) return 'unknown_target'
    return collector === 'odoo' ? pageOf('odoo_up 1\n') : 'unknown_collector'
  }
  const { url } = await startEdge({ probe })
  const target = encodeURIComponent(`L'Été "1"`)
  const statusOf = async (query: string) => (await ask(`${url}/probe${query}`)).status
  const reply = await ask(`${url}/probe?target=${target}&collector=odoo`, { headers: { 'Accept-Encoding': 'gzip' } })
  expect(gunzipSync(reply.body).toString()).toBe('odoo_up 1\n')
  expect(reply.headers['content-type']).toContain('version=0.0.4')
  expect(await statusOf(`?target=${target}&collector=redis`)).toBe(404)
  expect(await statusOf('?target=http://169.254.169.254/&collector=odoo')).toBe(404)
  const wrong = ['', '?target=a', '?collector=odoo', '?target=&collector=odoo']
  wrong.push('?target=a&target=b&collector=odoo', '?target[]=a&collector=odoo', '?target[x]=a&collector=odoo')
  for (const query of wrong) expect([query, await statusOf(query)]).toEqual([query, 400])
})

test('how long a scraper waits', () => {
  expect(timeoutOf('10')).toBe(9_500)
  expect(timeoutOf(undefined)).toBe(9_500)
  expect(timeoutOf('0.6')).toBe(300)
  expect(timeoutOf('99999')).toBe(119_500)
  for (const nonsense of ['', 'soon', '-1', '0', 'NaN']) expect(timeoutOf(nonsense)).toBeUndefined()
})

test('probe: the signal aborts half a second before the scraper gives up; who ignores it costs a 504', async () => {
  const abortedAfter: number[] = []
  const probe: ServerDeps['probe'] = async (target, _collector, signal) => {
    const start = performance.now()
    await once(signal, 'abort')
    abortedAfter.push(performance.now() - start)
    if (target === 'deaf') await never
    if (target === 'rejecting') throw new Error('aborted')
    return pageOf('known 1\n')
  }
  const { url } = await startEdge({ probe })
  const headers = { 'X-Prometheus-Scrape-Timeout-Seconds': '1.2' }
  const start = performance.now()
  const [heeding, deaf, rejecting] = await Promise.all(
    ['heeding', 'deaf', 'rejecting'].map((t) => ask(`${url}/probe?target=${t}&collector=odoo`, { headers })),
  )
  expect(performance.now() - start).toBeLessThan(1_200)
  for (const ms of abortedAfter) expect(ms).toBeGreaterThan(650)
  expect([heeding?.status, heeding?.text]).toEqual([200, 'known 1\n'])
  expect([deaf?.status, rejecting?.status]).toEqual([504, 504])
  expect(
    (await ask(`${url}/probe?target=a&collector=b`, { headers: { [Object.keys(headers)[0] ?? '']: 'x' } })).status,
  ).toBe(400)
})

test('probe: a scraper that leaves aborts the question', async () => {
  const gone = Promise.withResolvers<void>()
  const probe: ServerDeps['probe'] = async (_target, _collector, signal) => {
    if (!signal.aborted) await once(signal, 'abort')
    gone.resolve()
    return 'unknown_target'
  }
  const edge = await startEdge({ probe })
  const socket = await rawSocket(edge.port)
  socket.write('GET /probe?target=a&collector=b HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => expect(socket.bytesWritten).toBeGreaterThan(0))
  socket.destroy()
  await gone.promise
  await eventually(() => expect(edge.served.map(([handler, code]) => [handler, code])).toEqual([['/probe', 499]]))
})

test('service discovery: names only, at the address it was asked by', async () => {
  const states = () => [targetState('db1', 'postgres'), targetState('db1', 'redis'), targetState('L\'Été "1"', 'odoo')]
  const { url } = await startEdge({ states })
  const reply = await ask(`${url}/sd`, { headers: { Host: 'pulse.example:9999' } })
  expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
  const groups = JSON.parse(reply.text)
  expect(groups).toHaveLength(3)
  expect(groups[2]).toEqual({
    targets: ['pulse.example:9999'],
    labels: {
      __metrics_path__: '/probe',
      __scheme__: 'http',
      __param_target: 'L\'Été "1"',
      __param_collector: 'odoo',
      instance: 'L\'Été "1"/odoo',
    },
  })
  // Prometheus takes two targets for one where their labels agree
  const identities = groups.map(({ labels }: { labels: Record<string, string> }) => labels.instance)
  expect(new Set(identities).size).toBe(3)
  for (const Host of ['a b', 'x/../y', 'user@host', '"><script>', 'h:123456']) {
    expect((await ask(`${url}/sd`, { headers: { Host } })).status).toBe(400)
  }
})

test('healthy, ready, reload, 404, 405', async () => {
  let ready = false
  const { url } = await startEdge({ ready: () => ready })
  const status = async (path: string, method = 'GET') => (await ask(url + path, { method })).status
  expect([await status('/-/healthy'), await status('/-/ready')]).toEqual([200, 503])
  ready = true
  expect(await status('/-/ready')).toBe(200)
  const forbidden = await ask(`${url}/-/reload`, { method: 'POST' })
  expect(forbidden.status).toBe(403)
  expect(forbidden.text).toContain('--web.enable-lifecycle')
  expect(await status('/-/reload')).toBe(405)
  expect(await status('/metrics', 'POST')).toBe(405)
  expect((await ask(`${url}/metrics`, { method: 'OPTIONS' })).headers.allow).toBe('GET, HEAD')
  for (const path of ['/nothing', '/metrics/', '/Metrics', '/%ff', '/..%2f..%2fetc/passwd', '//metrics']) {
    const reply = await ask(url + path)
    expect([path, reply.status]).toEqual([path, 404])
    expect(reply.headers['content-type']).toContain('text/plain')
    expect(reply.text).not.toContain('    at ')
  }
})

test('reload where it is allowed: by POST and PUT, problems redacted', async () => {
  const results: Awaited<ReturnType<NonNullable<ServerDeps['reload']>>>[] = [
    { ok: true },
    { ok: false, problems: ['a.yaml: tenants.0: no s3cret', 'b.yaml: unknown key'] },
  ]
  const { url } = await startEdge({ reload: async () => results.shift() ?? { ok: true } })
  expect((await ask(`${url}/-/reload`, { method: 'POST' })).status).toBe(200)
  const broken = await ask(`${url}/-/reload`, { method: 'PUT' })
  expect(broken.status).toBe(500)
  expect(broken.text).toContain('a.yaml: tenants.0: no [redacted]\nb.yaml: unknown key')
})

test('the landing page is locked down', async () => {
  const { url } = await startEdge({ states: () => [targetState('<script>alert(1)</script>', 'odoo')] })
  const { headers, text, status } = await ask(`${url}/?a[]=1&a[b]=2`)
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(text).not.toContain('<script')
})

test('requests are told by handler from a closed set', async () => {
  const edge = await startEdge()
  for (const path of ['/metrics', '/wp-login.php', '/-/healthy?x=1']) await ask(edge.url + path)
  await eventually(() => expect(edge.served).toHaveLength(3))
  expect(edge.served.map(([handler, code]) => `${handler} ${code}`)).toEqual([
    '/metrics 200',
    'other 404',
    '/-/healthy 200',
  ])
  for (const [, , duration] of edge.served) expect(duration).toBeLessThan(5)
})

test('slow, half and oversized requests are cut off, and hold up nobody', async () => {
  const edge = await startEdge()
  const silent = await rawSocket(edge.port)
  const half = await rawSocket(edge.port)
  half.write('GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  const drip = setInterval(() => half.writable && half.write('a'), 500)
  onTestFinished(() => clearInterval(drip))
  const body = await rawSocket(edge.port)
  body.write('POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx')
  const big = await rawSocket(edge.port)
  big.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`)
  const junk = await rawSocket(edge.port)
  junk.write('\x16\x03\x01 not http at all\r\n\r\n')

  expect((await ask(`${edge.url}/metrics`)).status).toBe(200)
  expect(await rest(big)).toMatch(/^HTTP\/1.1 431 /)
  expect(await rest(junk)).toMatch(/^HTTP\/1.1 400 /)
  const [ofSilent, ofHalf, ofBody] = await Promise.all([rest(silent), rest(half), rest(body)])
  expect(ofHalf).toMatch(/^HTTP\/1.1 408 /)
  expect(ofSilent).not.toContain('200 OK')
  expect(ofBody).toMatch(/^HTTP\/1.1 403 /)
}, 40_000)

test('close: what runs is finished, idle and half connections do not hold it up, new ones are refused', async () => {
  const answer = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const page: ServerDeps['page'] = async () => {
    asked.resolve()
    await answer.promise
    return pageOf('late 1\n')
  }
  const edge = await startEdge({ page })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  expect((await ask(`${edge.url}/-/healthy`, { agent })).status).toBe(200)
  const half = await rawSocket(edge.port)
  half.write('GET /metrics HTTP/1.1\r\n')
  const running = ask(`${edge.url}/metrics`)
  await asked.promise

  const start = performance.now()
  const closed = edge.close(20_000)
  await eventually(() => expect(ask(`${edge.url}/-/healthy`)).rejects.toThrow('ECONNREFUSED'))
  answer.resolve()
  expect((await running).text).toBe('late 1\n')
  await closed
  expect(performance.now() - start).toBeLessThan(10_000)
  await rest(half)
})

test('close: past its grace it cuts what still runs, also a client that does not read', async () => {
  const started = Promise.withResolvers<void>()
  const big = pageOf('x'.repeat(64 * 1024 * 1024))
  const page: ServerDeps['page'] = async (exclude) => {
    if (exclude.length === 0) return big
    started.resolve()
    return never
  }
  const edge = await startEdge({ page })
  const hung = ask(`${edge.url}/metrics?exclude[]=a`)
  const deaf = request(`${edge.url}/metrics`, { agent: false }).end()
  deaf.on('error', () => {})
  const [response] = await once(deaf, 'response')
  response.on('error', () => {})
  response.pause()
  await started.promise
  const refused = expect(hung).rejects.toThrow('socket hang up')
  const start = performance.now()
  await edge.close(300)
  expect(performance.now() - start).toBeLessThan(5_000)
  await refused
})

test('close: a page under way is read to its end, however slowly', async () => {
  const text = `${'slow 1\n'.repeat(2_000_000)}`
  const edge = await startEdge({ page: () => Promise.resolve(pageOf(text)) })
  const slow = request(`${edge.url}/metrics`, { agent: false }).end()
  const [response] = await once(slow, 'response')
  let length = 0
  const closed = edge.close(20_000)
  for await (const chunk of response) length += chunk.length
  expect(length).toBe(text.length)
  await closed
})
