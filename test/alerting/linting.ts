/** Linting of texts, for tests: beside the shipped rules, which are known and not checked. */
import { stringify } from 'yaml'
import { ruleFiles } from '../../alert-rules/index.ts'
import { collectors } from '../../collectors/index.ts'
import { lint } from '../../src/alerting/lint/checks.ts'
import type { Finding } from '../../src/alerting/lint/finding.ts'
import { materialOf, type Sources } from '../../src/alerting/lint/material.ts'
import { polledMetrics } from '../../src/alerting/lint/metrics.ts'
import { RELATIVE, renderRuleFile } from '../../src/alerting/render.ts'
import { alertsOf, recordingsOf } from '../../src/alerting/rule.ts'
import { RUNBOOK_SECTIONS } from '../../src/alerting/runbook_sections.ts'

const runbook = (name: string, sections: readonly string[]): string =>
  [`# ${name}`, ...sections.map((section) => `## ${section}`)].join('\n\nAs it is.\n\n')

/** A runbook in its sections. */
export const bookOf = (name: string) => ({ file: `books/${name}.md`, text: runbook(name, RUNBOOK_SECTIONS.alert) })

/** Enough of what is shipped for every case. */
const known = ruleFiles.filter(({ subject }) => ['estate', 'flows', 'odoo'].includes(subject))
const books = alertsOf(known).map(({ name }) => bookOf(name))

const shipped: Sources = {
  rules: [],
  generated: {
    dashboards: [],
    rules: known.map((each) => ({ file: `rules/${each.subject}.yaml`, text: renderRuleFile(each, RELATIVE) })),
  },
  isInstallation: false,
  dashboards: [],
  alertmanager: undefined,
  runbooks: books,
  tests: undefined,
  estate: {
    tenants: ['acme'],
    tiers: ['shared'],
    clusters: ['main'],
    processes: ['sales', 'platform'],
    flows: undefined,
    alertmanager: '0.25',
  },
  metrics: polledMetrics(collectors),
  recordings: recordingsOf(ruleFiles).map(({ record }) => record),
  foreign: [],
}

export const found = (sources: Partial<Sources>): readonly Finding[] => lint(materialOf({ ...shipped, ...sources }))

/** An alert that nothing is wrong with. */
export const fine = {
  alert: 'Own',
  expr: 'max by (tenant) (odoo_up) == 0',
  for: '5m',
  keep_firing_for: '5m',
  labels: { severity: 'page', layer: 'cause', process: 'platform' },
  annotations: {
    summary: 'It is down.',
    description: 'It does not answer.',
    impact: 'Nobody can work.',
    runbook_url: 'books/Own.md',
  },
} as const

type Rule = Readonly<Record<string, unknown>>

/** A rule file with this one rule in it. */
export const ruleFile = (rule: Rule, group: Rule = {}) => ({
  file: 'own.yaml',
  text: stringify({ groups: [{ name: 'own', ...group, rules: [rule] }] }, { lineWidth: 0 }),
})

/** The fine alert, but for this. */
export const alert = (but: Rule) => ({ rules: [ruleFile({ ...fine, ...but })], runbooks: [...books, bookOf('Own')] })
export const asking = (text: string) => alert({ annotations: { ...fine.annotations, description: text } })

/** Panels with one query each. */
export const dashboard = (...queries: readonly (string | Rule)[]) => ({
  dashboards: [
    {
      file: 'own.json',
      text: JSON.stringify(
        {
          title: 'Own',
          panels: queries.map((query, i) => ({
            title: `Panel ${i + 1}`,
            ...(typeof query === 'string' ? { targets: [{ refId: 'A', expr: query }] } : query),
          })),
        },
        null,
        2,
      ),
    },
  ],
})

export const alertmanager = (config: Rule) => ({
  alertmanager: { file: 'alertmanager.yml', text: stringify(config) },
})

/** An Alertmanager's configuration that nothing is wrong with, and parts of it. */
export const INHIBITION = {
  source_matchers: ['severity="page"', 'layer="symptom"', 'tenant=~".+"'],
  target_matchers: ['severity="ticket"', 'layer="cause"', 'tenant=~".+"'],
  equal: ['tenant'],
}
export const ROUTE = { receiver: 'all', routes: [{ matchers: ['severity="page"'], receiver: 'on-call' }] }
export const RECEIVERS = [
  { name: 'all', webhook_configs: [{ url: 'http://127.0.0.1:1/' }] },
  { name: 'on-call', slack_configs: [{ api_url_file: '/run/slack', channel: '#x' }] },
]
/** The configuration, or one inhibition of it, but for this. */
export const routing = (but: object) =>
  alertmanager({ route: ROUTE, receivers: RECEIVERS, inhibit_rules: [INHIBITION], ...but })
export const inhibiting = (but: object) => routing({ inhibit_rules: [{ ...INHIBITION, ...but }] })

const replicas = (series: string) =>
  ['a', 'b'].map((instance) => ({ series: `${series}{instance="${instance}"}`, values: '0x9' }))
/** Looks at the fine alert, as promtool is told of them. */
export const firing = { alertname: 'Own', eval_time: '5m', exp_alerts: [{}] }
export const silent = { alertname: 'Own', eval_time: '1m', exp_alerts: [] }
/** Its tests, but for this. */
export const testFile = (but: object, cases: readonly object[] = [firing, silent]) => ({
  ...alert({}),
  tests: [
    {
      file: 'tests/own.yaml',
      text: JSON.stringify({
        rule_files: ['../own.yaml'],
        tests: [{ name: 'down', input_series: replicas('odoo_up'), alert_rule_test: cases }],
        ...but,
      }),
    },
  ],
})
export const twoGroups = {
  file: 'own.yaml',
  text: JSON.stringify({
    groups: [
      { name: 'own', rules: [fine] },
      { name: 'records', rules: [{ record: 'own:up:bool', expr: 'max by (tenant) (odoo_up)' }] },
    ],
  }),
}

/** A share of what happened. */
export const SHARE =
  'sum by (tenant) (max by (tenant, server, code) (increase(odoo_ingress_requests_total{tenant!="",code="500"}[5m]))) / (sum by (tenant) (max by (tenant, server, code) (increase(odoo_ingress_requests_total{tenant!=""}[5m]))) > 0)'
/** A symptom that goes on while nothing is seen. */
export const HELD =
  'max by (tenant) (odoo_up) == 0 or on (tenant) max by (tenant) (ALERTS{alertname="Own",alertstate="firing"}) unless on (tenant) max by (tenant) (odoo_up)'
export const SYMPTOM = { ...fine.labels, layer: 'symptom' }

export type Case = readonly [what: string, sources: Partial<Sources>]
