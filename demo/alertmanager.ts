/** An Alertmanager of its own, with the routes that installations have; every receiver is one webhook. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { TEMPLATE_FILE, templateText } from '../src/alerting/alertmanager/receivers.ts'
import { alertmanagerOf } from '../src/alerting/alertmanager/render.ts'
import type { Waits } from '../src/alerting/alertmanager/routes.ts'
import type { Oncall } from '../src/config/oncall.ts'
import { answers, freePort, startProcess } from './processes.ts'
import type { HttpPart } from './prometheus.ts'

/** Who is told in the demo: one webhook stands in for all, and hears for whom it was. */
const oncallOf = (url: string): Oncall => ({
  alertmanager_version: '0.25',
  receivers: Object.fromEntries(
    ['on-call', 'office', 'platform', 'watchdog'].map((name) => [name, { webhook: { url } }]),
  ),
  page: 'on-call',
  ticket: 'office',
  telemetry: 'platform',
  watchdog: 'watchdog',
  hours: {},
  routes: [],
})

/** So that what happens is told within seconds. */
const WAITS: Waits = { page: ['1s', '5s', '1h'], ticket: ['1s', '5s', '1h'], watchdog: ['1s', '5s', '1h'] }

/** alertmanager.yml, as `odoo-pulse generate` would write it, but for its waits. */
export const alertmanagerConfig = (webhook: string, waits: Waits = WAITS): string =>
  stringify(alertmanagerOf(oncallOf(webhook), waits))

export interface AlertmanagerOptions {
  readonly binary: string
  /** An existing folder for configuration and data. */
  readonly dir: string
  /** alertmanager.yml */
  readonly config: string
}

/** Throws if it does not become ready, with its last lines. */
export const startAlertmanager = async ({ binary, dir, config }: AlertmanagerOptions): Promise<HttpPart> => {
  const address = `127.0.0.1:${await freePort()}`
  const file = join(dir, 'alertmanager.yml')
  const data = join(dir, 'alertmanager')
  await mkdir(data, { recursive: true })
  await writeFile(file, config)
  await writeFile(join(dir, TEMPLATE_FILE), templateText)
  const args = [`--config.file=${file}`, `--storage.path=${data}`, `--web.listen-address=${address}`]
  const url = `http://${address}`
  const process = await startProcess({
    name: 'Alertmanager',
    command: binary,
    // Without a cluster address it neither gossips nor waits for peers.
    args: [...args, '--cluster.listen-address=', '--log.level=warn'],
    cwd: dir,
    dir: data,
    ready: (_, signal) => answers(`${url}/-/ready`, signal),
  })
  return { url, process }
}
