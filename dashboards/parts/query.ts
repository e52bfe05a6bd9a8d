/**
 * Queries as every panel asks them: only of what the dashboard's variables choose, and what two replicas of the exporter
 * tell of one thing counted once. Pure.
 */
import { type MetricDescriptor, type PromQL, promql } from '../../src/metric.ts'

/** A value that must not be; a RegExp is one that must match whole, a string one that must be equal. */
export interface Not {
  readonly not: string
}
export const not = (value: string): Not => ({ not: value })

export type Matchers<L extends string> = { readonly [K in L]?: string | RegExp | Not | undefined }
type Labels<L extends string> = readonly NoInfer<L>[]

const matcher = (label: string, value: string | RegExp | Not): string => {
  if (typeof value === 'string') return `${label}=${JSON.stringify(value)}`
  return value instanceof RegExp
    ? `${label}=~${JSON.stringify(value.source)}`
    : `${label}!=${JSON.stringify(value.not)}`
}

/** What the variables of the same name choose, of the labels that a metric has. */
const CHOSEN = ['tenant', 'server'] as const
export const chosen = (label: string): RegExp => new RegExp(`$${label}`)

/** A selector; a matcher that is given stands in place of the variable's. */
const selected = (metric: MetricDescriptor, matchers: Matchers<string>, suffix = ''): PromQL => {
  const variables = CHOSEN.filter((label) => metric.labels.includes(label)).map(
    (label) => [label, chosen(label)] as const,
  )
  const all = Object.entries({ ...Object.fromEntries(variables), ...matchers })
  const text = all.flatMap(([label, value]) => (value === undefined ? [] : matcher(label, value)))
  return promql`${metric}${suffix}{${text.join(',')}}`
}

export const picked = <L extends string>(metric: MetricDescriptor<L>, matchers: Matchers<NoInfer<L>> = {}): PromQL =>
  selected(metric as MetricDescriptor, matchers)

const by = (operator: string, labels: readonly string[], expr: PromQL): PromQL =>
  labels.length === 0 ? promql`${operator} (${expr})` : promql`${operator} by (${labels.join(', ')}) (${expr})`

/** The replicas of the exporter see the same: of each series the larger one. */
const folded = (metric: MetricDescriptor, expr: PromQL, ...more: readonly string[]): PromQL =>
  by('max', [...metric.labels, ...more], expr)

/** Each series once. */
export const each = <L extends string>(metric: MetricDescriptor<L>, matchers: Matchers<NoInfer<L>> = {}): PromQL =>
  folded(metric as MetricDescriptor, selected(metric as MetricDescriptor, matchers))

export const total = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => by('sum', labels, each(metric, matchers))

export const most = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => by('max', labels, selected(metric as MetricDescriptor, matchers))

/** Of timestamps: the earliest. */
export const least = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => by('min', labels, each(metric, matchers))

/** How many things there are, of which something is told. */
export const number = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => by('count', labels, each(metric, matchers))

/** As long ago as the panel's resolution and the scrapes ask for: Grafana works it out. */
const RATE = '$__rate_interval'

/** Each replica counts from its own beginning: rates are taken of each, then folded. */
export const perSecond = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => {
  const { labels: own } = metric
  const rate = promql`rate(${selected(metric as MetricDescriptor, matchers)}[${RATE}])`
  const series = by('max', own, rate)
  return own.length === labels.length ? series : by('sum', labels, series)
}

/** How much it has risen in `window`: a duration, or a variable of Grafana's. */
export const risenIn = <L extends string>(
  window: string,
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL =>
  by(
    'sum',
    labels,
    folded(metric as MetricDescriptor, promql`increase(${selected(metric as MetricDescriptor, matchers)}[${window}])`),
  )

/** By how much a gauge is larger than it was before `window`. */
export const changeIn = <L extends string>(
  window: string,
  metric: MetricDescriptor<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL =>
  folded(metric as MetricDescriptor, promql`delta(${selected(metric as MetricDescriptor, matchers)}[${window}])`)

/** Of a gauge: the highest in `window`. */
export const highestIn = <L extends string>(
  window: string,
  metric: MetricDescriptor<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL =>
  folded(
    metric as MetricDescriptor,
    promql`max_over_time(${selected(metric as MetricDescriptor, matchers)}[${window}])`,
  )

const ofHistogram = <L extends string>(
  part: '_bucket' | '_sum' | '_count',
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>>,
  fn = 'rate',
  window = RATE,
): PromQL => {
  const le = part === '_bucket' ? ['le'] : []
  const increase = promql`${fn}(${selected(metric as MetricDescriptor, matchers, part)}[${window}])`
  return by('sum', [...labels, ...le], folded(metric as MetricDescriptor, increase, ...le))
}

/** By `le`, for a heatmap: how many fell into each bucket within a step of the graph. */
export const bucketsOf = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => ofHistogram('_bucket', metric, labels, matchers, 'increase')

export const quantile = <L extends string>(
  q: number,
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL => promql`histogram_quantile(${q}, ${ofHistogram('_bucket', metric, labels, matchers)})`

export const mean = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: Labels<L>,
  matchers: Matchers<NoInfer<L>> = {},
): PromQL =>
  promql`${ofHistogram('_sum', metric, labels, matchers)} / (${ofHistogram('_count', metric, labels, matchers)} > ${0})`

/** Since a timestamp. */
export const since = (timestamp: PromQL): PromQL => promql`time() - ${timestamp}`
/** Until a timestamp. */
export const until = (timestamp: PromQL): PromQL => promql`${timestamp} - time()`

/** Of nothing there is none: an absence that is known to mean 0. */
export const orZero = (expr: PromQL): PromQL => promql`${expr} or vector(${0})`
