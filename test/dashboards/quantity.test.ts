/** Units follow from the metrics; what does not go together is refused. */
import { expect, test } from 'vitest'
import { stat } from '../../dashboards/parts/panels.ts'
import { quantityOf, quantityText, SECONDS } from '../../dashboards/parts/quantity.ts'
import { neutral } from '../../dashboards/parts/thresholds.ts'
import { unitOf } from '../../dashboards/parts/units.ts'
import { metric, type PromQL, promql, type Unit } from '../../src/metric.ts'

const gauge = (name: string, unit: Unit) =>
  metric({ name, type: 'gauge', unit, help: 'Of a test.', labels: ['tenant'], maxSeries: 1 })

const size = gauge('size_bytes', 'bytes')
const limit = gauge('limit_bytes', 'bytes')
const age = gauge('age_seconds', 'seconds')
const at = gauge('at_timestamp_seconds', 'timestamp')
const open = gauge('open', 'count')
const share = gauge('share_ratio', 'ratio')
const up = gauge('up', 'bool')
const info = gauge('thing_info', 'info')
const sent = metric({ ...size, name: 'sent_bytes_total', type: 'counter' })
const done = metric({ ...open, name: 'done_total', type: 'counter' })
const busy = metric({ ...age, name: 'busy_seconds_total', type: 'counter' })
const took = metric({ ...age, name: 'took_seconds', type: 'histogram' })

test.for<readonly [PromQL, string]>([
  [promql`${size}`, 'bytes'],
  [promql`sum by (tenant) (max by (tenant) (${size}))`, 'bytes'],
  [promql`${size} / ${limit}`, 'ratio'],
  [promql`${size} / (${limit} > ${0})`, 'ratio'],
  [promql`rate(${sent}[5m])`, 'bytes per second'],
  [promql`increase(${sent}[5m])`, 'bytes'],
  [promql`rate(${done}[$__rate_interval])`, 'count per second'],
  [promql`rate(${busy}[5m])`, 'ratio'],
  [promql`rate(${busy}[5m]) / rate(${done}[5m])`, 'seconds'],
  [promql`histogram_quantile(${0.95}, sum by (le) (rate(${took}_bucket[5m])))`, 'seconds'],
  [promql`rate(${took}_sum[5m]) / (rate(${took}_count[5m]) > ${0})`, 'seconds'],
  [promql`increase(${took}_bucket[5m])`, 'count'],
  [promql`time() - ${at}`, 'seconds'],
  [promql`${at} - time() < ${3600}`, 'seconds'],
  [promql`${at} * ${1000}`, 'instant'],
  [promql`max(${at})`, 'timestamp'],
  [promql`1 - ${share}`, 'ratio'],
  [promql`${open} * ${share}`, 'count'],
  [promql`${open} * on (tenant) group_left () ${info}`, 'count'],
  [promql`topk by (tenant) (${1}, ${age})`, 'seconds'],
  [promql`count(${up} == ${0}) or vector(${0})`, 'count'],
  [promql`avg(${up})`, 'ratio'],
  [promql`sum_over_time(${up}[1h])`, 'count'],
  [promql`${open} > bool ${3}`, 'bool'],
  [promql`count(ALERTS{alertstate="firing"})`, 'count'],
  [promql`time() - ALERTS_FOR_STATE`, 'seconds'],
  [promql`${age} and on (tenant) ${size} > ${0}`, 'seconds'],
  [promql`label_replace(${age}, "a", "$1", "b", "(.*)")`, 'seconds'],
  [promql`delta(${size}[1d])`, 'bytes'],
  [promql`-(${age} offset 1d)`, 'seconds'],
])('%o', ([expr, expected]) => {
  expect(quantityText(quantityOf(expr))).toBe(expected)
})

test.for<readonly [PromQL, RegExp]>([
  [promql`${age} + ${size}`, /seconds and bytes can't be added.*age_seconds \+ size_bytes/],
  [promql`${size} > ${age}`, /bytes and seconds are not the same/],
  [promql`${open} or ${age}`, /count and seconds are not the same/],
  [promql`${open} - ${share}`, /count and ratio can't be/],
  [promql`sum(pg_upp)`, /pg_upp is no metric that the query was given/],
  [promql`histogram_quantile(${0.9}, rate(${done}[5m]))`, /what is no histogram/],
])('refused: %o', ([expr, message]) => {
  expect(() => quantityOf(expr)).toThrow(message)
})

test('a quantity is shown in a unit of its own only', () => {
  expect(unitOf(SECONDS)).toBe('s')
  expect(unitOf(SECONDS, 'dtdurations')).toBe('dtdurations')
  expect(() => unitOf(SECONDS, 'bytes')).toThrow('seconds is not shown as bytes but as s or dtdurations')
  expect(() => unitOf(quantityOf(promql`${at}`))).toThrow(
    'timestamp has no unit of Grafana’s: make it seconds'.replace('’', "'"),
  )
})

test('a panel takes its unit from its query, and refuses another', () => {
  const said = { title: 'A', shows: 'A.', good: 'b.', otherwise: 'c.' }
  const panel = (unit?: string) =>
    stat({
      ...said,
      id: 1,
      thresholds: neutral,
      queries: [{ expr: promql`${size}`, ...(unit === undefined ? {} : { unit }) }],
    })
  expect(panel().builder.build().fieldConfig?.defaults.unit).toBe('bytes')
  expect(() => panel('s')).toThrow('bytes is not shown as s')
})
