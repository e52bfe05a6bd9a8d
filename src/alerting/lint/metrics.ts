/** Every metric the exporter may put on its page, and how often each is looked at. */
import { calendarLastSuccess, calendarMetrics, calendarSuccess } from '../../calendar/metrics.ts'
import type { AnyCollector } from '../../collector.ts'
import { flowMetrics } from '../../flow/metrics.ts'
import { healthMetrics } from '../../health.ts'
import { type MetricDescriptor, minutes } from '../../metric.ts'
import { ownMetrics } from '../../own_metrics.ts'
import { tenantMetrics } from '../../tenants.ts'
import type { Polled } from './world.ts'

/** Flows are judged at whole minutes. */
const OF_FLOWS = minutes(1)

const ofProcess = (metrics: readonly MetricDescriptor[]): readonly Polled[] =>
  metrics.map((metric) => ({ metric, ofProcess: true }))

export const polledMetrics = (collectors: readonly AnyCollector[]): readonly Polled[] => [
  ...collectors.flatMap(({ up, probes }) => [
    { metric: up },
    ...probes.flatMap(({ metrics, interval }) => metrics.map((metric) => ({ metric, interval }))),
  ]),
  ...flowMetrics.map((metric) => ({ metric, interval: OF_FLOWS })),
  ...tenantMetrics.map((metric) => ({ metric })),
  ...calendarMetrics
    .filter((metric) => metric !== calendarSuccess && metric !== calendarLastSuccess)
    .map((metric) => ({ metric })),
  ...ofProcess([calendarSuccess, calendarLastSuccess, ...ownMetrics, ...healthMetrics]),
]
