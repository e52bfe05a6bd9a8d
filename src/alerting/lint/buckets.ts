/** A bucket that is picked exists, and is found as Prometheus 2 writes it (`5`) and as 3 does (`5.0`). */
import { isSelector, type Matcher, partsOf } from '../promql/ast.ts'
import { regexOf } from '../promql/series.ts'
import type { QueryCheck } from './query_check.ts'

const asThree = (bound: number): string => (Number.isInteger(bound) ? `${bound}.0` : String(bound))
const INFINITE = '+Inf'

const fault = ({ op, value }: Matcher, buckets: readonly number[] | undefined): string | undefined => {
  if (value === INFINITE || value === '') return undefined
  const bound = Number(value)
  if (op === '=' || op === '!=') {
    return Number.isInteger(bound)
      ? `le="${value}" is le="${asThree(bound)}" on Prometheus 3: write le=~"${bound}([.]0)?"`
      : missing(buckets, (b) => b === bound, value)
  }
  const regex = regexOf(value)
  if (regex === undefined) return undefined
  const half = buckets?.find((b) => regex.test(String(b)) !== regex.test(asThree(b)))
  if (half !== undefined) return `le=~"${value}" fits one of ${half} and ${asThree(half)}, which are one bucket`
  return missing(buckets, (b) => regex.test(String(b)), value)
}

const missing = (
  buckets: readonly number[] | undefined,
  isMeant: (bound: number) => boolean,
  value: string,
): string | undefined => {
  if (buckets === undefined) return `no buckets are declared here: whether there is one "${value}" is not ours to say`
  return buckets.some(isMeant) ? undefined : `there is no bucket "${value}"; there are ${buckets.join(', ')}`
}

export const buckets: QueryCheck = ({ expr, world }) =>
  partsOf(expr)
    .filter(isSelector)
    .flatMap(({ metric = '', matchers }) =>
      matchers
        .filter(({ label }) => label === 'le')
        .flatMap((matcher) => {
          const message = fault(matcher, world.known.get(metric)?.buckets)
          return message === undefined ? [] : [{ at: matcher.from, message }]
        }),
    )
