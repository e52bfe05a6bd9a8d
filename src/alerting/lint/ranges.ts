/**
 * A range holds enough readings: a counter asked slower than it is scraped stands still and then jumps. And a subquery has
 * as many steps on Prometheus 2, which counts both of its ends, as on 3, which counts one.
 */
import { formatDuration } from '../../config/duration.ts'
import type { Duration } from '../../metric.ts'
import { type Call, type Expr, isCall, isSelector, partsOf, type Subquery } from '../promql/ast.ts'
import { OF_CHANGE } from '../promql/functions.ts'
import type { Fault } from '../promql/parse.ts'
import type { Query, QueryCheck } from './query_check.ts'
import { SCRAPE } from './world.ts'

/** Readings within a range, for a rate to be told from; Grafana's own choice for `$__rate_interval`. */
export const READINGS = 4

const tooShort = (range: Duration | undefined, interval: Duration): string | undefined =>
  range !== undefined && range < READINGS * interval
    ? `${formatDuration(range)} is too short for what is read every ${formatDuration(interval)}: at least ${formatDuration(READINGS * interval)}`
    : undefined

const ofCall = (call: Call, { world }: Query): readonly Fault[] => {
  const over = call.args.find((arg) => isSelector(arg) || arg.kind === 'subquery')
  if (over === undefined || !OF_CHANGE.includes(call.name)) return []
  if (!isSelector(over) && over.kind !== 'subquery') return []
  const interval = isSelector(over)
    ? (world.known.get(over.metric ?? '')?.interval ?? SCRAPE)
    : (over.step?.value ?? SCRAPE)
  const message = tooShort(over.range?.value, interval)
  return message === undefined ? [] : [{ at: over.range?.from ?? over.from, message: `${call.name}: ${message}` }]
}

const ofSubquery = ({ range, step }: Subquery): readonly Fault[] => {
  if (step === undefined) return [{ at: range.from, message: 'its step is each server’s own: write one, [14m30s:1m]' }]
  if (range.value === undefined || step.value === undefined || range.value % step.value !== 0) return []
  const whole = range.value / step.value
  const better = formatDuration(range.value - step.value / 2)
  return [
    {
      at: range.from,
      message: `${whole + 1} steps on Prometheus 2 and ${whole} on 3: write [${better}:${formatDuration(step.value)}]`,
    },
  ]
}

const isSubquery = (expr: Expr): expr is Subquery => expr.kind === 'subquery'

export const ranges: QueryCheck = (query) => {
  const parts = partsOf(query.expr)
  return [
    ...parts.filter(isCall).flatMap((call) => ofCall(call, query)),
    ...parts
      .filter(isSubquery)
      .flatMap((subquery) => (query.use === 'panel' && subquery.step === undefined ? [] : ofSubquery(subquery))),
  ]
}
