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

/** Of what a tenant has of flows: `src/flow/detail.ts` has the rule, and why. */
const FLOWS = `What the ledger of Odoo says of the business flows of \`slo/\`, made anew each minute. Every configured flow has
\`odoo_flow_info\` and \`odoo_flow_objective_ratio\`; the rest is there while the flow is judged, why it is not stands on the
landing page and in \`/api/v1/flows\`. A tenant of the tier \`dedicated\` has all of them, below 1,500 series; any other
tenant is to stay below 250: a flow in mode \`ticket\` or \`page\` has what its alerts read, one in mode \`observe\` the
windows 1h, 1d and 30d. With all shipped flows that holds while at most three of them alert; each further one adds 17. What
is left out stands in \`/api/v1/flows/TENANT/FLOW\`. Amounts of money come on top where they are asked for.`

export const metricsPage = (
  collectors: readonly AnyCollector[],
  flows: readonly MetricDescriptor[],
  own: readonly MetricDescriptor[],
): string =>
  [
    '# Metrics',
    'Generated from the descriptors by `npm run generate`. An unknown value is absent, never 0; a probe that fails or is\nunsupported says so in `odoo_pulse_probe_*`, and its own series vanish after three intervals.',
    ...collectors.map(collectorSection),
    '## Business flows',
    FLOWS,
    table(METRIC_HEAD, metricRows(flows, '')),
    '## Odoo Pulse itself',
    table(METRIC_HEAD, metricRows(own, '')),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
