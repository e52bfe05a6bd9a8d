/** /api/v1/flows over HTTP: who sees what, and that an Odoo that does not answer holds up nobody. */
import { hashSync } from 'bcryptjs'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { CollectError } from '../src/collector.ts'
import { createDocuments } from '../src/documents.ts'
import type { AskOverdue, FlowReport, Overdue } from '../src/flow/report.ts'
import { AT, itemOf, overdue, reportOf } from './flow/reports.ts'
import { ask, startEdge, tempFolder } from './support/edge.ts'
import { eventually } from './support/eventually.ts'

const HOSTILE = `L'Été "1"\n<script>alert(1)</script>`
const reports: readonly FlowReport[] = [
  reportOf('order-confirmation'),
  reportOf('picking', { state: 'withheld', reason: '1 of 3 companies is seen', reading: undefined }),
  reportOf('order-confirmation', { tenant: HOSTILE }),
]
const flows = (question: AskOverdue = async () => overdue) => ({ reports: () => reports, overdue: question })
const ORDERS = '/api/v1/flows/acme/order-confirmation'

test('the list: every flow of every tenant, or of one', async () => {
  const { url } = await startEdge({ flows: flows() })
  const all = await ask(`${url}/api/v1/flows`)
  expect(all.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(all.headers['cache-control']).toBe('no-store')
  expect(all.headers).not.toHaveProperty('etag')
  expect(
    JSON.parse(all.text).flows.map((flow: { tenant: string; state: string }) => [flow.tenant, flow.state]),
  ).toEqual([
    ['acme', 'judged'],
    ['acme', 'withheld'],
    [HOSTILE, 'judged'],
  ])
  const one = await ask(`${url}/api/v1/flows?tenant=${encodeURIComponent(HOSTILE)}`)
  expect(JSON.parse(one.text).flows).toHaveLength(1)
  const none = await ask(`${url}/api/v1/flows?tenant=nobody`)
  expect([none.status, JSON.parse(none.text)]).toEqual([404, { error: 'no tenant of that name has flows' }])
  expect((await ask(`${url}/api/v1/flows?tenant=a&tenant=b`)).status).toBe(400)
  const head = await ask(`${url}/api/v1/flows`, { method: 'HEAD' })
  expect([head.status, head.text]).toEqual([200, ''])
  expect((await ask(`${url}/api/v1/flows`, { method: 'POST' })).status).toBe(405)
})

test('a service that follows no flows has an empty list', async () => {
  const { url } = await startEdge()
  expect(JSON.parse((await ask(`${url}/api/v1/flows`)).text)).toEqual({ flows: [] })
})

test('details: one flow, by names of any kind; unknown ones are a 404 in JSON', async () => {
  const edge = await startEdge({ flows: flows() })
  const listed = JSON.parse((await ask(`${edge.url}/api/v1/flows`)).text).flows
  const reply = await ask(edge.url + listed[2].details)
  expect(JSON.parse(reply.text)).toMatchObject({
    tenant: HOSTILE,
    flow: 'order-confirmation',
    documents: [{ id: 42 }, { id: 43 }],
  })
  expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(reply.headers['x-content-type-options']).toBe('nosniff')
  for (const path of ['/api/v1/flows/acme/nothing', '/api/v1/flows/nobody/picking', '/api/v1/flows/acme/__proto__']) {
    const unknown = await ask(edge.url + path)
    expect([unknown.status, JSON.parse(unknown.text)]).toEqual([
      404,
      { error: 'no such flow; /api/v1/flows lists them' },
    ])
  }
  expect((await ask(`${edge.url}/api/v1/flows/%ff/picking`)).status).toBe(400)
  const handlers = new Set(edge.served.map(([handler]) => handler))
  expect([...handlers].sort()).toEqual(['/api/v1/flows', '/api/v1/flows/:tenant/:flow'])
})

test('the page of a flow: locked down, with documents for whom they are; unknown ones are a 404', async () => {
  const edge = await startEdge({ flows: flows() })
  const page = await ask(`${edge.url}/flows/acme/order-confirmation`)
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(page.text).toContain('S00043')
  const elsewhere = await ask(`${edge.url}/flows/acme/order-confirmation`, { headers: { Host: 'pulse.example' } })
  expect(elsewhere.text).not.toContain('S00043')
  const hostile = await ask(`${edge.url}/flows/${encodeURIComponent(HOSTILE)}/order-confirmation`)
  expect(hostile.status).toBe(200)
  expect(hostile.text).not.toContain('<script')
  expect((await ask(`${edge.url}/flows/acme/nothing`)).status).toBe(404)
  expect(new Set(edge.served.map(([handler]) => handler))).toEqual(new Set(['/flows/:tenant/:flow']))
})

const keysFor = async (url: string, headers: Record<string, string> = {}) => {
  const reply = JSON.parse((await ask(url + ORDERS, { headers })).text)
  return Object.keys(reply).filter((key) => key.startsWith('documents'))
}

test('on loopback documents are shown; not by another name, nor through a proxy: then none are asked for', async () => {
  let asked = 0
  const edge = await startEdge({
    flows: flows(async () => {
      asked += 1
      return overdue
    }),
  })
  for (const headers of [
    { Host: 'pulse.example' },
    { Host: `127.0.0.1.evil.example:${edge.port}` },
    { 'X-Forwarded-For': '127.0.0.1' },
    { Forwarded: 'for=127.0.0.1' },
    { Via: '1.1 proxy' },
  ])
    expect(await keysFor(edge.url, headers)).toEqual(['documents_withheld'])
  expect(asked).toBe(0)
  for (const headers of [{}, { Host: 'localhost' }, { Host: `[::1]:${edge.port}` }])
    expect(await keysFor(edge.url, headers)).toEqual(['documents_as_of', 'documents'])
  expect(asked).toBe(1)
})

test('with users: nobody without the password, and who has it sees documents by any name', async () => {
  const webConfigFile = tempFolder().write('web.yml', `basic_auth_users: { alice: ${hashSync('right', 4)} }\n`)
  const { url } = await startEdge({ webConfigFile, flows: flows() })
  const login = (password: string) => ({
    Authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`,
  })
  for (const headers of [{}, login('wrong')]) {
    const reply = await ask(url + ORDERS, { headers })
    expect([reply.status, reply.text]).toEqual([401, 'Unauthorized\n'])
  }
  const proxied = { ...login('right'), Host: 'pulse.example', 'X-Forwarded-For': '10.1.2.3' }
  expect(await keysFor(url, proxied)).toEqual(['documents_as_of', 'documents'])
})

test('service discovery names the flows of each tenant as a target of their own', async () => {
  const { url } = await startEdge({ flows: flows(), states: () => [] })
  const groups = JSON.parse((await ask(`${url}/sd`)).text)
  expect(groups.map(({ labels }: { labels: Record<string, string> }) => labels)).toMatchObject([
    { __param_target: 'acme', __param_collector: 'flows', instance: 'acme/flows' },
    { __param_target: HOSTILE, __param_collector: 'flows', instance: `${HOSTILE}/flows` },
  ])
})

test('a flow that is not judged has no documents to ask for, and says why', async () => {
  const never: AskOverdue = () => Promise.reject(new Error('not to be asked'))
  const { url } = await startEdge({ flows: flows(never) })
  const reply = JSON.parse((await ask(`${url}/api/v1/flows/acme/picking`)).text)
  expect(reply.documents_failed).toBe('the flow is not judged (withheld): 1 of 3 companies is seen')
})

test('documents’ names are data: neither markup nor another key', async () => {
  const hostile: Overdue = {
    ...overdue,
    documents: [{ item: itemOf(7, AT), model: 'x.y', name: `"},"documents_withheld":"</script>\n${HOSTILE}`, due: AT }],
  }
  const { url } = await startEdge({ flows: flows(async () => hostile) })
  const reply = JSON.parse((await ask(url + ORDERS)).text)
  expect(reply.documents[0].name).toBe(hostile.documents[0]?.name)
  expect(reply).not.toHaveProperty('documents_withheld')
})

const documentsOf = (question: AskOverdue, deadline = 150, keep = 30_000) => {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
  const redact = (text: string) => text.replaceAll('s3cret', '[redacted]')
  return { find: createDocuments({ ask: question, redact, log, deadline, keep }), log: () => lines.join('') }
}

test('an answer is kept a while, and who asks meanwhile waits for the one question', async () => {
  let asked = 0
  const { find } = documentsOf(async () => {
    asked += 1
    return overdue
  })
  const answers = await Promise.all([find('acme', 'picking'), find('acme', 'picking')])
  expect(await find('acme', 'picking')).toBe(answers[0])
  expect(answers[1]).toBe(answers[0])
  expect(asked).toBe(1)
  await find('acme', 'pos-sync')
  expect(asked).toBe(2)
})

test('failures are values: for people as they are meant for them, redacted; of others the log tells', async () => {
  const refused = documentsOf(() => Promise.reject(new CollectError('auth', 'the key s3cret is refused')))
  expect(await refused.find('acme', 'picking')).toEqual({ failed: 'the key [redacted] is refused' })
  const broken = documentsOf(() => {
    throw new TypeError('reading x of s3cret')
  })
  expect(await broken.find('acme', 'picking')).toEqual({ failed: 'they could not be read; the log says more' })
  expect(broken.log()).toContain('reading x of [redacted]')
})

test('a question that is never answered ends at its deadline, aborted', async () => {
  const aborted = Promise.withResolvers<void>()
  const { find } = documentsOf((_tenant, _flow, _limit, signal) => {
    signal.addEventListener('abort', () => aborted.resolve())
    return new Promise(() => {})
  })
  expect(await find('acme', 'picking')).toEqual({ failed: 'no answer to the question for them within 0.15 s' })
  await aborted.promise
})

test('a question nobody waits for any longer is not put a second time before it ends', async () => {
  const gate = Promise.withResolvers<Overdue>()
  let asked = 0
  const question: AskOverdue = () => {
    asked += 1
    return asked === 1 ? gate.promise : Promise.resolve(overdue)
  }
  const { find } = documentsOf(question, 50, 0)
  expect(await find('acme', 'picking')).toHaveProperty('failed')
  expect(await find('acme', 'picking')).toEqual({
    failed: 'the last question for them has not been answered yet; try again',
  })
  expect(asked).toBe(1)
  gate.resolve(overdue)
  await eventually(async () => expect(await find('acme', 'picking')).toHaveProperty('found'))
})

test('an Odoo that hangs holds up nobody else', async () => {
  const { url } = await startEdge({ flows: flows(() => new Promise(() => {})) })
  const hanging = ask(url + ORDERS)
  const start = performance.now()
  expect((await ask(`${url}/metrics`)).status).toBe(200)
  expect((await ask(`${url}/api/v1/flows`)).status).toBe(200)
  expect(performance.now() - start).toBeLessThan(2_000)
  const reply = JSON.parse((await hanging).text)
  expect(reply.documents_failed).toBe('no answer to the question for them within 5 s')
  expect(reply.windows).toHaveLength(8)
  expect(performance.now() - start).toBeLessThan(9_000)
})
