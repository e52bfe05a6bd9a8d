/** docs/metrics.md, from the descriptors. Pure. */
import type { AnyCollector } from '../src/collector.ts'
import { formatDuration } from '../src/config/duration.ts'
import type { MetricDescriptor } from '../src/metric.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

const metricRows = (metrics: readonly MetricDescriptor[], probe: string): readonly (readonly string[])[] =>
  metrics.map((m) => [`\`${m.name}\``, m.type, m.labels.join(', '), m.unit, probe, m.help])

const METRIC_HEAD = ['metric', 'type', 'labels', 'unit', 'probe', 'meaning']

const collectorSection = ({ name, up, probes }: AnyCollector): string =>
  [
    `## ${name}`,
    table(
      ['probe', 'every', 'gives way to load'],
      probes.map((p) => [
        p.name,
        formatDuration(p.interval),
        { essential: 'never', normal: 'second', detail: 'first' }[p.priority ?? 'normal'],
      ]),
    ),
    table(METRIC_HEAD, [...metricRows([up], ''), ...probes.flatMap((p) => metricRows(p.metrics, p.name))]),
  ].join('\n\n')

export const metricsPage = (collectors: readonly AnyCollector[], own: readonly MetricDescriptor[]): string =>
  [
    '# Metrics',
    'Generated from the descriptors by `npm run generate`. An unknown value is absent, never 0; a probe that fails or is\nunsupported says so in `odoo_pulse_probe_*`, and its own series vanish after three intervals.',
    ...collectors.map(collectorSection),
    '## Odoo Pulse itself',
    table(METRIC_HEAD, metricRows(own, '')),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
