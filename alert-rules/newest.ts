/** Of replicas that disagree, whose word counts. */
import { type PromQL, promql } from '../src/metric.ts'
import { configLastReloadSuccess } from '../src/own_metrics.ts'

/**
 * What a configuration says, its value when that was read: the newest is the highest. Where that is not told, 1; `told` is
 * something that each replica tells that tells of this.
 */
export const byConfiguration = (info: PromQL, told: PromQL): PromQL =>
  promql`${info} * on (instance) group_left () (max by (instance) (${configLastReloadSuccess}) or on (instance) group by (instance) (${told}))`
