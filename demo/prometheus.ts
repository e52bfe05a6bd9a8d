/** A Prometheus of its own: scrapes the service, evaluates the shipped rules, sends to Alertmanager. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Duration, seconds } from '../src/metric.ts'
import { answers, freePort, type RunningProcess, startProcess } from './processes.ts'

/** A started HTTP server of the estate. */
export interface HttpPart {
  readonly url: string
  readonly process: RunningProcess
}

export interface PrometheusConfig {
  /** `host:port` of the services to scrape. */
  readonly targets: readonly string[]
  /** `host:port`; undefined: the alerts go nowhere. */
  readonly alertmanager: string | undefined
  /** Paths or globs of rule files. */
  readonly ruleFiles: readonly string[]
  /** Of scraping and of evaluating the rules. */
  readonly interval: Duration
}

/** prometheus.yml */
export const prometheusConfig = ({ targets, alertmanager, ruleFiles, interval }: PrometheusConfig): string =>
  stringify({
    global: {
      scrape_interval: `${interval}ms`,
      scrape_timeout: `${Math.min(interval, seconds(5))}ms`,
      evaluation_interval: `${interval}ms`,
    },
    rule_files: ruleFiles,
    ...(alertmanager !== undefined && {
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    }),
    scrape_configs: [{ job_name: 'odoo-pulse', static_configs: [{ targets }] }],
  })

export interface PrometheusOptions {
  readonly binary: string
  /** An existing folder for configuration and data. */
  readonly dir: string
  /** prometheus.yml; relative paths in it start from `dir`. */
  readonly config: string
}

/** Throws if it does not become ready, with its last lines. */
export const startPrometheus = async ({ binary, dir, config }: PrometheusOptions): Promise<HttpPart> => {
  const address = `127.0.0.1:${await freePort()}`
  const file = join(dir, 'prometheus.yml')
  const data = join(dir, 'prometheus')
  await mkdir(data, { recursive: true })
  await writeFile(file, config)
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--web.listen-address=${address}`]
  const url = `http://${address}`
  const process = await startProcess({
    name: 'Prometheus',
    command: binary,
    args: [...args, '--storage.tsdb.retention.time=1d', '--log.level=warn'],
    cwd: dir,
    dir: data,
    ready: (_, signal) => answers(`${url}/-/ready`, signal),
  })
  return { url, process }
}
