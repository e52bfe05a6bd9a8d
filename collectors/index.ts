/** The collectors there are: one line each. */
import type { AnyCollector } from '../src/collector.ts'
import { postgres } from './postgres/index.ts'

export const collectors: readonly AnyCollector[] = [postgres]
