/** The client against servers that answer as they should, and as they should not. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { constants, createGzip, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { check, connect, type TraefikClient } from '../../../collectors/traefik/client.ts'
import { traefik } from '../../../collectors/traefik/index.ts'
import { CollectError } from '../../../src/collector.ts'
import { createCa, createPair } from '../../support/certificates.ts'
import { holds } from '../../support/collector.ts'

const PAGE = 'process_start_time_seconds 1\ntraefik_config_reloads_total 3\n'
const TEXT = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores' }

const listen = async (server: Pick<Server, 'listen' | 'address' | 'close'>, scheme = 'http'): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `${scheme}://127.0.0.1:${address.port}/metrics`
}

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return listen(server)
}

/** What a socket says is all there is to the answer. */
const serveRaw = async (answer: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => answer(socket))
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return listen(server as Server)
}

const SECRETS: Readonly<Record<string, string>> = { PASSWORD: 'pässw0rd:with colon' }

const contextOf = (deadline: number, secrets = SECRETS) => ({
  secret: async (ref: { readonly file: string } | { readonly env: string }) =>
    'env' in ref ? (secrets[ref.env] ?? '') : '',
  signal: AbortSignal.timeout(deadline),
})

const open = async (settings: Record<string, unknown>, secrets = SECRETS): Promise<TraefikClient> => {
  const client = await connect(traefik.config.parse(settings), contextOf(5000, secrets))
  onTestFinished(client.end)
  return client
}

const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => new Error('it worked'),
    (e: unknown) => e,
  )
  if (error instanceof CollectError) return `${error.reason}: ${error.message}`
  throw error
}

const reading = async (url: string, more: Record<string, unknown> = {}, deadline = 3000): Promise<string> => {
  const client = await open({ url, ...more })
  return failureOf(client.page(AbortSignal.timeout(deadline)))
}

const reloads = (page: Awaited<ReturnType<TraefikClient['page']>>) =>
  page.families.get('traefik_config_reloads_total')?.series[0]?.value

test('one kept connection, one request for all who ask at once, gzip', async () => {
  const seen: IncomingMessage[] = []
  const url = await serve((request, reply) => {
    seen.push(request)
    reply.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end(gzipSync(PAGE))
  })
  const client = await open({ url })
  const signal = AbortSignal.timeout(3000)
  const pages = await Promise.all([client.page(signal), client.page(signal), client.page(signal)])
  expect(pages.map(reloads)).toEqual([3, 3, 3])
  expect(pages[0]?.answered).toBeGreaterThan(1_700_000_000)
  expect(await client.page(signal).then(reloads)).toBe(3)
  // one more: the connection attempt
  expect(seen.length).toBe(3)
  expect(seen[1]?.socket.remotePort ?? 0).toBe(seen[2]?.socket.remotePort)
  expect(seen[1]?.headers).toMatchObject({ accept: 'text/plain;version=0.0.4', 'accept-encoding': 'gzip' })
})

test('a kept connection that was closed meanwhile is made anew', async () => {
  const sockets: Socket[] = []
  let isClosing = false
  const url = await serve((request, reply) => {
    sockets.push(request.socket)
    if (isClosing && sockets.filter((s) => s === request.socket).length > 1) return void request.socket.destroy()
    reply.writeHead(200, TEXT).end(PAGE)
  })
  const client = await open({ url })
  const signal = AbortSignal.timeout(3000)
  await client.page(signal)
  isClosing = true
  expect(reloads(await client.page(signal))).toBe(3)
})

test('basic authentication: the password by reference, in UTF-8; wrong, it is said', async () => {
  const right = `Basic ${Buffer.from(`pulse:${SECRETS.PASSWORD}`).toString('base64')}`
  const url = await serve((request, reply) => {
    if (request.headers.authorization === right) reply.writeHead(200, TEXT).end(PAGE)
    else reply.writeHead(401).end()
  })
  const settings = { url, user: 'pulse', password: { env: 'PASSWORD' } }
  expect(reloads(await (await open(settings)).page(AbortSignal.timeout(3000)))).toBe(3)
  const wrong = await failureOf(open(settings, { PASSWORD: 'mistaken' }))
  expect(wrong).toMatch(/^auth: .*status 401: check user and password/)
  expect(wrong).not.toMatch(/mistaken|Basic/)
  expect(await failureOf(open({ url }))).toMatch(/^auth: .*give traefik.user/)
})

test('https: the authority by reference; unknown, it is refused', async () => {
  const ca = await createCa()
  const pair = await createPair('127.0.0.1', ca)
  const server = createTlsServer(pair, (_, reply) => reply.writeHead(200, TEXT).end(PAGE))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = await listen(server, 'https')
  const client = await open({ url, ca: { env: 'CA' } }, { CA: ca.cert })
  expect(reloads(await client.page(AbortSignal.timeout(3000)))).toBe(3)
  expect(await failureOf(open({ url }))).toMatch(/^connect: .*TLS: .*see traefik.ca/)
  expect(await failureOf(open({ url, ca: { env: 'CA' } }, { CA: 'no certificate' }))).toMatch(/^connect: .*TLS: /)
  expect(await failureOf(open({ url: url.replace('https', 'http') }))).toMatch(/^(connect|query|decode): /)
})

test.for([
  [302, 'query: .*redirects elsewhere'],
  [404, 'query: .*status 404: is this where'],
  [500, 'query: .*status 500'],
  [204, 'query: .*status 204'],
  [403, 'auth: .*status 403'],
] as const)('status %i', async ([status, said], { expect }) => {
  const asked: (string | undefined)[] = []
  const url = await serve((request, reply) => {
    asked.push(request.url)
    reply.writeHead(status, { location: '/elsewhere' }).end()
  })
  expect(await failureOf(open({ url }))).toMatch(new RegExp(`^${said}`))
  expect(await failureOf(check(traefik.config.parse({ url }), contextOf(3000)))).toMatch(new RegExp(`^${said}`))
  expect(asked).toEqual(['/metrics', '/metrics'])
})

test.for([
  ['another type', { 'content-type': 'text/html' }, 'no Prometheus text 0.0.4'],
  ['no type', {}, 'no Prometheus text 0.0.4'],
  ['OpenMetrics', { 'content-type': 'application/openmetrics-text; version=1.0.0' }, 'no Prometheus text 0.0.4'],
  ['another version', { 'content-type': 'text/plain; version=1.0.0' }, 'no Prometheus text 0.0.4'],
  ['an encoding not asked for', { ...TEXT, 'content-encoding': 'br' }, 'did not ask for'],
] as const)('%s: decode', async ([, headers, said], { expect }) => {
  const url = await serve((_, reply) => reply.writeHead(200, headers).end(PAGE))
  expect(await failureOf(open({ url }))).toMatch(new RegExp(`^decode: .*${said}`))
})

test.for([
  ['garbage', Buffer.from('<html>SECRET</html>\n'), 'not Prometheus text: line 1: '],
  ['metrics of another', Buffer.from('up 1\n'), "not Traefik's"],
  ['no UTF-8', Buffer.from([0x61, 0xff, 0x20, 0x31, 0x0a]), 'it is not UTF-8'],
  ['UTF-8 cut short', Buffer.from([0x61, 0x20, 0x31, 0x0a, 0xc3]), 'it is not UTF-8'],
  ['a page without its last line end', Buffer.from(PAGE.slice(0, -1)), 'cut short'],
] as const)('%s: decode', async ([, body, said], { expect }) => {
  const url = await serve((_, reply) => reply.writeHead(200, TEXT).end(body))
  const failure = await reading(url)
  expect(failure).toMatch(/^decode: http:\/\/127/)
  expect(failure).toContain(said)
  expect(failure).not.toContain('SECRET')
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n'

test.for([
  ['half of what was announced', `${HEAD}Content-Length: 9999\r\n\r\n${PAGE}`, /^decode: .*breaks off/],
  [
    'chunks without the last',
    `${HEAD}Transfer-Encoding: chunked\r\n\r\n${PAGE.length.toString(16)}\r\n${PAGE}\r\n`,
    /^decode: .*breaks off/,
  ],
] as const)('a reply cut at a line end: %s', async ([, reply, said], { expect }) => {
  const url = await serveRaw((socket) => socket.end(reply))
  expect(await reading(url)).toMatch(said)
})

test.for([
  ['a reply whose end cannot be told', `${HEAD}Connection: close\r\n\r\n${PAGE}`, /^decode: .*neither its length/],
  ['what is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', /^decode: .*no HTTP/],
  ['nothing at all', '', /^connect: .*reset/],
] as const)('%s', async ([, reply, said], { expect }) => {
  const url = await serveRaw((socket) => socket.end(reply))
  expect(await failureOf(open({ url }))).toMatch(said)
})

test('nobody there', async () => {
  expect(await failureOf(open({ url: 'http://127.0.0.1:1/metrics' }))).toMatch(/^connect: .*connection refused/)
})

test('a broken gzip, and one cut short', async () => {
  const whole = gzipSync(PAGE)
  for (const body of [Buffer.from('not gzip at all'), whole.subarray(0, whole.length - 6)]) {
    const url = await serve((_, reply) => reply.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end(body))
    expect(await reading(url)).toMatch(/^decode: .*breaks off/)
  }
})

/** How much the heap and what stands beside it grow while `work` runs, at its largest. */
const growth = async (work: () => Promise<unknown>): Promise<number> => {
  const used = () => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  const before = used()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, used())
  }, 5)
  await work().finally(() => clearInterval(timer))
  return (most - before) / (1024 * 1024)
}

const LINE = Buffer.from(`${'# no end in sight '.repeat(50)}\n`)

test('an endless stream is left at the limit, in little memory, and the far side is let go', async () => {
  let sent = 0
  let isOver = false
  const url = await serve((_, reply) => {
    reply.writeHead(200, TEXT)
    const chunk = Buffer.concat(Array.from({ length: 64 }, () => LINE))
    const go = () => {
      while (!reply.destroyed) {
        sent += chunk.length
        if (!reply.write(chunk)) return void reply.once('drain', go)
      }
    }
    reply.once('close', () => {
      isOver = true
    })
    go()
  })
  const client = await open({ url, max_bytes: 256 * 1024 * 1024 })
  sent = 0
  isOver = false
  const grown = await growth(async () => {
    expect(await failureOf(client.page(AbortSignal.timeout(30_000)))).toMatch(/^decode: .*longer than 268435456 bytes/)
  })
  expect(sent).toBeGreaterThan(256 * 1024 * 1024)
  // what is garbage already is counted in
  expect(grown).toBeLessThan(128)
  await holds('the far side to be let go', () => isOver)
})

test('100 MB of one line is left at the limit of a line', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'a')
  let sent = 0
  const url = await serve((_, reply) => {
    reply.writeHead(200, TEXT)
    const go = () => {
      while (!reply.destroyed && sent < 100 * 1024 * 1024) {
        sent += chunk.length
        if (!reply.write(chunk)) return void reply.once('drain', go)
      }
      reply.end()
    }
    go()
  })
  expect(await reading(url)).toMatch(/^decode: .*a line over 65536 characters/)
  expect(sent).toBeLessThan(50 * 1024 * 1024)
})

test('a gzip bomb is left at the limit of what it inflates to', async () => {
  const gzip = createGzip({ level: constants.Z_BEST_COMPRESSION })
  const parts: Buffer[] = []
  gzip.on('data', (part: Buffer) => parts.push(part))
  const mebibyte = Buffer.concat(Array.from({ length: Math.ceil((1024 * 1024) / LINE.length) }, () => LINE))
  for (let i = 0; i < 200; i++) if (!gzip.write(mebibyte)) await new Promise((resolve) => gzip.once('drain', resolve))
  await new Promise((resolve) => gzip.end(resolve))
  const bomb = Buffer.concat(parts)
  expect(bomb.length).toBeLessThan(2 * 1024 * 1024)
  const url = await serve((_, reply) => reply.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' }).end(bomb))
  const grown = await growth(async () => {
    expect(await reading(url, { max_bytes: 16 * 1024 * 1024 }, 20_000)).toMatch(/^decode: .*longer than 16777216 bytes/)
  })
  expect(grown).toBeLessThan(60)
})

test('gzip that inflates to nothing is left at the limit too', async () => {
  const url = await serve((_, reply) => {
    reply.writeHead(200, { ...TEXT, 'content-encoding': 'gzip' })
    // a header with a file name that does not end
    reply.write(Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]))
    const chunk = Buffer.alloc(64 * 1024, 'a')
    const go = () => {
      while (!reply.destroyed) if (!reply.write(chunk)) return void reply.once('drain', go)
    }
    go()
  })
  expect(await reading(url, { max_bytes: 1024 * 1024 })).toMatch(/^decode: .*longer than 1048576 bytes/)
})

test('a socket that hangs: before the head, and within the body', async () => {
  let open_ = 0
  const count = (socket: Socket) => {
    open_ += 1
    socket.once('close', () => {
      open_ -= 1
    })
  }
  const silent = await serveRaw(count)
  const config = traefik.config.parse({ url: silent })
  expect(await failureOf(connect(config, contextOf(200)))).toMatch(/^timeout: .*no answer in time/)
  expect(await failureOf(check(config, contextOf(200)))).toMatch(/^timeout: /)
  const stuck = await serveRaw((socket) => {
    count(socket)
    socket.write(`${HEAD}Content-Length: 9999\r\n\r\n${PAGE}`)
  })
  expect(await reading(stuck, {}, 300)).toMatch(/^timeout: .*no answer in time/)
  await holds('every socket to be closed', () => open_ === 0)
})

test('who gives up leaves the request to the others; the last one ends it; close ends it at once', async () => {
  let waiting: (() => void)[] = []
  let gone = 0
  let isHanging = false
  const url = await serve((request, reply) => {
    request.socket.once('close', () => {
      gone += 1
    })
    const answer = () => void reply.writeHead(200, TEXT).end(PAGE)
    if (isHanging) waiting.push(answer)
    else answer()
  })
  const client = await open({ url })
  isHanging = true
  const [first, second] = [new AbortController(), new AbortController()]
  const one = failureOf(client.page(first.signal)).catch(() => 'answered')
  const two = client.page(second.signal)
  await holds('the request', () => waiting.length === 1)
  first.abort()
  waiting[0]?.()
  expect(reloads(await two)).toBe(3)
  expect(await one).toBe('answered')

  waiting = []
  const third = new AbortController()
  const before = gone
  const late = failureOf(client.page(third.signal))
  await holds('the request', () => waiting.length === 1)
  third.abort()
  expect(await late).toMatch(/^timeout: /)
  await holds('the connection to be gone', () => gone > before)

  waiting = []
  const ended = failureOf(client.page(new AbortController().signal))
  await holds('the request', () => waiting.length === 1)
  client.end()
  expect(await ended).toMatch(/^(connect|query): /)
})
