/** Odoo Pulse itself as a child of the demo, as an operator would run it: a configuration file, its secrets in files. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Estate, TENANT_NAMES, TENANTS, type TenantName } from './estate.ts'
import { serviceOf } from './ingress.ts'
import type { PostgresServer } from './postgres.ts'
import { answers, type RunningProcess, startProcess } from './processes.ts'
import { CALENDAR, FLOWS, FLOWS_OF } from './promises.ts'

export const ROOT = join(import.meta.dirname, '..')

const CONFIG = 'odoo-pulse.yaml'
const PRIMARY = 'pg-primary'
const STANDBY = 'pg-standby'

/** Passwords and keys by the name of the file that holds them. */
const secretsOf = ({ monitor, flows, redis, odoos }: Estate): Readonly<Record<string, string>> => ({
  'pg-password': monitor.password,
  'flows-password': flows.password,
  ...(redis && { 'redis-password': redis.monitor.password }),
  ...Object.fromEntries(TENANT_NAMES.map((tenant) => [`${tenant}-key`, odoos[tenant].users.pulse.apiKey])),
})

/** odoo-pulse.yaml for the estate; the secrets stand in files of `dir`. */
export const serviceConfig = (estate: Estate, dir: string): string => {
  const { primary, standby, monitor, flows, redis, ingress, odoos } = estate
  const secret = (name: string) => ({ file: join(dir, name) })
  const postgres = ({ port }: PostgresServer) => ({
    db_cluster: 'pg-main',
    postgres: { host: '127.0.0.1', port, user: monitor.user, password: secret('pg-password'), sslmode: 'disable' },
  })
  const tenant = (name: TenantName) => ({
    tier: TENANTS[name].tier,
    databases: [PRIMARY, STANDBY].map((server) => ({ server, datname: name })),
    odoo: {
      url: odoos[name].url,
      gevent_url: odoos[name].geventUrl,
      database: name,
      user: odoos[name].users.pulse.login,
      api_key: secret(`${name}-key`),
    },
    // By SQL on the standby, which takes nothing from Odoo; the other by RPC.
    ...(name === 'globex' && {
      odoo_sql: {
        ...{ host: '127.0.0.1', port: standby.port, user: flows.user, password: secret('flows-password') },
        ...{ dbname: name, sslmode: 'disable' },
      },
    }),
    flows: FLOWS_OF[name],
  })
  return stringify({
    servers: {
      [PRIMARY]: postgres(primary),
      [STANDBY]: postgres(standby),
      ...(redis && {
        redis: {
          redis: {
            ...{ host: '127.0.0.1', port: redis.port, user: redis.monitor.user, password: secret('redis-password') },
            sessions: [{ prefix: 'session:' }],
          },
        },
      }),
      edge: {
        traefik: {
          url: ingress.metricsUrl,
          tenants: Object.fromEntries(TENANT_NAMES.map((name) => [name, { services: [serviceOf(name)] }])),
        },
      },
    },
    calendar: CALENDAR,
    flows: FLOWS,
    tenants: Object.fromEntries(TENANT_NAMES.map((name) => [name, tenant(name)])),
    // On a small busy machine calls take long, and at the default of 1 % intervals would be stretched to minutes.
    polling: { share: 0.1 },
  })
}

export interface ServiceOptions {
  readonly estate: Estate
  /** An existing folder for configuration, secrets and log. */
  readonly dir: string
  /** `host:port` */
  readonly listen: string
}

export interface Service {
  readonly url: string
  /** odoo-pulse.yaml */
  readonly config: string
  readonly logFile: string
  readonly process: RunningProcess
}

/** Throws if it does not become ready, with its last lines. */
export const startService = async ({ estate, dir, listen }: ServiceOptions): Promise<Service> => {
  for (const [name, secret] of Object.entries(secretsOf(estate)))
    await writeFile(join(dir, name), secret, { mode: 0o600 })
  await writeFile(join(dir, CONFIG), serviceConfig(estate, dir))
  return runService({ dir, listen })
}

/** As `startService`, with the files that are there. */
export const runService = async ({ dir, listen }: Omit<ServiceOptions, 'estate'>): Promise<Service> => {
  const config = join(dir, CONFIG)
  const logFile = join(dir, 'odoo-pulse.log')
  const url = `http://${listen}`
  const child = await startProcess({
    name: 'Odoo Pulse',
    command: process.execPath,
    args: [join(ROOT, 'src', 'main.ts'), 'serve', '--config', config, '--listen', listen],
    cwd: dir,
    logFile,
    ready: (_, signal) => answers(`${url}/-/ready`, signal),
  })
  return { url, config, logFile, process: child }
}
