import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BadReply, badReplies } from '../../demo/odoo/bad_replies.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

const version = 19
let odoo: OdooServer
beforeAll(async () => {
  await createOdooDatabase(postgres, 'bad', version)
  odoo = await startOdoo({ version, postgres, database: 'bad', authenticateMs: 0 })
})
afterEach(() => odoo.faults.badReplies(undefined))
afterAll(() => odoo?.stop())

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

const reply = async (response: Response): Promise<Reply> => ({
  status: response.status,
  type: response.headers.get('content-type') ?? '',
  body: await response.text(),
})

const patience = () => AbortSignal.timeout(300)

const json2 = async (model: string, signal: AbortSignal = AbortSignal.timeout(5_000)) => {
  const headers = { 'content-type': 'application/json', authorization: `bearer ${odoo.users.pulse.apiKey}` }
  const body = JSON.stringify({ domain: [], fields: ['name', 'active'], order: 'id' })
  return reply(await fetch(`${odoo.url}/json/2/${model}/search_read`, { method: 'POST', headers, body, signal }))
}

const xml = async (model: string, signal: AbortSignal = AbortSignal.timeout(5_000)) => {
  const { uid, apiKey } = odoo.users.pulse
  const value = (text: string) => `<param><value>${text}</value></param>`
  const body = `<?xml version="1.0"?><methodCall><methodName>execute_kw</methodName><params>${[
    '<string>bad</string>',
    `<int>${uid}</int>`,
    `<string>${apiKey}</string>`,
    `<string>${model}</string>`,
    '<string>search_count</string>',
    '<array><data><value><array><data/></array></value></data></array>',
  ]
    .map(value)
    .join('')}</params></methodCall>`
  const headers = { 'content-type': 'text/xml' }
  return reply(await fetch(`${odoo.url}/xmlrpc/2/object`, { method: 'POST', headers, body, signal }))
}

const right = async () => ({ json: await json2('res.company'), xml: await xml('res.company') })

const expected: Readonly<Record<Exclude<BadReply, 'cut_off' | 'hanging'>, readonly [json: RegExp, xml: RegExp]>> = {
  truncated: [/^\[\{[^\]]*$/, /^<\?xml(?!.*<\/methodResponse>)/s],
  empty: [/^$/, /^$/],
  html: [/^<!doctype html>/, /^<!doctype html>/],
  html_404: [/^<!doctype html>/, /^<!doctype html>/],
  html_502: [/^<!doctype html>/, /^<!doctype html>/],
  fault_1: [/"builtins.Exception"/, /<int>1<\/int>/],
  fault_2: [/"odoo.exceptions.UserError"/, /<int>2<\/int>/],
  fault_3: [/"odoo.exceptions.AccessDenied"/, /<int>3<\/int>/],
  fault_4: [/"odoo.exceptions.AccessError"/, /<int>4<\/int>/],
  wrong_types: [/"id":"many","name":17,"active":"perhaps"/, /<string>many<\/string>/],
  wrong_shape: [/^\{"surprise":true\}$/, /<name>surprise<\/name>/],
  huge: [/^\["x{1024}"/, /<string>x{1024}<\/string>/],
}

describe('calls of one model are answered badly, of another well', () => {
  test.for(badReplies.filter((name) => name !== 'cut_off' && name !== 'hanging'))('%s', async (name) => {
    const before = await right()
    odoo.faults.badReplies(name, 'res.users')
    const bad = { json: await json2('res.users'), xml: await xml('res.users') }
    expect(bad.json.body.slice(0, 4_000)).toMatch(expected[name][0])
    expect(bad.xml.body.slice(0, 4_000)).toMatch(expected[name][1])
    if (name === 'huge') expect([bad.json, bad.xml].every(({ body }) => body.length > 40 * 1024 * 1024)).toBe(true)
    if (name === 'html_404') expect([bad.json.status, bad.xml.status]).toEqual([404, 404])
    expect(await right()).toEqual(before)
    odoo.faults.badReplies(undefined, 'res.users')
    expect((await json2('res.users')).body).toContain('"active":true')
  })

  test('cut_off', async () => {
    odoo.faults.badReplies('cut_off', 'res.users')
    await expect(json2('res.users')).rejects.toThrow('terminated')
    await expect(xml('res.users')).rejects.toThrow('terminated')
    expect((await json2('res.company')).status).toBe(200)
  })

  test('hanging', async () => {
    odoo.faults.badReplies('hanging', 'res.users')
    await expect(json2('res.users', patience())).rejects.toThrow('timeout')
    expect((await json2('res.company')).status).toBe(200)
    odoo.faults.badReplies(undefined)
    expect((await xml('res.users')).status).toBe(200)
  })
})

test('the Date header can be ahead and behind', async () => {
  const ahead = async (): Promise<number> => {
    const response = await fetch(`${odoo.url}/web/health`)
    await response.text()
    return Date.parse(response.headers.get('date') ?? '') - Date.now()
  }
  odoo.faults.clock(600_000)
  expect(Math.round((await ahead()) / 60_000)).toBe(10)
  odoo.faults.clock(-600_000)
  expect(Math.round((await ahead()) / 60_000)).toBe(-10)
  odoo.faults.clock(0)
  expect(Math.abs(await ahead())).toBeLessThan(30_000)
})
