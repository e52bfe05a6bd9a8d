/** The functions every Prometheus from 2.42 on has, with what they take: https://prometheus.io/docs/prometheus/2.42/querying/functions/ */

export type Kind = 'vector' | 'matrix' | 'scalar' | 'string'

export interface Signature {
  readonly takes: readonly Kind[]
  /** How many of the last may be left out. */
  readonly optional?: number
  /** The last may come again. */
  readonly many?: true
  readonly gives: 'vector' | 'scalar'
}

const named = (names: string, signature: Signature): readonly (readonly [string, Signature])[] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, signature] as const)

export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map([
  ...named(
    `absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time max_over_time
     min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time`,
    { takes: ['matrix'], gives: 'vector' },
  ),
  ...named('quantile_over_time', { takes: ['scalar', 'matrix'], gives: 'vector' }),
  ...named('predict_linear', { takes: ['matrix', 'scalar'], gives: 'vector' }),
  ...named(
    `abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort sort_desc
     sqrt tan tanh timestamp`,
    { takes: ['vector'], gives: 'vector' },
  ),
  ...named('clamp_max clamp_min', { takes: ['vector', 'scalar'], gives: 'vector' }),
  ...named('clamp', { takes: ['vector', 'scalar', 'scalar'], gives: 'vector' }),
  ...named('round', { takes: ['vector', 'scalar'], optional: 1, gives: 'vector' }),
  ...named('day_of_month day_of_week day_of_year days_in_month hour minute month year', {
    takes: ['vector'],
    optional: 1,
    gives: 'vector',
  }),
  ...named('histogram_quantile', { takes: ['scalar', 'vector'], gives: 'vector' }),
  ...named('label_replace', { takes: ['vector', 'string', 'string', 'string', 'string'], gives: 'vector' }),
  ...named('label_join', { takes: ['vector', 'string', 'string', 'string'], many: true, gives: 'vector' }),
  ...named('vector', { takes: ['scalar'], gives: 'vector' }),
  ...named('scalar', { takes: ['vector'], gives: 'scalar' }),
  ...named('time pi', { takes: [], gives: 'scalar' }),
])

/** Those that read how a value has changed, and so need several readings within their range. */
export const OF_CHANGE: readonly string[] = [
  'rate',
  'irate',
  'increase',
  'delta',
  'idelta',
  'deriv',
  'changes',
  'resets',
  'predict_linear',
]

export const AGGREGATIONS: readonly string[] =
  'sum min max avg group stddev stdvar count count_values bottomk topk quantile'.split(' ')

/** Those that pick series and leave them as they are. */
export const PICKING: readonly string[] = ['topk', 'bottomk']
