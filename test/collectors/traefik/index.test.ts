/** What the probes make of pages recorded from a real Traefik, and of pages that change: fixtures/traefik/<version>.txt → .prom. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TraefikClient } from '../../../collectors/traefik/client.ts'
import { parse } from '../../../collectors/traefik/exposition_format.ts'
import { traefik } from '../../../collectors/traefik/index.ts'
import { createLedger } from '../../../collectors/traefik/ledger.ts'
import { CollectError, Unsupported } from '../../../src/collector.ts'
import { createExposition, vet } from '../../../src/exposition.ts'

const folder = join(import.meta.dirname, '../../fixtures/traefik')
const at = Date.UTC(2026, 10, 20, 12)
const BEFORE = 'traefik_config_reloads_total 1\n'

type Tenants = Readonly<Record<string, { readonly services?: readonly string[]; readonly routers?: readonly string[] }>>

const settings = (tenants: Tenants) => traefik.config.parse({ url: 'http://127.0.0.1/metrics', tenants })

/** What is exposed after pages read one after the other, the last of them shown. */
const exposed = async (tenants: Tenants, ...pages: readonly string[]): Promise<string> => {
  const ledger = createLedger(settings(tenants))
  const exposition = createExposition(() => at)
  const signal = new AbortController().signal
  for (const text of pages) {
    const client: TraefikClient = {
      page: async () => ({ families: parse(text), answered: 2_000_000_000 }),
      ledger,
      end: () => undefined,
    }
    for (const probe of traefik.probes) {
      const { samples, dropped } = vet(
        probe.map(await probe.read(client, signal), at),
        { server: 'edge' },
        probe.metrics,
      )
      expect(dropped).toEqual([])
      await exposition.put({ target: 'edge', collector: 'traefik', part: probe.name }, samples, at + 1)
    }
  }
  const lines = exposition.page().text.toString().split('\n')
  return lines.filter((line) => !line.startsWith('# ')).join('\n')
}

const TENANTS = { acme: { services: ['acme'] }, globex: { services: ['globex@file'] } }

test.for(['2.11', '3.7'])('a page of Traefik %s', async (version) => {
  const page = readFileSync(join(folder, `${version}.txt`), 'utf8')
  await expect(await exposed(TENANTS, BEFORE, page)).toMatchFileSnapshot(join(folder, `${version}.prom`))
})

test('by router the same page gives each request once, though Traefik tried thrice', async () => {
  const page = readFileSync(join(folder, '3.7.txt'), 'utf8')
  const text = await exposed({ acme: { routers: ['acme-*'] }, globex: { services: ['globex'] } }, BEFORE, page)
  expect(text).toContain('odoo_ingress_requests_total{server="edge",tenant="acme",code="200"} 6\n')
  expect(text).toContain('odoo_ingress_requests_total{server="edge",tenant="globex",code="200"} 1\n')
  expect(text).toContain('odoo_ingress_requests_total{server="edge",tenant="",code="502"} 1\n')
})

const requests = (n: number, service = 'acme@file', code = 200) =>
  `traefik_service_requests_total{code="${code}",method="GET",protocol="http",service="${service}"} ${n}\n`

const line = (text: string, start: string) => text.split('\n').find((l) => l.startsWith(start))

describe('what is counted', () => {
  const counted = async (...pages: readonly string[]) =>
    line(
      await exposed(TENANTS, ...pages.map((p) => BEFORE + p)),
      'odoo_ingress_requests_total{server="edge",tenant="acme",code="200"}',
    )?.split(' ')[1]

  test('nothing of before we watched', async () => expect(await counted(requests(1000))).toBe('0'))
  test('what came since', async () => expect(await counted(requests(1000), requests(1003))).toBe('3'))
  test('a service that goes, and comes back', async () =>
    expect(await counted(requests(10), requests(12), '', requests(5))).toBe('7'))
  test('a restart, told by the start time', async () => {
    const started = (seconds: number) => `process_start_time_seconds ${seconds}\n`
    expect(await counted(requests(10) + started(1e9), requests(12) + started(2e9 + 1))).toBe('12')
  })
})

test('what an alert reads is there before the first of it happens; no tenant, no retry is made up', async () => {
  const text = await exposed(TENANTS, BEFORE)
  for (const code of [200, 500, 502, 503, 504]) {
    expect(text).toContain(`odoo_ingress_requests_total{server="edge",tenant="globex",code="${code}"} 0\n`)
  }
  expect(text).not.toMatch(/tenant=""|retries|duration/)
})

test('a histogram of a tenant without traffic is there, empty, once the buckets are known', async () => {
  const h = 'traefik_service_request_duration_seconds'
  const page = `# TYPE ${h} histogram\n${h}_bucket{service="acme",le="1"} 1\n${h}_bucket{service="acme",le="+Inf"} 2\n${h}_sum{service="acme"} 9\n${h}_count{service="acme"} 2\n`
  const text = await exposed(TENANTS, BEFORE, BEFORE + page)
  expect(text).toContain('odoo_ingress_request_duration_seconds_bucket{server="edge",tenant="acme",le="1"} 1\n')
  expect(text).toContain('odoo_ingress_request_duration_seconds_bucket{server="edge",tenant="globex",le="1"} 0\n')
  const changed = page.replaceAll('le="1"', 'le="2"').replaceAll('} 2', '} 7').replaceAll('} 9', '} 20')
  const after = await exposed(TENANTS, BEFORE, BEFORE + page, BEFORE + changed)
  expect(after).not.toContain('le="1"')
  expect(line(after, 'odoo_ingress_request_duration_seconds_count{server="edge",tenant="acme"}')).toMatch(/ 7$/)
})

test('retries, where Traefik tells them', async () => {
  const retries = (n: number) => `${BEFORE}traefik_service_retries_total{service="acme@file"} ${n}\n`
  expect(await exposed(TENANTS, retries(3), retries(5))).toContain(
    'odoo_ingress_retries_total{server="edge",tenant="acme"} 2\n',
  )
})

test('a certificate’s newest end counts; one without common name goes by its first name; Traefik’s own is left out', async () => {
  const cert = (cn: string, sans: string, serial: number, end: string) =>
    `traefik_tls_certs_not_after{cn="${cn}",sans="${sans}",serial="${serial}"} ${end}\n`
  const text = await exposed(
    TENANTS,
    BEFORE +
      cert('a.example', 'a.example', 1, '1.8e+09') +
      cert('a.example', 'a.example,b.example', 2, '1.7e+09') +
      cert('', 'c.example,d.example', 3, '1.9e+09') +
      cert('', '', 4, '1.9e+09') +
      cert('TRAEFIK DEFAULT CERT', 'x.traefik.default', 5, '1.9e+09') +
      cert('nan.example', '', 6, 'NaN'),
  )
  expect(text.split('\n').filter((l) => l.includes('tls_not_after'))).toEqual([
    'odoo_ingress_tls_not_after_timestamp_seconds{server="edge",cn="a.example"} 1800000000',
    'odoo_ingress_tls_not_after_timestamp_seconds{server="edge",cn="c.example"} 1900000000',
  ])
})

describe('what makes no sense is refused', () => {
  const take = (tenants: Tenants, ...pages: readonly string[]) => {
    const ledger = createLedger(settings(tenants))
    return pages.map((text) => ledger.take({ families: parse(text), answered: 2_000_000_000 })).at(-1)
  }

  test('several Traefiks behind one address, and after them it goes on', () => {
    const page = (n: number, started: number) => `${requests(n)}process_start_time_seconds ${started}\n`
    const ledger = createLedger(settings(TENANTS))
    const read = (text: string) => ledger.take({ families: parse(text), answered: 2_000_000_000 }).requests
    read(page(10, 1e9))
    expect(() => read(page(900, 1.1e9))).toThrow(/another Traefik answers/)
    const own = read(page(901, 1.1e9)).find(({ labels }) => labels.tenant === 'acme' && labels.code === '200')
    expect(own?.value).toBe(1)
  })

  test('a Traefik that does not count what is to be read: unsupported, with the option that mends it', () => {
    const router = 'traefik_router_requests_total{router="a@file",service="acme@file",code="200"} 1\n'
    expect(() => take({ acme: { routers: ['a'] } }, requests(1))).toThrow(Unsupported)
    expect(() => take({ acme: { routers: ['a'] } }, requests(1))).toThrow('addRoutersLabels: true')
    expect(() => take(TENANTS, router)).toThrow('addServicesLabels: true')
    // a redirect, which no service has seen, tells nothing
    expect(() => take(TENANTS, router.replace('200', '308'))).not.toThrow()
  })

  test('buckets that differ', () => {
    const h = 'traefik_service_request_duration_seconds'
    const of = (service: string, le: number) =>
      `${h}_bucket{service="${service}",le="${le}"} 1\n${h}_bucket{service="${service}",le="+Inf"} 1\n${h}_sum{service="${service}"} 1\n${h}_count{service="${service}"} 1\n`
    expect(() => take(TENANTS, `# TYPE ${h} histogram\n${of('a', 1)}${of('b', 2)}`)).toThrow(CollectError)
  })
})
