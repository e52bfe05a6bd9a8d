/** Queries are put as Grafana puts them, and what they give is told as it is. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../src/metric.ts'
import { evaluate, type Outcome } from '../../tools/dashboards/evaluate.ts'
import { type DashboardQuery, queriesOf, USUAL } from '../../tools/dashboards/queries.ts'
import { isFine, reportOf } from '../../tools/dashboards/report.ts'

const target = (expr: string, more: object = {}) => ({ refId: 'A', expr, instant: false, ...more })
/** As JSON: what a test leaves out is not there. */
const dashboard = (panel: object, ...targets: readonly object[]): Dashboard =>
  JSON.parse(
    JSON.stringify({
      title: 'A dashboard',
      schemaVersion: 42,
      templating: {
        list: [
          {
            type: 'query',
            name: 'tenant',
            definition: 'label_values(odoo_up{server=~"$server"}, tenant)',
            allValue: '.+',
          },
          { type: 'query', name: 'server', definition: 'label_values(pg_up, server)', allValue: '.+' },
        ],
      },
      annotations: { list: [{ name: 'Windows', expr: 'up{tenant=~"$tenant"}' }] },
      panels: [{ type: 'timeseries', title: 'A panel', targets, ...panel }],
    }),
  )
const sent = (expr: string, view: Partial<typeof USUAL> = {}, panel: object = {}): DashboardQuery => {
  const found = queriesOf(dashboard(panel, target(expr)), { ...USUAL, ...view }).find(({ kind }) => kind === 'panel')
  if (found === undefined) throw new Error('no query of a panel')
  return found
}

test.for<readonly [string, Readonly<Record<string, readonly string[]>>, string]>([
  ['up{tenant=~"$tenant"}', {}, 'up{tenant=~".+"}'],
  ['up{tenant=~"$tenant"}', { tenant: ['acme'] }, 'up{tenant=~"acme"}'],
  ['up{tenant=~"$tenant"}', { tenant: ['acme', 'globex'] }, 'up{tenant=~"(acme|globex)"}'],
  ['up{tenant=~"$tenant"}', { tenant: ['a.b'] }, String.raw`up{tenant=~"a\\.b"}`],
  [`up{target=~"$tenant|\${server}"}`, { server: ['pg'] }, 'up{target=~".+|pg"}'],
  ['label_replace(up, "a", "$1", "b", "(.*)")', {}, 'label_replace(up, "a", "$1", "b", "(.*)")'],
])('variables are put in: %s', ([expr, chosen, expected]) => {
  expect(sent(expr, { chosen }).sent).toBe(expected)
})

test('intervals are those of Grafana: four scrapes, or a step and a scrape', () => {
  expect(sent('rate(a[$__rate_interval])').sent).toBe('rate(a[60s])')
  expect(sent('rate(a[$__rate_interval])', { range: hours(24) }).sent).toBe('rate(a[139s])')
  expect(sent('rate(a[$__rate_interval])', { scrape: seconds(1) }).sent).toBe('rate(a[4s])')
  expect(sent('increase(a[$__range]) / $__range_s').sent).toBe('increase(a[900s]) / 900')
  expect(sent('a', {}, { timeFrom: '7d', interval: '1h' })).toMatchObject({ over: hours(7 * 24), step: hours(1) })
})

test('variables and annotations are queries too; only a reason makes an emptiness one that may be', () => {
  const all = queriesOf(dashboard({}, target('a'), target('b', { refId: 'B', instant: true })), USUAL)
  expect(all.map(({ kind, place, how, sent: query }) => [kind, place, how, query])).toEqual([
    ['variable', 'tenant', 'label', 'odoo_up{server=~".+"}'],
    ['variable', 'server', 'label', 'pg_up'],
    ['annotation', 'Windows', 'range', 'up{tenant=~".+"}'],
    ['panel', 'A panel (A)', 'range', 'a'],
    ['panel', 'A panel (B)', 'instant', 'b'],
  ])
  expect(sent('a').mayBeEmpty).toBeUndefined()
  expect(sent('a', {}, { fieldConfig: { defaults: { noValue: 'None.' }, overrides: [] } }).mayBeEmpty).toBe('None.')
})

const outcome = (query: DashboardQuery, series: number, error?: string): Outcome => ({
  query,
  series: Array.from({ length: series }, () => ({ labels: {}, value: 1 })),
  ...(error === undefined ? {} : { error }),
})
const explained = { ...sent('a'), mayBeEmpty: 'Nothing is late.' }

test('the report counts, names what is empty and why, and what failed', () => {
  const outcomes = [outcome(sent('a'), 1), outcome(explained, 0), outcome(sent('b'), 0), outcome(sent('c'), 0, 'no')]
  const report = reportOf(outcomes)
  expect(report.split('\n')[1]?.split(/ {2,}/)).toEqual(['A dashboard', '1', '0', '0', '4', '2', '1', '1'])
  expect(report).toMatch(/Empty, and why that may be:\n {2}A dashboard: A panel \(A\): Nothing is late\./)
  expect(report).toMatch(/Empty without a reason:\n {2}A dashboard: A panel \(A\)\n {4}b/)
  expect(report).toMatch(/Failed:\n {2}A dashboard: A panel \(A\): no\n {4}c/)
})

test('fine is: no failure, and no emptiness without a reason', () => {
  expect(isFine([outcome(sent('a'), 1), outcome(explained, 0)])).toBe(true)
  expect(isFine([outcome(sent('a'), 0)])).toBe(false)
  expect(isFine([outcome(explained, 0, 'bad')])).toBe(false)
})

test('a Prometheus that does not answer is an error of each query, not an end', async () => {
  const { error } = await evaluate('http://127.0.0.1:1', sent('a'), minutes(1))
  expect(error).toMatch(/fetch failed/)
})
