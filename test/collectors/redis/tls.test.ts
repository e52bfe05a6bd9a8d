/** TLS against a server with a certificate of its own, and nothing but TLS. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { check, close, connect } from '../../../collectors/redis/client.ts'
import { freePort } from '../../../demo/processes.ts'
import { CollectError } from '../../../src/collector.ts'
import type { SecretRef } from '../../../src/secret.ts'
import { createCa, createPair, type Pair } from '../../support/certificates.ts'
import { eventually } from '../../support/eventually.ts'
import { needs } from '../../support/needs.ts'
import { configOf, failureOf, isLacking, sockets, soon, startTestRedis, type TestRedis } from './support.ts'

let server: TestRedis
let port: number
let pems: Readonly<Record<string, string>>
const context = () => ({
  secret: async (ref: SecretRef) => {
    if ('env' in ref) return server.monitor.password
    const pem = pems[ref.file]
    if (pem === undefined) throw new CollectError('auth', `${ref.file} can not be read`)
    return pem
  },
  signal: soon(),
})

const settings = async (dir: string, ca: Pair, pair: Pair): Promise<readonly string[]> => {
  port = await freePort()
  const files = { 'ca.pem': ca.cert, 'server.pem': pair.cert, 'server.key': pair.key }
  for (const [name, pem] of Object.entries(files)) await writeFile(join(dir, name), pem, { mode: 0o600 })
  return [
    `tls-port ${port}`,
    `tls-ca-cert-file "${join(dir, 'ca.pem')}"`,
    `tls-cert-file "${join(dir, 'server.pem')}"`,
    `tls-key-file "${join(dir, 'server.key')}"`,
    'tls-auth-clients yes',
  ]
}

beforeAll(async () => {
  if (isLacking) return
  const [ca, other] = [await createCa(), await createCa('another')]
  const [pair, client] = [await createPair('cache', ca), await createPair('pulse', ca)]
  pems = { ca: ca.cert, other: other.cert, cert: client.cert, key: client.key }
  server = await startTestRedis([], 0, (dir) => settings(dir, ca, pair))
})
afterAll(() => server?.stop())
beforeEach((context) => needs(context, 'redis'))

const [ca, other] = [{ ca: { file: 'ca' } }, { ca: { file: 'other' } }]
const own = { cert: { file: 'cert' }, key: { file: 'key' } }

test.for([
  ['127.0.0.1', { ...ca, ...own }],
  ['localhost', { ...ca, ...own, verify: 'ca' }],
  ['localhost', { ...own, verify: 'none' }],
] as const)('on %s by %o', async ([host, tls]) => {
  const client = await connect(configOf(port, { host, tls }), context())
  expect((await client.info(soon())).fields.get('role')).toBe('master')
  await close(client)
  await check(configOf(port, { host, tls }), context())
})

test.for([
  ['an authority nobody knows', '127.0.0.1', { ...other, ...own }, 'connect', 'redis.tls'],
  ["a name that is not the certificate's", 'localhost', { ...ca, ...own }, 'connect', 'redis.tls'],
  ['no certificate of ours', '127.0.0.1', { ...ca }, 'connect', ''],
  ['a file that is not there', '127.0.0.1', { ca: { file: 'gone' } }, 'auth', 'gone'],
] as const)('%s is refused', async ([, host, tls, reason, text]) => {
  const failure = await failureOf(connect(configOf(port, { host, tls }), context()))
  expect(failure).toMatchObject({ reason, message: expect.stringContaining(text) })
})

test('plain text to a TLS port is closed, TLS to a plain one never answered: told as that', async () => {
  expect((await failureOf(check(configOf(port), context()))).reason).toBe('connect')
  const failure = await failureOf(check(configOf(server.port, { tls: ca }), context()))
  expect(failure).toMatchObject({ reason: 'timeout', message: expect.stringContaining('speak TLS') })
})

test('a stopped server: the abort leaves no socket', async () => {
  const before = sockets()
  server.freeze()
  try {
    const late = { ...context(), signal: soon(200) }
    expect((await failureOf(check(configOf(port, { tls: { ...ca, ...own } }), late))).reason).toBe('timeout')
  } finally {
    server.thaw()
  }
  await eventually(() => expect(sockets()).toBeLessThanOrEqual(before))
})
