/** Odoo Pulse itself as a child of the demo, as an operator would run it: a configuration file, a password file. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Estate } from './estate.ts'
import { answers, type RunningProcess, startProcess } from './processes.ts'

export const ROOT = join(import.meta.dirname, '..')

const PRIMARY = 'pg-primary'
const STANDBY = 'pg-standby'

/** odoo-pulse.yaml for the estate; the password stands in a file. */
export const serviceConfig = (
  { primary, standby, monitor }: Pick<Estate, 'primary' | 'standby' | 'monitor'>,
  passwordFile: string,
): string => {
  const server = (port: number) => ({
    db_cluster: 'pg-main',
    postgres: { host: '127.0.0.1', port, user: monitor.user, password: { file: passwordFile }, sslmode: 'disable' },
  })
  return stringify({
    servers: { [PRIMARY]: server(primary.port), [STANDBY]: server(standby.port) },
    tenants: {
      acme: { tier: 'dedicated', databases: [{ server: PRIMARY, datname: 'acme' }] },
      globex: { tier: 'shared', databases: [{ server: PRIMARY, datname: 'globex' }] },
    },
  })
}

export interface ServiceOptions {
  readonly estate: Estate
  /** An existing folder for configuration, password and log. */
  readonly dir: string
  /** `host:port` */
  readonly listen: string
}

export interface Service {
  readonly url: string
  readonly logFile: string
  readonly process: RunningProcess
}

/** Throws if it does not become ready, with its last lines. */
export const startService = async ({ estate, dir, listen }: ServiceOptions): Promise<Service> => {
  const passwordFile = join(dir, 'pg-password')
  const config = join(dir, 'odoo-pulse.yaml')
  const logFile = join(dir, 'odoo-pulse.log')
  await writeFile(passwordFile, estate.monitor.password, { mode: 0o600 })
  await writeFile(config, serviceConfig(estate, passwordFile))
  const url = `http://${listen}`
  const child = await startProcess({
    name: 'Odoo Pulse',
    command: process.execPath,
    args: [join(ROOT, 'src', 'main.ts'), 'serve', '--config', config, '--listen', listen],
    cwd: dir,
    logFile,
    ready: (_, signal) => answers(`${url}/-/ready`, signal),
  })
  return { url, logFile, process: child }
}
