/** What is not the same on every Prometheus from 2.42 to 3, and what no rule test can reach. */
import { isAggregation, isCall, partsOf } from '../promql/ast.ts'
import { AGGREGATIONS } from '../promql/functions.ts'
import type { QueryCheck } from './query_check.ts'

const OF_THE_CLOCK = /^(hour|minute|month|year|days_in_month|day_of_\w+)$/

export const portable: QueryCheck = ({ expr, use }) => {
  const parts = partsOf(expr)
  return [
    ...parts
      .filter(isAggregation)
      .filter(({ op }) => !AGGREGATIONS.includes(op))
      .map(({ op, opAt }) => ({ at: opAt.from, message: `${op} is not on every Prometheus from 2.42 on` })),
    ...parts
      .filter(isCall)
      .filter(({ name }) => use === 'rule' && OF_THE_CLOCK.test(name))
      .map(({ name, from }) => ({
        at: from,
        message: `a calendar by ${name}() knows no holiday and no test reaches it: read odoo_business_window_active`,
      })),
  ]
}
