/**
 * What the shipped rules cost a Prometheus: an estate of many tenants with every shipped flow, scraped from two replicas
 * of the exporter, every fiftieth tenant missing its deadlines. One tenant in twenty is dedicated and alerts on every
 * flow, the others on three, which is what their budget of series has room for; with `--alerting all` all alert on all.
 *
 *     node bench/rules.ts --tenants 500 --minutes 6 --alerting few
 *
 * Prints per rule group how long an evaluation took, and how many series and how much memory Prometheus has.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { odooCronFailures, odooCronRunning } from '../collectors/odoo/cron_runs.ts'
import { odooCronActive, odooCronNextCall } from '../collectors/odoo/crons.ts'
import { odooUp } from '../collectors/odoo/info.ts'
import { odooQueueJobs } from '../collectors/odoo/queue.ts'
import { createCleanups } from '../demo/cleanups.ts'
import { prometheusConfig, startPrometheus } from '../demo/prometheus.ts'
import { SHIPPED } from '../demo/start.ts'
import { windowActive, windowEnd, windowSensitivity } from '../src/calendar/metrics.ts'
import { createExposition } from '../src/exposition.ts'
import { verdictWindows } from '../src/flow/ledger/windows.ts'
import { flowSamples } from '../src/flow/metrics.ts'
import type { Reading } from '../src/flow/report.ts'
import { type Sample, sample, seconds } from '../src/metric.ts'
import { buildInfo, configLastReloadSuccess } from '../src/own_metrics.ts'
import { serverInfo, tenantDatabaseInfo, tenantInfo } from '../src/tenants.ts'
import { flowNames, fullReading, reportOf } from '../test/flow/reports.ts'
import { findBinary } from '../tools/debian.ts'

const { values } = parseArgs({
  options: {
    tenants: { type: 'string', default: '500' },
    minutes: { type: 'string', default: '6' },
    alerting: { type: 'string', default: 'few' },
  },
})
const [tenants, minutes] = [Number(values.tenants), Number(values.minutes)]
const CLUSTERS = 10
const CRONS = 30
const CHANNELS = 6
const INTERVAL = seconds(30)
const tierOf = (i: number): string => (i % 20 === 0 ? 'dedicated' : i % 4 === 0 ? 'segmented' : 'shared')
const ALERTING = 3

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const readingWith = (isMissing: boolean): Reading => {
  const { windows, ...rest } = fullReading()
  const verdicts = verdictWindows.map((window, i) => ({
    window,
    good: 100 * (i + 1),
    bad: isMissing ? 60 * (i + 1) : 0,
  }))
  const completions = windows.completions.map(({ window }) => ({ window, count: 50 }))
  const backlog = windows.backlog && { ...windows.backlog, overdue: isMissing ? 20 : 0 }
  return { ...rest, windows: { ...windows, verdicts, completions, starts: completions, backlog } }
}
const readings = { well: readingWith(false), missing: readingWith(true) }

const isAlerting = (i: number, flow: number): boolean =>
  values.alerting === 'all' || tierOf(i) === 'dedicated' || flow < ALERTING

const flowsOf = (tenant: string, i: number): readonly Sample[] => {
  const reports = flowNames.map((name, f) =>
    reportOf(
      name,
      { tenant, tier: tierOf(i), reading: i % 50 === 0 ? readings.missing : readings.well },
      { mode: isAlerting(i, f) ? (f % 2 === 0 ? 'page' : 'ticket') : 'observe' },
    ),
  )
  return reports.flatMap((report) => flowSamples(report, reports))
}

const times = <T>(n: number, make: (i: number) => readonly T[]): readonly T[] =>
  Array.from({ length: n }, (_, i) => make(i)).flat()

const odooOf = (tenant: string, now: number): readonly Sample[] => [
  ...sample(odooUp, { tenant }, 1),
  ...times(CRONS, (c) => {
    const keys = { tenant, cron: `Cron ${c}` }
    return [
      ...sample(odooCronActive, keys, 1),
      ...sample(odooCronNextCall, keys, now + 3600),
      ...sample(odooCronRunning, keys, 0),
      ...sample(odooCronFailures, keys, 0),
    ]
  }),
  ...times(CHANNELS, (c) =>
    ['pending', 'enqueued', 'started', 'failed'].flatMap((state) =>
      sample(odooQueueJobs, { tenant, channel: `root.${c}`, state }, c),
    ),
  ),
]

const calendarOf = (tenant: string, now: number): readonly Sample[] =>
  (['open', 'peak', 'cut-off', 'close'] as const).flatMap((kind) => {
    const keys = { tenant, business_window: kind, kind, process: kind === 'open' ? '' : 'logistics', warehouse: '' }
    return [
      ...sample(windowActive, keys, 1),
      ...sample(windowSensitivity, keys, 2),
      ...sample(windowEnd, keys, now + 3600),
    ]
  })

const tenantOf = (i: number, now: number): readonly Sample[] => {
  const [tenant, cluster] = [`tenant-${i}`, `pg-${i % CLUSTERS}`]
  return [
    ...sample(tenantInfo, { tenant, tier: tierOf(i), db_cluster: cluster }, 1),
    ...sample(tenantDatabaseInfo, { tenant, server: cluster, datname: tenant, db_cluster: cluster }, 1),
    ...flowsOf(tenant, i),
    ...odooOf(tenant, now),
    ...calendarOf(tenant, now),
  ]
}

const rulesAnswer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        evaluationTime: z.number(),
        rules: z.array(
          z.object({
            name: z.string(),
            health: z.string(),
            lastError: z.string().optional(),
            evaluationTime: z.number(),
            alerts: z.array(z.unknown()).optional(),
          }),
        ),
      }),
    ),
  }),
})

const cleanups = createCleanups()
const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-bench-'))
cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
try {
  const now = Date.now() / 1000
  const exposition = createExposition(() => 0)
  const estate = [
    ...sample(buildInfo, { version: '0', node_version: process.version }, 1),
    ...sample(configLastReloadSuccess, {}, now),
    ...times(CLUSTERS, (c) => sample(serverInfo, { server: `pg-${c}`, db_cluster: `pg-${c}` }, 1)),
    ...times(tenants, (i) => tenantOf(i, now)),
  ]
  await exposition.put({ target: 'bench', collector: 'bench', part: '' }, estate, Number.POSITIVE_INFINITY)
  const text = exposition.page().text
  const page = await exposition.page().gzip()
  say(`page: ${estate.length} samples, ${(text.length / 1e6).toFixed(1)} MB`)
  const replicas = [0, 1].map(() =>
    createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-encoding': 'gzip' }).end(page),
    ),
  )
  const addresses: string[] = []
  for (const server of replicas) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    addresses.push(`127.0.0.1:${(server.address() as AddressInfo).port}`)
    cleanups.defer(() => void server.close())
  }
  const binary = findBinary(['prometheus'])
  if (binary === undefined) throw new Error('prometheus is lacking')
  const config = prometheusConfig({
    targets: addresses,
    alertmanager: undefined,
    ruleFiles: SHIPPED.ruleFiles,
    interval: INTERVAL,
  }).replace(/scrape_timeout: .*/, 'scrape_timeout: 25s')
  const prometheus = await startPrometheus({ binary, dir, config })
  cleanups.defer(() => prometheus.process.stop())
  const most = new Map<string, number[]>()
  const end = Date.now() + minutes * 60_000
  while (Date.now() < end) {
    await delay(INTERVAL)
    const { data } = rulesAnswer.parse(await (await fetch(`${prometheus.url}/api/v1/rules`)).json())
    for (const { name, evaluationTime, rules } of data.groups) {
      most.set(name, [...(most.get(name) ?? []), evaluationTime])
      for (const rule of rules) if (rule.health === 'err') say(`${name}/${rule.name}: ${rule.lastError}`)
    }
  }
  const { data } = rulesAnswer.parse(await (await fetch(`${prometheus.url}/api/v1/rules`)).json())
  say(`${'group'.padEnd(24)}${'median s'.padStart(10)}${'max s'.padStart(10)}${'alerts'.padStart(10)}`)
  for (const [name, each] of most) {
    // The first ones have nothing to read.
    const sorted = each.slice(2).toSorted((a, b) => a - b)
    const group = data.groups.find((of) => of.name === name)
    const alerts = group?.rules.reduce((n, rule) => n + (rule.alerts?.length ?? 0), 0) ?? 0
    say(
      `${name.padEnd(24)}${(sorted[sorted.length >> 1] ?? 0).toFixed(3).padStart(10)}${(sorted.at(-1) ?? 0).toFixed(3).padStart(10)}${`${alerts}`.padStart(10)}`,
    )
  }
  const together = data.groups.reduce((sum, { evaluationTime }) => sum + evaluationTime, 0)
  say(`all ${data.groups.length} groups, the last time: ${together.toFixed(1)} s of every ${INTERVAL / 1000} s`)
  const slowest = data.groups.flatMap(({ rules }) => rules).toSorted((a, b) => b.evaluationTime - a.evaluationTime)
  for (const { name, evaluationTime } of slowest.slice(0, 12)) say(`  ${name.padEnd(34)}${evaluationTime.toFixed(3)} s`)
  const own = await (await fetch(`${prometheus.url}/metrics`)).text()
  const figure = (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(own)?.[1])
  say(`series in the head: ${figure('prometheus_tsdb_head_series')}`)
  say(`resident memory of Prometheus: ${(figure('process_resident_memory_bytes') / 1e6).toFixed(0)} MB`)
} finally {
  for (const failure of await cleanups.run()) say(`while ending: ${String(failure)}`)
}
