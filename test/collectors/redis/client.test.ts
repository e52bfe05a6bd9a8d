/** The connection: how it ends, what it bears, and what Redis's errors mean. */
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { check, close, connect, type RedisClient } from '../../../collectors/redis/client.ts'
import { redis } from '../../../collectors/redis/index.ts'
import { redisMemoryUsed } from '../../../collectors/redis/memory.ts'
import { freePort } from '../../../demo/processes.ts'
import { Unsupported } from '../../../src/collector.ts'
import { startRunner } from '../../../src/runner.ts'
import { holds, runnerDeps } from '../../support/collector.ts'
import { eventually } from '../../support/eventually.ts'
import { needs } from '../../support/needs.ts'
import { startTcpProxy } from '../../support/tcp_proxy.ts'
import {
  clientOf,
  configOf,
  contextOf,
  failureOf,
  isLacking,
  sockets,
  soon,
  startTestRedis,
  type TestRedis,
  within,
} from './support.ts'

let server: TestRedis
beforeAll(async () => {
  if (!isLacking) server = await startTestRedis()
})
afterAll(() => server?.stop())
beforeEach((context) => needs(context, 'redis'))

const withClient = async (use: (client: RedisClient) => Promise<void>, more = {}): Promise<void> => {
  const client = await clientOf(server, more)
  try {
    await use(client)
  } finally {
    await close(client)
  }
}

describe('the connection', () => {
  test('has a name, and INFO asked by many at once is one INFO', () =>
    withClient(async ({ info }) => {
      const calls = async () => Number(/cmdstat_info:calls=(\d+)/.exec(await server.admin.info('commandstats'))?.[1])
      const before = await calls()
      const answers = await Promise.all(Array.from({ length: 10 }, () => info(soon())))
      expect(new Set(answers).size).toBe(1)
      expect((await calls()) - before).toBe(2)
      expect(String(await server.admin.call('CLIENT', 'LIST'))).toContain('name=odoo-pulse')
    }))

  test('another database is read, and the connection stands on 0 again, whatever is asked beside', async () => {
    await server.admin.call('ACL', 'SETUSER', 'odoo_pulse', '~*')
    await server.admin
      .pipeline([
        ['select', '5'],
        ['rpush', 'list', 'a', 'b'],
        ['select', '0'],
      ])
      .exec()
    await withClient(async ({ ask, askIn }) => {
      const lengths = await Promise.all([
        askIn(5, ['LLEN', 'list'], soon()),
        ask(['LLEN', 'list'], soon()),
        askIn(5, ['TYPE', 'list'], soon()),
        ask(['TYPE', 'list'], soon()),
      ])
      expect(lengths).toEqual([2, 0, 'list', 'none'])
      expect((await failureOf(askIn(4000, ['LLEN', 'list'], soon()))).reason).toBe('query')
      expect(await ask(['LLEN', 'list'], soon())).toBe(0)
    })
  })

  test('an abort ends it at once, and all that waits on it; nothing is left', () =>
    withClient(async (client) => {
      server.freeze()
      try {
        const abort = new AbortController()
        const asked = [client.info(abort.signal), client.ask(['SLOWLOG', 'LEN'], soon())]
        setTimeout(() => abort.abort(), 50)
        const failures = await within(1000, Promise.all(asked.map(failureOf)))
        expect(failures.map(({ reason }) => reason)).toEqual(['timeout', 'timeout'])
        expect((await failureOf(client.info(soon()))).reason).toBe('timeout')
      } finally {
        server.thaw()
      }
    }))

  test('ended by the server: connect, and it is not opened again by itself', () =>
    withClient(async (client) => {
      const pending = failureOf(client.ask(['PING'], soon()).then(() => client.ask(['PING'], soon())))
      await pending.catch(() => undefined)
      await server.admin.call('CLIENT', 'KILL', 'USER', 'odoo_pulse')
      const failure = await eventually(() => failureOf(client.info(soon())))
      expect(failure.reason).toBe('connect')
      expect(String(await server.admin.call('CLIENT', 'LIST'))).not.toContain('name=odoo-pulse')
    }))
})

describe('a server that does not answer', () => {
  test('stopped: neither connect nor check outlives its signal, and no socket is left', async () => {
    const before = sockets()
    server.freeze()
    try {
      const opened = failureOf(connect(configOf(server.port), contextOf(server, 200)))
      const checked = failureOf(check(configOf(server.port), contextOf(server, 200)))
      const failures = await within(1500, Promise.all([opened, checked]))
      expect(failures.map(({ reason }) => reason)).toEqual(['timeout', 'timeout'])
    } finally {
      server.thaw()
    }
    await eventually(() => expect(sockets()).toBeLessThanOrEqual(before))
  })

  test('a network that swallows everything', async () => {
    const proxy = await startTcpProxy(server.port)
    try {
      const client = await connect(configOf(proxy.port), contextOf(server))
      expect((await client.info(soon())).fields.get('role')).toBe('master')
      proxy.swallow()
      expect((await within(1500, failureOf(client.info(soon(200))))).reason).toBe('timeout')
      await eventually(() => expect(proxy.open()).toBe(0))
    } finally {
      await proxy.close()
    }
  })

  test('half an answer is none; rubbish is one of another kind', async () => {
    let rewrite = (chunk: Buffer): Buffer => chunk
    const proxy = await startTcpProxy(server.port, (chunk) => rewrite(chunk))
    try {
      const halved = await connect(configOf(proxy.port), contextOf(server))
      rewrite = (chunk) => chunk.subarray(0, chunk.length / 2)
      expect((await failureOf(halved.info(soon(300)))).reason).toBe('timeout')
      rewrite = (chunk) => chunk
      const confused = await connect(configOf(proxy.port), contextOf(server))
      rewrite = () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')
      expect((await failureOf(confused.info(soon()))).reason).toBe('decode')
      rewrite = (chunk) => chunk
      const another = await connect(configOf(proxy.port), contextOf(server))
      rewrite = () => Buffer.from('$3\r\nfoo\r\n')
      expect((await failureOf(another.info(soon()))).message).toContain('neither Redis nor Valkey')
      await close(another)
    } finally {
      await proxy.close()
    }
  })

  test('an answer without end is given up', async () => {
    const flood = createServer((socket) => {
      socket.on('error', () => undefined)
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(1024 * 1024, 'x')));
      }
      socket.on('drain', more)
      socket.once('data', () => {
        socket.write('$2000000000\r\n')
        more()
      })
    })
    await new Promise<void>((resolve) => flood.listen(0, '127.0.0.1', resolve))
    const address = flood.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await failureOf(connect(configOf(port), contextOf(server)))).toMatchObject({ reason: 'decode' })
    await new Promise((resolve) => flood.close(resolve))
  })

  test('nobody listens', async () => {
    const failure = await failureOf(check(configOf(await freePort()), contextOf(server)))
    expect(failure).toMatchObject({ reason: 'connect', message: expect.stringContaining('is Redis running') })
  })

  test('under the engine: the circuit opens, nothing is asked but checks, and it recovers', async () => {
    const secret = async () => server.monitor.password
    const target = { name: 'cache', collector: redis, labels: { server: 'cache' }, intervals: { memory: 500 } }
    const runner = startRunner({ ...target, config: configOf(server.port) }, runnerDeps({ secret }))
    const memory = () => runner.state().probes.find(({ name }) => name === 'memory')
    try {
      await holds('a first answer', () => memory()?.success)
      server.freeze()
      await holds('an open circuit', () => runner.state().circuit.open)
      await holds('nothing being asked', () => memory()?.reason === 'circuit_open')
      server.thaw()
      await holds('a closed circuit', () => !runner.state().circuit.open)
      await holds('an answer again', () => memory()?.success)
      expect(memory()?.failures.timeout).toBe(1)
    } finally {
      server.thaw()
      await runner.stop()
    }
  }, 40_000)
})

describe('errors', () => {
  test.for([
    ['a wrong password', { user: 'odoo_pulse' }, 'wrong'],
    ['a user nobody knows', { user: 'nobody' }, 'wrong'],
    ['a wrong password of the default user', { user: undefined }, 'wrong'],
    ['no password', { user: undefined, password: undefined }, ''],
  ] as const)('%s: auth, without a word of it', async ([, more, password]) => {
    const context = { secret: async () => password, signal: soon() }
    for (const attempt of [check, connect]) {
      const failure = await failureOf(attempt(configOf(server.port, more), context))
      expect(failure.reason).toBe('auth')
      expect(JSON.stringify({ ...failure, message: failure.message, cause: failure.cause })).not.toContain('wrong"')
    }
  })

  test('what the ACL refuses is unsupported, and names the rule to add', async () => {
    await server.admin.call('ACL', 'SETUSER', 'plain', 'on', '>secret', '-@all', '+ping', '+llen', '+xinfo')
    const context = { secret: async () => 'secret', signal: soon() }
    const client = await connect(configOf(server.port, { user: 'plain' }), context)
    const refused: readonly (readonly [readonly [string, ...string[]], string])[] = [
      [['INFO', 'all'], 'ACL SETUSER plain +info'],
      [['SLOWLOG', 'GET', '1'], 'ACL SETUSER plain +slowlog|get'],
      [['LLEN', 'a key'], 'ACL SETUSER plain ~a key (or %R~a key from Redis 7 on)'],
      [['XINFO', 'GROUPS', 'bus'], '~bus'],
    ]
    for (const [command, rule] of refused) {
      const refusal = client.ask(command, soon())
      await expect(refusal).rejects.toThrow(Unsupported)
      await expect(refusal).rejects.toThrow(rule)
    }
    await expect(client.askIn(2, ['LLEN', 'x'], soon())).rejects.toThrow('+select')
    await close(client)
  })

  test('a command of another version is unsupported', async () => {
    await server.admin.call('ACL', 'SETUSER', 'all', 'on', '>secret', '+@all', '~*')
    const client = await connect(configOf(server.port, { user: 'all' }), {
      secret: async () => 'secret',
      signal: soon(),
    })
    await expect(client.ask(['NOSUCH', 'x'], soon())).rejects.toThrow(Unsupported)
    await close(client)
  })

  test('without permission for PING it is up all the same', async () => {
    await server.admin.call('ACL', 'SETUSER', 'mute', 'on', '>secret', '-@all', '+info')
    await check(configOf(server.port, { user: 'mute' }), { secret: async () => 'secret', signal: soon() })
  })

  test('a script that runs and runs: not up, and how it is ended', async () => {
    await server.admin.call('CONFIG', 'SET', 'lua-time-limit', '50')
    const second = server.admin.duplicate()
    second.on('error', () => undefined)
    const script = second.call('EVAL', 'while true do end', '0').catch(() => undefined)
    const failure = await eventually(() => failureOf(check(configOf(server.port), contextOf(server, 500))))
    await eventually(() => server.admin.call('SCRIPT', 'KILL'))
    await script
    second.disconnect()
    expect(['connect', 'timeout']).toContain(failure.reason)
    if (failure.reason === 'connect') expect(failure.message).toContain('SCRIPT KILL')
    await check(configOf(server.port), contextOf(server))
  })

  test('no connection left', async () => {
    await server.admin.call('CONFIG', 'SET', 'maxclients', '1')
    try {
      const failure = await failureOf(check(configOf(server.port), contextOf(server)))
      expect(failure).toMatchObject({ reason: 'connect', message: expect.stringContaining('maxclients') })
    } finally {
      await server.admin.call('CONFIG', 'SET', 'maxclients', '10000')
    }
  })

  test('a save that failed: up, and told by persistence', async () => {
    const inTheWay = join(server.dir, 'redis', 'dump.rdb')
    await mkdir(join(inTheWay, 'of the snapshot'), { recursive: true })
    await server.admin.call('CONFIG', 'SET', 'save', '3600 1')
    try {
      await server.admin.set('a', 'b')
      await server.admin.call('BGSAVE')
      await withClient(async (client) => {
        await eventually(async () =>
          expect((await client.info(soon())).fields.get('rdb_last_bgsave_status')).toBe('err'),
        )
        await check(configOf(server.port), contextOf(server))
      })
    } finally {
      await server.admin.call('CONFIG', 'SET', 'save', '')
      await rm(inTheWay, { recursive: true })
    }
  })
})

test('a replica cut off from its master answers, though it serves no data', async () => {
  const settings = [`replicaof 127.0.0.1 ${await freePort()}`, 'replica-serve-stale-data no']
  const replica = await startTestRedis(settings)
  try {
    await check(configOf(replica.port), contextOf(replica))
    const client = await clientOf(replica)
    const memory = redis.probes.find(({ name }) => name === 'memory')
    expect(memory?.metrics).toContain(redisMemoryUsed)
    expect((await client.info(soon())).fields.get('master_link_status')).toBe('down')
    const refused = await failureOf(client.ask(['SCAN', '0'], soon()))
    expect(refused).toMatchObject({ reason: 'query', message: expect.stringContaining('MASTERDOWN') })
    await close(client)
  } finally {
    await replica.stop()
  }
})
