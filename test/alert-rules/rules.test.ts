import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ruleFiles } from '../../alert-rules/index.ts'
import { alertsOf } from '../../src/alerting/rule.ts'
import { needs } from '../support/needs.ts'

const root = resolve(import.meta.dirname, '../..')
const alerts = alertsOf(ruleFiles)
const promtool = (...args: readonly string[]): string =>
  execFileSync('promtool', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

interface RuleTests {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[]
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[]
  }[]
}

const testFiles = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'))
const cases = testFiles.flatMap((name) =>
  (parse(readFileSync(join(import.meta.dirname, name), 'utf8')) as RuleTests).tests.flatMap((t) =>
    t.alert_rule_test.map((a) => ({
      ...a,
      replicas: new Set(t.input_series.map((s) => /instance="(\w+)"/.exec(s.series)?.[1])),
    })),
  ),
)

test('promtool accepts the generated rules', (context) => {
  needs(context, 'prometheus')
  const files = ruleFiles.map((f) => join(root, 'alert-rules/generated', `${f.subject}.yaml`))
  expect(promtool('check', 'rules', ...files)).toContain('SUCCESS')
})

test.for(testFiles)('promtool tests the rules: %s', (file, context) => {
  needs(context, 'prometheus')
  expect(promtool('test', 'rules', file)).toContain('SUCCESS')
})

test('every alert has a firing and a silent case, the firing one seen by two replicas', () => {
  const of = (name: string) => cases.filter((c) => c.alertname === name)
  const names = alerts.map((a) => a.name)
  expect(names.filter((n) => !of(n).some((c) => c.exp_alerts.length > 0 && c.replicas.size > 1))).toEqual([])
  // The watchdog is never silent.
  const mayBeSilent = names.filter((n) => n !== 'OdooPulseWatchdog')
  expect(mayBeSilent.filter((n) => !of(n).some((c) => c.exp_alerts.length === 0))).toEqual([])
  expect(cases.map((c) => c.alertname).filter((n) => !names.includes(n))).toEqual([])
})

test('names, summaries and waiting times follow the conventions', () => {
  for (const alert of alerts) {
    expect(alert.name).toMatch(/^Odoo[A-Z][A-Za-z]+$/)
    expect(alert.summary, alert.name).toMatch(/\.$/)
    // What waits by itself, in its windows, or is no more than a state of things.
    const isPatient = ['OdooFlowBurnFast', 'OdooFlowBurnSlow', 'OdooFlowStalled', 'OdooPulseWatchdog'].includes(
      alert.name,
    )
    if (!isPatient && alert.layer !== 'inhibitor') expect(alert.for, alert.name).toBeGreaterThan(0)
    if (alert.severity === 'page') expect(alert.keepFiringFor, alert.name).toBeGreaterThan(0)
  }
})
