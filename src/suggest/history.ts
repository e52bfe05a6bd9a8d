/** The items of a flow's past, as columns of numbers: a million of them take 33 MB. */
import type { Item, ItemState } from '../flow/ledger/item.ts'
import type { Instant } from '../metric.ts'

const STATES = ['open', 'done', 'failed', 'cancelled'] as const satisfies readonly ItemState[]
const FIELDS = ['start', 'promised', 'ended', 'visible'] as const
/** Of an item; columns are made by the block, so that none is ever copied to a larger one. */
const WIDTH = FIELDS.length
const BLOCK = 1 << 16

interface Block {
  /** The fields of one item after those of the other; NaN stands for what is not known. */
  readonly times: Float64Array
  readonly states: Uint8Array
}

export interface History {
  readonly size: () => number
  /** As it was put in, but for group, company and worth, which are not kept, and the slot, which is the start. */
  readonly at: (index: number) => Item
}

export interface Gathered extends History {
  readonly add: (items: Iterable<Item>) => void
  /** Forgets those put in after the first so many. */
  readonly cut: (size: number) => void
}

const known = (value: number | undefined): Instant | undefined =>
  value === undefined || Number.isNaN(value) ? undefined : value

const blockOf = (): Block => ({ times: new Float64Array(BLOCK * WIDTH), states: new Uint8Array(BLOCK) })

const put = ({ times, states }: Block, row: number, item: Item): void => {
  for (const [i, field] of FIELDS.entries()) times[row * WIDTH + i] = item[field] ?? Number.NaN
  states[row] = STATES.indexOf(item.state)
}

/** Grows as items come: this alone is changed, until all are there. */
export const gather = (): Gathered => {
  const blocks: Block[] = []
  let size = 0
  const blockAt = (index: number): Block => {
    const number = Math.floor(index / BLOCK)
    const block = blocks[number] ?? blockOf()
    blocks[number] = block
    return block
  }
  return {
    size: () => size,
    add: (items) => {
      for (const item of items) {
        put(blockAt(size), size % BLOCK, item)
        size += 1
      }
    },
    cut: (to) => {
      size = Math.min(size, to)
      blocks.length = Math.ceil(size / BLOCK)
    },
    at: (index) => {
      const { times, states } = blockAt(index)
      const row = index % BLOCK
      const time = (field: number) => known(times[row * WIDTH + field])
      const start = time(0) ?? Number.NaN
      return {
        id: index,
        slot: start,
        start,
        promised: time(1),
        state: STATES[states[row] ?? 0] ?? 'open',
        ended: time(2),
        visible: time(3),
        group: undefined,
        company: undefined,
        value: undefined,
        currency: undefined,
      }
    },
  }
}
