/** Rows that are kept are those that stand in the table, whatever befell it, once checksums have been asked for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate, type Row } from '../../src/flow/condition/evaluate.ts'
import { keptRows } from '../../src/flow/read/kept.ts'
import { datetimeText } from '../../src/flow/read/naive.ts'
import { planOf } from '../../src/flow/read/plan.ts'
import { readerOver } from '../../src/flow/read/read.ts'
import type { Selection, Source } from '../../src/flow/read/source.ts'
import { HOUR, MORNING, NIGHT } from './night.ts'
import { flowOf } from './readable.ts'
import { signal } from './reading.ts'
import { catalogueOf } from './stand_in.ts'

const catalogue = catalogueOf(18)
const FLOWS = ['picking', 'shipment-validation', 'carrier-label'].map((name) => flowOf(name, 18))
const HOURS = [0, 1, 2, 3].map((n) => NIGHT + n * HOUR)
const TYPES: readonly Row[] = [
  { id: 1, code: 'incoming', print_label: true },
  { id: 2, code: 'outgoing', print_label: true },
]
const CARRIERS: readonly Row[] = [{ id: 1, integration_level: 'rate_and_ship', delivery_type: 'dhl' }]
const STATES = ['draft', 'assigned', 'done', 'cancel'] as const
const SECOND = 1_000

/** A table of transfers, the clock that stamps them, and how many of its rows have been asked for. */
const worldOf = () => {
  const rows = new Map<number, Row>()
  let [now, asked, id] = [MORNING, 0, 0]
  const recordsOf = (model: string): readonly Row[] =>
    ({ 'stock.picking.type': TYPES, 'delivery.carrier': CARRIERS })[model] ?? [...rows.values()]
  /** With records in place of their ids, as conditions go through them. */
  const whole = (row: Row): Row => ({
    ...row,
    picking_type_id: TYPES.find((each) => each.id === row.picking_type_id) ?? row.picking_type_id,
    carrier_id: CARRIERS.find((each) => each.id === row.carrier_id) ?? false,
  })
  const select = ({ model, where, atLeast, ids }: Selection): readonly Row[] =>
    recordsOf(model)
      .filter((row) => Number(row.id) >= atLeast && (ids === undefined || ids.includes(Number(row.id))))
      .filter((row) => evaluate(where, model === 'stock.picking' ? whole(row) : row, now) === true)
      .sort((a, b) => Number(a.id) - Number(b.id))
  const source: Source = {
    connection: {},
    catalogue,
    currencies: { currencies: new Map(), companyCurrencies: new Map() },
    now: () => now,
    page: 3,
    stretch: undefined,
    groups: async (selection, time, by, aggregates) => {
      const keyOf = (row: Row) =>
        JSON.stringify([time && `${String(row[time.field]).slice(0, 13)}:00:00`, ...by.map((field) => row[field])])
      return [...Map.groupBy(select(selection), keyOf)].map(([key, of]) => {
        const [begins, ...keys] = JSON.parse(key)
        const values = aggregates.map(({ field }) =>
          of
            .map((row) => String(row[field]))
            .sort()
            .at(-1),
        )
        return { begins, keys, values, count: of.length }
      })
    },
    rows: async (selection, fields, _, limit) => {
      const found = select(selection).slice(0, limit)
      if (selection.model === 'stock.picking') asked += found.length
      return found.map((row) => Object.fromEntries(fields.map((field) => [field, row[field] ?? false])))
    },
  }
  const write = (at: number, values: Row): void => {
    rows.set(at, { ...rows.get(at), ...values, write_date: datetimeText(now) })
  }
  return {
    source,
    pass: (seconds: number) => {
      now += seconds * SECOND
      return now
    },
    asked: () => asked,
    nth: (n: number): number | undefined => [...rows.keys()][n % Math.max(1, rows.size)],
    make: (slot: number) => {
      id += 1
      const at = datetimeText(slot)
      const planned = { scheduled_date: at, date_deadline: false, create_date: at, date_done: false, company_id: 1 }
      const none = { pos_session_id: false, return_id: false }
      write(id, {
        ...planned,
        ...none,
        id,
        picking_type_id: 2,
        carrier_id: 1,
        carrier_tracking_ref: false,
        state: 'assigned',
      })
    },
    write,
    remove: (at: number) => rows.delete(at),
  }
}

type World = ReturnType<typeof worldOf>
const op = fc.record({
  kind: fc.constantFrom('make', 'make', 'state', 'move', 'type', 'remove', 'nothing'),
  nth: fc.nat(40),
  state: fc.constantFrom(...STATES),
  slot: fc.integer({ min: NIGHT, max: NIGHT + 4 * HOUR - 1 }),
  seconds: fc.integer({ min: 1, max: 90 }),
  isFull: fc.boolean(),
})

/** Whether what was done leaves no stamp on a row that is still of the base. */
const perform = (
  world: World,
  { kind, nth, state, slot }: { kind: string; nth: number; state: string; slot: number },
) => {
  if (kind === 'make') world.make(slot)
  const id = world.nth(nth)
  if (id === undefined) return false
  if (kind === 'state') world.write(id, { state, date_done: state === 'done' && datetimeText(slot) })
  if (kind === 'move') world.write(id, { scheduled_date: datetimeText(slot) })
  if (kind === 'type') world.write(id, { picking_type_id: (nth % 2) + 1 })
  if (kind === 'remove') world.remove(id)
  return kind === 'type' || kind === 'remove'
}

const LIMIT = 500
const read = async (world: World, kept?: ReturnType<typeof keptRows>) => {
  const reader = readerOver(world.source)
  const items = FLOWS.map(() => [] as object[])
  for await (const page of reader.rows(FLOWS, HOURS, signal(), kept)) {
    for (const [i, of] of page.entries()) items[i]?.push(...of)
  }
  return items.map((of) => of.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))))
}

test('kept rows read as the table does: what leaves a stamp with each look, the rest with the checksums', async () => {
  let [compared, untraced, items] = [0, 0, 0]
  await fc.assert(
    fc.asyncProperty(fc.array(op, { minLength: 5, maxLength: 40 }), fc.constantFrom(4, 100), async (ops, most) => {
      const world = worldOf()
      const reader = readerOver(world.source)
      const kept = keptRows(most)
      let [since, isHidden] = [MORNING, false]
      for (const each of ops) {
        const now = world.pass(each.seconds)
        isHidden = perform(world, each) || isHidden
        await reader.changedSince(FLOWS, since - SECOND, NIGHT, NIGHT + 4 * HOUR, LIMIT, signal(), kept)
        since = now
        if (each.isFull) {
          await reader.checksums(FLOWS, NIGHT, NIGHT + 4 * HOUR, signal(), kept)
          isHidden = false
        }
        if (isHidden) untraced += 1
        else {
          const all = await read(world)
          expect(await read(world, kept)).toEqual(all)
          items += all.flat().length
          compared += 1
        }
      }
    }),
    { numRuns: 60 },
  )
  expect(compared).toBeGreaterThan(300)
  expect(untraced).toBeGreaterThan(20)
  expect(items).toBeGreaterThan(compared)
})

const filled = async () => {
  const world = worldOf()
  for (let n = 0; n < 40; n++) world.make(NIGHT + n * 350 * SECOND)
  const reader = readerOver(world.source)
  const kept = keptRows()
  await read(world, kept)
  const since = world.pass(60)
  /** How many rows of the table a reading took. */
  const costOf = async (ask: () => Promise<unknown>): Promise<number> => {
    const before = world.asked()
    await ask()
    return world.asked() - before
  }
  const changes = () => reader.changedSince(FLOWS, since, NIGHT, NIGHT + 4 * HOUR, LIMIT, signal(), kept)
  const sums = () => reader.checksums(FLOWS, NIGHT, NIGHT + 4 * HOUR, signal(), kept)
  return { world, kept, reader, costOf, changes, sums }
}

test('of an hour in which a row changes that row alone is read', async () => {
  const { world, kept, costOf, changes, sums } = await filled()
  world.write(3, { state: 'done', date_done: datetimeText(MORNING) })
  expect(await costOf(changes)).toBe(1)
  expect(await costOf(() => read(world, kept))).toBe(0)
  await sums()
  expect(await costOf(() => read(world, kept))).toBe(0)
  expect(await read(world, kept)).toEqual(await read(world))
})

test('an hour that a row has left is told to have changed, too', async () => {
  const { world, kept, changes } = await filled()
  world.write(1, { scheduled_date: datetimeText(NIGHT + 3 * HOUR + SECOND) })
  world.write(39, { state: 'draft' })
  const hours = await changes()
  expect(hours).toEqual([
    { hour: NIGHT, newest: MORNING + 60 * SECOND },
    { hour: NIGHT + 3 * HOUR, newest: MORNING + 60 * SECOND },
  ])
  expect(await read(world, kept)).toEqual(await read(world))
})

test('an hour whose checksum is another is read anew, and only that', async () => {
  const { world, kept, costOf, sums } = await filled()
  world.remove(2)
  expect(await costOf(() => read(world, kept))).toBe(0)
  await sums()
  const cost = await costOf(() => read(world, kept))
  expect(cost).toBeGreaterThan(5)
  expect(cost).toBeLessThan(15)
  expect(await read(world, kept)).toEqual(await read(world))
})

test('what is asked in other words has nothing kept', async () => {
  const { world, kept } = await filled()
  const [picking] = FLOWS
  if (picking === undefined) throw new Error('no picking')
  const plan = planOf([picking], catalogue)
  expect(kept.rowsOf(planOf(FLOWS, catalogue), NIGHT, MORNING)).toHaveLength(11)
  expect(kept.rowsOf(plan, NIGHT, MORNING)).toBeUndefined()
  expect(kept.rowsOf(planOf(FLOWS, catalogue), NIGHT, MORNING)).toBeUndefined()
  expect(await read(world, kept)).toEqual(await read(world))
})

test('no more rows are kept than were agreed, those asked for last', () => {
  const kept = keptRows(5)
  const plan = planOf(FLOWS, catalogue)
  const rows = (n: number, from: number) => Array.from({ length: n }, (_, i) => ({ id: from + i }))
  kept.keep(plan, 1 * HOUR, rows(2, 1), MORNING)
  kept.keep(plan, 2 * HOUR, rows(2, 3), MORNING)
  expect(kept.rowsOf(plan, 1 * HOUR, MORNING)).toHaveLength(2)
  kept.keep(plan, 3 * HOUR, rows(3, 5), MORNING)
  expect([1, 2, 3].map((n) => kept.rowsOf(plan, n * HOUR, MORNING)?.length)).toEqual([2, undefined, 3])
  kept.forget([3 * HOUR])
  expect(kept.rowsOf(plan, 3 * HOUR, MORNING)).toBeUndefined()
  kept.keep(plan, 4 * HOUR, rows(6, 9), MORNING)
  expect([1, 4].map((n) => kept.rowsOf(plan, n * HOUR, MORNING))).toEqual([undefined, undefined])
})

test('an hour that was not asked for in an hour is kept no longer', () => {
  const kept = keptRows()
  const plan = planOf(FLOWS, catalogue)
  for (const n of [1, 2]) kept.keep(plan, n * HOUR, [{ id: n }], MORNING)
  expect(kept.rowsOf(plan, 1 * HOUR, MORNING + HOUR / 2)).toHaveLength(1)
  kept.update(plan, [], MORNING + HOUR + SECOND)
  expect(kept.rowsOf(plan, 2 * HOUR, MORNING + HOUR + SECOND)).toBeUndefined()
  expect(kept.rowsOf(plan, 1 * HOUR, MORNING + HOUR + SECOND)).toHaveLength(1)
})

test('of rows without a stamp none are kept: what changes in them shows nowhere', () => {
  const kept = keptRows()
  const plan = planOf([flowOf('background-jobs', 18)], catalogue)
  kept.keep(plan, NIGHT, [{ id: 1 }], MORNING)
  expect(kept.rowsOf(plan, NIGHT, MORNING)).toBeUndefined()
})
