/** What an error of the driver or of Redis means to us, and what to do about it. Pure. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import type { RedisConfig } from './config.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where we talk to, for people. */
export const addressText = ({ host, port }: Address): string => (host.startsWith('/') ? host : `${host}:${port}`)

const NETWORK = new Map([
  ['ECONNREFUSED', 'connection refused: is Redis running, and does it listen on this address (bind, port, tls-port)?'],
  ['ECONNRESET', 'the connection was reset: does the other side want TLS, or has it too many clients?'],
  ['EPIPE', 'the connection was closed by the other side'],
  ['ENOTFOUND', 'no such host name'],
  ['EAI_AGAIN', 'the name server gave no answer'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ENOENT', 'no such socket: is Redis running, and is this its unixsocket?'],
  ['EACCES', 'no permission to open the socket'],
])

/** No answer before our deadline. */
export const late = (address: Address): CollectError =>
  new CollectError('timeout', `${addressText(address)}: no answer in time; the connection was destroyed`)

/** The ACL names a subcommand as `slowlog|get`. */
const CONTAINERS = ['client', 'slowlog', 'xinfo', 'memory', 'sentinel']

const commandName = ([command = '', sub = '']: readonly string[]): string => {
  const lower = command.toLowerCase()
  return CONTAINERS.includes(lower) ? `${lower}|${sub.toLowerCase()}` : lower
}

/** Where the key of a command that has one stands: `LLEN key`, `XINFO STREAM key`. */
const keyOf = (args: readonly string[]): string => args[commandName(args).includes('|') ? 2 : 1] ?? ''

const rule = (message: string, args: readonly string[]): string =>
  /\bkeys?\b/.test(message) ? `~${keyOf(args)} (or %R~${keyOf(args)} from Redis 7 on)` : `+${commandName(args)}`

const lacking = (
  at: string,
  message: string,
  args: readonly string[],
  { user = 'default' }: RedisConfig,
): Unsupported =>
  new Unsupported(
    `${at}: ${message}: ACL SETUSER ${user} ${rule(message, args)}, as an administrator, and the same in the ACL file`,
  )

/** Replies that say Redis serves nobody now; https://redis.io/docs/latest/develop/reference/protocol-spec/ */
const CLOSED: readonly (readonly [RegExp, string])[] = [
  [/^LOADING/, 'it is loading its dataset and serves nobody until that is done'],
  [/^BUSY /, 'a script runs and nobody else is served: SCRIPT KILL ends it if it has written nothing'],
  [/max(imum)? number of clients/i, 'all connections are taken (maxclients): see CLIENT LIST for who holds them'],
  [/^DENIED/, 'protected mode: it has no password and takes connections from its own machine only'],
]

const AUTH = /^(WRONGPASS|NOAUTH)|^ERR (AUTH|invalid password|Client sent AUTH)/

/** What a command was answered with. Neither the arguments nor the driver's error go on: those may hold a password. */
export const explainReply = (
  message: string,
  args: readonly string[],
  address: Address,
  config: RedisConfig,
): CollectError | Unsupported => {
  const at = addressText(address)
  const closed = CLOSED.find(([pattern]) => pattern.test(message))
  if (closed !== undefined) return new CollectError('connect', `${at}: ${closed[1]}`)
  if (AUTH.test(message)) {
    return new CollectError('auth', `${at}: ${message.slice(0, 200)}: check redis.user and redis.password`)
  }
  if (message.startsWith('NOPERM')) return lacking(at, message.slice(0, 200), args, config)
  if (/^ERR unknown (sub)?command/i.test(message)) {
    return new Unsupported(`${at}: this version does not know ${commandName(args).replace('|', ' ').toUpperCase()}`)
  }
  return new CollectError('query', `${at}: ${commandName(args)}: ${message.slice(0, 200)}`)
}

const field = (error: unknown, name: string): string => {
  const value: unknown =
    typeof error === 'object' && error !== null ? Object.getOwnPropertyDescriptor(error, name)?.value : undefined
  return typeof value === 'string' ? value : ''
}

const isCertificate = (code: string, message: string): boolean =>
  /CERT|SELF_SIGNED|ISSUER|^ERR_(TLS|SSL)/.test(code) || /certificate|SSL|TLS/i.test(message)

/** Why a connection could not be made, or ended. */
export const explainConnection = (error: unknown, address: Address): CollectError => {
  if (error instanceof CollectError) return error
  const at = addressText(address)
  const code = field(error, 'code')
  const message = field(error, 'message')
  const closed = CLOSED.find(([pattern]) => pattern.test(message.replace(/^.*Last error: (ReplyError: )?/, '')))
  if (closed !== undefined) return new CollectError('connect', `${at}: ${closed[1]}`)
  const known = NETWORK.get(code)
  if (known !== undefined) return new CollectError('connect', `${at}: ${known}`)
  if (code === 'ETIMEDOUT')
    return new CollectError(
      'timeout',
      `${at}: no connection in time; where redis.tls is given, does this port speak TLS?`,
    )
  if (isCertificate(code, message)) {
    return new CollectError('connect', `${at}: TLS: ${message}; see redis.tls (ca, verify)`)
  }
  if (/Protocol error|Unknown RESP|Please report this/i.test(message)) {
    return new CollectError(
      'decode',
      `${at}: what answers does not speak Redis's protocol: is a TLS port meant (redis.tls)?`,
    )
  }
  return new CollectError('connect', `${at}: the connection was closed`)
}
