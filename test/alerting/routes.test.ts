import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ruleFiles } from '../../alert-rules/index.ts'
import { dangersOf, inhibitRules } from '../../src/alerting/alertmanager/inhibitions.ts'
import { fits, is, isOneOf, type Labels } from '../../src/alerting/alertmanager/matchers.ts'
import { TEMPLATE_FILE, templateText } from '../../src/alerting/alertmanager/receivers.ts'
import { alertmanagerOf, renderAlertmanager, renderPart } from '../../src/alerting/alertmanager/render.ts'
import { NOBODY, routeOf, routeTaken, unreachableRoutes } from '../../src/alerting/alertmanager/routes.ts'
import type { InhibitRule } from '../../src/alerting/alertmanager/types.ts'
import { type Alert, alertsOf, PLATFORM } from '../../src/alerting/rule.ts'
import { needs } from '../support/needs.ts'
import { oncall } from './oncall.ts'

const alerts = alertsOf(ruleFiles)
const route = routeOf(oncall)
const TIERS = ['dedicated', 'segmented', 'shared', 'an-operator-s-own']
const TENANTS = ['acme', 'L\'Été "1"', 'a.b|c', 'aXb']

/** Every form an alert can take on its way: by tier, by the mode of its flow, by tenant, by process. */
const formsOf = ({ name, about, severity, layer }: Alert): readonly Labels[] => {
  const severities = severity === 'mode' ? ['page', 'ticket'] : [severity]
  const ofTenants = about === 'flow' || about === 'tenant'
  const tenants: readonly Labels[] = ofTenants
    ? TENANTS.flatMap((tenant) => TIERS.map((tier) => ({ tenant, tier, db_cluster: 'main' })))
    : [
        about === 'server'
          ? { server: 'pg-main', db_cluster: 'main' }
          : about === 'cluster'
            ? { db_cluster: 'main' }
            : {},
      ]
  const processes = about === 'flow' ? ['sales', 'retail', 'logistics'] : [PLATFORM]
  return tenants.flatMap((labels) =>
    severities.flatMap((each) =>
      processes.map((process): Labels => {
        const flow: Labels = about === 'flow' ? { flow: 'picking' } : {}
        return { alertname: name, severity: each, layer, process, ...labels, ...flow }
      }),
    ),
  )
}
const forms = alerts.flatMap(formsOf)

let dir: string
let file: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  file = join(dir, 'alertmanager.yml')
  writeFileSync(file, renderAlertmanager(oncall, 'odoo-pulse.yaml'))
  writeFileSync(join(dir, TEMPLATE_FILE), templateText)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const amtool = (...args: readonly string[]): string =>
  execFileSync('amtool', args, { encoding: 'utf8', cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] })

/** Who is to be told, said once more and in other words than the routes say it. */
const expected = ({ alertname, severity, layer, process = '', tenant = '', tier = '' }: Labels) => {
  if (alertname === 'OdooPulseWatchdog') return { receiver: 'deadman', group: ['alertname'], hours: undefined }
  if (severity !== 'page' && severity !== 'ticket') return { receiver: NOBODY, group: undefined, hours: undefined }
  const isVip = tenant === 'L\'Été "1"' || tenant === 'a.b|c'
  if (severity === 'page') {
    const group = tier === 'dedicated' || tier === 'segmented' ? ['tenant'] : ['db_cluster']
    return { receiver: isVip ? 'vip' : 'night', group, hours: undefined }
  }
  const group = ['tenant', 'process', 'db_cluster']
  if (layer === 'telemetry') return { receiver: 'platform', group, hours: ['office-hours'] }
  if (isVip) return { receiver: 'vip', group, hours: ['office-hours'] }
  const isShop = (process === 'sales' || process === 'retail') && tier === 'dedicated'
  return isShop
    ? { receiver: 'sales', group, hours: ['shop-hours'] }
    : { receiver: 'office', group, hours: ['office-hours'] }
}

test('every alert, of each tier, mode and process, is told to whom it is for, grouped as it should be', () => {
  expect(forms.length).toBeGreaterThan(500)
  for (const labels of forms) {
    const { receiver, group_by, active_time_intervals } = routeTaken(route, labels)
    const { receiver: to, group, hours } = expected(labels)
    expect({ labels, receiver, active_time_intervals }).toEqual({ labels, receiver: to, active_time_intervals: hours })
    if (group !== undefined) expect({ labels, group_by }).toEqual({ labels, group_by: group })
  }
})

test('no page waits for hours, and none falls through to the root', () => {
  for (const labels of forms.filter(({ severity }) => severity === 'page')) {
    const taken = routeTaken(route, labels)
    expect({ labels, hours: taken.active_time_intervals }).toEqual({ labels, hours: undefined })
    expect(taken.matchers?.length, JSON.stringify(labels)).toBeGreaterThan(0)
  }
})

test('amtool goes the same ways', (context) => {
  needs(context, 'alertmanager')
  const sample = forms.filter((_, i) => i % Math.ceil(forms.length / 120) === 0)
  for (const labels of sample) {
    const args = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    const told = amtool('config', 'routes', 'test', `--config.file=${file}`, ...args).trim()
    expect({ labels, told }).toEqual({ labels, told: routeTaken(route, labels).receiver })
  }
})

test('amtool accepts what is written, whole and as the part to merge, with every kind of receiver', (context) => {
  needs(context, 'alertmanager')
  expect(amtool('check-config', file)).toContain('SUCCESS')
  const part = renderPart(oncall, 'odoo-pulse.yaml').replace('route:\n', 'route:\n  receiver: nobody\n')
  writeFileSync(join(dir, 'merged.yml'), part)
  expect(amtool('check-config', join(dir, 'merged.yml'))).toContain('SUCCESS')
})

test('the same configuration gives the same bytes, and each part says where it is from', () => {
  const text = renderAlertmanager(oncall, 'odoo-pulse.yaml')
  expect(renderAlertmanager(structuredClone(oncall), 'odoo-pulse.yaml')).toBe(text)
  for (const from of ['oncall.watchdog', 'oncall.routes[0]', 'oncall.routes[1]', 'oncall.page', 'oncall.ticket']) {
    expect(text).toContain(`# ${from}`)
  }
})

test('every route is taken by some alert; one that can be taken by none is found', () => {
  expect(unreachableRoutes(route, forms)).toEqual([])
  const behind = {
    ...oncall,
    routes: [
      { process: ['sales'], page: 'vip' },
      { process: ['sales'], tier: ['dedicated'], page: 'night' },
    ],
  }
  expect(unreachableRoutes(routeOf(behind), forms).map(({ matchers }) => matchers?.join(', '))).toEqual([
    'process="sales", tier="dedicated", severity="page", tier=~"dedicated|segmented"',
    'process="sales", tier="dedicated", severity="page"',
  ])
})

test('matchers mean what is written, whatever is in a name', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 3 }), fc.string(), (values, other) => {
      for (const value of values) expect(fits(isOneOf('tenant', values), { tenant: value })).toBe(true)
      expect(fits(isOneOf('tenant', values), { tenant: other })).toBe(values.includes(other))
      expect(fits(is('tenant', other), { tenant: other })).toBe(true)
    }),
  )
})

test('the inhibitions are safe', () => {
  expect(inhibitRules.flatMap((rule) => dangersOf(rule, alerts))).toEqual([])
})

const broken: readonly (readonly [string, InhibitRule, string])[] = [
  [
    'a label that may be missing',
    {
      source_matchers: ['severity="page"', 'layer="symptom"'],
      target_matchers: ['severity="ticket"', 'layer="cause"', 'tenant=~".+"'],
      equal: ['tenant'],
    },
    'tenant may be missing on one side',
  ],
  [
    'a page as target',
    {
      source_matchers: ['severity="page"', 'layer="symptom"', 'tenant=~".+"'],
      target_matchers: ['layer="cause"', 'tenant=~".+"'],
      equal: ['tenant'],
    },
    'may hold back the page OdooWorkersSaturated',
  ],
  [
    'a ticket as source',
    {
      source_matchers: ['layer="cause"', 'tenant=~".+"'],
      target_matchers: ['severity="ticket"', 'tenant=~".+"'],
      equal: ['tenant'],
    },
    'OdooCronLate, of severity ticket, must hold nothing back',
  ],
  [
    'no equal',
    { source_matchers: ['severity="page"'], target_matchers: ['severity="ticket"'], equal: [] },
    'those of the whole estate',
  ],
  [
    'an alert that is not there',
    {
      source_matchers: ['alertname="OdooGone"', 'tenant=~".+"'],
      target_matchers: ['severity="ticket"', 'tenant=~".+"'],
      equal: ['tenant'],
    },
    'no alert is its source',
  ],
]

test.each(broken)('an unsafe inhibition is found: %s', (_, rule, message) => {
  expect(dangersOf(rule, alerts).join('\n')).toContain(message)
})

test('every inhibition is written', () => {
  expect(alertmanagerOf(oncall).inhibit_rules).toEqual(inhibitRules)
  expect(stringify(alertmanagerOf(oncall))).toContain('OdooBusinessFreeze')
})
