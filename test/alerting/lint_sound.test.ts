/** Where nothing is wrong nothing is found; dashboards are read whole, and findings told in order. */
import { expect, test } from 'vitest'
import { formatFinding } from '../../src/alerting/lint/finding.ts'
import {
  alert,
  asking,
  type Case,
  dashboard,
  fine,
  found,
  HELD,
  RECEIVERS,
  routing,
  SHARE,
  SYMPTOM,
  testFile,
  twoGroups,
} from './linting.ts'

const sound: readonly Case[] = [
  ['the fine one', alert({})],
  [
    'severity by the mode of the flow',
    alert({
      expr: 'odoo:flow_alerting:info and on (tenant, flow) max by (tenant, flow) (odoo_flow_open) > 9',
      labels: { layer: 'cause' },
    }),
  ],
  ['a held symptom', alert({ expr: HELD, labels: SYMPTOM })],
  [
    'a share with a floor',
    alert({
      expr: `${SHARE} > 0.05 and on (tenant) sum by (tenant) (max by (tenant, server, code) (increase(odoo_ingress_requests_total{tenant!="",code="500"}[5m]))) >= 10`,
    }),
  ],
  [
    'a share of space, not of events',
    alert({ expr: 'max by (server) (redis_memory_used_bytes) / (max by (server) (redis_memory_max_bytes) > 0) > 0.9' }),
  ],
  [
    'an exception is no absence',
    alert({
      expr: 'max by (tenant) (odoo_up) == 0 unless on (tenant) max by (tenant) (odoo_workers_saturated) == 1',
      for: '0s',
    }),
  ],
  ['a ticket need not go on firing', alert({ keep_firing_for: '0s', labels: { ...fine.labels, severity: 'ticket' } })],
  ['a label in a label', alert({ labels: { ...fine.labels, team: '{{ $labels.tenant }}' } })],
  ['a runbook in a wiki', alert({ annotations: { ...fine.annotations, runbook_url: 'https://wiki.example.com/own' } })],
  [
    'a query with a quoted name',
    asking(
      '{{ with printf "max by (flow) (odoo_flow_open{tenant=%q}) > %.0f" $labels.tenant 3.0 | query }}{{ range . }}{{ if .Labels.flow }}{{ .Labels.flow }}{{ end }}{{ end }}{{ else }}none{{ end }}',
    ),
  ],
  [
    'a closed value by a name',
    asking('{{ with printf "max(odoo_queue_jobs{state=%q})" $labels.state | query }}{{ . }}{{ else }}{{ end }}'),
  ],
  ['Prometheus’ own metrics', alert({ expr: 'min by (job) (up{job="odoo-pulse"}) == 0' })],
  ['another exporter’s, named', { ...alert({ expr: 'max by (instance) (node_load1) > 9' }), foreign: ['node_*'] }],
  ['tests in order', { ...testFile({ group_eval_order: ['records', 'own'] }), rules: [twoGroups] }],
  ['routes, inhibitions, receivers', routing({})],
  [
    'a tree that goes on',
    routing({
      route: {
        receiver: 'all',
        routes: [
          {
            matchers: ['severity="page"'],
            continue: true,
            receiver: 'on-call',
            routes: [{ matchers: ['tenant="acme"'] }],
          },
          { matchers: ['tier="shared"', 'severity=page'] },
          { match_re: { tenant: 'acme|other' } },
        ],
      },
    }),
  ],
  [
    'matchers in one text, with flags',
    routing({ route: { receiver: 'all', routes: [{ matchers: ['{severity="page", tenant=~"(?i)ACME"}'] }] } }),
  ],
  [
    'a newer Alertmanager',
    {
      ...routing({ receivers: [RECEIVERS[0], { name: 'on-call', webhook_configs: [{ url_file: '/run/hook' }] }] }),
      estate: { tenants: [], tiers: [], clusters: [], processes: undefined, flows: undefined, alertmanager: '0.28' },
    },
  ],
  [
    'a panel whose least interval is that of its metric',
    dashboard({
      interval: '1m',
      targets: [
        {
          expr: 'sum by (le) (max by (tenant, flow, le) (increase(odoo_flow_duration_seconds_bucket{tenant=~"$tenant"}[$__rate_interval])))',
        },
      ],
    }),
  ],
  ['another data source', dashboard({ targets: [{ expr: '{job="x"} |= "error"', datasource: { type: 'loki' } }] })],
]

test.for(sound)('nothing is found: %s', ([, sources]) => {
  expect(found(sources).map(formatFinding)).toEqual([])
})

test('a dashboard’s variables, annotations and rows are read too', () => {
  const text = JSON.stringify({
    dashboard: {
      title: 'Own',
      templating: {
        list: [{ name: 'tenant', type: 'query', query: { query: 'label_values(odoo_tenant_inf, tenant)' } }],
      },
      annotations: { list: [{ name: 'Windows', expr: 'odoo_window == 1' }] },
      panels: [{ title: 'Row', panels: [{ title: 'Panel', targets: [{ refId: 'A', expr: 'odoo_u' }] }] }],
    },
  })
  expect(found({ dashboards: [{ file: 'own.json', text }] }).map(({ path, near }) => [...path, near])).toEqual([
    ['Own', 'variable tenant', 'odoo_tenant_inf'],
    ['Own', 'annotation Windows', 'odoo_window == 1'],
    ['Own', 'Row', 'Panel', 'A', 'odoo_u'],
  ])
})

test('all at once, by file and line', () => {
  const findings = found({
    ...alert({ expr: 'odoo_upp == 0', labels: {}, annotations: {} }),
    ...dashboard('odoo_upp', 'pg_upp'),
  })
  expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual([
    ...Array(6).fill('own.yaml:4'),
    'own.yaml:5',
    'own.json:9',
    'own.json:18',
  ])
})
