/** Every name of ours is one promtool has nothing to say against; those it has are inherited, and listed. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/index.ts'
import { calendarMetrics } from '../src/calendar/metrics.ts'
import { createExposition } from '../src/exposition.ts'
import { flowMetrics } from '../src/flow/metrics.ts'
import { healthMetrics } from '../src/health.ts'
import type { Histogram, MetricDescriptor, Sample } from '../src/metric.ts'
import { ownMetrics } from '../src/own_metrics.ts'
import { tenantMetrics } from '../src/tenants.ts'
import { needs } from './support/needs.ts'

const all: readonly MetricDescriptor[] = [
  ...collectors.flatMap((c) => [c.up, ...c.probes.flatMap((p) => p.metrics)]),
  ...healthMetrics,
  ...ownMetrics,
  ...tenantMetrics,
  ...calendarMetrics,
  ...flowMetrics,
]
const listed = readFileSync(join(import.meta.dirname, 'fixtures/inherited-names.txt'), 'utf8')
  .trim()
  .split('\n')

const exampleOf = (metric: MetricDescriptor): Sample => {
  const histogram: Histogram = { buckets: new Map([[1, 1]]), sum: 1, count: 1 }
  return {
    metric,
    labels: Object.fromEntries(metric.labels.map((l) => [l, 'x'])),
    value: metric.type === 'histogram' ? histogram : 1,
  }
}

test('promtool complains of exactly the names listed as inherited', async (context) => {
  needs(context, 'prometheus')
  const exposition = createExposition(() => 0)
  await exposition.put({ target: '', collector: '', part: '' }, all.map(exampleOf), 1)
  const { stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], {
    input: exposition.page().text,
    encoding: 'utf8',
  })
  const complaints = `${stdout}${stderr}`.trim().split('\n').filter(Boolean)
  expect([...new Set(complaints.map((line) => line.split(' ')[0] ?? ''))].sort()).toEqual(listed)
})

test('every name listed as inherited is said to be, by its descriptor', () => {
  const inherited = all.filter((m) => m.inherited !== undefined).map((m) => m.name)
  expect(listed.filter((name) => !inherited.includes(name))).toEqual([])
})

test('no label of ours is one that others mint', () => {
  const foreign = ['job', 'instance', 'cluster', 'namespace', 'pod', 'container', 'service', 'endpoint', 'node', 'pid']
  expect(all.filter((m) => m.labels.some((l) => foreign.includes(l))).map((m) => m.name)).toEqual([])
})

test('counters of ours end in _total, and each metric says which unit its name has', () => {
  const own = all.filter((m) => m.inherited === undefined)
  const offending = own.filter(
    (m) =>
      (m.type === 'counter') !== m.name.endsWith('_total') ||
      (m.unit === 'seconds' && !/_seconds(_total)?$/.test(m.name)) ||
      (m.unit === 'bytes' && !/_bytes(_total)?$/.test(m.name)) ||
      (m.unit === 'timestamp' && !/_(timestamp|start_time)_seconds$/.test(m.name)),
  )
  expect(offending.map((m) => m.name)).toEqual([])
})

test('help is a sentence, and every family has a limit', () => {
  expect(all.filter((m) => !/^[A-Z].*\.$/s.test(m.help) || m.maxSeries < 1).map((m) => m.name)).toEqual([])
})
