/** An Alertmanager of its own, which sends everything to one webhook. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { answers, freePort, startProcess } from './processes.ts'
import type { HttpPart } from './prometheus.ts'

/** alertmanager.yml: pages and tickets to the webhook, grouped by alert, firing and resolved, with short waits. */
export const alertmanagerConfig = (webhook: string): string =>
  stringify({
    route: {
      receiver: 'demo',
      group_by: ['alertname', 'server', 'tenant'],
      group_wait: '1s',
      group_interval: '5s',
      repeat_interval: '1h',
      // What no person is told of.
      routes: [{ receiver: 'nobody', matchers: ['severity =~ "info|none"'] }],
    },
    receivers: [{ name: 'demo', webhook_configs: [{ url: webhook, send_resolved: true }] }, { name: 'nobody' }],
  })

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
