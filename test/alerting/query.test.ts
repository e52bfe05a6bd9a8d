import { expect, test } from 'vitest'
import { formatFinding } from '../../src/alerting/lint/finding.ts'
import { lintQuery } from '../../src/alerting/lint/query.ts'
import type { Query } from '../../src/alerting/lint/query_check.ts'
import { readRuleFile } from '../../src/alerting/lint/rule_yaml.ts'
import { worldOf } from '../../src/alerting/lint/world.ts'
import { metric, minutes, seconds } from '../../src/metric.ts'

const gauge = { type: 'gauge', unit: 'count', help: '', maxSeries: 1 } as const
const jobs = metric({ ...gauge, name: 'jobs', labels: ['tenant', 'state'], values: { state: ['pending', 'failed'] } })
const info = metric({ ...gauge, name: 'tenant_info', unit: 'info', labels: ['tenant', 'tier', 'db_cluster'] })
const share = metric({ ...gauge, name: 'share', unit: 'ratio', labels: ['tenant'] })
const budget = metric({ ...gauge, name: 'budget', unit: 'ratio', labels: ['tenant'] })
const up = metric({ ...gauge, name: 'db_up', unit: 'bool', labels: ['server', 'tenant'], mayBeEmpty: ['tenant'] })
const sessions = metric({ ...gauge, name: 'sessions', labels: ['server', 'tenant'], mayBeEmpty: ['tenant'] })
const served = metric({ ...gauge, name: 'served_total', type: 'counter', labels: ['tenant'] })
const slow = metric({ ...gauge, name: 'slow_total', type: 'counter', labels: ['tenant'] })
const took = metric({ ...gauge, name: 'took', type: 'histogram', labels: ['tenant'], buckets: [0.5, 5] })
const theirs = metric({ ...gauge, name: 'theirs', type: 'histogram', labels: ['tenant'] })
const build = metric({ ...gauge, name: 'build_info', unit: 'info', labels: ['version'] })

const rules = readRuleFile({
  file: 'rules.yaml',
  text: `
groups:
  - name: g
    rules:
      - record: known
        expr: max by (tenant) (tenant_info) or known unless on () tenant_info
      - record: circle
        expr: circle
      - alert: Stuck
        expr: max by (tenant) (jobs) > 3
        labels: { severity: page, layer: cause }
`,
}).rules

const world = worldOf(
  [
    ...[jobs, info, share, budget, up, sessions, took, theirs].map((m) => ({ metric: m, interval: seconds(15) })),
    { metric: served, interval: seconds(15) },
    { metric: slow, interval: minutes(5) },
    { metric: build, ofProcess: true },
  ],
  rules,
)

const found = (query: string, use: Query['use'] = 'rule'): readonly string[] =>
  lintQuery(query, { file: 'f', path: [] }, world, use).map(({ check, message }) => `${check}: ${message}`)

test.for([
  // what is read is declared
  ['job > 0', 'declared: no metric job is declared or recorded; did you mean "jobs"?'],
  ['jobs{tenat="a"} > 0', 'declared: jobs has no label tenat; did you mean "tenant"?'],
  ['jobs{state="pendin"} > 0', 'declared: state is never "pendin"; did you mean "pending"?'],
  ['jobs{state=~"failed|done"} > 0', 'declared: state is never "done"; known here: "pending", "failed"'],
  ['jobs{state=~"d.*"} > 0', 'declared: state is never "d.*"; known here: "pending", "failed"'],
  ['jobs{instance="a"} > 0', "declared: instance is the scrape's: fold over it instead"],
  [
    'max by (tenant, channel) (jobs)',
    'declared: no series here has a label channel; they have instance, job, state, tenant',
  ],
  ['took > 1', 'declared: took is a histogram: write took_bucket, _count or _sum'],
  ['circle', 'declared: circle reads only itself: it never has a series'],
  ['{tenant="a"}', 'declared: a selector without the name of its metric reads everything'],
  ['ALERTS{alertname="Stuk"}', 'declared: alertname is never "Stuk"; did you mean "Stuck"?'],
  ['ALERTS{alertstate="on"}', 'declared: alertstate is never "on"; known here: "firing", "pending"'],
  [
    'ALERTS{server="a"}',
    'declared: ALERTS has no label server; known here: "alertname", "alertstate", "tenant", "severity", "layer"',
  ],
  [
    'label_replace(jobs, "x", "$1", "chanel", "(.*)")',
    'declared: no series here has a label chanel; they have instance, job, state, tenant',
  ],
  // buckets
  ['took_bucket{le="5"}', 'buckets: le="5" is le="5.0" on Prometheus 3: write le=~"5([.]0)?"'],
  ['took_bucket{le=~"5"}', 'buckets: le=~"5" fits one of 5 and 5.0, which are one bucket'],
  ['took_bucket{le=~"7([.]0)?"}', 'buckets: there is no bucket "7([.]0)?"; there are 0.5, 5'],
  ['took_bucket{le="0.7"}', 'buckets: there is no bucket "0.7"; there are 0.5, 5'],
  [
    'theirs_bucket{le=~"5([.]0)?"}',
    'buckets: no buckets are declared here: whether there is one "5([.]0)?" is not ours to say',
  ],
  // joins
  [
    'max by (server) (db_up) and on (tenant) max by (tenant) (tenant_info)',
    'joins: on (tenant): nothing on the left has this label, and empty matches empty',
  ],
  [
    'max by (tenant) (sessions) and on (tenant) max by (tenant) (db_up)',
    'joins: on (tenant): it may be empty on both sides, and empty matches empty: add {tenant!=""}',
  ],
  [
    'max by (tenant) (share) * on (tenant) group_left (tier) tenant_info',
    'joins: the right side may have several series for one (tenant), told apart by db_cluster, instance, job, tier: fold it by max by (tenant) (…)',
  ],
  [
    'max by (tenant) (share) * on (tenant) group_left (tier) max by (tenant, tier) (tenant_info)',
    'joins: the right side may have several series for one (tenant), told apart by tier: fold it by max by (tenant) (…)',
  ],
  [
    'max by (tenant) (share) * on (tenant) group_left (tear) max by (tenant) (tenant_info)',
    'joins: group_left (tear): the one side has no such label',
  ],
  [
    'max by (tenant) (share) > max by (tenant, tier) (tenant_info)',
    'joins: the sides never meet: only one of them has tier; say on (…)',
  ],
  [
    'max by (tenant) (share) * on (tenant) group_left (state) topk by (tenant) (1, max by (tenant, state) (jobs))',
    'joins: its labels are taken, and the value is multiplied by it, which is not always 1: (…) ^ 0',
  ],
  // two replicas
  [
    'sum by (tenant) (jobs)',
    'replicas: sum counts what each replica of the exporter tells: fold these first, max by (…) without instance',
  ],
  [
    'count without (state) (max without (instance) (jobs)) or count(jobs)',
    'replicas: count counts what each replica of the exporter tells: fold these first, max by (…) without instance',
  ],
  // ranges
  ['rate(served_total[1m])', 'ranges: rate: 1m is too short for what is read every 30s: at least 2m'],
  ['increase(slow_total[15m])', 'ranges: increase: 15m is too short for what is read every 5m: at least 20m'],
  ['max_over_time(jobs[15m:1m])', 'ranges: 16 steps on Prometheus 2 and 15 on 3: write [14m30s:1m]'],
  ['max_over_time(jobs[15m:])', 'ranges: its step is each server’s own: write one, [14m30s:1m]'],
  // divisors
  ['max by (tenant) (share) / on (tenant) max by (tenant) (budget)', 'divisors: / by what may be 0: write (… > 0)'],
  ['share / 0', 'divisors: / by what may be 0: write (… > 0)'],
  // thresholds
  ['share > 1', 'thresholds: it never comes true: between 0 and 1 > always 1'],
  ['max by (tenant) (db_up) == 2', 'thresholds: it never comes true: between 0 and 1 == always 2'],
  ['1 < max by (tenant) (share)', 'thresholds: it never comes true: between 0 and 1 > always 1'],
  ['tenant_info < 1', 'thresholds: it never comes true: always 1 < always 1'],
  [
    'max by (tenant) (share) > on (tenant) 14.4 * max by (tenant) (budget)',
    'thresholds: the threshold may lie beyond 1, the most there can be: clamp_max(…, 0.9)',
  ],
  // every Prometheus
  ['limitk(1, jobs)', 'portable: limitk is not on every Prometheus from 2.42 on'],
  [
    'jobs and on () hour() > 8',
    'portable: a calendar by hour() knows no holiday and no test reaches it: read odoo_business_window_active',
  ],
  ['holt_winters(jobs[5m], 0.5, 0.5)', 'syntax: holt_winters is no function on every Prometheus from 2.42 on'],
  // kinds
  ['rate(served_total)', 'types: rate takes a range, such as x[5m], and this is a vector'],
  ['max(jobs[5m])', 'types: max takes a vector, and this is a range, such as x[5m]'],
  ['clamp_max(jobs)', 'types: clamp_max takes 2 arguments, and 1 are given'],
  ['topk(jobs)', 'types: topk lacks its first argument'],
  ['1 > 0', 'types: numbers are compared with bool'],
  ['sum(jobs', 'syntax: it ends too soon'],
] as const)('refused: %s', ([query, wanted]) => {
  expect(found(query)).toContain(wanted)
})

test.for([
  'max by (tenant) (jobs{state="failed"} - min_over_time(jobs{state="failed"}[30m])) >= 5',
  'max by (tenant) (share) * on (tenant) group_left (tier, db_cluster) topk by (tenant) (1, max by (tenant, tier, db_cluster) (tenant_info))',
  'max by (tenant) (share) > on (tenant) clamp_max(14.4 * max by (tenant) (budget), 0.9)',
  'max by (tenant) (share) / on (tenant) (max by (tenant) (budget) > 0) > 2',
  'max by (tenant) (share) / on (tenant) (max by (tenant) (budget) != 0) > 2',
  'sum by (tenant) (max by (tenant, state) (jobs)) >= 5',
  'count(build_info) < 2',
  'max by (instance) (build_info) and on (instance) build_info',
  'histogram_quantile(0.95, sum by (tenant, le) (max by (tenant, le) (rate(took_bucket[5m])))) > 4',
  'max by (tenant) (rate(took_bucket{le=~"5([.]0)?"}[5m])) > 1',
  'max by (tenant, server) (sessions) and on (tenant, server) max by (tenant, server) (db_up)',
  'max by (tenant) (sessions{tenant!=""}) and on (tenant) max by (tenant) (db_up)',
  'label_replace(max by (server) (db_up) == 0, "target", "$1", "server", "(.*)") * on (target) group_left () label_replace(max by (server) (db_up), "target", "$1", "server", "(.*)")',
  'max_over_time(jobs[14m30s:1m])',
  'known and on (tenant) ALERTS{alertname="Stuck",alertstate="firing"}',
  'absent(build_info)',
  'vector(1)',
])('accepted: %s', (query) => {
  expect(found(query)).toEqual([])
})

test('a dashboard’s query keeps its places and has its variables filled in', () => {
  const query = 'sum by (tenant) (rate(served_total{tenant=~"[[tenant:regex]]"}[$__rate_interval])) > $least and jobz'
  const place = { file: 'd.json', path: ['Panel'], position: (offset: number) => ({ line: 1, column: offset + 1 }) }
  expect(lintQuery(query, place, world).map(formatFinding)).toEqual([
    `d.json:1:${query.indexOf('jobz') + 1} Panel: no metric jobz is declared or recorded; did you mean "jobs"? (declared) near "jobz"`,
    'd.json:1:1 Panel: sum counts what each replica of the exporter tells: fold these first, max by (…) without instance (replicas) near "sum by (tenant) (rate(served_total{tenan…"',
  ])
  expect(found('max by (tenant) (jobs{instance=~"$instance",tenant="[[tenant]]"})', 'panel')).toEqual([])
  expect(found('rate(slow_total[$__rate_interval])', 'panel')).toHaveLength(1)
})
