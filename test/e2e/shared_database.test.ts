/**
 * Forty tenants on one machine group whose database dies, on a real Prometheus and Alertmanager: whoever is on call gets
 * one notification, in which all of it stands. The page is a made one: no demo has so many tenants.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { odooUp } from '../../collectors/odoo/info.ts'
import { pgReplicationIsReplica } from '../../collectors/postgres/replication.ts'
import { pgUp } from '../../collectors/postgres/server.ts'
import { alertmanagerConfig, startAlertmanager } from '../../demo/alertmanager.ts'
import { createCleanups } from '../../demo/cleanups.ts'
import { type HttpPart, prometheusConfig, startPrometheus } from '../../demo/prometheus.ts'
import { type Receiver, startReceiver } from '../../demo/receiver.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { serverInfo, tenantDatabaseInfo, tenantInfo } from '../../src/tenants.ts'
import { findBinary, lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'
import { activeAlerts, ask, evaluations, impatient, writeRules } from './support.ts'

const TENANTS = Array.from({ length: 40 }, (_, i) => `tenant-${i}`)
const [server, db_cluster] = ['pg1', 'main']

const line = <L extends string>(
  { name }: MetricDescriptor<L>,
  labels: Readonly<Record<L, string>>,
  value = 1,
): string =>
  `${name}{${Object.entries(labels)
    .map(([label, text]) => `${label}="${text}"`)
    .join(',')}} ${value}`

const pageOf = (isDown: boolean): string =>
  [
    line(serverInfo, { server, db_cluster }),
    line(pgUp, { server }, isDown ? 0 : 1),
    ...(isDown ? [] : [line(pgReplicationIsReplica, { server }, 0)]),
    ...TENANTS.flatMap((tenant) => [
      line(tenantInfo, { tenant, tier: 'shared', db_cluster }),
      line(tenantDatabaseInfo, { tenant, server, datname: tenant, db_cluster }),
      line(odooUp, { tenant }, isDown ? 0 : 1),
    ]),
    '',
  ].join('\n')

const cleanups = createCleanups()
let isDown = false
let receiver: Receiver
let prometheus: HttpPart
let alertmanager: HttpPart

beforeAll(async () => {
  if (lackingParts().some(({ name }) => name === 'prometheus' || name === 'alertmanager')) return
  const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
  const exporter = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(pageOf(isDown))
  })
  exporter.listen(0, '127.0.0.1')
  await once(exporter, 'listening')
  cleanups.defer(() => {
    exporter.closeAllConnections()
    exporter.close()
  })
  const address = exporter.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  receiver = await startReceiver(() => undefined)
  cleanups.defer(receiver.stop)
  // In proportion to the rules' patience as in production: it is waited until all of a trouble have been seen.
  const config = alertmanagerConfig(receiver.webhook, {
    page: ['15s', '5m', '1h'],
    ticket: ['1s', '5s', '1h'],
    watchdog: ['1s', '5s', '1h'],
  })
  const binaryOf = (...names: readonly string[]): string => findBinary(names) ?? ''
  alertmanager = await startAlertmanager({
    binary: binaryOf('prometheus-alertmanager', 'alertmanager'),
    dir,
    config,
  })
  cleanups.defer(() => alertmanager.process.stop())
  prometheus = await startPrometheus({
    binary: binaryOf('prometheus'),
    dir,
    config: prometheusConfig({
      targets: [`127.0.0.1:${address.port}`],
      alertmanager: new URL(alertmanager.url).host,
      ruleFiles: [writeRules(dir, impatient)],
      interval: 1000,
    }),
  })
  cleanups.defer(() => prometheus.process.stop())
})
afterAll(async () => {
  expect(await cleanups.run()).toEqual([])
})

const pagesTold = () =>
  receiver
    .notifications()
    .filter(({ receiver: who }) => who === 'on-call')
    .map(({ alerts }) => alerts.map(({ labels }) => labels))

test('one database dies under forty tenants: one notification', { timeout: 180_000 }, async (context) => {
  needs(context, 'prometheus', 'alertmanager')
  await eventually(async () => expect(await ask(prometheus, pgUp.name)).toHaveLength(1), 60_000)
  await evaluations(prometheus, 'odoo-postgres', 5)
  expect(pagesTold()).toEqual([])
  isDown = true
  await eventually(() => expect(pagesTold()).toHaveLength(1), 120_000)
  const [told = []] = pagesTold()
  expect(told.filter(({ alertname }) => alertname === 'OdooDatabaseDown')).toHaveLength(1)
  const unreachable = told.filter(({ alertname }) => alertname === 'OdooUnreachable').map(({ tenant }) => tenant)
  expect(unreachable.toSorted()).toEqual(TENANTS.toSorted())
  expect(told).toHaveLength(1 + TENANTS.length)

  // And it stays at one, while all go on firing.
  await evaluations(prometheus, 'odoo-postgres', 10)
  const firing = (await activeAlerts(alertmanager)).filter(({ labels }) => labels.severity === 'page')
  expect(firing).toHaveLength(1 + TENANTS.length)
  expect(pagesTold()).toHaveLength(1)
})
