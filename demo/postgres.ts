/** Real PostgreSQL servers from npm, for the demo and the tests: a primary, its standbys, their faults. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { makeDir, postgresAccount, postgresBinaries } from './postgres-binaries.ts'
import { copyCluster } from './postgres-copy.ts'
import { childrenOf, freePort, guard, type RunningProcess, signalTo, startProcess } from './processes.ts'

export type Row = Readonly<Record<string, unknown>>
export type Settings = Readonly<Record<string, string>>

export interface PostgresServer {
  /** The major version. */
  readonly version: number
  /** On 127.0.0.1; there is no Unix socket. The same after a restart. */
  readonly port: number
  /** The data directory. */
  readonly dir: string
  /** Of the postmaster. */
  readonly pid: number
  /** The superuser `postgres`, with its password, on database `postgres`. */
  readonly url: string
  readonly password: string
  /** As superuser, on a connection of its own; several statements when there are no parameters (the last one's rows). */
  readonly query: (sql: string, params?: readonly unknown[], dbname?: string) => Promise<readonly Row[]>
  /** Ends the server (fast shutdown, bounded, then SIGKILL) and removes its data. Safe to call again. */
  readonly stop: () => Promise<void>
  /** Ends the server, keeps its data: `start` brings it back on the same port. */
  readonly shutdown: () => Promise<void>
  readonly start: () => Promise<void>
  /** SIGSTOP to the postmaster and all its children: the kernel still accepts connections, nobody answers. */
  readonly freeze: () => void
  readonly thaw: () => void
}

export interface PostgresOptions {
  /** 14–18; default 18. */
  readonly version?: number
  /** On top of the defaults, as on the command line of postgres. */
  readonly settings?: Settings
  /** The folder to make the server's folder in; default the system's temp folder. */
  readonly parent?: string
  /** A file that gets the server's log. */
  readonly logFile?: string
}

const SUPERUSER = 'postgres'

const defaults = (port: number): Settings => ({
  listen_addresses: '127.0.0.1',
  port: String(port),
  unix_socket_directories: '',
  // Nothing here survives its run, so nothing needs to be safe on disk.
  fsync: 'off',
  shared_buffers: '16MB',
  max_connections: '60',
  wal_keep_size: '128MB',
  max_prepared_transactions: '5',
  track_io_timing: 'on',
  // In the data directory, not in /dev/shm: what is killed leaves nothing outside its folder.
  dynamic_shared_memory_type: 'mmap',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
})

const urlOf = (port: number, password: string): string =>
  `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/postgres`

const query =
  (port: number, password: string): PostgresServer['query'] =>
  async (sql, params, database = 'postgres') => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: SUPERUSER,
      password,
      database,
      ssl: false,
      connectionTimeoutMillis: 10_000,
      query_timeout: 30_000,
    })
    // A server that ends drops its clients; the query in flight says so itself.
    client.on('error', () => undefined)
    try {
      await client.connect()
      const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(sql, params && [...params])
      return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows
    } finally {
      // Not awaited for ever: the far side may be frozen.
      client.end().catch(() => undefined)
    }
  }

interface Cluster {
  readonly version: number
  readonly port: number
  /** The server's folder: holds the data directory, and the binaries where they had to be copied. */
  readonly home: string
  readonly password: string
  readonly settings: Settings
  readonly standby: boolean
  readonly logFile: string | undefined
}

const dataDir = (home: string): string => join(home, 'data')

const launch = (cluster: Cluster): Promise<RunningProcess> => {
  const account = postgresAccount()
  const { postgres } = postgresBinaries(cluster.version, account, cluster.home)
  const settings = { ...defaults(cluster.port), ...cluster.settings }
  return startProcess({
    name: `PostgreSQL ${cluster.version} ${cluster.standby ? 'standby' : 'primary'}`,
    command: postgres,
    args: [
      '-D',
      dataDir(cluster.home),
      ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: { LC_ALL: 'C', TZ: 'UTC' },
    cwd: cluster.home,
    ...(account && { account }),
    ...(cluster.logFile !== undefined && { logFile: cluster.logFile }),
    dir: cluster.home,
    // Fast shutdown: sessions are ended (documentation, "Shutting Down the Server").
    stopSignal: 'SIGINT',
    ready: (output) => output.line(/database system is ready to accept (read-only )?connections/),
  })
}

const running = async (cluster: Cluster): Promise<PostgresServer> => {
  let process = await launch(cluster)
  const everyone = () => [process.pid, ...childrenOf(process.pid)]
  const shutdown = () => process.stop()
  return {
    version: cluster.version,
    port: cluster.port,
    dir: dataDir(cluster.home),
    get pid() {
      return process.pid
    },
    url: urlOf(cluster.port, cluster.password),
    password: cluster.password,
    query: query(cluster.port, cluster.password),
    shutdown,
    start: async () => {
      await shutdown()
      process = await launch(cluster)
    },
    stop: async () => {
      await shutdown()
      await rm(cluster.home, { recursive: true, force: true, maxRetries: 3 })
    },
    freeze: () => {
      // The postmaster first: from then on it forks no more.
      signalTo([process.pid], 'SIGSTOP')
      signalTo(everyone(), 'SIGSTOP')
    },
    thaw: () => signalTo(everyone(), 'SIGCONT'),
  }
}

const initialize = async (cluster: Cluster): Promise<void> => {
  const account = postgresAccount()
  const { initdb } = postgresBinaries(cluster.version, account, cluster.home)
  const passwordFile = join(cluster.home, 'superuser')
  writeFileSync(passwordFile, cluster.password, { mode: 0o600 })
  if (account) chownSync(passwordFile, account.uid, account.gid)
  const args = ['-D', dataDir(cluster.home), '-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile]
  const options = ['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions']
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
  await promisify(execFile)(initdb, [...args, ...options], { ...account, env, cwd: cluster.home, timeout: 60_000 })
}

/** Runs `make` for a new cluster; neither a failure nor our own end meanwhile leaves a folder behind. */
const inNewHome = async (options: PostgresOptions, kind: string, make: (home: string) => Promise<PostgresServer>) => {
  const home = makeDir(`odoo-pulse-${kind}-`, postgresAccount(), options.parent)
  // Until the server's own guard has it.
  const release = guard(0, { dir: home })
  try {
    return await make(home)
  } catch (error) {
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
    throw error
  } finally {
    release()
  }
}

/** Between choosing a free port and listening on it another may take it: then another port is tried. */
const onFreePort = async (make: (port: number) => Promise<PostgresServer>, tries = 3): Promise<PostgresServer> => {
  try {
    return await make(await freePort())
  } catch (error) {
    if (tries <= 1 || !String(error).includes('Address already in use')) throw error
    return onFreePort(make, tries - 1)
  }
}

/** A new primary on a free loopback port, with nothing in it. About 1.5 s. Throws if it does not start. */
export const startPostgres = (options: PostgresOptions = {}): Promise<PostgresServer> =>
  inNewHome(options, 'primary', async (home) => {
    const { version = 18, settings = {}, logFile } = options
    // Hexadecimal, so that it needs no quoting in a URL, a connection string or a file.
    const password = randomBytes(16).toString('hex')
    const cluster = { version, port: 0, home, password, settings, standby: false, logFile }
    await initialize(cluster)
    return onFreePort((port) => running({ ...cluster, port }))
  })

export interface StandbyOptions extends Omit<PostgresOptions, 'version'> {
  /** A physical replication slot to make on the primary and to use; default none. */
  readonly slot?: string
  /** Under which name it shows in the primary's pg_stat_replication; default `standby`. */
  readonly applicationName?: string
}

/** A hot standby of the primary, which streams from it; its superuser and password are the primary's. About 1 s. */
export const startStandby = (primary: PostgresServer, options: StandbyOptions = {}): Promise<PostgresServer> =>
  inNewHome(options, 'standby', async (home) => {
    const { settings = {}, slot, applicationName = 'standby', logFile } = options
    if (slot !== undefined) await primary.query('SELECT pg_create_physical_replication_slot($1, true)', [slot])
    const conninfo = `host=127.0.0.1 port=${primary.port} user=${SUPERUSER} password=${primary.password} application_name=${applicationName}`
    const lines = [`primary_conninfo = '${conninfo}'`, ...(slot === undefined ? [] : [`primary_slot_name = '${slot}'`])]
    await copyCluster(primary, dataDir(home), postgresAccount(), lines)
    const cluster = { version: primary.version, port: 0, home, password: primary.password, standby: true, logFile }
    const own = { wal_retrieve_retry_interval: '500ms', ...settings }
    return onFreePort((port) => running({ ...cluster, port, settings: own }))
  })
