/** A statistics view's columns as metrics: each column is named once, beside its metric. */
import type { LabelValues, MetricDescriptor, Sample } from '../../src/metric.ts'
import { sample } from '../../src/metric.ts'

export type Columns<L extends string = string> = Readonly<Record<string, MetricDescriptor<L>>>

/** Of each column the value; null is unknown, as is a column this version lacks. */
export type Row<C extends Columns> = { readonly [K in keyof C]?: number | null }

/** A select list of the columns as float8: counters past 2^53 lose their last digits rather than their meaning. */
export const float8 = (columns: Readonly<Record<string, unknown>>): string =>
  Object.keys(columns)
    .map((column) => `${column}::float8 as ${column}`)
    .join(', ')

/** A sample for each column that is known; PostgreSQL keeps times in milliseconds, `divisor` 1000 makes seconds of them. */
export const samples = <L extends string, C extends Columns<L>>(
  columns: C & Columns<L>,
  labels: LabelValues<NoInfer<L>>,
  row: Row<C>,
  divisor = 1,
): readonly Sample[] =>
  Object.entries<MetricDescriptor<L>>(columns).flatMap(([column, metric]) => {
    const value = row[column]
    return sample(metric, labels, typeof value === 'number' ? value / divisor : undefined)
  })
