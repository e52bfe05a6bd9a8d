/** The real service over the stand-in's Odoo, on a clock that runs faster. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { collectors } from '../../../collectors/index.ts'
import type { OdooServer } from '../../../demo/odoo/server.ts'
import { freePort } from '../../../demo/processes.ts'
import { type Config, formatProblem, loadConfig } from '../../../src/config.ts'
import type { Clock } from '../../../src/flow/follow/clock.ts'
import type { Instant } from '../../../src/metric.ts'
import { secretsBeside } from '../../../src/secrets.ts'
import { composeService } from '../../../src/service.ts'

/** Begins now and runs so many times as fast. */
export const fastClock = (rate: number): Clock => {
  const begun = Date.now()
  return {
    now: () => begun + (Date.now() - begun) * rate,
    after: (wait, then) => {
      const timer = setTimeout(then, wait / rate)
      return () => clearTimeout(timer)
    },
  }
}

/** Of /api/v1/flows, as far as the tests look. */
export interface Shown {
  readonly tenant: string
  readonly flow: string
  readonly state: string
  readonly reason?: string
  readonly via?: string
  readonly as_of?: string
  readonly progress?: number
  readonly open?: number
  readonly overdue?: number
  readonly windows?: readonly { readonly window: string; readonly good: number; readonly bad: number }[]
}

export interface Installation {
  readonly flows: () => Promise<readonly Shown[]>
  readonly flow: (name: string, tenant?: string) => Promise<Shown>
  /** Of the tenant `acme`. */
  readonly details: (name: string) => Promise<{ readonly documents?: readonly { readonly due: string }[] }>
  readonly metrics: (query?: string) => Promise<string>
  readonly apply: (tenants: string) => Promise<void>
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
  readonly stop: () => Promise<void>
}

/** What stands under `odoo:` of a tenant. */
export const odooBlock = (odoo: OdooServer, url = odoo.url): string => `      url: ${url}
      database: ${odoo.database}
      user: ${odoo.users.pulse.login}
      api_key: { env: PULSE_KEY }
      insecure: true
`

/** All shipped flows but these are off: at a fast pace there is no time for all of them. */
export const onlyFlows = (...names: readonly string[]): string => {
  const shipped = readdirSync('slo').flatMap((file) => (file.endsWith('.yaml') ? [file.slice(0, -5)] : []))
  const others = shipped.filter((name) => !names.includes(name))
  return `flows:\n${others.map((name) => `  ${name}: { enabled: false }\n`).join('')}`
}

/** A flow of the operator's own: jobs by the time they were made, whatever their eta. */
export const JOBS = `title: A job is done soon after it was made
process: platform
owner: platform
kind: journey
evidence: ledger
model: queue.job
base: []
visible: date_created
start: date_created
open:
  - { field: state, in: [wait_dependencies, pending, enqueued, started] }
done:
  when: [{ field: state, '=': done }]
  at: date_done
target: { within: 2m }
slot: { field: date_created, floor: id }
horizon: 30d
group: { dimension: channel, field: channel }
requires: { modules: [queue_job] }
unknowable: Nothing that matters here.
`

/** To be stopped by who asked for it. */
export interface InstallOptions {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string>>
  /** The configuration, but for `listen`. */
  readonly text: string
  /** Files of flows.d by name. */
  readonly own?: Readonly<Record<string, string>>
}

export const install = async ({ clock, env, text, own = {} }: InstallOptions): Promise<Installation> => {
  const folder = mkdtempSync(join(tmpdir(), 'odoo-pulse-flows-'))
  mkdirSync(join(folder, 'flows.d'))
  for (const [name, flow] of Object.entries(own)) writeFileSync(join(folder, 'flows.d', `${name}.yaml`), flow)
  const file = join(folder, 'odoo-pulse.yaml')
  const address = `127.0.0.1:${await freePort()}`
  const secrets = secretsBeside(file, env)
  const configOf = async (of: string): Promise<Config> => {
    writeFileSync(file, `listen: ${address}\npolling: { share: 0.5 }\n${of}`)
    const loaded = await loadConfig({ file, collectors, secrets })
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'))
    return loaded.config
  }
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const start = composeService({
    version: '0',
    collectors,
    webConfigFile: undefined,
    enableLifecycle: false,
    flows: { clock },
  })
  const service = await start(await configOf(text), { log, secrets, reload: async () => ({ ok: true }) })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= service.stop(0).finally(() => rmSync(folder, { recursive: true, force: true }))
    return stopped
  }
  const get = async (path: string): Promise<string> => (await fetch(`http://${address}${path}`)).text()
  const flows = async (): Promise<readonly Shown[]> => {
    const { flows: found }: { flows: readonly Shown[] } = JSON.parse(await get('/api/v1/flows'))
    return found
  }
  return {
    flows,
    flow: async (name, tenant = 'acme') => {
      const found = (await flows()).find((each) => each.flow === name && each.tenant === tenant)
      if (found === undefined) throw new Error(`no flow ${name} of ${tenant}`)
      return found
    },
    details: async (name) => JSON.parse(await get(`/api/v1/flows/acme/${name}`)),
    metrics: (query = '') => get(`/metrics${query}`),
    apply: async (of) => service.apply(await configOf(of)),
    log: () => lines,
    stop,
  }
}

export const asOf = ({ as_of }: Shown): Instant => (as_of === undefined ? Number.NaN : Date.parse(as_of))
