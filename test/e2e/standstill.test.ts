/**
 * A business that stands still, told as one story on real parts: first all is well and nobody is told; then everything
 * stops during a freeze; meanwhile the Odoo dies, and the exporter starts again; then the freeze ends. The rules are the
 * shipped ones, but that they keep firing over gaps of seconds, not minutes: what lasts longer, lasts because it is held.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { odooUp } from '../../collectors/odoo/info.ts'
import { createCleanups } from '../../demo/cleanups.ts'
import type { Condition } from '../../demo/day/conditions.ts'
import { signalTo } from '../../demo/processes.ts'
import type { HttpPart } from '../../demo/prometheus.ts'
import type { Notification } from '../../demo/receiver.ts'
import { runService, type Service } from '../../demo/service.ts'
import { type Demo, startDemo } from '../../demo/start.ts'
import { windowActive } from '../../src/calendar/metrics.ts'
import { flowAsOf, flowVerdicts } from '../../src/flow/metrics.ts'
import { type PromQL, promql, where } from '../../src/metric.ts'
import { lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'
import { needs } from '../support/needs.ts'
import {
  activeAlerts,
  ask,
  evaluations,
  firing,
  isIt,
  notificationsOf,
  type Rule,
  type Told,
  writeRules,
} from './support.ts'

const TENANT = 'acme'
const STEP = 240_000
const TIMEOUT = 500_000
/** Of rules: enough for a symptom to end, or to be told again, if it were to. */
const SOME = 25
/** Much shorter than that many evaluations, and longer than one gap between two of them. */
const KEPT = '10s'
const BURN_GROUP = 'odoo-flow-burn-fast'

const flowAlert = (flow: string, severity: string): Told => ({
  alert: 'OdooFlowBurnFast',
  labels: { tenant: TENANT, flow, severity },
})
const IMPORTS = flowAlert('order-import', 'page')
const LABELS = flowAlert('carrier-label', 'page')
const PAGES = [IMPORTS, LABELS]
const TICKET = flowAlert('background-jobs', 'ticket')
const ALL_ELSE: readonly Condition[] = ['import-stalled', 'job-runner-dead', 'cron-stopped', 'reservations-failing']

const keptBriefly = (rule: Rule): Rule => ('keep_firing_for' in rule ? { ...rule, keep_firing_for: KEPT } : rule)

const cleanups = createCleanups()
const told: (readonly [string, string])[] = []
let dir: string
let demo: Demo
let service: Service
let prometheus: HttpPart
let alertmanager: HttpPart

const listenOf = ({ url }: Service): string => new URL(url).host
const begun = async (query: PromQL, is: boolean): Promise<void> =>
  eventually(
    async () =>
      expect({ query: query.text, is: (await ask(prometheus, query.text)).length > 0 }).toEqual({
        query: query.text,
        is,
      }),
    STEP,
    250,
  )
const timed = async (what: string, run: () => Promise<void>): Promise<void> => {
  const began = performance.now()
  await run()
  told.push([what, `${((performance.now() - began) / 1000).toFixed(1)} s`])
}

const isWatchdog = ({ labels }: { readonly labels: Readonly<Record<string, string>> }): boolean =>
  labels.alertname === 'OdooPulseWatchdog'
const everTold = () =>
  demo.receiver.notifications().flatMap(({ alerts }) => alerts.filter((alert) => !isWatchdog(alert)))

/** As an operator changes it: the file, then SIGHUP. */
const setFreeze = (isOn: boolean): void => {
  const config = parse(readFileSync(service.config, 'utf8'))
  const { freeze: _, ...windows } = config.calendar.windows
  const freeze = { kind: 'freeze', rrule: 'FREQ=DAILY', tenants: [TENANT] }
  config.calendar.windows = isOn ? { ...windows, freeze } : windows
  writeFileSync(service.config, stringify(config))
  signalTo([service.process.pid], 'SIGHUP')
}
const frozen = promql`${where(windowActive, { kind: 'freeze', tenant: TENANT })} == ${1}`
/** How many of the flows that page have a ledger that is looked at. */
const flowsSeen = promql`count(${flowAsOf}{tenant="${TENANT}",flow=~"${PAGES.map(({ labels }) => labels.flow).join('|')}"})`
const allSeen = promql`${flowsSeen} == ${PAGES.length}`

/** Each is the one trouble that began first. */
const lasts = async (): Promise<void> => {
  for (const page of PAGES) {
    expect(await firing(alertmanager, page)).toBeDefined()
    expect(notificationsOf(demo.receiver, page, 'resolved')).toEqual([])
    const alerts = notificationsOf(demo.receiver, page, 'firing').flatMap((each) => each.alerts)
    const begins = alerts.filter(({ labels }) => isIt(page, labels)).map(({ startsAt }) => startsAt)
    expect(new Set(begins).size).toBe(1)
  }
}

/** What a notification says, but for its words. */
const saidBy = ({ receiver, groupLabels, alerts }: Notification): string =>
  JSON.stringify([
    receiver,
    groupLabels,
    alerts.map(({ labels, status }) => [status, ...Object.entries(labels).flat()].join()).toSorted(),
  ])

beforeAll(async () => {
  const lacking = lackingParts()
  if (lacking.some(({ name }) => name === 'prometheus' || name === 'alertmanager')) return
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  cleanups.defer(() => rmSync(dir, { recursive: true, force: true }))
  const ruleFiles = [writeRules(dir, keptBriefly)]
  const options = { for: undefined, listen: { host: '127.0.0.1', port: 0 }, faults: [], speed: 60, install: false }
  demo = await startDemo(options, lacking, {
    watching: { ruleFiles, interval: 1000 },
    cleanups,
    say: () => undefined,
    step: (_, run) => run(),
    died: () => undefined,
  })
  if (!demo.prometheus || !demo.alertmanager) throw new Error('Prometheus and Alertmanager have not started')
  service = demo.service
  prometheus = demo.prometheus
  alertmanager = demo.alertmanager
})
afterAll(async () => {
  process.stdout.write(`\n${told.map(([what, after]) => `${what.padEnd(76)}${after.padStart(9)}`).join('\n')}\n`)
  expect(await cleanups.run()).toEqual([])
})

const ends: (() => void)[] = []
const needed = (context: TestContext) => needs(context, 'prometheus', 'alertmanager')

describe('a standstill', { timeout: TIMEOUT }, () => {
  test('before: of an estate that is well nobody is told anything', async (context) => {
    needed(context)
    for (const { labels } of [...PAGES, TICKET]) {
      const seen = where(flowVerdicts, { tenant: TENANT, flow: labels.flow ?? '', window: '6h', result: 'good' })
      await begun(promql`${seen}`, true)
    }
    await evaluations(prometheus, BURN_GROUP, SOME)
    expect(everTold().map(({ labels }) => labels)).toEqual([])
  })

  test('everything stops: pages for what is promised, while a freeze holds the ticket back', async (context) => {
    needed(context)
    setFreeze(true)
    await begun(frozen, true)
    const conditions = demo.estate.day.conditions(TENANT)
    const stop = (...what: readonly Condition[]) => ends.push(...what.map((condition) => conditions.begin(condition)))
    const isTold = (page: Told) =>
      eventually(() => expect(notificationsOf(demo.receiver, page, 'firing')[0]?.receiver).toBe('on-call'), STEP)
    // While jobs are still run: those for labels fail.
    stop('carrier-down')
    await timed('the carrier is down → carrier-label: page to on-call', () => isTold(LABELS))
    stop(...ALL_ELSE)
    await timed('all else stops → order-import: page to on-call', () => isTold(IMPORTS))
    await timed('all else stops → background-jobs: ticket, held back by the freeze', () =>
      eventually(async () => {
        const ticket = await firing(alertmanager, TICKET)
        const freeze = await firing(alertmanager, { alert: 'OdooBusinessFreeze', labels: { tenant: TENANT } })
        expect(freeze).toBeDefined()
        expect(ticket?.status.inhibitedBy).toContain(freeze?.fingerprint)
      }, STEP),
    )
    expect(notificationsOf(demo.receiver, TICKET, 'firing')).toEqual([])
  })

  test('its Odoo dies meanwhile: nothing is resolved for lack of data', async (context) => {
    needed(context)
    await demo.estate.odoos[TENANT].faults.down(true)
    await begun(promql`${where(odooUp, { tenant: TENANT })} == ${0}`, true)
    await timed('its Odoo dies → its flows can no longer be seen', () => begun(flowsSeen, false))
    await evaluations(prometheus, BURN_GROUP, SOME)
    await lasts()
    await demo.estate.odoos[TENANT].faults.down(false)
    await timed('its Odoo is back → its flows are seen again', () => begun(allSeen, true))
    await evaluations(prometheus, BURN_GROUP, SOME)
    await lasts()
  })

  test('the exporter starts again meanwhile: nothing is resolved, and nobody is told twice', async (context) => {
    needed(context)
    await service.process.stop()
    await begun(promql`up == ${0}`, true)
    await evaluations(prometheus, BURN_GROUP, SOME)
    await lasts()
    service = await runService({ dir: demo.dir, listen: listenOf(service) })
    cleanups.defer(() => service.process.stop())
    await timed('the exporter starts again → its flows are seen again', () => begun(allSeen, true))
    await evaluations(prometheus, BURN_GROUP, SOME)
    await lasts()
    // Of a group something else is said each time: another alert has come or gone.
    const said = Map.groupBy(
      demo.receiver.notifications().filter(({ alerts }) => !alerts.every(isWatchdog)),
      ({ receiver, groupLabels }) => JSON.stringify([receiver, groupLabels]),
    )
    for (const ofGroup of said.values()) {
      const texts = ofGroup.map(saidBy)
      expect(texts.filter((text, i) => text === texts[i - 1])).toEqual([])
    }
  })

  test('the freeze ends: the ticket is told', async (context) => {
    needed(context)
    setFreeze(false)
    await begun(frozen, false)
    await timed('the freeze ends → background-jobs: ticket to office', () =>
      eventually(() => expect(notificationsOf(demo.receiver, TICKET, 'firing')[0]?.receiver).toBe('office'), STEP),
    )
    for (const end of ends) end()
    expect((await activeAlerts(alertmanager)).filter(isWatchdog)).toHaveLength(1)
  })
})
