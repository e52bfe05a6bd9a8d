/** Of replicas that disagree, whose word counts. */
import { type PromQL, promql } from '../src/metric.ts'
import { configLastReloadSuccess } from '../src/own_metrics.ts'

/**
 * What a configuration says, its value when that was read: the newest is the highest. Where that is not told, 1: `beside`
 * stands on every page that `info` stands on, and is the smaller family of the two.
 */
export const byConfiguration = (info: PromQL, beside: PromQL = info): PromQL =>
  promql`${info} * on (instance) group_left () (max by (instance) (${configLastReloadSuccess}) or on (instance) group by (instance) (${beside}))`
