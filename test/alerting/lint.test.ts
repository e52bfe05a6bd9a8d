/** Each check finds the fault it is there for, and tells where. */
import { expect, test } from 'vitest'
import { checks } from '../../src/alerting/lint/checks.ts'
import { formatFinding } from '../../src/alerting/lint/finding.ts'
import {
  alert,
  alertmanager,
  asking,
  bookOf,
  type Case,
  dashboard,
  fine,
  firing,
  found,
  inhibiting,
  RECEIVERS,
  ROUTE,
  routing,
  ruleFile,
  SHARE,
  SYMPTOM,
  silent,
  testFile,
  twoGroups,
} from './linting.ts'

const faulty: readonly Case[] = [
  // What can't be read.
  ['own.yaml:2:1: not valid YAML: unexpected text', { rules: [{ file: 'own.yaml', text: 'groups:\n]' }] }],
  ['own.yaml:1: no rule file: write a list `groups` (syntax)', { rules: [{ file: 'own.yaml', text: 'rules: []' }] }],
  ['own.yaml:4 own: no rule: write `alert` or `record`', { rules: [ruleFile({ alert: 'Own' })] }],
  ['own.yaml:5:26 own Own expr: it ends too soon (syntax)', alert({ expr: 'sum(odoo_up' })],
  [
    'own.yaml:14:51 own Own annotations description: it ends too soon (syntax)',
    asking('{{ with query "sum(odoo_up" }}{{ else }}{{ end }}'),
  ],
  ['own.json:1:14: no JSON: Unterminated string', { dashboards: [{ file: 'own.json', text: '{"title":1,"}' }] }],
  [
    `own.json: no JSON: Unexpected token '}', ..."", "uid": }" (syntax)`,
    { dashboards: [{ file: 'own.json', text: `{ "title": "${'x'.repeat(99)}",\n"uid":\n}` }] },
  ],
  ['own.json: no JSON: Unexpected end of JSON input (syntax)', { dashboards: [{ file: 'own.json', text: '' }] }],
  ['alertmanager.yml:1: no configuration of Alertmanager', alertmanager({ routes: [] })],
  ['route.routes[0]: no matcher: severity', routing({ route: { routes: [{ matchers: ['severity'] }] } })],
  // Queries, wherever they stand: test/alerting/query.test.ts has each check's cases.
  ['own.yaml:5:20 own Own expr: rate takes a range', alert({ expr: 'rate(odoo_up) > 0' })],
  [
    'hour() knows no holiday and no test reaches it',
    alert({ expr: 'max by (tenant) (odoo_up) == 0 and on () hour() > 8' }),
  ],
  ['own.yaml:5:15 own Own expr: no metric odoo_upp is declared', alert({ expr: 'odoo_upp == 0' })],
  [
    'own.yaml:14:44 own Own annotations description: no metric odoo_upp',
    asking('{{ with query `max(odoo_upp)` }}{{ . }}{{ else }}none{{ end }}'),
  ],
  ['own.json:9 Own Panel 1 A: odoo_up has no label host', dashboard('odoo_up{host="$host"}')],
  [
    'le="5" is le="5.0" on Prometheus 3',
    alert({ expr: 'max by (tenant) (rate(odoo_ingress_request_duration_seconds_bucket{le="5"}[5m])) > 1' }),
  ],
  [
    'the right side may have several series for one (tenant)',
    alert({ expr: '(max by (tenant) (odoo_up) == 0) * on (tenant) group_left (tier) odoo_tenant_info' }),
  ],
  [
    'nothing on the right has this label, and empty matches empty',
    alert({ expr: 'max by (tenant) (odoo_up) == 0 and on (tenant) max by (server) (pg_up)' }),
  ],
  ['sum counts what each replica of the exporter tells', alert({ expr: 'sum by (tenant) (odoo_queue_jobs) > 9' })],
  [
    '1m is too short for what is read every 30s: at least 2m',
    alert({ expr: 'max by (server) (rate(pg_stat_wal_bytes_total[1m])) > 9' }),
  ],
  ['write [14m30s:1m]', alert({ expr: 'min by (tenant) (min_over_time(odoo_up[15m:1m])) == 0' })],
  ['/ by what may be 0', alert({ expr: 'max by (tenant) (odoo_up) / max by (tenant) (odoo_up) > 0' })],
  ['it never comes true: between 0 and 1 > always 1', alert({ expr: 'max by (tenant) (odoo_up) > 1' })],
  [
    'the threshold may lie beyond 1',
    alert({ expr: 'odoo:flow_error:ratio{window="1h"} > on (tenant, flow) 14.4 * odoo:flow_error_budget:ratio' }),
  ],
  // What makes an alert.
  [
    'own.yaml:5:15 own Own expr: what is not there may be missing for one scrape',
    alert({ expr: 'absent(odoo_up)', for: '0s' }),
  ],
  [
    'may be missing for one scrape',
    alert({ expr: 'max by (tenant) (odoo_tenant_info) unless on (tenant) odoo_up', for: '0s' }),
  ],
  ['own.yaml:4 own Own: it may page, and one gap makes two of it', alert({ keep_firing_for: '0s' })],
  [
    'topk picks others from one evaluation to the next',
    alert({ expr: 'topk(3, max by (server) (pg_connections_used)) > 9' }),
  ],
  ['it resolves when its series vanish', alert({ labels: SYMPTOM })],
  ['one failure of one is all there was', alert({ expr: `${SHARE} > 0.05` })],
  ['one failure of one is all there was', alert({ expr: 'odoo:flow_error:ratio{window="1h"} > 0.5' })],
  [
    'the average of shares counts an hour of one item like one of a thousand',
    alert({
      expr: 'avg_over_time(odoo:flow_error:ratio{window="1h"}[30d]) > 0.1 and on (tenant, flow) odoo:flow_bad:count{window="3d"} >= 5',
    }),
  ],
  // What it says.
  [
    'own.yaml:9:21 own Own labels severity: severity is one of page, ticket',
    alert({ labels: { ...fine.labels, severity: 'critical' } }),
  ],
  ['it has no label severity', alert({ labels: { layer: 'cause', process: 'platform' } })],
  ['it has no label layer: write one of symptom', alert({ labels: { severity: 'page', process: 'platform' } })],
  ['it has no label process', alert({ labels: { severity: 'page', layer: 'cause' } })],
  [
    'what changes from one evaluation to the next makes another alert',
    alert({ labels: { ...fine.labels, lag: '{{ $value }}' } }),
  ],
  [
    'what changes from one evaluation to the next makes another alert',
    alert({ labels: { ...fine.labels, cause: '{{ query "ALERTS{layer=\'cause\'}" | first | label "alertname" }}' } }),
  ],
  [
    'the summary is one sentence: end it with a period',
    alert({ annotations: { ...fine.annotations, summary: 'It is down' } }),
  ],
  ['it has no annotation impact', alert({ annotations: { ...fine.annotations, impact: '' } })],
  ['Prometheus may have no answer: add {{ else }}', asking('{{ with query "max(odoo_up)" }}{{ . }}{{ end }}')],
  [
    "'%s' breaks on a name with a quote in it",
    asking('{{ with printf "max(odoo_up{tenant=\'%s\'})" $labels.tenant | query }}{{ . }}{{ else }}{{ end }}'),
  ],
  [
    'labels in a query are put in by printf',
    asking('{{ with query "max(odoo_up{tenant=\'$labels.tenant\'})" }}{{ . }}{{ else }}{{ end }}'),
  ],
  [
    '2 values are to be put in, and 1 are given',
    asking(
      '{{ with printf "max(odoo_flow_open{tenant=%q,flow=%q})" $labels.tenant | query }}{{ . }}{{ else }}{{ end }}',
    ),
  ],
  ['first fails where there is no answer', asking('{{ query "max(odoo_up)" | first | value }}')],
  ['{{ with }} is never ended', asking('{{ with query "max(odoo_up)" }}{{ else }}')],
  [
    'an alert is called in CamelCase',
    alert({ alert: 'own_alert', annotations: { ...fine.annotations, runbook_url: 'books/own_alert.md' } }),
  ],
  [
    'a recording is called level:metric:operation',
    { rules: [ruleFile({ record: 'own_up', expr: 'max by (tenant) (odoo_up)' })] },
  ],
  // What has to be beside it.
  ['it has no annotation runbook_url', alert({ annotations: { ...fine.annotations, runbook_url: undefined } })],
  [
    'its runbook is called Own.md',
    alert({ annotations: { ...fine.annotations, runbook_url: 'https://wiki.example.com/Other.md' } }),
  ],
  ['there is no runbook Own.md', { ...alert({}), runbooks: [] }],
  ['books/Gone.md: there is no alert of this name', { runbooks: [bookOf('Gone')] }],
  [
    'books/Own.md: its sections are, in this order: # Own, ## Meaning',
    { ...alert({}), runbooks: [{ file: 'books/Own.md', text: '# Own\n\n## Impact\n' }] },
  ],
  ['own.yaml:4 own Own: it has no test in which it fires, seen by two replicas', testFile({}, [silent])],
  ['it has no test in which it is silent', testFile({}, [firing])],
  ['tests/own.yaml:1 down Owl: there is no alert Owl', testFile({}, [firing, silent, { ...silent, alertname: 'Owl' }])],
  ['write group_eval_order: [own, records]', { ...testFile({}), rules: [twoGroups] }],
  ['group_eval_order lacks records', { ...testFile({ group_eval_order: ['own'] }), rules: [twoGroups] }],
  [
    'group_eval_order names others',
    { ...testFile({ group_eval_order: ['own', 'records', 'others'] }), rules: [twoGroups] },
  ],
  [
    'own.yaml:3 own: Prometheus 2.42 knows no query_offset of a group',
    { rules: [ruleFile(fine, { query_offset: '1m' })] },
  ],
  ['tests/own.yaml: promtool 2.42 knows no fuzzy_compare', testFile({ fuzzy_compare: true })],
  // Alertmanager.
  [
    'alertmanager.yml:7 route.routes[1]: no alert comes here: none has severity="page", tier="shared"',
    routing({ route: { ...ROUTE, routes: [...ROUTE.routes, { matchers: ['severity="page"', 'tier="shared"'] }] } }),
  ],
  ['none has process="sails"', routing({ route: { receiver: 'all', routes: [{ match: { process: 'sails' } }] } })],
  [
    'pages wait here for their hours',
    routing({
      route: { receiver: 'all', routes: [{ matchers: ['severity="page"'], active_time_intervals: ['day'] }] },
    }),
  ],
  ['pages come here and nobody is told', routing({ receivers: [RECEIVERS[0], { name: 'on-call' }] })],
  ['tenant may be missing on one side', inhibiting({ target_matchers: ['severity="ticket"', 'layer="cause"'] })],
  ['no alert on one side has the label tennant of `equal`', inhibiting({ equal: ['tennant'] })],
  [
    'it may hold back the page OdooWorkersSaturated',
    inhibiting({ target_matchers: ['layer="cause"', 'tenant=~".+"'] }),
  ],
  [
    'OdooQueueStalled, of severity ticket, must hold nothing back',
    inhibiting({ source_matchers: ['layer="cause"', 'tenant=~".+"'] }),
  ],
  ['without `equal` one alert holds back those of the whole estate', inhibiting({ equal: [] })],
  ['no alert is its source', inhibiting({ source_matchers: ['severity="critical"', 'tenant=~".+"'] })],
  [
    'on-call: api_url is a secret',
    routing({ receivers: [RECEIVERS[0], { name: 'on-call', slack_configs: [{ api_url: 'https://x' }] }] }),
  ],
  ['global: smtp_auth_password is a secret', routing({ global: { smtp_auth_password: 'x' } })],
  [
    'msteams_configs is not in Alertmanager 0.25, but from 0.26 on',
    routing({ receivers: [RECEIVERS[0], { name: 'on-call', msteams_configs: [{ webhook_url_file: '/run/teams' }] }] }),
  ],
  [
    'url_file is not in Alertmanager 0.25',
    routing({ receivers: [RECEIVERS[0], { name: 'on-call', webhook_configs: [{ url_file: '/run/hook' }] }] }),
  ],
]

const seeded = new Set<string>()
test.for(faulty)('%s', ([wanted, sources]) => {
  const matching = found(sources).filter((finding) => formatFinding(finding).includes(wanted))
  expect(matching.map(formatFinding)).toHaveLength(1)
  for (const { check } of matching) seeded.add(check)
})

test('every check has a seeded fault', () => {
  expect(seeded).toEqual(new Set(checks.map(({ id }) => id)))
})

test('a check’s id is a short word, its own, and it says what holds and what to do', () => {
  const ids = checks.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id, what, fix } of checks) {
    expect(id).toMatch(/^[a-z]{3,12}$/)
    expect(what.length * fix.length, id).toBeGreaterThan(0)
  }
})
