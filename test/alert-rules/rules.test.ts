import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ruleFiles } from '../../alert-rules/index.ts'
import { type Alert, alertsOf } from '../../src/alerting/rule.ts'
import { reaching, rulesIn } from '../../tools/mutate/rules.ts'
import { needs } from '../support/needs.ts'
import { beginsAtTheMinute, endsAtTheMinute, type Look, looksIn, testFiles } from './cases.ts'

const root = resolve(import.meta.dirname, '../..')
const alerts = alertsOf(ruleFiles)
const promtool = (...args: readonly string[]): string =>
  execFileSync('promtool', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const rules = rulesIn(join(root, 'alert-rules/generated'))
const reads = reaching(rules)
const looks = looksIn(import.meta.dirname, rules)

test('promtool accepts the generated rules', (context) => {
  needs(context, 'prometheus')
  const files = ruleFiles.map((f) => join(root, 'alert-rules/generated', `${f.subject}.yaml`))
  expect(promtool('check', 'rules', ...files)).toContain('SUCCESS')
})

test.for(testFiles)('promtool tests the rules: %s', { timeout: 240_000 }, (file, context) => {
  needs(context, 'prometheus')
  expect(promtool('test', 'rules', file)).toContain('SUCCESS')
})

/** Its name breaks whatever quotes it wrongly. */
const NAMED = 'L\'Été "1"'
const usesCalendar = (name: string): boolean =>
  (reads.get(name) ?? []).some(({ node }) => node.expr.includes('odoo_business_window_'))
const isFiring = ({ firing }: Look): boolean => firing.size > 0

/** What a test can show of an alert, and of which alerts it can. */
const kinds: Readonly<Record<string, { of: (alert: Alert) => boolean; shown: (looks: readonly Look[]) => boolean }>> = {
  'fires, told in full': { of: () => true, shown: (of) => of.some(({ texts }) => texts.length > 0) },
  // The watchdog never is.
  'is silent': { of: ({ name }) => name !== 'OdooPulseWatchdog', shown: (of) => of.some((look) => !isFiring(look)) },
  'begins at its minute': { of: (alert) => alert.for > 0, shown: beginsAtTheMinute },
  'ends at its minute': { of: ({ keepFiringFor = 0 }) => keepFiringFor > 0, shown: endsAtTheMinute },
  'fires, seen by two replicas': {
    of: () => true,
    shown: (of) => of.some((look) => isFiring(look) && look.replicas.size > 1),
  },
  'fires while windows overlap': {
    of: ({ name }) => usesCalendar(name),
    shown: (of) => of.some((look) => isFiring(look) && [...look.windows.values()].some(({ size }) => size > 1)),
  },
  'is told of a tenant with a name to be quoted': {
    of: ({ about }) => about === 'tenant' || about === 'flow',
    shown: (of) => of.some(({ texts }) => texts.some(({ tenant }) => tenant === NAMED)),
  },
}

test.for(Object.entries(kinds))('each alert: %s', ([, { of, shown }]) => {
  const lacking = alerts.filter(of).filter(({ name }) => !shown(looks.filter(({ alert }) => alert === name)))
  expect(lacking.map(({ name }) => name)).toEqual([])
})

test('each alert that a test names exists', () => {
  const names = alerts.map(({ name }) => name)
  expect(looks.map(({ alert }) => alert).filter((name) => !names.includes(name))).toEqual([])
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
