import { once } from 'node:events'
import { renameSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { CLIENT_AUTH_TYPES, TLS12_SUITES } from '../src/web_tls.ts'
import { ask, type Edge, pageOf, startEdge } from './support/edge.ts'
import { eventually } from './support/eventually.ts'
import { ca, client, folderWith, otherCa, renewed, server, stranger, TLS } from './support/web_files.ts'

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
