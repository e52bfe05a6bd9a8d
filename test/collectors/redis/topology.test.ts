/** More than one server: replicas, Sentinel, the nodes of a cluster; and one that is loading. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { check, close, connect } from '../../../collectors/redis/client.ts'
import { keys, redisKeySize } from '../../../collectors/redis/keys.ts'
import { redisMasterLastIo, redisMasterLinkUp, replication } from '../../../collectors/redis/replication.ts'
import { redisInstanceInfo, server as serverProbe } from '../../../collectors/redis/server.ts'
import { streams } from '../../../collectors/redis/streams.ts'
import { freePort, startProcess } from '../../../demo/processes.ts'
import { findBinary } from '../../../tools/debian.ts'
import { eventually } from '../../support/eventually.ts'
import { needs } from '../../support/needs.ts'
import { startTcpProxy } from '../../support/tcp_proxy.ts'
import {
  clientOf,
  configOf,
  contextOf,
  failureOf,
  poll,
  soon,
  startTestRedis,
  type TestRedis,
  theValue,
  within,
} from './support.ts'

const endings: (() => Promise<void>)[] = []
const started = async (settings: readonly string[] = []): Promise<TestRedis> => {
  const server = await startTestRedis(['repl-diskless-sync-delay 0', ...settings])
  endings.push(server.stop)
  return server
}
beforeEach((context) => needs(context, 'redis'))
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

const replicaOf = (master: TestRedis): Promise<TestRedis> =>
  started([`replicaof 127.0.0.1 ${master.port}`, `masterauth ${master.password}`])

test('a replica: its link, and what it says of it when its master is gone', async () => {
  const master = await started()
  const replica = await replicaOf(master)
  const [onMaster, onReplica] = [await clientOf(master), await clientOf(replica)]
  await eventually(async () => expect(theValue(await poll(replication, onReplica), redisMasterLinkUp)).toBe(1))
  await eventually(async () => {
    const names = (await poll(replication, onMaster)).map(({ metric, labels }) => [metric.name, labels.slave_state])
    expect(names).toContainEqual(['redis_connected_slave_lag_seconds', 'online'])
  })
  expect(theValue(await poll(serverProbe, onReplica), redisInstanceInfo, { role: 'slave' })).toBe(1)
  await master.down()
  await eventually(async () => {
    const samples = await poll(replication, onReplica)
    expect(theValue(samples, redisMasterLinkUp)).toBe(0)
    expect(theValue(samples, redisMasterLastIo)).toBeUndefined()
  })
  await close(onMaster)
  await close(onReplica)
})

const startSentinel = async (master: TestRedis): Promise<number> => {
  const port = await freePort()
  const file = join(master.dir, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir "${master.dir}"`,
    `sentinel monitor odoo 127.0.0.1 ${master.port} 1`,
    `sentinel auth-pass odoo ${master.password}`,
    'sentinel down-after-milliseconds odoo 500',
    'sentinel failover-timeout odoo 2000',
    'user odoo_pulse on >guarded resetchannels -@all +ping +client|setname +sentinel|get-master-addr-by-name',
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  const sentinel = await startProcess({
    name: 'Sentinel',
    command: findBinary(['redis-server']) ?? '',
    args: [file, '--sentinel'],
    cwd: master.dir,
    ready: (output) => output.line(/\+monitor master/),
  })
  endings.push(() => sentinel.stop())
  return port
}

test('Sentinel finds the master, also after a failover; a Sentinel that hangs or is gone is passed over', async () => {
  const master = await started()
  const replica = await replicaOf(master)
  // who takes over is asked for by the monitor's own password
  await replica.admin.call('ACL', 'SETUSER', 'odoo_pulse', `>${master.monitor.password}`)
  await replica.admin.call('CONFIG', 'SET', 'requirepass', master.password)
  const port = await startSentinel(master)
  const hanging = await startTcpProxy(port)
  hanging.swallow()
  endings.push(hanging.close)
  const sentinels = [await freePort(), hanging.port, port].map((n) => ({ host: '127.0.0.1', port: n }))
  const configured = (more = {}) =>
    configOf(1, {
      host: undefined,
      sentinel: { master: 'odoo', sentinels, user: 'odoo_pulse', password: { env: 'SENTINEL' }, ...more },
    })
  const context = () => ({
    secret: async (ref: object) => ('env' in ref && ref.env === 'SENTINEL' ? 'guarded' : master.monitor.password),
    signal: soon(4000),
  })
  const portOf = async (): Promise<string | undefined> => {
    const client = await connect(configured(), context())
    const found = (await client.info(soon())).fields.get('tcp_port')
    await close(client)
    return found
  }
  expect(await within(3000, portOf())).toBe(String(master.port))
  const unknown = await failureOf(check(configured({ master: 'other' }), context()))
  expect(unknown).toMatchObject({ reason: 'connect', message: expect.stringContaining('knows no master "other"') })
  const wrong = await failureOf(check(configured({ password: { env: 'X' } }), context()))
  expect(wrong.message).toContain('WRONGPASS')

  // Sentinel must have heard of the replica before it can be made master
  await eventually(async () => expect(String(await master.admin.info('replication'))).toContain('state=online'))
  await eventually(async () => {
    const sentinel = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null })
    sentinel.on('error', () => undefined)
    try {
      await sentinel.connect()
      expect(JSON.stringify(await sentinel.call('SENTINEL', 'REPLICAS', 'odoo'))).toContain(String(replica.port))
    } finally {
      sentinel.disconnect()
    }
  })
  await master.down()
  await eventually(async () => expect(await portOf()).toBe(String(replica.port)), 30_000)
}, 60_000)

/** The nodes' own port is 10000 above, and must be a port too: not every free port has one. */
const startNode = async (): Promise<TestRedis> => {
  for (let i = 0; i < 20; i += 1) {
    const node = await started(['cluster-enabled yes']).catch(() => undefined)
    if (node !== undefined) return node
  }
  throw new Error('no node of a cluster has started')
}

test('each node of a cluster is a server of its own, and tells of the keys it holds', async () => {
  const nodes = [await startNode(), await startNode()] as const
  const [a, b] = nodes
  const slots = Array.from({ length: 16384 }, (_, slot) => String(slot))
  await a.admin.call('CLUSTER', 'ADDSLOTS', ...slots.slice(0, 8192))
  await b.admin.call('CLUSTER', 'ADDSLOTS', ...slots.slice(8192))
  await a.admin.call('CLUSTER', 'MEET', '127.0.0.1', String(b.port))
  for (const { admin } of nodes) {
    await eventually(async () => expect(String(await admin.call('CLUSTER', 'INFO'))).toContain('cluster_state:ok'))
    await admin.call('ACL', 'SETUSER', 'odoo_pulse', '~*')
  }
  const asked = { keys: [{ key: 'foo' }, { key: 'bar' }], streams: [{ key: 'foo' }] }
  const clients = [await clientOf(a, asked), await clientOf(b, asked)]
  const sizes = await Promise.all(clients.map((client) => poll(keys, client)))
  // CLUSTER KEYSLOT: foo is 12182, bar is 5061
  expect(sizes.map((s) => s.map(({ metric, labels }) => [metric, labels.key]))).toEqual([
    [[redisKeySize, 'bar']],
    [[redisKeySize, 'foo']],
  ])
  expect((await Promise.all(clients.map((client) => poll(streams, client)))).map((s) => s.length > 0)).toEqual([
    false,
    true,
  ])
  const [first] = clients
  if (first) expect(theValue(await poll(serverProbe, first), redisInstanceInfo, { redis_mode: 'cluster' })).toBe(1)
  for (const client of clients) await close(client)
}, 40_000)

test('while it loads its dataset it is not up, and then it is', async () => {
  const before = await started()
  const pipeline = before.admin.pipeline()
  for (let i = 0; i < 600; i += 1) pipeline.set(`key:${i}`, 'x'.repeat(12_000))
  await pipeline.exec()
  await before.admin.call('CONFIG', 'SET', 'rdbcompression', 'no')
  await before.admin.call('SAVE')
  const port = await freePort()
  const loading = await startProcess({
    name: 'Redis that loads',
    command: findBinary(['redis-server']) ?? '',
    args: [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', join(before.dir, 'redis')],
      // 600 keys of 3 ms; it hears its clients every 2 MB
      ...['--key-load-delay', '3000'],
    ],
    cwd: before.dir,
    ready: (output) => output.line(/Server initialized/),
  })
  endings.push(() => loading.stop())
  const config = configOf(port, { user: undefined, password: undefined })
  const failure = await failureOf(check(config, contextOf(before)))
  expect(failure).toMatchObject({ reason: 'connect', message: expect.stringContaining('loading') })
  await eventually(() => check(config, contextOf(before)))
}, 30_000)
