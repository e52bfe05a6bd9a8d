/** The dashboards as generated, all metrics there are, and what is wrong with a query by the checks of the alerts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as recordings from '../../alert-rules/recordings.ts'
import { collectors } from '../../collectors/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { buckets } from '../../src/alerting/lint/buckets.ts'
import { declared } from '../../src/alerting/lint/declared.ts'
import { divisors } from '../../src/alerting/lint/divisors.ts'
import { joins } from '../../src/alerting/lint/joins.ts'
import { polledMetrics } from '../../src/alerting/lint/metrics.ts'
import { portable } from '../../src/alerting/lint/portable.ts'
import { ranges } from '../../src/alerting/lint/ranges.ts'
import { replicas } from '../../src/alerting/lint/replicas.ts'
import { readRuleFile } from '../../src/alerting/lint/rule_yaml.ts'
import { thresholds } from '../../src/alerting/lint/thresholds.ts'
import { types } from '../../src/alerting/lint/types.ts'
import { SCRAPE, worldOf } from '../../src/alerting/lint/world.ts'
import { parse } from '../../src/alerting/promql/parse.ts'
import { calendarMetrics } from '../../src/calendar/metrics.ts'
import { flowMetrics } from '../../src/flow/metrics.ts'
import { healthMetrics } from '../../src/health.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { ownMetrics } from '../../src/own_metrics.ts'
import { tenantMetrics } from '../../src/tenants.ts'
import { USUAL, type View } from '../../tools/dashboards/queries.ts'

export const root = resolve(import.meta.dirname, '../..')

export const metrics: readonly MetricDescriptor[] = [
  ...collectors.flatMap((c) => [c.up, ...c.probes.flatMap((p) => p.metrics)]),
  ...[...healthMetrics, ...ownMetrics, ...tenantMetrics, ...calendarMetrics, ...flowMetrics],
  ...Object.values(recordings),
]

export const textOf = (name: string): string => readFileSync(join(root, `dashboards/generated/${name}.json`), 'utf8')

export const generated: readonly Dashboard[] = dashboards.map(({ name }) => JSON.parse(textOf(name)))

const RULES = join(root, 'alert-rules/generated')
const rules = readdirSync(RULES).flatMap(
  (file) => readRuleFile({ file, text: readFileSync(join(RULES, file), 'utf8') }).rules,
)
const world = worldOf(polledMetrics(collectors), rules, Object.values(recordings))
const CHECKS = { types, portable, declared, buckets, joins, replicas, ranges, divisors, thresholds }

/** Where Prometheus scrapes as seldom as the alerts allow for. */
export const SELDOM: View = { ...USUAL, scrape: SCRAPE }

/** Of a query as sent; empty where all is well. */
export const faultsIn = (sent: string): readonly string[] => {
  const parsed = parse(sent)
  if (!parsed.ok) return parsed.faults.map(({ message }) => `syntax: ${message}`)
  const query = { expr: parsed.expr, world, use: 'panel' as const }
  return Object.entries(CHECKS).flatMap(([name, check]) => check(query).map(({ message }) => `${name}: ${message}`))
}
