/** Inhibition and grouping as a running Alertmanager does them, read back from it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { alertmanagerConfig, startAlertmanager } from '../../demo/alertmanager.ts'
import { createCleanups } from '../../demo/cleanups.ts'
import type { HttpPart } from '../../demo/prometheus.ts'
import { type Receiver, startReceiver } from '../../demo/receiver.ts'
import type { Labels } from '../../src/alerting/alertmanager/matchers.ts'
import { findBinary, lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'

const cleanups = createCleanups()
let alertmanager: HttpPart
let receiver: Receiver

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
  if (lackingParts().some(({ name }) => name === 'alertmanager')) return
  receiver = await startReceiver(() => undefined)
  cleanups.defer(receiver.stop)
  const binary = findBinary(['prometheus-alertmanager', 'alertmanager']) ?? ''
  alertmanager = await startAlertmanager({ binary, dir, config: alertmanagerConfig(receiver.webhook) })
  cleanups.defer(() => alertmanager.process.stop())
})
afterAll(async () => {
  expect(await cleanups.run()).toEqual([])
})

const json = { 'content-type': 'application/json' }
const post = async (path: string, body: unknown): Promise<unknown> => {
  const response = await fetch(`${alertmanager.url}/api/v2/${path}`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return response.text().then((text) => (text === '' ? undefined : JSON.parse(text)))
}

/** Every test has tenants and machine groups of its own: they share one Alertmanager. */
const fire = (...alerts: readonly Labels[]): Promise<unknown> =>
  post(
    'alerts',
    alerts.map((labels) => ({ labels, annotations: { summary: 'It fires.' }, endsAt: new Date(Date.now() + 600_000) })),
  )

const found = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    fingerprint: z.string(),
    status: z.object({ state: z.string(), inhibitedBy: z.array(z.string()), silencedBy: z.array(z.string()) }),
  }),
)
const statusOf = async (labels: Labels) => {
  const filter = Object.entries(labels).map(
    ([name, value]) => `filter=${encodeURIComponent(`${name}=${JSON.stringify(value)}`)}`,
  )
  const response = await fetch(`${alertmanager.url}/api/v2/alerts?${filter.join('&')}`)
  const own = found
    .parse(await response.json())
    .filter((each) => Object.keys(each.labels).length === Object.keys(labels).length)
  return own[0]?.status
}

const isHeldBack = async (labels: Labels, held: boolean): Promise<void> =>
  eventually(async () => {
    const status = await statusOf(labels)
    expect({ labels, seen: status !== undefined && status.state !== 'unprocessed' }).toEqual({ labels, seen: true })
    expect({ labels, held: (status?.inhibitedBy.length ?? 0) > 0 }).toEqual({ labels, held })
  })

const symptom = (tenant: string, cluster: string, more: Labels = {}): Labels => ({
  ...{ alertname: 'OdooFlowBurnFast', severity: 'page', layer: 'symptom', process: 'sales', flow: 'paid-order' },
  ...{ tenant, tier: 'shared', db_cluster: cluster },
  ...more,
})
const ticket = (alertname: string, layer: string, more: Labels): Labels => ({
  ...{ alertname, severity: 'ticket', layer, process: 'platform' },
  ...more,
})

test('a page of a flow holds back the tickets of the same flow, and of no other', async (context) => {
  needs(context, 'alertmanager')
  const [page, slow] = [symptom('t1', 'c1'), symptom('t1', 'c1', { alertname: 'OdooFlowBurnSlow', severity: 'ticket' })]
  const others = [
    { ...slow, flow: 'picking' },
    { ...slow, tenant: 't1b' },
    { ...slow, severity: 'page' },
  ]
  await fire(page, slow, ...others)
  await isHeldBack(slow, true)
  for (const other of others) await isHeldBack(other, false)
})

test('of two replicas’ alerts nothing is held back that one alone would not', async (context) => {
  needs(context, 'alertmanager')
  const [page, slow] = [symptom('t2', 'c2'), symptom('t2', 'c2', { alertname: 'OdooFlowBurnSlow', severity: 'ticket' })]
  await fire(page, slow)
  await fire(page, slow)
  await isHeldBack(slow, true)
  await isHeldBack(page, false)
})

test('an Odoo that does not answer holds back the tickets for its unreadable flows, not the pages', async (context) => {
  needs(context, 'alertmanager')
  const down = { ...symptom('t3', 'c3', { alertname: 'OdooUnreachable', process: 'platform' }) }
  const { flow: _, ...unreachable } = down
  const unreadable = symptom('t3', 'c3', { alertname: 'OdooUnreadable', severity: 'ticket', flow: 'picking' })
  const page = symptom('t3', 'c3', { alertname: 'OdooUnreadable', flow: 'carrier-label' })
  const other = { ...unreadable, tenant: 't3b' }
  await fire(unreachable, unreadable, page, other)
  await isHeldBack(unreadable, true)
  await isHeldBack(page, false)
  await isHeldBack(other, false)
})

test('a database that is down holds back the tickets of its machine group alone', async (context) => {
  needs(context, 'alertmanager')
  const down = {
    ...{ alertname: 'OdooDatabaseDown', severity: 'page', layer: 'symptom', process: 'platform' },
    db_cluster: 'c4',
  }
  const own = symptom('t4', 'c4', { severity: 'ticket' })
  const [page, other, without] = [
    symptom('t4c', 'c4'),
    symptom('t4b', 'c4b', { severity: 'ticket' }),
    ticket('OdooPulseProbeFailing', 'telemetry', { target: 't4' }),
  ]
  await fire(down, own, page, other, without)
  await isHeldBack(own, true)
  for (const each of [page, other, without, down]) await isHeldBack(each, false)
})

test('causes that are tickets are held back where a symptom names them: of the tenant, or of its machine group', async (context) => {
  needs(context, 'alertmanager')
  const page = symptom('t5', 'c5')
  const ofTenant = ticket('OdooCronLate', 'cause', { tenant: 't5', cron: 'Mail', tier: 'shared', db_cluster: 'c5' })
  const ofServer = ticket('OdooPostgresStandbyLagging', 'cause', { server: 'pg5', db_cluster: 'c5' })
  const apart = [
    { ...ofTenant, tenant: 't5b' },
    { ...ofServer, db_cluster: 'c5b' },
    ticket('OdooRedisEvicting', 'cause', { server: 'cache5' }),
    { ...ofServer, alertname: 'OdooPostgresSessionsBlocked', severity: 'page' },
  ]
  await fire(page, ofTenant, ofServer, ...apart)
  await isHeldBack(ofTenant, true)
  await isHeldBack(ofServer, true)
  for (const each of apart) await isHeldBack(each, false)
})

test('in a freeze, and in planned work, the tenant’s tickets wait, its pages do not', async (context) => {
  needs(context, 'alertmanager')
  for (const alertname of ['OdooBusinessFreeze', 'OdooBusinessMaintenance']) {
    const tenant = `t6 ${alertname}`
    const window = {
      ...{ alertname, severity: 'none', layer: 'inhibitor', process: 'platform' },
      tenant,
      tier: 'shared',
      db_cluster: 'c6',
    }
    const own = symptom(tenant, 'c6', { severity: 'ticket' })
    const others = [
      symptom(tenant, 'c6'),
      { ...own, tenant: 't6b' },
      ticket('OdooPulseReplicaMissing', 'telemetry', {}),
    ]
    // The page would hold the ticket back by itself: of another flow.
    await fire(window, own, { ...others[0], flow: 'picking' }, ...others.slice(1))
    await isHeldBack(own, true)
    await isHeldBack({ ...others[0], flow: 'picking' }, false)
    for (const each of others.slice(1)) await isHeldBack(each ?? {}, false)
  }
})

const toldOf = (labels: Labels, status: 'firing' | 'resolved' = 'firing') =>
  receiver
    .notifications()
    .filter(({ alerts }) =>
      alerts.some(
        (alert) =>
          alert.status === status && Object.entries(labels).every(([name, value]) => alert.labels[name] === value),
      ),
    )

test('a symptom that somebody has silenced swallows no page', async (context) => {
  needs(context, 'alertmanager')
  const silenced = symptom('t7', 'c7')
  await post('silences', {
    matchers: [
      { name: 'tenant', value: 't7', isRegex: false, isEqual: true },
      { name: 'alertname', value: 'OdooFlowBurnFast', isRegex: false, isEqual: true },
    ],
    startsAt: new Date(),
    endsAt: new Date(Date.now() + 600_000),
    createdBy: 'a test',
    comment: 'known',
  })
  const pages = [
    symptom('t7', 'c7', { alertname: 'OdooUnreadable' }),
    symptom('t7', 'c7', { alertname: 'OdooFlowStalled' }),
    {
      ...{ alertname: 'OdooPostgresSessionsBlocked', severity: 'page', layer: 'cause', process: 'platform' },
      server: 'pg7',
      datname: 't7',
      db_cluster: 'c7',
    },
    { ...{ alertname: 'OdooDatabaseDown', severity: 'page', layer: 'symptom', process: 'platform' }, db_cluster: 'c7' },
  ]
  await fire(silenced, ...pages)
  await eventually(async () => expect((await statusOf(silenced))?.silencedBy).toHaveLength(1))
  for (const page of pages) await eventually(() => expect(toldOf(page).length, page.alertname).toBeGreaterThan(0))
  expect(toldOf(silenced)).toEqual([])
})

test('forty tenants on one machine group are one notification, to whom is on call', async (context) => {
  needs(context, 'alertmanager')
  const tenants = Array.from({ length: 40 }, (_, i) => symptom(`many ${i}`, 'c8'))
  await fire(...tenants)
  await eventually(() => expect(toldOf({ db_cluster: 'c8' })).toHaveLength(1))
  const [told] = toldOf({ db_cluster: 'c8' })
  expect(told?.alerts).toHaveLength(40)
  expect(told?.receiver).toBe('on-call')
  // A tenant with machines of its own is told by itself.
  await fire(symptom('alone', 'c8', { tier: 'dedicated' }))
  await eventually(() => expect(toldOf({ tenant: 'alone' })).toHaveLength(1))
  expect(toldOf({ tenant: 'alone' })[0]?.groupLabels).toEqual({ tenant: 'alone' })
  expect(toldOf({ tenant: 'many 0' })).toHaveLength(1)
})

test('tickets go to the office, those of Odoo Pulse itself to the platform, the watchdog to its own', async (context) => {
  needs(context, 'alertmanager')
  const alerts = {
    office: ticket('OdooCronLate', 'cause', { tenant: 't9', cron: 'Mail', tier: 'shared', db_cluster: 'c9' }),
    platform: ticket('OdooPulseProbeFailing', 'telemetry', { target: 't9' }),
    watchdog: { alertname: 'OdooPulseWatchdog', severity: 'none', layer: 'telemetry', process: 'platform' },
  }
  await fire(...Object.values(alerts))
  for (const [who, labels] of Object.entries(alerts)) {
    await eventually(() => expect(toldOf(labels).map((told) => told.receiver)).toEqual([who]))
  }
})
