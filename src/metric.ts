/**
 * The vocabulary: what a metric is, what a sample is, and how PromQL names them.
 *
 * A metric's name is written once, in its descriptor, in full. Everything else (mapping, rules,
 * dashboards, documents) imports the descriptor, so a wrong name or label fails to compile.
 */

/** A span of time in milliseconds. */
export type Duration = number
/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

export const seconds = (n: number): Duration => n * 1000
export const minutes = (n: number): Duration => n * 60_000
export const hours = (n: number): Duration => n * 3_600_000

export type Unit = 'seconds' | 'bytes' | 'ratio' | 'count' | 'bool' | 'info' | 'timestamp'

export interface MetricDescriptor<L extends string = string> {
  /** The full name as exposed, a literal. */
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  /** What the value means; dashboards and documents take their units from it. */
  readonly unit: Unit
  readonly help: string
  readonly labels: readonly L[]
  /** Per target. Past it the probe fails with `series_limit`; nothing is cut in silence. */
  readonly maxSeries: number
  /** Labels that are empty on some series; every other one never is. Rules may join on those alone. */
  readonly mayBeEmpty?: readonly NoInfer<L>[]
  /** Of labels whose values are a closed set. */
  readonly values?: { readonly [K in NoInfer<L>]?: readonly string[] }
  /** Between which values it lies, both included, where that is not what the unit says (bool 0 to 1, info 1, ratio 0 to 1). */
  readonly range?: readonly [min: number, max: number]
  /** Upper bounds of a histogram, where they are ours to set. */
  readonly buckets?: readonly number[]
  /** The exporter whose name this is, where the name is kept so that existing dashboards go on working. */
  readonly inherited?: 'postgres_exporter' | 'redis_exporter'
}

/** Labels the engine itself puts on every sample of a target; a mapping gives them only where they vary within one. */
export type TargetLabel = 'server' | 'tenant'

export type LabelValues<L extends string> = { readonly [K in Exclude<L, TargetLabel>]: string } & {
  readonly [K in Extract<L, TargetLabel>]?: string
}

/** Cumulative bucket counts by upper bound; the `+Inf` bucket is `count`. */
export interface Histogram {
  readonly buckets: ReadonlyMap<number, number>
  readonly sum: number
  readonly count: number
}

export interface Sample {
  readonly metric: MetricDescriptor
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | Histogram
}

/** Declares a metric; the labels are inferred, so that samples and PromQL are checked against them. */
export const metric = <const L extends string>(descriptor: MetricDescriptor<L>): MetricDescriptor<L> => descriptor

/**
 * One reading of one series, as a list so that it can be spread: an unknown value (null, undefined)
 * is absent, never 0, and gives the empty list.
 */
export const sample = <L extends string>(
  metric: MetricDescriptor<L>,
  labels: LabelValues<NoInfer<L>>,
  value: number | Histogram | null | undefined,
): readonly Sample[] =>
  value === null || value === undefined
    ? []
    : [{ metric: metric as MetricDescriptor, labels: labels as Record<string, string>, value }]

/** A PromQL expression and the metrics it reads. */
export interface PromQL {
  readonly text: string
  readonly metrics: readonly MetricDescriptor[]
}

const isPromQL = (part: unknown): part is PromQL => typeof part === 'object' && part !== null && 'text' in part

/**
 * PromQL with descriptors in the holes: `` promql`rate(${descriptor}[5m]) > ${0.5}` ``.
 * A descriptor writes its name and is recorded as read; numbers, and other expressions, go in as they are.
 */
export const promql = (
  strings: TemplateStringsArray,
  ...parts: readonly (MetricDescriptor | PromQL | number | string)[]
): PromQL => {
  const metrics = new Set<MetricDescriptor>()
  let text = strings[0] ?? ''
  parts.forEach((part, i) => {
    if (typeof part === 'number' || typeof part === 'string') text += part
    else if (isPromQL(part)) {
      text += part.text
      for (const m of part.metrics) metrics.add(m)
    } else {
      text += (part as MetricDescriptor).name
      metrics.add(part as MetricDescriptor)
    }
    text += strings[i + 1] ?? ''
  })
  return { text, metrics: [...metrics] }
}

/** A selector with equality matchers, the labels checked by the compiler: `where(pgLocks, { mode: 'x' })`. */
export const where = <L extends string>(
  metric: MetricDescriptor<L>,
  matchers: Partial<Record<NoInfer<L>, string>>,
): PromQL => ({
  text: `${metric.name}{${Object.entries(matchers)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`,
  metrics: [metric as MetricDescriptor],
})

/** A label list for `by (…)` or `on (…)`, checked against the metric that must carry them. */
export const labelsOf = <L extends string>(_metric: MetricDescriptor<L>, ...labels: readonly NoInfer<L>[]): string =>
  labels.join(', ')
