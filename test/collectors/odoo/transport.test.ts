import { createServer } from 'node:https'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { exchange, MAX_REPLY } from '../../../collectors/odoo/transport.ts'
import { CollectError } from '../../../src/collector.ts'
import { createCa, createPair } from '../../support/certificates.ts'
import { holds } from '../../support/collector.ts'
import { reply, startRawServer } from './raw_server.ts'

const get = (url: string, signal: AbortSignal = AbortSignal.timeout(5000), ca?: string) =>
  exchange({ url, ca }, { method: 'GET', path: '/web/health' }, signal)

const failure = async (asked: Promise<unknown>): Promise<CollectError> => {
  const error = await asked.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (error instanceof CollectError) return error
  throw new Error(`expected a CollectError, got ${String(error)}`)
}

test('a reply is given whole: status, media type, clock, body', async () => {
  const date = 'Date: Fri, 20 Nov 2026 15:18:42 GMT'
  const url = await startRawServer((s) => s.end(reply(500, 'Application/JSON; charset=utf-8', '{"a": 1}', [date])))
  const { body, ...rest } = await get(url)
  expect(body.toString()).toBe('{"a": 1}')
  expect(rest).toEqual({
    status: 500,
    mediaType: 'application/json',
    location: undefined,
    date: Date.UTC(2026, 10, 20, 15, 18, 42),
  })
})

test('what is sent: one connection, closed after, nothing encoded, the length of the bytes', async () => {
  let seen = ''
  const url = await startRawServer((s, request) => {
    seen = request
    s.end(reply(200, 'text/xml', ''))
  })
  await exchange({ url, ca: undefined }, { method: 'POST', path: '/p', body: 'ä' }, AbortSignal.timeout(5000))
  expect(seen).toMatch(/^POST \/p HTTP\/1\.1\r\n/)
  expect(seen.toLowerCase()).toContain('\r\nconnection: close\r\n')
  expect(seen.toLowerCase()).toContain('\r\naccept-encoding: identity\r\n')
  expect(seen.toLowerCase()).toContain('\r\ncontent-length: 2\r\n')
})

test.for<readonly [string, (begin: () => void) => Parameters<typeof startRawServer>[0]]>([
  ['nothing at all', (begin) => () => begin()],
  [
    'half a head',
    (begin) => (s) => {
      s.write('HTTP/1.1 200 OK\r\nContent-Ty')
      begin()
    },
  ],
  [
    'half a body',
    (begin) => (s) => {
      s.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<?xml')
      begin()
    },
  ],
])('a server that sends %s is left at the deadline, and its socket with it', async ([, server]) => {
  const abort = new AbortController()
  const begun = Promise.withResolvers<void>()
  let closed = false
  const url = await startRawServer((socket, request) => {
    socket.on('close', () => {
      closed = true
    })
    server(begun.resolve)(socket, request)
  })
  const asked = get(url, abort.signal)
  await begun.promise
  const reason = new CollectError('timeout', 'enough')
  abort.abort(reason)
  expect(await failure(asked)).toBe(reason)
  await holds('the socket to be gone', () => closed)
})

test('what has ended before it began is not sent', async () => {
  let connections = 0
  const url = await startRawServer(() => {
    connections += 1
  })
  const reason = new CollectError('timeout', 'too late')
  expect(await failure(get(url, AbortSignal.abort(reason)))).toBe(reason)
  expect(connections).toBe(0)
})

test.for<readonly [string, string]>([
  ['a worker killed at its limit: a reset without an answer', ''],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-Type: te'],
  ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<?xml'],
  ['half a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<?xml\r\n'],
])('%s, then the end, is no connection', async ([, said]) => {
  const url = await startRawServer((s) => s.end(said))
  expect(await failure(get(url))).toMatchObject({ reason: 'connect' })
})

test.for([
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['chunks that are none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n<?xml\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['headers without end', `HTTP/1.1 200 OK\r\n${'X-Filler: abcdefgh\r\n'.repeat(2000)}`],
] as const)('%s is not decoded', async ([, said]) => {
  const url = await startRawServer((s) => s.end(said))
  expect(await failure(get(url))).toMatchObject({ reason: 'decode' })
})

test('100 MB are cut off at the limit, whether announced or not', async () => {
  for (const head of ['', `Content-Length: ${100 * 1024 * 1024}\r\n`]) {
    let sent = 0
    const piece = Buffer.alloc(64 * 1024, 'x')
    const url = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${head}\r\n`)
      const more = (): void => {
        while (!socket.destroyed && sent < 100 * 1024 * 1024) {
          sent += piece.length
          if (!socket.write(piece)) {
            socket.once('drain', more)
            return
          }
        }
      }
      more()
    })
    expect(await failure(get(url))).toMatchObject({ reason: 'decode', message: expect.stringContaining('4 MiB') })
    expect(sent).toBeLessThan(MAX_REPLY * 8)
  }
})

test('a redirect is told, not followed', async () => {
  let requests = 0
  const url = await startRawServer((socket) => {
    requests += 1
    socket.end(reply(303, 'text/html', 'moved', ['Location: https://erp.example.com/web/login?token=1']))
  })
  expect(await get(url)).toMatchObject({ status: 303, location: 'https://erp.example.com' })
  expect(requests).toBe(1)
})

test('what is packed, unasked, is not unpacked', async () => {
  const bomb = gzipSync(Buffer.alloc(1024 * 1024))
  const url = await startRawServer((s) => s.end(reply(200, 'text/xml', bomb, ['Content-Encoding: gzip'])))
  expect(await failure(get(url))).toMatchObject({ reason: 'decode', message: expect.stringContaining('gzip') })
})

test('nothing listens', async () => {
  const error = await failure(get('http://127.0.0.1:1'))
  expect(error.reason).toBe('connect')
  expect(error.message).toContain('connection refused')
})

test('TLS: the authority given vouches, none other does', async () => {
  const ca = await createCa()
  const server = createServer(await createPair('odoo.test', ca), (_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  expect((await get(url, AbortSignal.timeout(5000), ca.cert)).body.toString()).toBe('hello')
  expect(await failure(get(url))).toMatchObject({ reason: 'connect', message: expect.stringContaining('TLS') })
  expect(await failure(get(url.replace('https', 'http')))).toMatchObject({ reason: 'connect' })
})
