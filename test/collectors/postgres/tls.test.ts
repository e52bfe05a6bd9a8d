/** `sslmode`, against a server with a certificate of its own. */
import { writeFileSync } from 'node:fs'
import { chown, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check, close, connect } from '../../../collectors/postgres/client.ts'
import { config } from '../../../collectors/postgres/config.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { makeDir, postgresAccount } from '../../../demo/postgres-binaries.ts'
import { CollectError } from '../../../src/collector.ts'
import type { SecretRef } from '../../../src/secret.ts'
import { eventually } from '../../support/eventually.ts'
import { versions } from './statistics_support.ts'

/** As the service reads them: a file that can't be read is a failure to log in. */
const secret = async (ref: SecretRef): Promise<string> => {
  if ('env' in ref) return 'of-the-monitor'
  return readFile(ref.file, 'utf8').catch((error: Error) => {
    throw new CollectError('auth', error.message)
  })
}
const context = (ms = 5000) => ({ secret, signal: AbortSignal.timeout(ms) })

let server: PostgresServer
let dir: string
const file = (name: string) => join(dir, name)

beforeAll(async () => {
  const account = postgresAccount()
  dir = makeDir('odoo-pulse-tls-', account)
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keySize: 2048,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  for (const [name, text] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
    writeFileSync(file(name), text, { mode: 0o600 })
    if (account) await chown(file(name), account.uid, account.gid)
  }
  const settings = { ssl: 'on', ssl_cert_file: file('server.crt'), ssl_key_file: file('server.key') }
  server = await startPostgres({ version: versions.at(-1) ?? 18, settings })
  await server.query("create role pulse login password 'of-the-monitor' in role pg_monitor")
})
afterAll(async () => {
  await server?.stop()
  await rm(dir, { recursive: true, force: true })
})

const configOf = (more: Readonly<Record<string, unknown>>) =>
  config.parse({ host: '127.0.0.1', port: server.port, user: 'pulse', password: { env: 'X' }, ...more })

test.for([
  ['disable', '127.0.0.1', false],
  ['prefer', '127.0.0.1', true],
  ['require', 'localhost', true],
  ['verify-ca', 'localhost', true],
  ['verify-full', '127.0.0.1', true],
] as const)('%s on %s: TLS %s', async ([sslmode, host, encrypted]) => {
  const root = sslmode.startsWith('verify') ? { sslrootcert: { file: file('server.crt') } } : {}
  const client = await connect(configOf({ sslmode, host, ...root }), context())
  const ask = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
  expect(await client.query(ask, [], AbortSignal.timeout(5000))).toEqual([{ ssl: encrypted }])
  expect(await client.aside(AbortSignal.timeout(5000), (query) => query(ask))).toEqual([{ ssl: encrypted }])
  await close(client)
})

test.for([
  ['an authority nobody knows', { sslmode: 'verify-full' }, 'connect', 'sslrootcert'],
  ['a name that is not the certificate’s', { sslmode: 'verify-full', host: 'localhost' }, 'connect', 'TLS'],
  [
    'a file that is not there',
    { sslmode: 'require', sslrootcert: { file: '/nowhere/ca.pem' } },
    'auth',
    '/nowhere/ca.pem',
  ],
] as const)('%s is refused', async ([name, more, reason, message]) => {
  const root = name.startsWith('a name') ? { sslrootcert: { file: file('server.crt') } } : {}
  await expect(check(configOf({ ...more, ...root }), context())).rejects.toMatchObject({
    reason,
    message: expect.stringContaining(message),
  })
})

test('prefer follows pg_hba.conf to a connection without TLS', async () => {
  writeFileSync(join(server.dir, 'pg_hba.conf'), 'hostnossl all all 127.0.0.1/32 scram-sha-256\n')
  await server.query('select pg_reload_conf()')
  await eventually(() => check(configOf({ sslmode: 'prefer' }), context()))
  await expect(check(configOf({ sslmode: 'require' }), context())).rejects.toMatchObject({ reason: 'auth' })
})

test('a stopped server: the abort leaves no socket', async () => {
  const client = await connect(configOf({ sslmode: 'prefer' }), context())
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TLSSocket/.test(kind)).length
  server.freeze()
  try {
    await expect(client.query('select 1', [], AbortSignal.timeout(200))).rejects.toMatchObject({ reason: 'timeout' })
    await expect(check(configOf({ sslmode: 'require' }), context(200))).rejects.toMatchObject({ reason: 'timeout' })
    await close(client)
    await eventually(() => expect(sockets()).toBe(0))
  } finally {
    server.thaw()
  }
})
