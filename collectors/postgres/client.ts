/** The one file that speaks to the driver: connections, their limits, and how they end. */
import { hash } from 'node:crypto'
import pg from 'pg'
import { CollectError, type ConnectContext } from '../../src/collector.ts'
import { seconds } from '../../src/metric.ts'
import type { PostgresConfig } from './config.ts'
import { parserOf } from './decode.ts'
import { address, explain, late, pooler, refusesTls } from './errors.ts'
import { limit } from './limit.ts'
import { tlsOptions, wantsTls } from './tls.ts'

/** int8 and numeric become numbers; one that a number can't hold rejects with `decode`. Timestamps stay text. */
export type Query = <Row>(sql: string, params?: readonly unknown[]) => Promise<readonly Row[]>

export interface DatabaseResult<T> {
  readonly datname: string
  readonly result: T | CollectError
}

export interface PostgresClient {
  readonly config: PostgresConfig
  /** server_version_num, e.g. 160014. */
  readonly version: number
  /**
   * On the persistent, pipelined connection: nothing slow here, others wait behind it. When the signal aborts the
   * connection is destroyed and all that waits on it rejects. Rejects with CollectError or Unsupported.
   */
  readonly query: <Row>(sql: string, params: readonly unknown[], signal: AbortSignal) => Promise<readonly Row[]>
  /**
   * The databases in turn, each on a connection of its own that is closed afterwards: those that accept connections,
   * are no templates, and aren't left out by the configuration. A database that fails is reported in its result, not
   * thrown; rejects only if the list can't be read or the signal aborts.
   */
  readonly eachDatabase: <T>(
    signal: AbortSignal,
    visit: (query: Query, datname: string) => Promise<T>,
  ) => Promise<readonly DatabaseResult<T>[]>
  /** A short-lived connection of its own for slow questions, so that they never stand before others in the pipeline. */
  readonly aside: <T>(signal: AbortSignal, ask: (query: Query) => Promise<T>) => Promise<T>
  /** The persistent connection is gone at once; `close` calls it. */
  readonly end: () => void
}

/** Beside the persistent connection, over the whole client. */
const SIDE_CONNECTIONS = 2
const CONNECT_TIMEOUT = seconds(5)
/** Under a probe's usual deadline, so that PostgreSQL gives up first and the connection stays usable. */
const STATEMENT_TIMEOUT = seconds(4)
const SIDE_STATEMENT_TIMEOUT = seconds(20)

/** What every session of ours runs under; a role's or database's own settings don't override the startup packet's. */
const startupOptions = (statementTimeout: number): string =>
  Object.entries({
    default_transaction_read_only: 'on',
    statement_timeout: statementTimeout,
    lock_timeout: 500,
    idle_in_transaction_session_timeout: seconds(10),
    jit: 'off',
    search_path: 'pg_catalog',
  })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')

const SELF = "select pg_backend_pid() as pid, current_setting('server_version_num')::int as version"

/** A question we gave up ends by itself soon, not at statement_timeout. Not every platform can: then it is refused. */
const NOTICE_OUR_END = "select set_config('client_connection_check_interval', '2s', false)"

type Secret = ConnectContext['secret']

interface Opening {
  readonly config: PostgresConfig
  readonly secret: Secret
  readonly database: string
  readonly statementTimeout: number
  /** Whether to try TLS, at first. */
  readonly tls: boolean
}

const driver = async ({ config, secret, tls, ...opening }: Opening): Promise<pg.Client> =>
  new pg.Client({
    host: config.host,
    port: config.port,
    user: config.user,
    database: opening.database,
    // Always a function: for none the driver would look into PGPASSWORD and ~/.pgpass.
    password: async () => {
      if (config.password !== undefined) return secret(config.password)
      throw new CollectError('auth', `PostgreSQL asks for a password of "${config.user}": give postgres.password`)
    },
    ssl: tls ? await tlsOptions(config, secret) : false,
    sslnegotiation: 'postgres',
    application_name: 'odoo-pulse',
    client_encoding: 'UTF8',
    options: startupOptions(opening.statementTimeout),
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelayMillis: seconds(15),
    pipeline: true,
    types: { getTypeParser: (oid: number) => parserOf(oid) ?? pg.types.getTypeParser(oid, 'text') },
  })

/** One connection. Once it has ended, `query` rejects with the reason it ended for. */
interface Session {
  readonly version: number
  readonly tls: boolean
  readonly query: PostgresClient['query']
  readonly isOpen: () => boolean
  readonly end: () => void
}

/** Terminate is said first, lest pg_stat_database count an abandoned session; then, at once, there is no socket. */
const destroy = (client: pg.Client): void => {
  client.connection.end()
  client.connection.stream.destroy()
}

const start = async (opening: Opening, signal: AbortSignal): Promise<Session> => {
  const { config, tls } = opening
  const client = await driver(opening)
  let ended: Error | undefined
  const end = (why: Error): void => {
    if (ended !== undefined) return
    ended = why
    destroy(client)
  }
  client.on('error', (error) => end(explain(error, config)))
  let announced: number | undefined
  client.connection.once('backendKeyData', ({ processID }: { processID: number }) => {
    announced = processID
  })

  const until = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    if (ended !== undefined) throw ended
    if (signal.aborted) throw late(config)
    const abort = (): void => end(late(config))
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await work()
    } catch (error) {
      throw ended ?? explain(error, config)
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
  // Named, so that PostgreSQL plans a statement once per connection: planning is half the cost of what we ask.
  const query: Session['query'] = (sql, params, signal) =>
    until(signal, async () => (await client.query({ name: hash('sha1', sql), text: sql, values: [...params] })).rows)

  try {
    await until(signal, () => client.connect())
    // Unnamed, and nothing is set yet: behind a pooler it would stay behind in a connection that others use.
    const { rows } = await until(signal, () => client.query<{ pid: number; version: number }>(SELF))
    const [self] = rows
    // A pooler announces a process of its own invention and hands us to some backend: the two differ.
    if (self === undefined || self.pid !== announced) {
      throw pooler(config, 'it announces a backend that is not the one we reach')
    }
    // Nobody waits for the answer: what is asked next comes after it on the same connection.
    query(NOTICE_OUR_END, [], signal).catch(() => undefined)
    const closed = new CollectError('connect', `${address(config)}: the connection was closed`)
    return { version: self.version, tls, query, isOpen: () => ended === undefined, end: () => end(closed) }
  } catch (error) {
    destroy(client)
    throw error
  }
}

/** `sslmode: prefer` goes without TLS where it is refused. */
const open = async (opening: Opening, signal: AbortSignal): Promise<Session> => {
  try {
    return await start(opening, signal)
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    if (!opening.tls || opening.config.sslmode !== 'prefer' || !refusesTls(cause)) throw error
    return start({ ...opening, tls: false }, signal)
  }
}

const openingOf = (config: PostgresConfig, secret: Secret): Opening => ({
  config,
  secret,
  database: config.dbname,
  statementTimeout: STATEMENT_TIMEOUT,
  tls: wantsTls(config),
})

const aloneWith = async <T>(opening: Opening, signal: AbortSignal, ask: (query: Query) => Promise<T>): Promise<T> => {
  const session = await open(opening, signal)
  try {
    return await ask((sql, params = []) => session.query(sql, params, signal))
  } finally {
    session.end()
  }
}

const DATABASES = `
  select datname from pg_database
  where datallowconn and not datistemplate and has_database_privilege(datname, 'CONNECT')
    and ($1::text[] is null or datname = any ($1))
  order by datname`

/**
 * Side connections have their own fate: while the persistent one lives the server is not gone, so one that can't be
 * opened (all connections taken) fails its own question only; `connect` would take the whole server for lost.
 */
const ownFate = (error: unknown, main: Session): unknown =>
  error instanceof CollectError && error.reason === 'connect' && main.isOpen()
    ? new CollectError('query', `no further connection: ${error.message}`, { cause: error })
    : error

/** Lacking a right in one database says nothing of the others: there it is a failure like any. */
const inOneDatabase = (error: unknown, config: PostgresConfig): CollectError => {
  const known = explain(error, config)
  return known instanceof CollectError ? known : new CollectError('query', known.message, { cause: known })
}

/** Throws CollectError; refuses a connection pooler, with advice. */
export const connect = async (config: PostgresConfig, { secret, signal }: ConnectContext): Promise<PostgresClient> => {
  const main = await open(openingOf(config, secret), signal)
  const side = { ...openingOf(config, secret), statementTimeout: SIDE_STATEMENT_TIMEOUT, tls: main.tls }
  const atMostTwo = limit(SIDE_CONNECTIONS, () => late(config))
  const onTheSide = <T>(database: string, signal: AbortSignal, ask: (query: Query) => Promise<T>): Promise<T> =>
    atMostTwo(signal, () => aloneWith({ ...side, database }, signal, ask)).catch((error: unknown) => {
      throw ownFate(error, main)
    })
  return {
    config,
    version: main.version,
    query: main.query,
    end: main.end,
    aside: (signal, ask) => onTheSide(config.dbname, signal, ask),
    eachDatabase: async (signal, visit) => {
      const databases = await main.query<{ datname: string }>(DATABASES, [config.databases ?? null], signal)
      const results = []
      for (const { datname } of databases) {
        const result = await onTheSide(datname, signal, (query) => visit(query, datname)).catch((error: unknown) =>
          inOneDatabase(error, config),
        )
        if (signal.aborted) throw late(config)
        results.push({ datname, result })
      }
      return results
    },
  }
}

/** Whether PostgreSQL answers, on a connection of its own. Throws CollectError. */
export const check = async (config: PostgresConfig, { secret, signal }: ConnectContext): Promise<void> => {
  const session = await open(openingOf(config, secret), signal)
  session.end()
}

/** At once, whatever the other side does. */
export const close = async (client: PostgresClient): Promise<void> => client.end()
