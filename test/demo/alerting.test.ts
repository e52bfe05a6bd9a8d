import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertmanagerConfig, startAlertmanager } from '../../demo/alertmanager.ts'
import { prometheusConfig, startPrometheus } from '../../demo/prometheus.ts'
import { describeAlert, startReceiver } from '../../demo/receiver.ts'
import { TEMPLATE_FILE, templateText } from '../../src/alerting/alertmanager/receivers.ts'
import { findBinary, PARTS } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'

const run = promisify(execFile)

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const binary = (name: string): string => {
  const names = PARTS.flatMap((part) => part.binaries).find((candidates) => candidates.includes(name))
  return findBinary(names ?? []) ?? name
}

const RULES = `groups:
  - name: demo
    rules:
      - alert: TargetDown
        expr: up == 0
        labels: { severity: page }
        annotations: { summary: nobody answers }
`

test('promtool accepts the configuration of Prometheus', async (context) => {
  needs(context, 'prometheus')
  const [file, rules] = [join(dir, 'check-prometheus.yml'), join(dir, 'check-rules.yaml')]
  writeFileSync(rules, RULES)
  const settings = { targets: ['127.0.0.1:18069'], ruleFiles: [rules], interval: 5000 }
  writeFileSync(file, prometheusConfig({ ...settings, alertmanager: '127.0.0.1:9093' }))
  expect((await run(binary('promtool'), ['check', 'config', file])).stdout).toMatch(
    /1 rule files found.*1 rules found/s,
  )
  writeFileSync(file, prometheusConfig({ ...settings, alertmanager: undefined, ruleFiles: [] }))
  expect((await run(binary('promtool'), ['check', 'config', file])).stdout).toContain('SUCCESS')
})

test('amtool accepts the configuration of Alertmanager', async (context) => {
  needs(context, 'alertmanager')
  const file = join(dir, 'check-alertmanager.yml')
  writeFileSync(join(dir, TEMPLATE_FILE), templateText)
  writeFileSync(file, alertmanagerConfig('http://127.0.0.1:1/notifications'))
  expect((await run(binary('amtool'), ['check-config', file])).stdout).toContain('SUCCESS')
})

test('an alert goes from Prometheus by Alertmanager to the receiver, and is said in a line', async (context) => {
  needs(context, 'prometheus', 'alertmanager')
  const said: string[] = []
  const receiver = await startReceiver((line) => said.push(line))
  const rules = join(dir, 'rules.yaml')
  writeFileSync(rules, RULES)
  const alertmanager = await startAlertmanager({
    binary: binary('prometheus-alertmanager'),
    dir,
    config: alertmanagerConfig(receiver.webhook),
  })
  // Port 9, discard: nobody listens there.
  const settings = { targets: ['127.0.0.1:9'], ruleFiles: [rules], interval: 1000 }
  const prometheus = await startPrometheus({
    binary: binary('prometheus'),
    dir,
    config: prometheusConfig({ ...settings, alertmanager: new URL(alertmanager.url).host }),
  })
  try {
    await eventually(() => expect(said).toEqual(['FIRING TargetDown (severity=page) to on-call: nobody answers']))
    const listed: unknown = await (await fetch(receiver.url)).json()
    expect(listed).toMatchObject([{ status: 'firing', alerts: [{ labels: { alertname: 'TargetDown' } }] }])
  } finally {
    await prometheus.process.stop()
    await alertmanager.process.stop()
    await receiver.stop()
  }
})

test('the receiver refuses what is no notification', async () => {
  const receiver = await startReceiver(() => undefined)
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(receiver.webhook, { method: 'POST', headers, body: '{"status":"on fire"}' })
    expect(response.status).toBe(400)
    expect(receiver.notifications()).toEqual([])
  } finally {
    await receiver.stop()
  }
})

test('a line says where an alert is, without what Prometheus adds', () => {
  const labels = { alertname: 'Lagging', instance: '127.0.0.1:1', job: 'odoo-pulse', server: 'pg-standby' }
  const alert = { labels, annotations: {}, startsAt: '', endsAt: '' }
  expect(describeAlert({ ...alert, status: 'resolved' }, 'office')).toBe(
    'RESOLVED Lagging (server=pg-standby) to office',
  )
})
