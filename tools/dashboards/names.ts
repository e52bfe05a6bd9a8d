/** Names in a query that no descriptor has: metrics that are not told, labels that none of its metrics carries. Pure. */
import { parser } from '@prometheus-io/lezer-promql'
import type { MetricDescriptor } from '../../src/metric.ts'

/** Prometheus' own: of alerts, of every series that was scraped, of buckets. */
const ALERT_LABELS = [
  ...['alertname', 'alertstate', 'severity', 'layer', 'process', 'tier', 'tenant', 'flow', 'server', 'db_cluster'],
  'target',
]
const EVERYWHERE = ['instance', 'job', 'le']

const partsOf = (metric: MetricDescriptor): readonly string[] =>
  metric.type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => `${metric.name}${part}`) : [metric.name]

/** By name. */
const labelsByName = (metrics: readonly MetricDescriptor[]): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ...metrics.flatMap((metric) => partsOf(metric).map((name) => [name, metric.labels] as const)),
    ['ALERTS', ALERT_LABELS],
    ['ALERTS_FOR_STATE', ALERT_LABELS],
  ])

/** Of a query as sent; empty where all is known. */
export const unknownIn = (query: string, metrics: readonly MetricDescriptor[]): readonly string[] => {
  const known = labelsByName(metrics)
  const found = { metrics: new Set<string>(), labels: new Set<string>() }
  const unreadable: string[] = []
  parser.parse(query).iterate({
    enter: ({ name, from, to, type }) => {
      const text = query.slice(from, to)
      if (name === 'Identifier') found.metrics.add(text)
      if (name === 'LabelName') found.labels.add(text)
      if (type.isError) unreadable.push(`what stands at ${from}: ${query.slice(from, from + 20)}`)
    },
  })
  const labels = new Set([...EVERYWHERE, ...[...found.metrics].flatMap((name) => known.get(name) ?? [])])
  // What label_replace makes is known where it is made.
  for (const [, made = ''] of query.matchAll(/label_replace\(.*?, "(\w+)", "\$1"/gs)) labels.add(made)
  return [
    ...unreadable,
    ...[...found.metrics].filter((name) => !known.has(name)).map((name) => `metric ${name}`),
    ...[...found.labels].filter((label) => !labels.has(label)).map((label) => `label ${label}`),
  ]
}
