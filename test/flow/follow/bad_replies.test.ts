/** What Odoo answers to the questions of one flow is of no use: that flow fails with the reason, the others go on. */
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Estate, startEstate } from '../../collectors/odoo/estate.ts'
import { holds } from '../../support/collector.ts'
import { fastClock, type Installation, install, odooBlock, onlyFlows } from './installation.ts'
import { startTampering, type Tampering } from './tampering.ts'

const BAD = 'payment-sync'
const OTHER = 'background-jobs'

let estate: Estate
let before: Tampering
const installations: Installation[] = []
/** Slower where the circuit opens: what that takes is no quicker at a fast pace. */
const installed = async (rate: number): Promise<Installation> => {
  const odoo = estate.of(18)
  const installation = await install({
    clock: fastClock(rate),
    env: { PULSE_KEY: odoo.users.pulse.apiKey },
    text: `${onlyFlows(BAD, OTHER)}tenants:
  acme:
    tier: dedicated
    db_cluster: c
    odoo:
${odooBlock(odoo, before.url)}`,
  })
  installations.push(installation)
  return installation
}
beforeAll(async () => {
  estate = await startEstate([18])
  before = await startTampering(estate.of(18).url)
}, 60_000)
afterEach(() => before.tamper(undefined))
afterAll(async () => {
  await Promise.all(installations.map(({ stop }) => stop()))
  await before?.stop()
  await estate?.stop()
})

const send = (response: ServerResponse, body: string | Buffer, type = 'text/xml', status = 200): true => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
  })
  response.end(body)
  return true
}
const reset = ({ socket }: ServerResponse): true => {
  socket?.resetAndDestroy()
  return true
}
const value = (inner: string) =>
  `<?xml version='1.0'?><methodResponse><params><param><value>${inner}</value></param></params></methodResponse>`
const fault = (code: number, text: string) =>
  `<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>${code}</int></value></member><member><name>faultString</name><value><string>${text}</string></value></member></struct></value></fault></methodResponse>`
const TRACEBACK = 'Traceback (most recent call last):\n  File "/opt/odoo/x.py", line 1\nValueError: Boom'
const page = '<!doctype html><title>Bad gateway</title>'

type Answer = (reply: Buffer, response: ServerResponse) => true
const answers: readonly (readonly [string, Answer, RegExp])[] = [
  ['truncated', (reply, to) => send(to, reply.subarray(0, reply.length / 2)), /XML/i],
  ['a page of HTML', (_, to) => send(to, page, 'text/html'), /html/i],
  ['fault 1', (_, to) => send(to, fault(1, TRACEBACK)), /Boom/],
  ['fault 2', (_, to) => send(to, fault(2, 'Not today')), /Not today/],
  ['fault 4', (_, to) => send(to, fault(4, 'You are not allowed')), /was judged before.*no read access/],
  ['another type', (_, to) => send(to, value('<string>many</string>')), /payment\.transaction/],
  ['40 MB', (_, to) => send(to, Buffer.alloc(40_000_000, value('<string>x</string>'))), /larger than 4 MiB/],
]
/** As if the target were gone: the circuit opens, and closes again, for everything else is well. */
const losses: readonly (readonly [string, Answer, RegExp])[] = [
  ['404, as when the database is down', (_, to) => send(to, page, 'text/html', 404), /404/],
  ['fault 3', (_, to) => send(to, fault(3, 'Access Denied')), /refused|denied|key/i],
  ['a connection that is reset', (_, to) => reset(to), /without a whole answer/],
]

describe.for([
  { pace: 60, kinds: answers },
  { pace: 12, kinds: losses },
])('at a pace of $pace', ({ pace, kinds }) => {
  let installation: Installation
  beforeAll(async () => {
    installation = await installed(pace)
  })
  afterAll(() => installation?.stop())

  test.for(kinds)('%s', { timeout: 60_000 }, async ([, answer, reason]) => {
    const judged = async (name: string) => (await installation.flow(name)).state === 'judged'
    await holds('both judged', async () => (await judged(BAD)) && (await judged(OTHER)), 30_000)
    const others = new Set<string>()
    // Whatever is asked of the model: where the circuit opens, its fields are asked for at the new connection too.
    const isAsked = (body: string) => body.includes('payment.transaction')
    before.tamper((body, reply, response) => isAsked(body) && answer(reply, response))
    const failing = await holds(
      'the failure',
      async () => {
        others.add((await installation.flow(OTHER)).state)
        const shown = await installation.flow(BAD)
        return shown.state === 'failing' && shown.windows === undefined ? shown : undefined
      },
      35_000,
    )
    expect(failing.reason).toMatch(reason)
    expect(failing.reason).not.toContain('/opt/odoo')
    expect([...others]).toEqual(['judged'])
    const told = await holds('the page', async () => {
      const text = await installation.metrics()
      return text.includes(`odoo_flow_verdicts{tenant="acme",flow="${BAD}"`) ? undefined : text
    })
    const states = /odoo_flow_info{tenant="acme",flow="(.+?)",.*state="failing"} 1/g
    expect([...told.matchAll(states)].map(([, flow]) => flow)).toEqual([BAD])
    expect(told).toContain(`odoo_flow_verdicts{tenant="acme",flow="${OTHER}"`)
  })
})
