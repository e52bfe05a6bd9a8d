/** The one file that speaks to the driver: connections, their limits, and how they end. */
import { Redis } from 'ioredis'
import { CollectError, type ConnectContext } from '../../src/collector.ts'
import { type Duration, seconds } from '../../src/metric.ts'
import type { RedisConfig } from './config.ts'
import { type Address, addressText, explainConnection, explainReply, late } from './explain.ts'
import { type Info, parseInfo } from './info.ts'
import { type Life, lifeOf } from './life.ts'
import { masterBySentinel } from './sentinel.ts'
import { tlsOptions } from './tls.ts'

/** As RESP2 gives it; a bulk string is UTF-8. */
export type Reply = string | number | null | readonly Reply[]

/** A command and its arguments, each its own: nothing is quoted or split. */
export type Command = readonly [name: string, ...args: string[]]

/** Sends one command. Rejects with CollectError or Unsupported; when the signal aborts the connection is destroyed. */
export type Ask = (command: Command, signal: AbortSignal) => Promise<Reply>

export interface RedisClient {
  readonly config: RedisConfig
  readonly ask: Ask
  /** Like `ask`, with the command read against a logical database; the connection stands on 0 again afterwards. */
  readonly askIn: (db: number, command: Command, signal: AbortSignal) => Promise<Reply>
  /** INFO all; those who ask while an answer is under way share it. */
  readonly info: (signal: AbortSignal) => Promise<Info>
  /** The connection is gone at once; `close` calls it. */
  readonly end: () => void
}

type Tls = Awaited<ReturnType<typeof tlsOptions>>

interface Login {
  readonly user: string | undefined
  readonly password: string | undefined
}

export interface Session {
  readonly ask: Ask
  /** The commands leave together, nothing of ours between them; the first that fails fails all. */
  readonly askTogether: (commands: readonly Command[], signal: AbortSignal) => Promise<readonly Reply[]>
  readonly end: () => void
}

/** Before the engine's own, so that the failure says what was waited for. */
const CONNECT_TIMEOUT = seconds(3)
/** Past every deadline: an abort comes first. It bounds what would wait without one. */
const COMMAND_TIMEOUT = seconds(30)
/** Of one answer or of several under way; INFO has some 10 kB, a SCAN of ours some 100 kB. */
const MOST_BYTES = 32 * 1024 * 1024

/**
 * Nothing is queued, repeated or reconnected by the driver: the engine does that. RESP2, so that no HELLO is needed;
 * signing in and naming the connection are left to us, since the driver prints to the console when they fail.
 */
const driver = ({ host, port }: Address, tls: Tls): Redis =>
  new Redis({
    ...(host.startsWith('/') ? { path: host } : { host, port }),
    ...(tls && { tls }),
    lazyConnect: true,
    protocol: 2,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    retryStrategy: null,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT,
    commandTimeout: COMMAND_TIMEOUT,
    keepAlive: seconds(15),
  })

const isReply = (value: unknown): value is Reply =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'number' ||
  (Array.isArray(value) && value.every(isReply))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isGone = (message: string): boolean =>
  /^(Command (timed out|aborted)|Connection is closed|Stream isn't writeable)/.test(message)

/** Ends the connection where an answer has no end; what it returns is called at the end of each. */
const boundAnswers = (redis: Redis, exceeded: () => void): (() => void) => {
  let received = 0
  redis.stream.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > MOST_BYTES) exceeded()
  })
  return () => {
    received = 0
  }
}

const sessionOver = (redis: Redis, life: Life, address: Address, config: RedisConfig): Session => {
  const at = addressText(address)
  const answered = boundAnswers(redis, () => life.end(new CollectError('decode', `${at}: an answer of over 32 MB`)))
  const failure = (error: unknown, command: Command): Error => {
    const message = messageOf(error)
    if (life.ended() === undefined && !isGone(message)) return explainReply(message, command, address, config)
    life.end(message === 'Command timed out' ? late(address) : explainConnection(undefined, address))
    return life.ended() ?? late(address)
  }
  const send = async (command: Command): Promise<Reply> => {
    const reply: unknown = await redis.call(...command).catch((error: unknown) => {
      throw failure(error, command)
    })
    answered()
    if (isReply(reply)) return reply
    throw new CollectError('decode', `${at}: an answer of an unknown kind`)
  }
  const sendTogether = async (commands: readonly Command[]): Promise<readonly Reply[]> =>
    (await Promise.allSettled(commands.map(send))).map((result) => {
      if (result.status === 'rejected') throw result.reason
      return result.value
    })
  return {
    ask: (command, signal) => life.until(signal, () => send(command)),
    askTogether: (commands, signal) => life.until(signal, () => sendTogether(commands)),
    end: () => life.end(explainConnection(undefined, address)),
  }
}

interface Opening {
  readonly config: RedisConfig
  readonly address: Address
  readonly login: Login
  readonly tls: Tls
}

/** A connection that is signed in. */
const open = async ({ config, address, login, tls }: Opening, signal: AbortSignal): Promise<Session> => {
  const redis = driver(address, tls)
  const life = lifeOf(address, () => {
    if (redis.status !== 'end') redis.disconnect()
    // the driver would wait two seconds for the other side to say goodbye
    redis.stream?.destroy()
  })
  redis.on('error', (error: unknown) => life.end(explainConnection(error, address)))
  redis.on('close', () => life.end(explainConnection(undefined, address)))
  try {
    await life.until(signal, () =>
      redis.connect().catch((error: unknown) => {
        throw life.ended() ?? explainConnection(error, address)
      }),
    )
    const session = sessionOver(redis, life, address, config)
    await signIn(session.ask, login, signal)
    return session
  } catch (error) {
    life.end(explainConnection(error, address))
    throw error
  }
}

/** What refuses the greeting but answers all the same: no permission for PING, a failed save, a replica cut off. */
const answersAllTheSame = (error: unknown): void => {
  const serves = !(error instanceof CollectError) || error.reason === 'query'
  if (!serves) throw error
}

const signIn = async (ask: Ask, { user, password }: Login, signal: AbortSignal): Promise<void> => {
  if (password !== undefined) {
    await ask(['AUTH', ...(user === undefined ? [] : [user]), password], signal)
  }
  // a name is a courtesy to who reads CLIENT LIST: nobody waits for it, and it may be refused
  ask(['CLIENT', 'SETNAME', 'odoo-pulse'], signal).catch(() => undefined)
  await ask(['PING'], signal).catch(answersAllTheSame)
}

const openTarget = async (config: RedisConfig, { secret, signal }: ConnectContext): Promise<Session> => {
  const tls = await tlsOptions(config, secret)
  const { host, port, sentinel } = config
  const password = config.password && (await secret(config.password))
  const login = { user: config.user, password }
  if (host !== undefined) return open({ config, address: { host, port }, login, tls }, signal)
  if (sentinel === undefined) throw new CollectError('connect', 'neither redis.host nor redis.sentinel is given')
  const guard = {
    user: sentinel.user,
    password: sentinel.password && (await secret(sentinel.password)),
  }
  const bySentinel = (address: Address, bound: Duration): Promise<Session> =>
    open({ config, address, login: guard, tls }, AbortSignal.any([signal, AbortSignal.timeout(bound)]))
  const master = await masterBySentinel(sentinel, bySentinel, signal)
  const session = await open({ config, address: master, login, tls }, signal)
  try {
    const role = parseInfo(String(await session.ask(['INFO', 'replication'], signal))).fields.get('role')
    if (role === 'master') return session
    throw new CollectError('connect', `${addressText(master)} is what Sentinel names as master, and is a ${role} yet`)
  } catch (error) {
    session.end()
    throw error
  }
}

const textOf = (reply: Reply): string => {
  if (typeof reply === 'string' && reply.includes('redis_version:')) return reply
  throw new CollectError('decode', 'what answers INFO is neither Redis nor Valkey')
}

/** Throws CollectError. */
export const connect = async (config: RedisConfig, context: ConnectContext): Promise<RedisClient> => {
  const session = await openTarget(config, context)
  let flight: Promise<Info> | undefined
  const ask = async (signal: AbortSignal): Promise<Info> =>
    parseInfo(textOf(await session.ask(['INFO', 'all'], signal)))
  return {
    config,
    ask: session.ask,
    askIn: async (db, command, signal) => {
      if (db === 0) return session.ask(command, signal)
      const around: readonly Command[] = [['SELECT', String(db)], command, ['SELECT', '0']]
      const [, reply = null] = await session.askTogether(around, signal)
      return reply
    },
    info: (signal) => {
      if (flight === undefined) {
        flight = ask(signal).finally(() => {
          flight = undefined
        })
      }
      return flight
    },
    end: session.end,
  }
}

/** Whether Redis answers, on a connection of its own. Throws CollectError. */
export const check = async (config: RedisConfig, context: ConnectContext): Promise<void> => {
  const session = await openTarget(config, context)
  session.end()
}

/** At once, whatever the other side does. */
export const close = async (client: RedisClient): Promise<void> => client.end()
