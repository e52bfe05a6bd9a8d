/** A Redis of its own, in memory only, with Odoo's sessions in it: the estate's session store, and its faults. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort, type RunningProcess, signalTo, startProcess } from './processes.ts'

export interface RedisServer {
  /** On 127.0.0.1; the same after a restart. */
  readonly port: number
  /** Of the default user, who may do everything. */
  readonly password: string
  /** What the service signs in as: the user of deploy/redis. */
  readonly monitor: { readonly user: string; readonly password: string }
  /** The one that runs, or ran last. */
  readonly process: RunningProcess
  /** How many sessions Odoo keeps in it, as things stand now. */
  readonly sessions: () => Promise<number>
  /** Fills it past maxmemory and goes on doing so; resolves when most sessions have been evicted. */
  readonly fill: () => Promise<void>
  /** Ends the filling, frees what it took, and lets everybody sign in again; while it is down nothing is left to free. */
  readonly drain: () => Promise<void>
  /** Ends the server: what it held is lost. */
  readonly down: () => Promise<void>
  /** Starts it again, and lets everybody sign in again. */
  readonly up: () => Promise<void>
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends the filling and the server. Safe to call again. */
  readonly stop: () => Promise<void>
}

export interface RedisOptions {
  readonly binary: string
  /** An existing folder for configuration. */
  readonly dir: string
  /** Default 300. */
  readonly sessions?: number
  /** Lines of redis.conf on top of the defaults. */
  readonly settings?: readonly string[]
}

const MAXMEMORY = '16mb'
/** 7 days, as Odoo's. */
const SESSION_TTL = 7 * 24 * 3600
const FILLING = 'x'.repeat(16 * 1024)
const FILLER = 'demo:filling:'
/** 8 MB: half of maxmemory. */
const A_SWEEP = 512
/** A little each time, once it is full, so that it goes on evicting. */
const A_DRIP = 8
const DRIP_PAUSE = 500
/** Far more than it takes: maxmemory is two of them. */
const MOST_SWEEPS = 40

interface Access {
  readonly port: number
  readonly password: string
}

/** As the default user, on a connection of its own that ends afterwards. */
const withRedis = async <T>({ port, password }: Access, use: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis({
    ...{ host: '127.0.0.1', port, password, protocol: 2, lazyConnect: true, disableClientInfo: true },
    ...{ enableOfflineQueue: false, retryStrategy: null, connectTimeout: 5000, commandTimeout: 5000 },
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

/** Signs so many users in: a key each, as Odoo's session stores for Redis write them. */
const signIn = (access: Access, users: number): Promise<void> =>
  withRedis(access, async (redis) => {
    const pipeline = redis.pipeline()
    for (let i = 1; i <= users; i += 1) {
      const session = { uid: i, login: `user${i}`, db: 'acme', context: { lang: 'en_US' }, csrf: 'c'.repeat(400) }
      pipeline.set(`session:${String(i).padStart(40, '0')}`, JSON.stringify(session), 'EX', SESSION_TTL)
    }
    await pipeline.exec()
  })

const countSessions = async (redis: Redis): Promise<number> => {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', 'session:*', 'COUNT', 1000)
    for (const key of keys) found.add(key)
    cursor = next
  } while (cursor !== '0')
  return found.size
}

interface Filling {
  readonly abort: AbortController
  readonly done: Promise<void>
}

/** Writes fillings one after the other, numbered from `from`. */
const write = async (redis: Redis, from: number, count: number): Promise<void> => {
  const pipeline = redis.pipeline()
  for (let i = from; i < from + count; i += 1) pipeline.set(`${FILLER}${i}`, FILLING)
  await pipeline.exec()
}

const startFilling = async (access: Access, users: number): Promise<Filling> => {
  let written = 0
  const sweep = (count: number) =>
    withRedis(access, async (redis) => {
      await write(redis, written, count)
      written += count
      return countSessions(redis)
    })
  for (let i = 0; (await sweep(A_SWEEP)) > users / 4; i += 1) {
    if (i >= MOST_SWEEPS) throw new Error('Redis does not evict what it should')
  }
  const abort = new AbortController()
  const drip = async () => {
    while (!abort.signal.aborted) {
      await delay(DRIP_PAUSE, undefined, { signal: abort.signal }).catch(() => undefined)
      // a server that is down is another fault's doing
      if (!abort.signal.aborted) await sweep(A_DRIP).catch(() => undefined)
    }
  }
  return { abort, done: drip() }
}

const removeFillings = (access: Access): Promise<void> =>
  withRedis(access, async (redis) => {
    let cursor = '0'
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `${FILLER}*`, 'COUNT', 1000)
      if (keys.length > 0) await redis.unlink(...keys)
      cursor = next
    } while (cursor !== '0')
  })

/** redis.conf, in a folder of its own. */
const configure = async (
  { dir, settings = [] }: RedisOptions,
  { port, password }: Access,
  monitorPassword: string,
): Promise<{ readonly home: string; readonly file: string }> => {
  const home = join(dir, 'redis')
  await mkdir(home, { recursive: true })
  const file = join(home, 'redis.conf')
  const acl = await readFile(join(import.meta.dirname, '../deploy/redis/odoo_pulse.acl'), 'utf8')
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'save ""',
    'appendonly no',
    `dir "${home}"`,
    `requirepass ${password}`,
    `${acl.trim()} >${monitorPassword}`,
    `maxmemory ${MAXMEMORY}`,
    'maxmemory-policy allkeys-lru',
    ...settings,
  ]
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return { home, file }
}

/** Throws if it does not become ready, with its last lines. */
export const startRedis = async (options: RedisOptions): Promise<RedisServer> => {
  const users = options.sessions ?? 300
  const access: Access = { port: await freePort(), password: randomBytes(16).toString('hex') }
  const monitor = { user: 'odoo_pulse', password: randomBytes(16).toString('hex') }
  const { home, file } = await configure(options, access, monitor.password)
  const launch = () =>
    startProcess({
      name: 'Redis',
      command: options.binary,
      args: [file],
      cwd: home,
      dir: home,
      ready: (output) => output.line(/Ready to accept connections/),
    })
  let process = await launch()
  let isDown = false
  let filling: Filling | undefined
  const endFilling = async () => {
    filling?.abort.abort()
    await filling?.done
    filling = undefined
  }
  await signIn(access, users).catch(async (error: unknown) => {
    await process.stop()
    throw error
  })
  return {
    ...access,
    monitor,
    get process() {
      return process
    },
    sessions: () => withRedis(access, countSessions),
    fill: async () => {
      filling ??= await startFilling(access, users)
    },
    drain: async () => {
      await endFilling()
      if (isDown) return
      await removeFillings(access)
      await signIn(access, users)
    },
    down: async () => {
      isDown = true
      await process.stop()
    },
    up: async () => {
      await process.stop()
      process = await launch()
      isDown = false
      await signIn(access, users)
    },
    freeze: () => signalTo([process.pid], 'SIGSTOP'),
    thaw: () => signalTo([process.pid], 'SIGCONT'),
    stop: async () => {
      await endFilling()
      await process.stop()
    },
  }
}
