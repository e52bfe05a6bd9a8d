/** The collector under the engine, against a Traefik that lies, hangs, goes away and comes back. */
import { createServer, request, type Server } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { traefik } from '../../../collectors/traefik/index.ts'
import { type Ingress, startIngress } from '../../../demo/ingress.ts'
import { createExposition } from '../../../src/exposition.ts'
import { createEngine } from '../../../src/poll.ts'
import { holds, runnerDeps } from '../../support/collector.ts'

type Mood = 'well' | 'garbage' | 'endless' | 'silent' | 'elsewhere'

/** Stands before the ingress' metrics, in one mood or another, at one address. */
const startMoody = async (ingress: Ingress) => {
  let mood: Mood = 'well'
  const TEXT = { 'content-type': 'text/plain; version=0.0.4' }
  const server: Server = createServer(async (_, reply) => {
    if (mood === 'silent') return
    if (mood === 'elsewhere') return void reply.writeHead(302, { location: ingress.metricsUrl }).end()
    if (mood === 'garbage') return void reply.writeHead(200, TEXT).end('<html>\n')
    if (mood === 'well') {
      const text = await (await fetch(ingress.metricsUrl)).text()
      return void reply.writeHead(200, TEXT).end(text)
    }
    reply.writeHead(200, TEXT)
    const chunk = Buffer.from('# and on it goes\n'.repeat(4000))
    const go = () => {
      while (!reply.destroyed) if (!reply.write(chunk)) return void reply.once('drain', go)
    }
    go()
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const down = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(async () => {
    if (server.listening) await down()
  })
  return {
    url: `http://127.0.0.1:${port}/metrics`,
    be: (now: Mood) => {
      mood = now
      // a request that was left without an answer is not answered later
      server.closeAllConnections()
    },
    down,
    up: () => listen(port),
  }
}

const visit = (url: string, host: string) =>
  new Promise<void>((resolve, reject) => {
    request(url, { headers: { host }, agent: false }, (reply) => reply.resume().once('end', resolve))
      .once('error', reject)
      .end()
  })

test('each failure by its reason, the page at hand all the while, and recovery without a jump', async () => {
  const ingress = await startIngress({
    routes: [{ host: 'acme.localhost', tenant: 'acme', upstream: 'http://127.0.0.1:1' }],
  })
  onTestFinished(ingress.stop)
  const moody = await startMoody(ingress)
  const exposition = createExposition(Date.now)
  const engine = createEngine(runnerDeps({ exposition }))
  onTestFinished(engine.stop)
  const config = traefik.config.parse({
    url: moody.url,
    max_bytes: 1024 * 1024,
    tenants: { acme: { services: ['acme'] } },
  })
  const intervals = Object.fromEntries(traefik.probes.map((p) => [p.name, 200]))
  await engine.apply([{ name: 'edge', collector: traefik, config, labels: { server: 'edge' }, intervals }], 1)

  const state = () => engine.states()[0]
  const requestsProbe = () => state()?.probes.find((p) => p.name === 'requests')
  const failed = (reason: 'decode' | 'query' | 'timeout' | 'connect'): number => requestsProbe()?.failures[reason] ?? 0
  const shown = (): number | undefined => {
    const start = performance.now()
    const text = exposition.page().text.toString()
    expect(performance.now() - start).toBeLessThan(500)
    const found = /^odoo_ingress_requests_total\{server="edge",tenant="acme",code="502"\} (\d+)$/m.exec(text)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  const isUp = () => /^odoo_ingress_up\{server="edge"\} 1$/m.test(exposition.page().text.toString())

  await holds('the first page', () => shown() === 0 && isUp())
  for (let i = 0; i < 3; i++) await visit(ingress.url, 'acme.localhost')
  await holds('three requests', () => shown() === 3)

  const fails = async (mood: Mood, reason: 'decode' | 'query' | 'timeout', message: RegExp) => {
    const before = failed(reason)
    moody.be(mood)
    await holds(`${mood} to fail as ${reason}`, () => failed(reason) > before)
    expect(requestsProbe()?.message).toMatch(message)
    // it answers, if nonsense
    expect(state()?.circuit.open).toBe(reason === 'timeout')
    moody.be('well')
    await holds(`recovery from ${mood}`, () => requestsProbe()?.success === true && isUp())
  }
  await fails('garbage', 'decode', /line 1/)
  await visit(ingress.url, 'acme.localhost')
  await holds('the fourth request', () => shown() === 4)
  await fails('endless', 'decode', /longer than 1048576 bytes/)
  await fails('elsewhere', 'query', /redirects/)
  expect(shown()).toBe(4)

  // Gone for good, and back: a new connection begins to count anew, and never with what was there before.
  await moody.down()
  await holds('the circuit to open', () => state()?.circuit.open === true && !isUp())
  await moody.up()
  await holds('recovery', () => requestsProbe()?.success === true && isUp())
  await holds('a count from 0', () => shown() === 0)
  await visit(ingress.url, 'acme.localhost')
  await holds('the fifth request, as the first', () => shown() === 1)

  moody.be('silent')
  await holds('the circuit to open for want of an answer', () => state()?.circuit.open === true, 30_000)
  expect(failed('timeout') + failed('connect')).toBeGreaterThan(0)
  moody.be('well')
  await holds('recovery at last', () => requestsProbe()?.success === true && isUp(), 30_000)
})
