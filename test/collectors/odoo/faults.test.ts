import { expect, test } from 'vitest'
import { presentable } from '../../../collectors/odoo/faults.ts'
import { json2Protocol, whoAmI } from '../../../collectors/odoo/json2.ts'
import type { Call } from '../../../collectors/odoo/protocol.ts'
import type { Exchange, Reply } from '../../../collectors/odoo/transport.ts'
import { authenticate, xmlRpcProtocol } from '../../../collectors/odoo/xmlrpc_protocol.ts'
import { CollectError, Unsupported } from '../../../src/collector.ts'
import { recorded } from './recorded.ts'

const endpoint = { url: 'http://127.0.0.1:8069', ca: undefined }
const serving =
  (reply: Reply): Exchange =>
  async () =>
    reply
const signal = AbortSignal.timeout(60_000)
const access = (reply: Reply) => ({ endpoint, database: 'erp', exchange: serving(reply) })

const outcome = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: unknown) => error)

/** The model and method as in the request that was recorded. */
const ask = (reply: Reply, model: string, method = 'search_count'): Promise<unknown> => {
  const call: Call = { model, method, args: [['domain', []]], options: {} }
  const protocol =
    reply.mediaType === 'text/xml'
      ? xmlRpcProtocol(access(reply), 2, 'secret')
      : json2Protocol({ ...access(reply), apiKey: 'secret' })
  return outcome(protocol(call, signal))
}

const leaks = /Traceback|File "|\/usr\/|\/lib|\.py|db\.internal|127\.0\.0\.1|5432|\n/

const expectError = (error: unknown, kind: 'unsupported' | CollectError['reason'], says: readonly string[]): void => {
  if (kind === 'unsupported') expect(error).toBeInstanceOf(Unsupported)
  else {
    expect(error).toBeInstanceOf(CollectError)
    expect(error).toMatchObject({ reason: kind })
  }
  const { message } = error as Error
  for (const word of says) expect(message).toContain(word)
  expect(message).not.toMatch(leaks)
  expect(message.length).toBeLessThan(600)
}

test.for<readonly [string, string, string, 'unsupported' | CollectError['reason'], readonly string[]]>([
  ['18_fault_missing_model.xml', 'no.such.model', 'search_count', 'unsupported', ['no.such.model', 'installed']],
  ['19_fault_missing_model.xml', 'no.such.model', 'search_count', 'unsupported', ['no.such.model', 'installed']],
  ['19_json2_missing_model.json', 'no.such.model', 'search_count', 'unsupported', ['no.such.model', 'installed']],
  ['18_fault_missing_method.xml', 'sale.order', 'no_such_method', 'unsupported', ['no method no_such_method']],
  ['19_fault_missing_method.xml', 'sale.order', 'no_such_method', 'unsupported', ['no method no_such_method']],
  ['19_json2_missing_method.json', 'sale.order', 'no_such_method', 'unsupported', ['no method no_such_method']],
  ['18_fault_unknown_field_read.xml', 'sale.order', 'search_read', 'unsupported', ["'no_such_field'", 'sale.order']],
  ['18_fault_unknown_field_domain.xml', 'sale.order', 'search_count', 'unsupported', ['sale.order.no_such_field']],
  ['19_fault_unknown_field_domain.xml', 'sale.order', 'search_count', 'unsupported', ['sale.order.no_such_field']],
  ['19_json2_unknown_field.json', 'sale.order', 'search_count', 'unsupported', ['sale.order.no_such_field']],
  [
    '18_access_exporter_ir_cron.xml',
    'ir.cron',
    'search_count',
    'unsupported',
    ['ir.cron', '"Administration/Settings"'],
  ],
  [
    '18_access_lowpriv_sale_order.xml',
    'sale.order',
    'search_count',
    'unsupported',
    ['no read access to sale.order', '"Inventory/User"', '"Sales/User: Own Documents Only"', 'odoo_pulse_access'],
  ],
  ['19_json2_access_error.json', 'ir.cron', 'search_count', 'unsupported', ['ir.cron', '"Role / Administrator"']],
  ['19_m_tx_unconfirmed_xmlrpc.xml', 'sale.order', 'search_count', 'unsupported', ['the field transaction_ids']],
  ['19_m_tx_unconfirmed_json2.json', 'sale.order', 'search_count', 'unsupported', ['the field transaction_ids']],
  ['18_fault_private_method.xml', 'sale.order', '_search', 'unsupported', ['sale.order._search']],
  ['19_json2_private_method.json', 'sale.order', '_search', 'unsupported', ['sale.order._search']],
  ['18_search_count_bad_password.xml', 'sale.order', 'search_count', 'auth', ['"erp"', 'api_key']],
  ['19_search_count_bad_password.xml', 'sale.order', 'search_count', 'auth', ['"erp"', 'api_key']],
  ['18_search_count_bad_uid.xml', 'sale.order', 'search_count', 'auth', ['credentials']],
  ['19_json2_bad_key.json', 'sale.order', 'search_count', 'auth', ['credentials']],
  ['19_json2_no_key.json', 'sale.order', 'search_count', 'auth', ['credentials']],
  ['19_search_count_bad_db.xml', 'sale.order', 'search_count', 'connect', ['no database "erp"', 'odoo.database']],
  ['19_db_down_execute_kw.xml', 'sale.order', 'search_count', 'connect', ['"erp"', 'Connection refused']],
  ['18_fault_bad_date.xml', 'sale.order', 'search_count', 'query', ['DatetimeFieldOverflow', '2026-13-99']],
  ['19_json2_bad_date.json', 'sale.order', 'search_count', 'query', ['ValueError: month must be in 1..12']],
  ['18_fault_bad_domain.xml', 'sale.order', 'search_count', 'query', ['sale.order.search_count']],
  ['18_fault_too_many_args.xml', 'sale.order', 'search_count', 'query', ['TypeError']],
  ['18_result_none.xml', 'mail.thread', 'message_unsubscribe', 'query', ['cannot marshal None']],
  ['19_result_int_gt_32bit.xml', 'ir.attachment', 'formatted_read_group', 'query', ['OverflowError']],
  ['19_lang_context_fr.xml', 'sale.order', 'search_count', 'query', ['Invalid language code: fr_FR']],
  ['18_unknown_service.xml', 'sale.order', 'search_count', 'query', ['sale.order.search_count']],
  ['19_json2_missing_param.json', 'sale.order', 'search_count', 'query', ["missing a required argument: 'domain'"]],
  ['19_json2_malformed.json', 'sale.order', 'search_count', 'query', ['sale.order.search_count']],
  ['19_json2_usererror.json', 'ir.cron', 'method_direct_trigger', 'query', ['Record does not exist']],
])('%s: %s.%s is %s', async ([name, model, method, kind, says]) => {
  expectError(await ask(recorded(name), model, method), kind, says)
})

test('values come through', async () => {
  expect(await ask(recorded('18_search_count.xml'), 'sale.order')).toBe(21)
  expect(await ask(recorded('19_json2_search_count.json'), 'sale.order')).toBe(21)
  expect(await ask(recorded('19_json2_result_int_gt_32bit.json'), 'ir.attachment')).toMatchObject([
    { 'file_size:sum': 4_004_857_676, __count: 14 },
  ])
})

test('a login: the id, or the boolean False, or a database that is not there', async () => {
  const login = (name: string) => outcome(authenticate(access(recorded(name)), 'admin', 'admin', signal))
  expect(await login('18_authenticate_ok.xml')).toBe(2)
  expectError(await login('18_authenticate_bad_password.xml'), 'auth', ['credentials', '"erp"'])
  expectError(await login('18_authenticate_bad_db.xml'), 'connect', ['no database "erp"'])
  expectError(await login('19_db_down_authenticate.xml'), 'connect', ['"erp"'])
  const key = (name: string) => whoAmI(json2Protocol({ ...access(recorded(name)), apiKey: 'k' }), signal)
  expect(await key('19_json2_context_get.json')).toBe(2)
})

const page = (status: number, mediaType = 'text/html', location?: string): Reply => ({
  status,
  mediaType,
  location,
  date: undefined,
  body: Buffer.from('<!doctype html><title>x</title>'),
})
const throughXml = (reply: Reply) =>
  outcome(
    xmlRpcProtocol(
      access(reply),
      2,
      's',
    )({ model: 'sale.order', method: 'search_count', args: [], options: {} }, signal),
  )
const throughJson = (reply: Reply) =>
  outcome(
    json2Protocol({ ...access(reply), apiKey: 'k' })(
      { model: 'sale.order', method: 'search_count', args: [], options: {} },
      signal,
    ),
  )

test('what stands before Odoo, or in its place, is told by its HTTP status', async () => {
  for (const through of [throughXml, throughJson]) {
    expectError(await through(page(502)), 'connect', ['HTTP 502', 'proxy'])
    expectError(await through(page(403)), 'auth', ['HTTP 403'])
    expectError(await through(page(200)), 'decode', ['HTTP 200 text/html'])
    expectError(await through(page(500)), 'query', ['HTTP 500'])
  }
  expectError(await throughXml(page(404)), 'connect', ['HTTP 404', 'odoo.url'])
  expectError(await throughXml(page(301, 'text/html', 'https://erp.example.com')), 'connect', [
    'https://erp.example.com',
  ])
  expectError(await throughXml(page(302)), 'connect', ['redirect'])
  // only a 404 in JSON means a missing model: https://github.com/odoo/odoo/blob/19.0/odoo/http.py
  expectError(await throughJson(page(404)), 'connect', ['no database "erp"'])
  expectError(await throughJson(page(303)), 'connect', ['Odoo 19', 'xmlrpc'])
  expectError(await throughJson({ ...page(200, 'application/json'), body: Buffer.from('{"a": ') }), 'decode', ['JSON'])
  expectError(await throughJson({ ...page(200, 'application/json'), body: Buffer.from([0xff, 0x22]) }), 'decode', [])
  expectError(await throughJson({ ...page(400, 'application/json'), body: Buffer.from('[]') }), 'query', ['HTTP 400'])
})

test('older versions name a missing method in another way', async () => {
  const old = (text: string): Reply => ({
    ...page(200, 'text/xml'),
    body: Buffer.from(
      '<?xml version="1.0"?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int>' +
        `</value></member><member><name>faultString</name><value><string>${text}</string></value></member></struct>` +
        '</value></fault></methodResponse>',
    ),
  })
  const traceback = 'Traceback (most recent call last):\n  File "/srv/odoo/models.py", line 1, in f\n    x.y()\n'
  const error = await ask(
    old(`${traceback}AttributeError: type object 'ir.cron' has no attribute 'formatted_read_group'\n`),
    'ir.cron',
    'formatted_read_group',
  )
  expectError(error, 'unsupported', ['no method formatted_read_group'])
  // an AttributeError from within is a failure of Odoo's, whatever it lacks
  const within = await ask(old(`${traceback}AttributeError: 'NoneType' object has no attribute 'id'\n`), 'ir.cron')
  expectError(within, 'query', ['AttributeError'])
  expectError(await ask(old('no traceback at all in /srv/odoo/x.py'), 'ir.cron'), 'query', ['no traceback at all'])
  expectError(await ask(old(''), 'ir.cron'), 'query', ['ir.cron.search_count'])
})

test('what is shown of a message is one short line without paths and hosts', () => {
  expect(presentable('\n first\nsecond')).toBe('first')
  expect(presentable('no file /srv/odoo/conf/odoo.conf here')).toBe('no file … here')
  expect(presentable('connection to server at "db1", port 5432 failed: 10.1.2.3:99 is away')).toBe(
    'connection to server failed: … is away',
  )
  expect(presentable('connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed')).toBe(
    'connection to server failed',
  )
  expect(presentable('x'.repeat(1000))).toHaveLength(201)
  expect(presentable('Sales/User: Own Documents')).toBe('Sales/User: Own Documents')
})
