/** The dashboards as generated, and all metrics there are. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as recordings from '../../alert-rules/recordings.ts'
import { collectors } from '../../collectors/index.ts'
import { dashboards } from '../../dashboards/index.ts'
import { calendarMetrics } from '../../src/calendar/metrics.ts'
import { flowMetrics } from '../../src/flow/metrics.ts'
import { healthMetrics } from '../../src/health.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { ownMetrics } from '../../src/own_metrics.ts'
import { tenantMetrics } from '../../src/tenants.ts'

export const root = resolve(import.meta.dirname, '../..')

export const metrics: readonly MetricDescriptor[] = [
  ...collectors.flatMap((c) => [c.up, ...c.probes.flatMap((p) => p.metrics)]),
  ...[...healthMetrics, ...ownMetrics, ...tenantMetrics, ...calendarMetrics, ...flowMetrics],
  ...Object.values(recordings),
]

export const textOf = (name: string): string => readFileSync(join(root, `dashboards/generated/${name}.json`), 'utf8')

export const generated: readonly Dashboard[] = dashboards.map(({ name }) => JSON.parse(textOf(name)))
