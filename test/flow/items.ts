/** Items made by hand. */
import type { Item } from '../../src/flow/ledger/item.ts'
import type { Duration, Instant } from '../../src/metric.ts'

let id = 0
/** An open one that has just been made. */
export const item = (start: Instant, more: Partial<Item> = {}): Item => ({
  id: id++,
  slot: start,
  start,
  promised: undefined,
  state: 'open',
  ended: undefined,
  visible: start,
  group: undefined,
  company: undefined,
  value: undefined,
  currency: undefined,
  ...more,
})

export const done = (start: Instant, after: Duration, group?: string): Item =>
  item(start, { state: 'done', ended: start + after, group })
