/** Whether an expression means something: it parses, and every metric and label in it is one there is. */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { ruleFiles } from '../../alert-rules/index.ts'
import { collectors } from '../../collectors/index.ts'
import { LABELS_OF, recordingsOf } from '../../src/alerting/rule.ts'
import { calendarMetrics } from '../../src/calendar/metrics.ts'
import { flowMetrics } from '../../src/flow/metrics.ts'
import { healthMetrics } from '../../src/health.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { ownMetrics } from '../../src/own_metrics.ts'
import { tenantMetrics } from '../../src/tenants.ts'

const descriptors: readonly MetricDescriptor[] = [
  ...collectors.flatMap(({ up, probes }) => [up, ...probes.flatMap((p) => p.metrics)]),
  ...flowMetrics,
  ...calendarMetrics,
  ...healthMetrics,
  ...ownMetrics,
  ...tenantMetrics,
  ...recordingsOf(ruleFiles).map(({ record }) => record),
]

const OF_SCRAPE = ['instance', 'job']
/** And those of the series they are about. */
const OF_ALERTS = [
  ...['alertname', 'alertstate', 'severity', 'layer', 'process'],
  ...[...Object.values(LABELS_OF), ...descriptors.map(({ labels }) => labels)].flat(),
]

const seriesOf = ({ name, type, labels }: MetricDescriptor): readonly (readonly [string, readonly string[]])[] =>
  type === 'histogram'
    ? [
        [`${name}_bucket`, [...labels, 'le']],
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ]
    : [[name, labels]]

/** What can be selected → the labels it has. */
const known = new Map<string, ReadonlySet<string>>([
  ...descriptors.flatMap(seriesOf).map(([name, labels]) => [name, new Set([...labels, ...OF_SCRAPE])] as const),
  // Prometheus' own.
  ['up', new Set(OF_SCRAPE)] as const,
  ...['ALERTS', 'ALERTS_FOR_STATE'].map((name) => [name, new Set([...OF_ALERTS, ...OF_SCRAPE])] as const),
])

/** Of one replica, by itself or by Prometheus: none of these is told by two. */
const ONCE = /^(up|ALERTS|ALERTS_FOR_STATE|odoo:.*|odoo_pulse_.*|process_.*|nodejs_.*)$/

const NAMES = new Map([
  ...['tenant', 'server', 'flow', 'channel', 'cron', 'member'].map((label) => [label, label.toUpperCase()] as const),
  ['datname', 'DATABASE'],
  ['target', 'TENANT'],
])

/**
 * Two series of everything there is, by the placeholders that runbooks use, and each by two replicas of the exporter: what
 * joins must not find two of one.
 */
export const everything = (): readonly string[] =>
  [...known].flatMap(([name, labels]) =>
    ['1', '2'].flatMap((variant) =>
      (ONCE.test(name) && !name.startsWith('odoo_pulse_') ? ['a'] : ['a', 'b']).map((instance) => {
        const values = [...labels].map((l) => `${l}="${l === 'instance' ? instance : (NAMES.get(l) ?? l + variant)}"`)
        return `${name}{${values.join(',')}}`
      }),
    ),
  )

/** Nodes of the grammar, outermost first. */
type Way = readonly SyntaxNode[]

const waysIn = (expression: string): readonly Way[] => {
  const found: Way[] = []
  const go = (node: SyntaxNode, above: Way): void => {
    const way = [...above, node]
    found.push(way)
    for (let inner = node.firstChild; inner; inner = inner.nextSibling) go(inner, way)
  }
  go(parser.parse(expression).topNode, [])
  return found
}

/** Each replica of the exporter tells the same: what adds up has to fold them first. */
const countsReplicas = (expression: string, way: Way): boolean => {
  const folds = way.flatMap((node) => {
    const op = node.name === 'AggregateExpr' ? node.getChild('AggregateOp') : null
    return op ? [expression.slice(op.from, op.to)] : []
  })
  const innermost = folds.at(-1)
  return innermost === 'sum' || innermost === 'count'
}

const textOf = (expression: string, node: SyntaxNode | undefined): string =>
  node ? expression.slice(node.from, node.to) : ''

const selectorProblems = (expression: string, way: Way): readonly string[] => {
  const name = textOf(expression, way.at(-1)?.getChild('Identifier') ?? undefined)
  const labels = known.get(name)
  if (labels === undefined) return [`no metric ${name}`]
  const matched = waysIn(textOf(expression, way.at(-1)))
    .filter((w) => w.at(-2)?.name.endsWith('Matcher') && w.at(-1)?.name === 'LabelName')
    .map((w) => textOf(textOf(expression, way.at(-1)), w.at(-1)))
  return [
    ...matched.filter((label) => !labels.has(label)).map((label) => `no label ${label} of ${name}`),
    ...(!ONCE.test(name) && countsReplicas(expression, way) ? [`adds up replicas of ${name}`] : []),
  ]
}

/** Each in words; none: the expression is sound. */
export const problemsIn = (expression: string): readonly string[] => {
  const ways = waysIn(expression)
  if (ways.some((way) => way.at(-1)?.type.isError)) return ['does not parse']
  const selectors = ways.filter((way) => way.at(-1)?.name === 'VectorSelector')
  const names = selectors.map((way) => textOf(expression, way.at(-1)?.getChild('Identifier') ?? undefined))
  const labels = new Set(names.flatMap((name) => [...(known.get(name) ?? [])]))
  const grouping = ways
    .filter((way) => way.at(-1)?.name === 'LabelName' && way.at(-2)?.name === 'GroupingLabels')
    .map((way) => textOf(expression, way.at(-1)))
  return [
    ...selectors.flatMap((way) => selectorProblems(expression, way)),
    ...grouping.filter((label) => !labels.has(label)).map((label) => `no label ${label}`),
  ]
}
