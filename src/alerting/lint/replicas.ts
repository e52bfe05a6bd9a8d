/** Two replicas of the exporter tell the same: what is added up over both is told twice. */
import { type Aggregation, isAggregation, isSelector, partsOf } from '../promql/ast.ts'
import { shapeOf } from '../promql/shape.ts'
import type { Query, QueryCheck } from './query_check.ts'

const ADDING = ['sum', 'count', 'count_values', 'stddev', 'stdvar', 'avg', 'quantile']

const isDoubled = ({ op, of, grouping }: Aggregation, { world }: Query): boolean => {
  if (!ADDING.includes(op)) return false
  const shape = shapeOf(of, world.shape)
  if (shape.kind !== 'series' || shape.keys.some((key) => !key.has('instance'))) return false
  const names = grouping?.labels.map(({ name }) => name) ?? []
  const keeps = grouping?.how === 'without' ? !names.includes('instance') : names.includes('instance')
  const isOfEstate = (metric = ''): boolean => world.known.get(metric)?.ofProcess === false
  return !keeps && partsOf(of).some((part) => isSelector(part) && isOfEstate(part.metric))
}

export const replicas: QueryCheck = (query) =>
  partsOf(query.expr)
    .filter(isAggregation)
    .filter((aggregation) => isDoubled(aggregation, query))
    .map(({ op, opAt }) => ({
      at: opAt.from,
      message: `${op} counts what each replica of the exporter tells: fold these first, max by (…) without instance`,
    }))
