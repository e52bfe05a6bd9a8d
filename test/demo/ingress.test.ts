import { createHash } from 'node:crypto'
import { createServer, request, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { traefik } from '../../collectors/traefik/index.ts'
import { type Ingress, startIngress } from '../../demo/ingress.ts'
import { holds } from '../support/collector.ts'

const DAY = 86_400
let upstream: Server
let ingress: Ingress

beforeAll(async () => {
  upstream = createServer((incoming, reply) => {
    const code = Number(/code=(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200)
    incoming.resume().once('end', () => {
      reply.writeHead(code, { 'x-host': incoming.headers.host ?? '' }).end(`${incoming.method} ${incoming.url}`)
    })
  })
  upstream.on('upgrade', (incoming, socket) => {
    const key = `${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.on('data', (data: Buffer) => socket.write(data))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const address = upstream.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  ingress = await startIngress({
    routes: [
      { host: 'acme.localhost', tenant: 'acme', upstream: `http://127.0.0.1:${port}` },
      { host: 'down.localhost', tenant: 'down', upstream: 'http://127.0.0.1:1' },
    ],
  })
})

afterAll(async () => {
  // an open websocket does not hold it up
  await ingress.stop()
  upstream.closeAllConnections()
  upstream.close()
})

const ask = (host: string, path: string, method = 'GET', body?: string) =>
  new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const outgoing = request(new URL(path, ingress.url), { method, headers: { host }, agent: false }, (reply) => {
      let text = ''
      reply.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      reply.once('end', () => resolve({ status: reply.statusCode ?? 0, text }))
    })
    outgoing.once('error', reject).end(body)
  })

const page = async () => (await fetch(ingress.metricsUrl)).text()
const number = async (line: string) =>
  Number(
    (await page())
      .split('\n')
      .find((l) => l.startsWith(`${line} `))
      ?.split(' ')[1],
  )
const served = (service: string, code: number, method = 'GET', protocol = 'http') =>
  `traefik_service_requests_total{code="${code}",method="${method}",protocol="${protocol}",service="${service}@file"}`

test('requests go where their host says, and are counted as they ended', async () => {
  expect(await ask('acme.localhost', '/web?x=1')).toEqual({ status: 200, text: 'GET /web?x=1' })
  expect(await ask('ACME.localhost:80', '/jsonrpc?code=500', 'POST', '{}')).toMatchObject({ status: 500 })
  expect(await ask('down.localhost', '/')).toMatchObject({ status: 502 })
  expect(await ask('nobody.localhost', '/')).toMatchObject({ status: 404 })
  await holds('all four to be counted', async () => {
    const counts = [served('acme', 200), served('acme', 500, 'POST'), served('down', 502)]
    const entry = 'traefik_entrypoint_requests_total{code="404",entrypoint="web",method="GET",protocol="http"}'
    return (await Promise.all([...counts, entry].map(number))).every((n) => n === 1)
  })
})

test('a websocket passes, both ways', async () => {
  const echoed = await new Promise<string>((resolve, reject) => {
    const headers = {
      host: 'acme.localhost',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
    }
    const outgoing = request(new URL('/websocket', ingress.url), { headers })
    outgoing.once('error', reject).end()
    outgoing.once('upgrade', (reply, socket) => {
      expect(reply.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
      socket.once('data', (data: Buffer) => {
        resolve(data.toString())
        socket.destroy()
      })
      socket.write('ping')
    })
  })
  expect(echoed).toBe('ping')
  await holds('its end to be counted', async () => (await number(served('acme', 0, 'GET', 'websocket'))) === 1)
})

test('the collector reads it, and the faults show', async () => {
  const config = traefik.config.parse({
    url: ingress.metricsUrl,
    tenants: { acme: { services: ['acme'] }, down: { services: ['down'] } },
  })
  const client = await traefik.connect(config, { secret: async () => '', signal: AbortSignal.timeout(5000) })
  const samples = async (name: string, labels: Record<string, string>) => {
    const all = await Promise.all(
      traefik.probes.map(async (p) => p.map(await p.read(client, AbortSignal.timeout(5000)), Date.now())),
    )
    return all.flat().find((s) => s.metric.name === name && Object.entries(labels).every(([l, v]) => s.labels[l] === v))
      ?.value
  }
  const acme = { tenant: 'acme', code: '200' }
  expect(await samples('odoo_ingress_requests_total', acme)).toBe(0)
  const left = async () =>
    Number(await samples('odoo_ingress_tls_not_after_timestamp_seconds', { cn: 'acme.localhost' })) - Date.now() / 1000
  expect(await left()).toBeGreaterThan(30 * DAY)

  ingress.faults.slow(300)
  ingress.faults.certificateExpiring(true)
  await ask('acme.localhost', '/')
  await holds('the request', async () => (await samples('odoo_ingress_requests_total', acme)) === 1)
  const duration = await samples('odoo_ingress_request_duration_seconds', { tenant: 'acme' })
  expect(typeof duration === 'object' && duration.sum).toBeGreaterThanOrEqual(0.29)
  expect(await left()).toBeLessThan(3 * DAY)
  expect(await left()).toBeGreaterThan(2 * DAY)

  ingress.faults.slow('off')
  ingress.faults.certificateExpiring(false)
  expect(await left()).toBeGreaterThan(30 * DAY)
  await traefik.close(client)
})
