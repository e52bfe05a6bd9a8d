/** Every metric the exporter may put on its page, and how often each is looked at. */
import { calendarLastSuccess, calendarMetrics, calendarSuccess } from '../../calendar/metrics.ts'
import type { AnyCollector } from '../../collector.ts'
import { flowMetrics } from '../../flow/metrics.ts'
import { healthMetrics } from '../../health.ts'
import { type MetricDescriptor, metric, minutes } from '../../metric.ts'
import { ownMetrics } from '../../own_metrics.ts'
import { tenantMetrics } from '../../tenants.ts'
import type { Polled } from './world.ts'

/** Flows are judged at whole minutes. */
const OF_FLOWS = minutes(1)

const ofProcess = (metrics: readonly MetricDescriptor[]): readonly Polled[] =>
  metrics.map((metric) => ({ metric, ofProcess: true }))

/** What Prometheus says of its scrapes, by itself. */
const scrapes: readonly MetricDescriptor[] = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
].map((name) =>
  metric({ name, type: 'gauge', unit: name === 'up' ? 'bool' : 'count', help: '', labels: [], maxSeries: 1 }),
)
export const OF_PROMETHEUS: readonly string[] = scrapes.map(({ name }) => name)

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
  ...ofProcess(scrapes),
  ...ofProcess([calendarSuccess, calendarLastSuccess, ...ownMetrics, ...healthMetrics]),
]
