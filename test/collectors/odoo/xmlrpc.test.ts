import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseReply, writeCall } from '../../../collectors/odoo/xmlrpc.ts'
import { CollectError } from '../../../src/collector.ts'

const parse = (xml: string | Buffer) => parseReply(Buffer.from(xml), AbortSignal.timeout(10_000))

/** As Python's xmlrpc.client writes: https://github.com/python/cpython/blob/3.11/Lib/xmlrpc/client.py */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const written = (value: unknown): string => {
  if (value === null) return '<value><nil/></value>'
  if (typeof value === 'boolean') return `<value><boolean>${Number(value)}</boolean></value>`
  if (typeof value === 'string') return `<value><string>${escaped(value)}</string></value>`
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return `<value><double>${value}</double></value>`
    const tag = Math.abs(value) < 2 ** 31 ? 'int' : 'i8'
    return `<value><${tag}>${value}</${tag}></value>`
  }
  if (Array.isArray(value)) return `<value><array><data>\n${value.map(written).join('\n')}</data></array></value>`
  const members = Object.entries(value as object).map(
    ([name, v]) => `<member>\n<name>${escaped(name)}</name>\n${written(v)}\n</member>`,
  )
  return `<value><struct>\n${members.join('\n')}</struct></value>`
}
const replyOf = (value: unknown): string =>
  `<?xml version="1.0"?>\n<methodResponse>\n<params>\n<param>\n${written(value)}\n</param>\n</params>\n\n</methodResponse>\n`

/** What XML can carry: no control characters, and a carriage return becomes a line feed in any parser that keeps to the rules. */
const xmlText = fc
  .string({ unit: 'grapheme' })
  .map((t) => [...t].filter((c) => c >= ' ' || c === '\n' || c === '\t').join(''))

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    xmlText,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(xmlText, tie('value'), { maxKeys: 5 }).map((d) => ({ ...d })),
  ),
})).value

test('what Python writes is read as it was', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (v) => {
      expect(await parse(replyOf(v))).toEqual({ value: v })
    }),
    { numRuns: 300 },
  )
})

const decode = async (xml: string | Buffer): Promise<CollectError> => {
  const error = await parse(xml).then(
    (reply) => {
      throw new Error(`taken for a reply: ${JSON.stringify(reply)}`)
    },
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(CollectError)
  expect(error).toMatchObject({ reason: 'decode' })
  return error as CollectError
}

test('a reply that is cut off anywhere is none', async () => {
  const whole = replyOf([{ id: 1, name: 'a & b', done: false, since: null }, 2.5]).trimEnd()
  for (let length = 0; length < whole.length; length += 1) await decode(whole.slice(0, length))
})

test('garbage never does worse than be refused', async () => {
  const whole = replyOf([{ id: 1, name: 'Pick', done: false }, [1, 2]])
  const pieces = whole.split(/(?=<)/)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(pieces), fc.nat(whole.length), fc.string(), async (some, at, junk) => {
      for (const xml of [some.join(''), whole.slice(0, at) + junk + whole.slice(at)]) {
        await parse(xml).catch((error: unknown) => expect(error).toMatchObject({ reason: 'decode' }))
      }
    }),
    { numRuns: 200 },
  )
})

const inValue = (content: string): string => replyOf(0).replace('<value><int>0</int></value>', content)

test.for<readonly [string, string]>([
  ['nothing', ''],
  ['a page of a proxy', '<!doctype html><html><body><p>502 Bad Gateway<br></body></html>'],
  ['JSON', '{"jsonrpc": "2.0"}'],
  ['text behind it', `${replyOf(1)}junk`],
  ['a second reply behind it', replyOf(1) + replyOf(2).replace(/^.*\n/, '')],
  ['a call', '<?xml version="1.0"?><methodCall><methodName>a</methodName><params></params></methodCall>'],
  ['no params', '<methodResponse></methodResponse>'],
  ['empty params', '<methodResponse><params></params></methodResponse>'],
  ['an empty param', '<methodResponse><params><param></param></params></methodResponse>'],
  ['two params', replyOf(1).replace('</param>', '</param><param><value><int>2</int></value></param>')],
  ['two values in one', inValue('<value><int>1</int><int>2</int></value>')],
  ['an int that is none', inValue('<value><int>12abc</int></value>')],
  ['an empty int', inValue('<value><int></int></value>')],
  ['an int past 2^53', inValue('<value><int>9007199254740993</int></value>')],
  ['an i8 past 2^53', inValue('<value><i8>-9223372036854775808</i8></value>')],
  ['a double that is none', inValue('<value><double>nan</double></value>')],
  ['a boolean that is none', inValue('<value><boolean>true</boolean></value>')],
  ['a date that is none', inValue('<value><dateTime.iso8601>soon</dateTime.iso8601></value>')],
  ['an unknown type', inValue('<value><decimal>1</decimal></value>')],
  ['a member without value', inValue('<value><struct><member><name>a</name></member></struct></value>')],
  ['a member without name', inValue('<value><struct><member><value>a</value></member></struct></value>')],
  [
    'a member the wrong way round',
    inValue('<value><struct><member><value>a</value><name>b</name></member></struct></value>'),
  ],
  ['an array without data', inValue('<value><array></array></value>')],
  ['tags that cross', inValue('<value><array><data></array></data></value>')],
  ['an unknown entity', inValue('<value><string>&odoo;</string></value>')],
  ['a fault that is no struct', '<methodResponse><fault><value><int>1</int></value></fault></methodResponse>'],
  ['a fault of nothing', '<methodResponse><fault><value><nil/></value></fault></methodResponse>'],
  [
    'a fault without text',
    '<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member></struct></value></fault></methodResponse>',
  ],
])('%s is not taken for a reply', async ([, xml]) => {
  await decode(xml)
})

test('malice costs no more than a moment', async () => {
  const nested = '<value><array><data>'.repeat(150_000)
  const begun = performance.now()
  await decode(`<methodResponse><params><param>${nested}`)
  await decode(`<methodResponse><params><param>${nested}${'</b>'.repeat(200_000)}`)
  await decode(`<methodResponse><params><param>${'<value><array><data>'.repeat(30)}${'</b>'.repeat(500_000)}`)
  await decode('<a>'.repeat(500_000) + '</b>'.repeat(500_000))
  await decode('&'.repeat(2_000_000))
  await decode(`<methodResponse ${'a="b" '.repeat(300_000)}`)
  await decode(
    `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(100)}">]>${replyOf('&a;').replace(/^.*\n/, '').replace('&amp;', '&')}`,
  )
  expect(performance.now() - begun).toBeLessThan(2000)
})

test('what is allowed though Odoo does not write it', async () => {
  const values: readonly (readonly [string, unknown])[] = [
    ['<value>plain</value>', 'plain'],
    ['<value></value>', ''],
    ['<value><string/></value>', ''],
    ['<value><i4>-7</i4></value>', -7],
    ['<value><i8>9007199254740991</i8></value>', Number.MAX_SAFE_INTEGER],
    ['<value><ex:i8>5000000000</ex:i8></value>', 5_000_000_000],
    ['<value><ex:nil/></value>', null],
    ['<value><double>-1.5e3</double></value>', -1500],
    ['<value><string><![CDATA[a < b & c]]></string></value>', 'a < b & c'],
    ['<value><dateTime.iso8601>20261120T15:18:42</dateTime.iso8601></value>', '2026-11-20 15:18:42'],
  ]
  for (const [xml, expected] of values) expect(await parse(inValue(xml)), xml).toEqual({ value: expected })
})

test('a member named __proto__ is a name like any', async () => {
  const xml = inValue(
    '<value><struct><member><name>__proto__</name><value><struct><member><name>admin</name>' +
      '<value><boolean>1</boolean></value></member></struct></value></member></struct></value>',
  )
  const reply = await parse(xml)
  if (!('value' in reply)) throw new Error('no value')
  const { value } = reply
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  expect((value as Record<string, unknown>).admin).toBeUndefined()
  expect(({} as Record<string, unknown>).admin).toBeUndefined()
})

test('letters of another encoding are not guessed at', async () => {
  await decode(Buffer.from(replyOf('Gänsefüßchen'), 'latin1'))
})

test('letters are whole where the pieces meet', async () => {
  const text = 'ä€😀'.repeat(20_000)
  expect(await parse(replyOf(text))).toEqual({ value: text })
})

test('500 records are read without holding up the rest for more than 50 ms', async () => {
  const record = {
    id: 1,
    name: 'Order',
    state: 'sale',
    team_id: [1, 'Sales'],
    note: false,
    amount: 12.5,
    a: 'b',
    c: 'd',
  }
  const xml = Buffer.from(replyOf(Array.from({ length: 500 }, (_, id) => ({ ...record, id }))))
  // the first reading is slower: the code has not run hot
  await parse(xml)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  await setImmediate()
  const reply = await parse(xml)
  delays.disable()
  if (!('value' in reply) || !Array.isArray(reply.value)) throw new Error('no list')
  expect(reply.value).toHaveLength(500)
  expect(delays.percentile(99) / 1e6).toBeLessThan(50)
})

test('a reading that nobody waits for ends', async () => {
  const abort = new AbortController()
  const xml = Buffer.from(replyOf(Array.from({ length: 20_000 }, (_, id) => ({ id, name: 'x' }))))
  const reading = parseReply(xml, abort.signal)
  await setImmediate()
  const reason = new CollectError('timeout', 'enough')
  abort.abort(reason)
  await expect(reading).rejects.toBe(reason)
})

test('what is sent reads back as it was, whatever a password holds', async () => {
  const decoded = await import('xmlrpc/lib/deserializer.js')
  const { Readable } = await import('node:stream')
  const read = (xml: string) =>
    new Promise((resolve, reject) => {
      const reader = new decoded.default() as unknown as {
        deserializeMethodCall: (s: unknown, done: (e: unknown, method: string, params: unknown) => void) => void
      }
      reader.deserializeMethodCall(Readable.from([Buffer.from(xml)], { objectMode: false }), (error, method, params) =>
        error ? reject(error) : resolve([method, params]),
      )
    })
  const params = ['erp', 'a<b>&"\']]>ä', 2, 1.5, true, [], {}, { domain: [['state', 'in', ['a', 'b']]] }] as const
  expect(await read(writeCall('execute_kw', params))).toEqual(['execute_kw', params])
})
