import { once } from 'node:events'
import { renameSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { hashSync } from 'bcryptjs'
import fc from 'fast-check'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createBasicAuth } from '../src/basic_auth.ts'
import { loadWebConfig } from '../src/web_config.ts'
import { CLIENT_AUTH_TYPES, sansOf, TLS12_SUITES } from '../src/web_tls.ts'
import { createCa, createPair, type Pair } from './support/certificates.ts'
import { ask, type Edge, pageOf, startEdge, tempFolder } from './support/edge.ts'
import { eventually } from './support/eventually.ts'

const COST = 5
const hash = (password: string, cost = COST): string => hashSync(password, cost)
const basic = (credentials: string) => ({ Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` })

let ca: Pair
let otherCa: Pair
let server: Pair
let renewed: Pair
let client: Pair
let stranger: Pair
beforeAll(async () => {
  ;[ca, otherCa] = await Promise.all([createCa(), createCa('other CA')])
  ;[server, renewed, client, stranger] = await Promise.all([
    createPair('server', ca),
    createPair('renewed', ca),
    createPair('client', ca),
    createPair('stranger', otherCa),
  ])
})

/** A folder with the certificates and a web.yml. */
const folderWith = (yaml: string) => {
  const folder = tempFolder()
  folder.write('server.crt', server.cert)
  folder.write('server.key', server.key)
  folder.write('ca.crt', ca.cert)
  return { ...folder, file: folder.write('web.yml', yaml) }
}
const TLS = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n'

const problemsOf = (yaml: string): readonly string[] => {
  const { file, path } = folderWith(yaml)
  const loaded = loadWebConfig(file)
  if (loaded.ok) throw new Error('taken without complaint')
  for (const problem of loaded.problems) expect(problem.startsWith(`${file}: `)).toBe(true)
  return loaded.problems.map((problem) => problem.slice(file.length + 2).replaceAll(path, '.'))
}

describe('the file', () => {
  test('all keys, defaults, paths from its own folder', () => {
    const { file } = folderWith(`${TLS}
  client_ca_file: ca.crt
  client_auth_type: RequireClientCert
  client_allowed_sans: [client]
  min_version: TLS12
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256, X25519]
  prefer_server_cipher_suites: false
http_server_config:
  http2: true
  headers: { X-Frame-Options: deny, X-XSS-Protection: "", Strict-Transport-Security: max-age=60 }
basic_auth_users: { alice: ${hash('a')} }
rate_limit: { interval: 1m0.5s, burst: 3 }
`)
    const loaded = loadWebConfig(file)
    if (!loaded.ok) throw new Error(loaded.problems.join('\n'))
    const { tls, headers, users, rateLimit, warnings } = loaded.config
    expect(tls?.clientAuth).toBe('RequireAnyClientCert')
    expect(tls?.secureContext).toMatchObject({
      cert: server.cert,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ecdhCurve: 'P-256:X25519',
      honorCipherOrder: false,
      ciphers:
        'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
    })
    expect(headers).toEqual({ 'X-Frame-Options': 'deny', 'Strict-Transport-Security': 'max-age=60' })
    expect([...users.keys()]).toEqual(['alice'])
    expect(rateLimit).toEqual({ interval: 60_500, burst: 3 })
    expect(warnings).toEqual([expect.stringContaining('HTTP/2 is not spoken here')])
  })

  test.each(['', '# nothing\n', 'basic_auth_users:\ntls_server_config:\n'])(
    '%j means plain HTTP for everyone',
    (yaml) => {
      const loaded = loadWebConfig(folderWith(yaml).file)
      expect(loaded).toMatchObject({ ok: true, config: { tls: undefined, headers: {}, users: new Map() } })
    },
  )

  test('every problem at once, each with its path, none with a value', () => {
    const problems = problemsOf(`
tls_server_config:
  cert_file: server.crt
  cert: inline
  client_ca_file: ca.crt
  client_allowed_sans: [a]
  min_version: TLS13
  max_version: TLS12
  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]
  curve_preferences: [secp]
  client_auth_typ: x
http_server_config:
  http2: yep
  headers: { X-Frame-Options: allow, Server: mine, Content-Security-Policy: "a\\nb" }
basic_auth_users:
  alice: hunter2
  "a:b": ${hash('x')}
rate_limit: { interval: soon }
more: 1
`)
    const starts = [
      'tls_server_config.cert_file: give either cert_file or cert, not both',
      'tls_server_config.key_file: give key_file or key',
      'tls_server_config.client_auth_type: a client CA is given',
      'tls_server_config.client_allowed_sans: needs client_auth_type',
      'tls_server_config.min_version: is above max_version',
      'tls_server_config.cipher_suites.0: ',
      'tls_server_config.curve_preferences.0: ',
      'tls_server_config: Unrecognized key: "client_auth_typ"',
      'http_server_config.http2: ',
      'http_server_config.headers.X-Frame-Options: ',
      'http_server_config.headers: Unrecognized key: "Server"',
      'http_server_config.headers.Content-Security-Policy: ',
      'basic_auth_users.alice: is not a bcrypt hash',
      'basic_auth_users.a:b: a user name holds no colon',
      'rate_limit.interval: expected a duration',
      'Unrecognized key: "more"',
    ]
    const told = starts.filter((start) => problems.some((p) => p.startsWith(start)))
    expect(told).toEqual(starts)
    expect(problems).toHaveLength(starts.length)
    expect(problems.join()).not.toContain('hunter2')
  })

  test('files that are absent, no PEM, or do not go together', () => {
    expect(problemsOf('tls_server_config: { cert_file: no.crt, key_file: no.key }')).toEqual([
      expect.stringMatching(/^tls_server_config.cert_file: ENOENT.*no\.crt/),
      expect.stringMatching(/^tls_server_config.key_file: ENOENT.*no\.key/),
    ])
    expect(problemsOf('tls_server_config: { cert_file: web.yml, key_file: web.yml }')).toEqual([
      expect.stringMatching(/^tls_server_config.cert_file: not usable PEM/),
      expect.stringMatching(/^tls_server_config.key_file: not usable PEM/),
    ])
    const indented = client.key.trim().replaceAll(/\r?\n/g, '\n    ')
    expect(problemsOf(`tls_server_config:\n  cert_file: server.crt\n  key: |\n    ${indented}\n`)).toEqual([
      'tls_server_config.key: is not the key of the certificate in tls_server_config.cert_file',
    ])
    expect(loadWebConfig('/nonexistent/web.yml')).toMatchObject({ ok: false })
  })

  test('broken YAML is told by its place and without its text', () => {
    const problems = problemsOf(`basic_auth_users:\n  alice: "${hash('x')}\n  bob: [`)
    expect(problems.join()).toMatch(/line \d+, column \d+: not valid YAML/)
    expect(problems.join()).not.toContain('$2b$')
    expect(problemsOf('basic_auth_users: {a: x, a: y}').join()).toContain('DUPLICATE_KEY')
    expect(problemsOf('- a').join()).toContain('expected a mapping')
  })

  test('whatever is written, it is an answer and never an exception', () => {
    const folder = tempFolder()
    const key = fc.constantFrom('tls_server_config', 'http_server_config', 'basic_auth_users', 'rate_limit', 'x')
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })), (config) => {
        const loaded = loadWebConfig(folder.write('web.yml', JSON.stringify(config)))
        expect(loaded.ok || loaded.problems.length > 0).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  test('names of a certificate, also those that try to pass for two', () => {
    expect(sansOf('DNS:a.example, IP Address:0:0:0:0:0:0:0:1, email:a@b, URI:spiffe://x/y')).toEqual([
      'a.example',
      '::1',
      'a@b',
      'spiffe://x/y',
    ])
    expect(sansOf('DNS:"evil, DNS:admin", othername:<unsupported>')).toEqual(['evil, DNS:admin'])
    expect(sansOf(undefined)).toEqual([])
  })
})

describe('TLS', () => {
  const startTls = async (yaml: string, over: Parameters<typeof startEdge>[0] = {}) => {
    const folder = folderWith(yaml)
    return { ...folder, edge: await startEdge({ webConfigFile: folder.file, ...over }) }
  }
  const get = (edge: Edge, options: Parameters<typeof ask>[1] = {}) =>
    ask(`${edge.url}/-/healthy`, { ca: ca.cert, ...options })
  const handshake = async (edge: Edge, options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connectTls({ host: '127.0.0.1', port: edge.port, ca: ca.cert, ...options })
    onTestFinished(() => void socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }

  test('serves HTTPS, says so in /sd, keeps plain HTTP and older versions out', async () => {
    const { edge } = await startTls(TLS)
    expect(edge.url).toMatch(/^https:/)
    expect((await get(edge)).status).toBe(200)
    const [group] = JSON.parse((await ask(`${edge.url}/sd`, { ca: ca.cert })).text)
    expect(group.labels.__scheme__).toBe('https')
    await expect(ask(`http://127.0.0.1:${edge.port}/metrics`)).rejects.toThrow()
    await expect(get(edge, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow()
    await expect(get(edge, { ca: otherCa.cert })).rejects.toThrow()
  })

  test('versions, suites and curves are those asked for', async () => {
    const yaml = `${TLS}  max_version: TLS12
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [CurveP384]\n`
    const { edge } = await startTls(yaml)
    const socket = await handshake(edge)
    expect(socket.getProtocol()).toBe('TLSv1.2')
    expect(socket.getCipher().name).toBe('ECDHE-ECDSA-AES256-GCM-SHA384')
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' })
    await expect(handshake(edge, { ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).rejects.toThrow()
    await expect(handshake(edge, { ecdhCurve: 'X25519' })).rejects.toThrow()
  })

  test('chosen suites of TLS 1.2 do not turn off TLS 1.3; every name is known to OpenSSL', async () => {
    const { edge } = await startTls(`${TLS}  cipher_suites: [${Object.keys(TLS12_SUITES).join(', ')}]\n`)
    expect((await handshake(edge)).getProtocol()).toBe('TLSv1.3')
    for (const ciphers of Object.values(TLS12_SUITES).filter((name) => name.includes('ECDSA'))) {
      const socket = await handshake(edge, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })
      expect(socket.getCipher().name).toBe(ciphers)
    }
  })

  const INSIDE = { NoClientCert: '+++', RequestClientCert: '+++', RequireAnyClientCert: '-++' } as const
  const VERIFIED = { VerifyClientCertIfGiven: '+-+', RequireAndVerifyClientCert: '--+' } as const
  test.each(CLIENT_AUTH_TYPES)('client_auth_type %s: none, a stranger, a known one', async (type) => {
    const clientCa = type === 'NoClientCert' ? '' : '  client_ca_file: ca.crt\n'
    const { edge } = await startTls(`${TLS}  client_auth_type: ${type}\n${clientCa}`)
    const clients = [{}, stranger, client]
    const admitted = await Promise.all(
      clients.map((pair) =>
        get(edge, pair).then(
          (reply) => (reply.status === 200 ? '+' : '?'),
          () => '-',
        ),
      ),
    )
    expect(admitted.join('')).toBe({ ...INSIDE, ...VERIFIED }[type])
  })

  test.each([
    ['client', true],
    ['client@example.com', true],
    ['spiffe://example/client', true],
    ['0:0:0:0:0:0:0:1', true],
    ['clien', false],
    ['*', false],
  ])('client_allowed_sans %j admits: %s', async (san, admitted) => {
    const yaml = `${TLS}  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [${JSON.stringify(san)}]\n`
    const { edge } = await startTls(yaml)
    const reply = get(edge, client).then((r) => r.status)
    if (admitted) expect(await reply).toBe(200)
    else await expect(reply).rejects.toThrow()
  })

  const sessionOf = async (edge: Edge, options: ConnectionOptions): Promise<Buffer> => {
    const socket = connectTls({ host: '127.0.0.1', port: edge.port, ca: ca.cert, ...options })
    onTestFinished(() => void socket.destroy())
    const [session] = await once(socket, 'session')
    return session
  }
  const resumed = async (edge: Edge, options: ConnectionOptions): Promise<string> => {
    const socket = await handshake(edge, options)
    const reused = socket.isSessionReused()
    socket.on('error', () => {}) // a reset is how a refused client may learn of it
    socket.write('GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    let reply = ''
    socket.on('data', (chunk: Buffer) => {
      reply += chunk
    })
    await new Promise((resolve) => socket.once('close', resolve))
    if (!reply.includes('200 OK')) return 'cut off'
    return reused ? 'resumed, served' : 'served'
  }

  const subject = async (edge: Edge): Promise<string | undefined> => {
    const socket = await handshake(edge)
    const certificate: DetailedPeerCertificate = socket.getPeerCertificate(true)
    socket.destroy()
    return String(certificate.subject.CN)
  }

  test('a renewed certificate is served without a restart; a half-replaced pair never', async () => {
    const { edge, write } = await startTls(TLS)
    expect(await subject(edge)).toBe('server')
    const kept = await handshake(edge)
    write('server.crt', renewed.cert)
    await eventually(async () => {
      await get(edge)
      expect(edge.log()).toContain('key_file: is not the key of the certificate')
    })
    expect(await subject(edge)).toBe('server')
    write('server.key', renewed.key)
    await eventually(async () => expect(await subject(edge)).toBe('renewed'))
    kept.write('GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n')
    const [chunk] = await once(kept, 'data')
    expect(String(chunk)).toContain('200 OK')
    expect(edge.log().match(/not usable/g)).toHaveLength(1)
  })

  test('a new client CA shuts out the clients of the old one, resumed sessions too', async () => {
    const yaml = `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n`
    const { edge, write } = await startTls(yaml)
    const session = await sessionOf(edge, client)
    expect(await resumed(edge, { ...client, session })).toBe('resumed, served')
    write('ca.crt', otherCa.cert)
    await eventually(() => expect(get(edge, client)).rejects.toThrow())
    expect(await resumed(edge, { ...client, session })).toBe('cut off')
    expect((await get(edge, stranger)).status).toBe(200)
  })

  test('a broken new file, or one that turns TLS off, keeps the old one in force and says so once', async () => {
    const { edge, write, file } = await startTls(TLS)
    write('web.yml', 'tls_server_config: {cert_file: [}')
    await eventually(async () => {
      expect((await get(edge)).status).toBe(200)
      expect(edge.log()).toContain('not valid YAML')
    })
    write('web.yml', 'basic_auth_users: {}\n')
    await eventually(async () => {
      expect((await get(edge)).status).toBe(200)
      expect(edge.log()).toContain('turning TLS on or off needs a restart')
    })
    rmSync(file)
    await eventually(async () => {
      expect((await get(edge)).status).toBe(200)
      expect(edge.log()).toContain('ENOENT')
    })
    renameSync(write('web.new', `${TLS}http_server_config: {headers: {X-Frame-Options: deny}}\n`), file)
    await eventually(async () => expect((await get(edge)).headers['x-frame-options']).toBe('deny'))
    expect(edge.log().match(/not usable/g)).toHaveLength(3)
  })

  test('a client that hangs in the handshake holds up nobody, nor the end', async () => {
    const { edge } = await startTls(TLS)
    const hung = connectTcp(edge.port, '127.0.0.1')
    hung.on('error', () => {})
    onTestFinished(() => void hung.destroy())
    await once(hung, 'connect')
    expect((await get(edge)).status).toBe(200)
    const start = performance.now()
    await edge.close(20_000)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('close: a page under way over TLS is read to its end', async () => {
    const text = 'slow 1\n'.repeat(1_000_000)
    const { edge } = await startTls(TLS, { page: () => Promise.resolve(pageOf(text)) })
    const slow = request(`${edge.url}/metrics`, { agent: false, ca: ca.cert }).end()
    const [response] = await once(slow, 'response')
    const closed = edge.close(20_000)
    let length = 0
    for await (const chunk of response) length += chunk.length
    expect(length).toBe(text.length)
    await closed
  })

  test('the test clients do tell a stranger from a friend', async () => {
    const strict = createServer({ ...server, ca: ca.cert, requestCert: true }, (_q, r) => void r.end('in'))
    onTestFinished(() => void strict.close())
    await once(strict.listen(0, '127.0.0.1'), 'listening')
    const address = strict.address()
    const port = typeof address === 'object' ? address?.port : 0
    const options = { ca: ca.cert }
    expect((await ask(`https://127.0.0.1:${port}/`, { ...options, ...client })).text).toBe('in')
    await expect(ask(`https://127.0.0.1:${port}/`, { ...options, ...stranger })).rejects.toThrow()
  })
})

describe('users', () => {
  const startAuth = async (users: Readonly<Record<string, string>>) => {
    const folder = folderWith(`basic_auth_users: ${JSON.stringify(users)}\n`)
    return { ...folder, edge: await startEdge({ webConfigFile: folder.file }) }
  }
  const as = async (edge: Edge, credentials: string, path = '/metrics'): Promise<number> =>
    (await ask(edge.url + path, { headers: basic(credentials) })).status

  test('who knows the password comes in; health needs none', async () => {
    const { edge } = await startAuth({ alice: hash('pä:ss'), 'Zoë 1': hash('x').replace('$2b$', '$2y$') })
    const anonymous = await ask(`${edge.url}/metrics`)
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers['www-authenticate']).toMatch(/^Basic /)
    expect([await as(edge, 'alice:pä:ss'), await as(edge, 'Zoë 1:x')]).toEqual([200, 200])
    for (const wrong of ['alice:pass', 'alice:', ':', 'alice', 'bob:pä:ss', '__proto__:x', 'constructor:x']) {
      expect([wrong, await as(edge, wrong)]).toEqual([wrong, 401])
    }
    for (const Authorization of ['Bearer x', 'Basic', 'Basic !!!', 'Basic YWxpY2U=', 'basic  ']) {
      expect((await ask(`${edge.url}/metrics`, { headers: { Authorization } })).status).toBe(401)
    }
    for (const path of ['/', '/sd', '/probe', '/nothing', '/-/reload']) {
      expect((await ask(edge.url + path)).status).toBe(401)
    }
    for (const path of ['/-/healthy', '/-/ready']) expect((await ask(edge.url + path)).status).toBe(200)
    expect(edge.log()).not.toMatch(/pä:ss|YWxpY2U/)
  })

  test('a changed password and a removed user count within moments, though the old ones were remembered', async () => {
    const { edge, write } = await startAuth({ alice: hash('old'), bob: hash('bob') })
    expect([await as(edge, 'alice:old'), await as(edge, 'bob:bob')]).toEqual([200, 200])
    write('web.yml', `basic_auth_users: { alice: ${hash('new')} }\n`)
    await eventually(async () => expect(await as(edge, 'alice:old')).toBe(401))
    expect([await as(edge, 'alice:new'), await as(edge, 'bob:bob')]).toEqual([200, 401])
  })

  test('guessing is bounded, costs no one else their scrape, and leaves the event loop free', async () => {
    const { edge } = await startAuth({ alice: hash('right', 11) })
    expect(await as(edge, 'alice:right')).toBe(200)
    const guesses = Promise.all(Array.from({ length: 12 }, (_, i) => as(edge, `alice:guess ${i}`)))
    await eventually(() => expect(edge.served.some(([, code]) => code === 429)).toBe(true), 5_000, 5)
    const start = performance.now()
    expect(await as(edge, 'alice:right')).toBe(200)
    expect(performance.now() - start).toBeLessThan(150)
    const codes = await guesses
    expect(codes.filter((code) => code === 401)).toHaveLength(5)
    expect(codes.filter((code) => code === 429)).toHaveLength(7)
  })

  test('ten scrapers that begin together share one comparison', async () => {
    const { edge } = await startAuth({ alice: hash('right') })
    const codes = await Promise.all(Array.from({ length: 10 }, () => as(edge, 'alice:right')))
    expect(codes).toEqual(Array(10).fill(200))
  })

  test('an unknown user costs what a known one does', async () => {
    const auth = createBasicAuth()
    onTestFinished(() => auth.close())
    const users = new Map([['alice', hash('right', 10)]])
    const time = async (credentials: string): Promise<number> => {
      const start = performance.now()
      expect(await auth.check(users, basic(credentials).Authorization)).toBe('denied')
      return performance.now() - start
    }
    await time('alice:warm up')
    const best = async (user: string): Promise<number> => {
      const times: number[] = []
      for (const n of [1, 2, 3, 4, 5]) times.push(await time(`${user}:${n}`))
      return Math.min(...times)
    }
    const [known, unknown] = [await best('alice'), await best('mallory')]
    expect(unknown / known).toBeGreaterThan(0.6)
    expect(unknown / known).toBeLessThan(1.7)
  })

  test('rate_limit: a burst, then 429, but for health', async () => {
    const folder = folderWith('rate_limit: { interval: 1h, burst: 2 }\n')
    const edge = await startEdge({ webConfigFile: folder.file })
    const codes: number[] = []
    for (let i = 0; i < 3; i++) codes.push((await ask(`${edge.url}/metrics`)).status)
    expect(codes).toEqual([200, 200, 429])
    expect((await ask(`${edge.url}/-/healthy`)).status).toBe(200)
  })

  test('a file that is not usable keeps the server from starting, with all its problems', async () => {
    const { file } = folderWith('basic_auth_users: { a: plain }\nnonsense: 1\n')
    await expect(startEdge({ webConfigFile: file })).rejects.toThrow(/a: is not a bcrypt hash[\s\S]*nonsense/)
  })
})
