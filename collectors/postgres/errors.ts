/** What an error of the driver or of PostgreSQL means to us, and what to do about it. Pure. */
import { CollectError, type Failure, Unsupported } from '../../src/collector.ts'
import type { PostgresConfig } from './config.ts'

const ADDRESS_ERRORS = new Map([
  ['ECONNREFUSED', 'connection refused: is PostgreSQL running, and does it listen on this address (listen_addresses)?'],
  ['ECONNRESET', 'the connection was reset'],
  ['EPIPE', 'the connection was closed by the other side'],
  ['ENOTFOUND', 'no such host name'],
  ['EAI_AGAIN', 'the name server gave no answer'],
  ['EHOSTUNREACH', 'no route to the host'],
  ['ENETUNREACH', 'no route to the network'],
  ['ENOENT', 'no such socket: is PostgreSQL running, and is this its unix_socket_directories?'],
  ['EACCES', 'no permission to open the socket'],
])

const TOO_MANY =
  'all connections are taken. See who holds them (pg_stat_activity); on PostgreSQL 16 and newer set ' +
  'reserved_connections and GRANT pg_use_reserved_connections to this role, so that it gets in when others do not'

/** By SQLSTATE, or its class (two characters): https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SQLSTATES: ReadonlyMap<string, readonly [Failure, string?]> = new Map([
  ['08', ['connect']],
  ['28', ['auth', 'check user, password and pg_hba.conf']],
  ['3D000', ['connect', 'check postgres.dbname']],
  ['53300', ['connect', TOO_MANY]],
  ['57P', ['connect']],
  ['25P03', ['connect']],
  ['57014', ['timeout', 'PostgreSQL gave up at our statement_timeout']],
  ['55P03', ['timeout', 'another session holds a lock this question needs; we do not wait for locks']],
] satisfies [string, readonly [Failure, string?]][])

const field = (error: unknown, name: string): string | undefined => {
  const value = typeof error === 'object' && error !== null ? Object.getOwnPropertyDescriptor(error, name)?.value : ''
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Where we talk to, for people: `db1:5432/postgres`. */
export const address = (config: PostgresConfig): string =>
  config.host.startsWith('/') ? `${config.host}/.s.PGSQL.${config.port}` : `${config.host}:${config.port}`

/** No answer before our deadline. */
export const late = (config: PostgresConfig): CollectError =>
  new CollectError('timeout', `${address(config)}: no answer in time; the connection was destroyed`)

/** Session state, server-wide limits and LISTEN sessions can't be relied on through a pooler. */
export const pooler = (config: PostgresConfig, detail: string): CollectError =>
  new CollectError(
    'connect',
    `${address(config)} is a connection pooler such as PgBouncer (${detail}). Give postgres.host and postgres.port ` +
      'of PostgreSQL itself: through a pooler our limits do not hold and one server cannot be told from another',
  )

const isPooler = (message: string): boolean => /pgbouncer|unsupported startup parameter|SHOW HELP/i.test(message)

/** The TLS library's own complaints carry codes of many families; their messages name the certificate. */
const isCertificate = (code: string, message: string): boolean =>
  /CERT|SELF_SIGNED|ISSUER|^ERR_(TLS|SSL)/.test(code) || /certificate/i.test(message)

/** Whether `sslmode: prefer` may try again without TLS: the server has none, or pg_hba.conf wants none. */
export const refusesTls = (error: unknown): boolean =>
  error instanceof Error &&
  (/does not support SSL/.test(error.message) || /no pg_hba\.conf entry.*SSL encryption/.test(error.message))

/** Any error as one the engine knows. Our own pass through. */
export const explain = (error: unknown, config: PostgresConfig): CollectError | Unsupported => {
  if (error instanceof CollectError || error instanceof Unsupported) return error
  const code = field(error, 'code') ?? ''
  const message = field(error, 'message') ?? String(error)
  const at = address(config)
  const options = { cause: error }
  if (isPooler(message)) return pooler(config, message)
  if (code === '42501') {
    return new Unsupported(`${message}: GRANT pg_monitor TO "${config.user}" (a superuser grants it)`, options)
  }
  const state = SQLSTATES.get(code) ?? SQLSTATES.get(code.slice(0, 3)) ?? SQLSTATES.get(code.slice(0, 2))
  if (state !== undefined && field(error, 'severity') !== undefined) {
    const [reason, advice] = state
    return new CollectError(reason, [`${at}: ${message}`, advice].filter(Boolean).join(': '), options)
  }
  const known = ADDRESS_ERRORS.get(code)
  if (known !== undefined) return new CollectError('connect', `${at}: ${known}`, options)
  if (code === 'ETIMEDOUT' || message === 'timeout expired') {
    return new CollectError('timeout', `${at}: no connection in time`, options)
  }
  if (message.startsWith('SASL')) return new CollectError('auth', `${at}: ${message}`, options)
  if (isCertificate(code, message)) {
    return new CollectError('connect', `${at}: TLS: ${message}; see postgres.sslmode and sslrootcert`, options)
  }
  if (/^Connection terminated|not queryable|SSL connection/.test(message)) {
    return new CollectError('connect', `${at}: ${message}`, options)
  }
  return new CollectError('query', `${at}: ${message}`, options)
}
