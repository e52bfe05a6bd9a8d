/** What the demo watches: PostgreSQL with a standby, Redis, an Odoo per tenant behind an ingress, and its business day. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanups } from './cleanups.ts'
import { type Day, startDay } from './day/day.ts'
import { loadBulk } from './day/load.ts'
import { startVisitors } from './day/visitors.ts'
import { type Ingress, startIngress } from './ingress.ts'
import type { Version } from './odoo/columns.ts'
import { createOdooDatabase } from './odoo/database.ts'
import { type OdooServer, startOdoo } from './odoo/server.ts'
import { type PostgresServer, type Settings, startPostgres, startStandby } from './postgres.ts'
import { type RedisServer, startRedis } from './redis.ts'

interface Tenant {
  readonly version: Version
  readonly tier: 'dedicated' | 'shared'
  readonly seed: number
  readonly ordersPerHour: number
  /** Of the first of its Odoo's processes. */
  readonly pid: number
}

/** Each tenant's database has the tenant's name. */
export const TENANTS = {
  acme: { version: 18, tier: 'dedicated', seed: 18, ordersPerHour: 120, pid: 4100 },
  globex: { version: 19, tier: 'shared', seed: 19, ordersPerHour: 60, pid: 4200 },
} as const satisfies Readonly<Record<string, Tenant>>

export type TenantName = keyof typeof TENANTS

export const TENANT_NAMES: readonly TenantName[] = ['acme', 'globex']

export interface Role {
  readonly user: string
  readonly password: string
}

/** The servers under all of it. */
export interface Platform {
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  /** Owns the tenants' databases, as Odoo's role does; no superuser. */
  readonly odoo: Role
  /** What the service signs in as: exactly pg_monitor. */
  readonly monitor: Role
  /** What it reads business flows with, in databases: the columns they need (deploy/postgres/flows.sql). */
  readonly flows: Role
}

/** The estate as the service and the faults see it. */
export interface Estate extends Platform {
  readonly odoos: Readonly<Record<TenantName, OdooServer>>
  readonly ingress: Ingress
  /** Undefined where Debian's package is lacking. */
  readonly redis: RedisServer | undefined
  readonly day: Day
}

const FLOWS_SQL = join(import.meta.dirname, '..', 'deploy', 'postgres', 'flows.sql')

const newRole = (user: string): Role => ({ user, password: randomBytes(16).toString('hex') })

// Odoo's role makes its tables itself, so it owns them.
const giveTo = (owner: string): string => `
  DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO ${owner}', t);
    END LOOP;
  END $$`

/** What each tenant has behind it when the demo begins. */
const PAST = { orders: 6_000, pickings: 9_000, jobs: 15_000 }

/** Makes the roles and the tenants' databases on a new primary. */
export const seed = async (primary: PostgresServer): Promise<Pick<Platform, 'odoo' | 'monitor' | 'flows'>> => {
  const odoo = newRole('odoo')
  const monitor = newRole('odoo_pulse')
  const flows = newRole('odoo_pulse_flows')
  const grants = await readFile(FLOWS_SQL, 'utf8')
  // Hexadecimal passwords of our own making: CREATE ROLE takes no parameters.
  await primary.query(`
    CREATE ROLE ${odoo.user} LOGIN CREATEDB PASSWORD '${odoo.password}';
    CREATE ROLE ${monitor.user} LOGIN PASSWORD '${monitor.password}';
    GRANT pg_monitor TO ${monitor.user}`)
  for (const tenant of TENANT_NAMES) {
    await createOdooDatabase(primary, tenant, TENANTS[tenant].version)
    await primary.query(`ALTER DATABASE ${tenant} OWNER TO ${odoo.user}`)
    await primary.query(giveTo(odoo.user), undefined, tenant)
    await primary.query(grants, undefined, tenant)
  }
  await Promise.all(TENANT_NAMES.map((tenant) => loadBulk(primary, tenant, PAST)))
  await primary.query(`ALTER ROLE ${flows.user} PASSWORD '${flows.password}'`)
  return { odoo, monitor, flows }
}

export interface EstateOptions {
  /** An existing folder for the logs, and Redis's own. */
  readonly dir: string
  /** How many seconds of business go by in one. */
  readonly speed: number
  /** Redis's; undefined: there is none. */
  readonly redis: string | undefined
  /** Of PostgreSQL, on top of the demo's. */
  readonly settings?: Settings
  readonly cleanups: Cleanups
  /** Told what goes wrong in the demo itself, in the business day say. */
  readonly troubled: (error: Error) => void
  /** Runs a step and tells how long it took. */
  readonly step: <T>(name: string, run: () => Promise<T>) => Promise<T>
}

const startPlatform = async ({ dir, settings: more, cleanups, step }: EstateOptions): Promise<Platform> => {
  // So that a standby that stays cut off for long does not fill the disk: the slot gives up first.
  const settings = { max_slot_wal_keep_size: '256MB', ...more }
  const logFile = (name: string) => join(dir, `postgresql-${name}.log`)
  const primary = await step('PostgreSQL primary', async () => {
    const server = await startPostgres({ settings, logFile: logFile('primary') })
    cleanups.defer(server.stop)
    return server
  })
  const roles = await step('two tenants', () => seed(primary))
  const standby = await step('PostgreSQL standby', async () => {
    const server = await startStandby(primary, { slot: 'standby', settings, logFile: logFile('standby') })
    cleanups.defer(server.stop)
    return server
  })
  return { primary, standby, ...roles }
}

/** Starts all of it. Throws when a part does not start; the cleanups then end the others. */
export const startEstate = async (options: EstateOptions): Promise<Estate> => {
  const { dir, speed, redis: binary, cleanups, step, troubled } = options
  const platform = await startPlatform(options)
  const { primary, odoo: role } = platform
  const redis =
    binary === undefined
      ? undefined
      : await step('Redis', async () => {
          const server = await startRedis({ binary, dir })
          cleanups.defer(server.stop)
          return server
        })
  const odooOf = async (tenant: TenantName): Promise<OdooServer> => {
    const { version, pid } = TENANTS[tenant]
    const server = await startOdoo({
      version,
      postgres: primary,
      database: tenant,
      role,
      processId: pid + 9,
      onError: (error) => troubled(error instanceof Error ? error : new Error(String(error))),
    })
    cleanups.defer(server.stop)
    return server
  }
  const odoos = await step('an Odoo for each', async () => ({
    acme: await odooOf('acme'),
    globex: await odooOf('globex'),
  }))
  const ingress = await step('ingress', async () => {
    const routes = TENANT_NAMES.map((tenant) => ({
      host: `${tenant}.localhost`,
      tenant,
      upstream: odoos[tenant].url,
      websockets: odoos[tenant].geventUrl,
    }))
    const server = await startIngress({ routes })
    cleanups.defer(server.stop)
    return server
  })
  const tenants = TENANT_NAMES.map((name) => ({ name, ...TENANTS[name] }))
  const day = startDay({ estate: platform, tenants, speed, troubled })
  cleanups.defer(day.stop)
  const visitors = startVisitors({
    url: ingress.url,
    hosts: TENANT_NAMES.map((tenant) => `${tenant}.localhost`),
    speed,
  })
  cleanups.defer(visitors.stop)
  return { ...platform, redis, odoos, ingress, day }
}
