/** A connection pooler in between is refused with advice: PgBouncer itself where it is installed, and what makes one in any case. */
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { chown, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { check, close, connect } from '../../../collectors/postgres/client.ts'
import { config } from '../../../collectors/postgres/config.ts'
import { type PostgresServer, startPostgres } from '../../../demo/postgres.ts'
import { postgresAccount } from '../../../demo/postgres-binaries.ts'
import { freePort, startProcess } from '../../../demo/processes.ts'
import { startTcpProxy } from '../../support/tcp_proxy.ts'
import { clientOf, versions } from './statistics_support.ts'

const PASSWORD = 'of-the-monitor'
const context = () => ({ secret: async () => PASSWORD, signal: AbortSignal.timeout(5000) })
const configOf = (port: number, more = {}) =>
  config.parse({ host: '127.0.0.1', port, user: 'pulse', password: { env: 'X' }, sslmode: 'disable', ...more })
const refusal = { reason: 'connect', message: expect.stringContaining('connection pooler such as PgBouncer') }

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ version: versions.at(-1) ?? 18 })
  await server.query(`create role pulse login password '${PASSWORD}' in role pg_monitor`)
})
afterAll(() => server?.stop())

/** BackendKeyData: `K`, length 12, process, key (protocol 3.0). https://www.postgresql.org/docs/current/protocol-message-formats.html */
const withOtherProcess = (chunk: Buffer): Buffer => {
  const at = chunk.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]))
  if (at < 0) return chunk
  const changed = Buffer.from(chunk)
  changed.writeInt32BE(changed.readInt32BE(at + 5) ^ 0x5a5a5a, at + 5)
  return changed
}

test('what announces another backend than the one that answers', async () => {
  const proxy = await startTcpProxy(server.port, withOtherProcess)
  try {
    await expect(connect(configOf(proxy.port), context())).rejects.toMatchObject(refusal)
    await expect(check(configOf(proxy.port), context())).rejects.toMatchObject(refusal)
  } finally {
    await proxy.close()
  }
})

test('a proxy that only passes bytes on is none', async () => {
  const proxy = await startTcpProxy(server.port)
  try {
    await close(await connect(configOf(proxy.port), context()))
  } finally {
    await proxy.close()
  }
})

const PGBOUNCER = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path))

test.skipIf(PGBOUNCER === undefined).for([
  ['session', 'as it comes', ''],
  ['transaction', 'as it comes', ''],
  ['session', 'swallowing our startup options', 'ignore_startup_parameters = options,extra_float_digits'],
  ['transaction', 'swallowing our startup options', 'ignore_startup_parameters = options,extra_float_digits'],
] as const)('PgBouncer in %s mode, %s', async ([mode, , more]) => {
  const [account, port] = [postgresAccount(), await freePort()]
  const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-pgbouncer-'))
  const ini = `
    [databases]
    * = host=127.0.0.1 port=${server.port}
    [pgbouncer]
    listen_addr = 127.0.0.1
    listen_port = ${port}
    unix_socket_dir =
    auth_type = plain
    auth_file = ${dir}/users
    pool_mode = ${mode}
    ${more}`
  writeFileSync(join(dir, 'pgbouncer.ini'), ini.replaceAll(/^ +/gm, ''))
  writeFileSync(join(dir, 'users'), `"pulse" "${PASSWORD}"\n`)
  if (account) for (const path of ['', 'pgbouncer.ini', 'users']) await chown(join(dir, path), account.uid, account.gid)
  const bouncer = await startProcess({
    name: 'PgBouncer',
    command: PGBOUNCER ?? '',
    args: [join(dir, 'pgbouncer.ini')],
    env: {},
    cwd: dir,
    ...(account && { account }),
    dir,
    ready: (output) => output.line(/process up/),
  })
  try {
    await expect(connect(configOf(port), context())).rejects.toMatchObject(refusal)
    await expect(check(configOf(port), context())).rejects.toMatchObject(refusal)
    await expect(connect(configOf(port, { dbname: 'pgbouncer' }), context())).rejects.toMatchObject({
      reason: 'connect',
    })
  } finally {
    await bouncer.stop()
    await rm(dir, { recursive: true, force: true })
  }
  await close(await clientOf(server))
})
