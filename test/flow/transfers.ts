/** Transfers of every shape, as Odoo's tables hold them and as both readers give them; conditions over them. */
import fc from 'fast-check'
import type { Row } from '../../src/flow/condition/evaluate.ts'

const states = ['draft', 'confirmed', 'assigned', 'done'] as const
const references = ['AB1', 'ab2', 'Z', ''] as const
const numbers = [-1, 0, 1.5, 20] as const
const times = ['2026-03-29 00:59:59', '2026-03-29 01:00:00', '2026-03-29 01:00:01', '2026-06-01 12:00:00'] as const
const stored = [...times, '2026-03-29 01:00:00.5', '2026-03-29 00:59:59.999999', '2026-06-01 12:00:00.000001'] as const
const days = ['2026-03-28', '2026-03-29', '2026-03-30'] as const
export const NOW = Date.parse('2026-03-29T01:00:00.750Z')

/** As seeded, by id from 1. */
const carriers = [
  { name: 'Parcel Express', delivery_type: 'parcel_express' },
  { name: 'Freight Line', delivery_type: 'freight_line' },
  { name: 'Own Van', delivery_type: 'fixed' },
] as const
const types = ['incoming', 'outgoing', 'internal'].map((code, i) => ({ code, print_label: i === 1 }))

const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { freq: 4 })

const move = fc.record({
  state: fc.constantFrom('confirmed', 'assigned', 'done'),
  product_uom_qty: fc.constantFrom(...numbers),
  reservation_date: maybe(days),
  picking_type_id: fc.constantFrom(1, 2, 3),
})
const transfer = fc.record({
  state: maybe(states),
  carrier_tracking_ref: maybe(references),
  weight: maybe(numbers),
  carrier_price: maybe(numbers),
  has_deadline_issue: maybe([true, false]),
  scheduled_date: maybe(stored),
  carrier_id: maybe([1, 2, 3]),
  picking_type_id: fc.constantFrom(1, 2, 3),
  moves: fc.array(move, { maxLength: 2 }),
})
export type Transfer = typeof transfer extends fc.Arbitrary<infer T> ? T : never

export const transfers: readonly Transfer[] = fc.sample(transfer, { numRuns: 60, seed: 11 })

const literal = (value: unknown): string =>
  value === null ? 'NULL' : typeof value === 'string' ? `'${value}'` : String(value)

/** 19 has no name on moves, the others demand one. */
export const transferRows = (version: number): string =>
  transfers
    .flatMap(({ moves, ...own }, i) => [
      `INSERT INTO stock_picking (id, name, location_id, location_dest_id, company_id, ${Object.keys(own).join(', ')})
       VALUES (${i + 1}, 'T${i}', 8, 5, 1, ${Object.values(own).map(literal).join(', ')})`,
      ...moves.map(
        (m) =>
          `INSERT INTO stock_move (picking_id, product_id, product_uom, location_id, location_dest_id, company_id, date, ${Object.keys(m).join(', ')}${version >= 19 ? '' : ', name'})
           VALUES (${i + 1}, 1, 1, 8, 5, 1, now(), ${Object.values(m).map(literal).join(', ')}${version >= 19 ? '' : ", 'm'"})`,
      ),
    ])
    .join(';\n')

const typeRow = (id: number): Row => ({ id, ...types[id - 1], warehouse_id: { id: 1, code: 'WH1' } })
const carrierRow = (id: number): Row => ({ id, ...carriers[id - 1] })

/** As SQL gives it: null is null, microseconds, decimals as text. */
export const sqlRow = ({ moves, ...own }: Transfer, i: number): Row => ({
  ...own,
  id: i + 1,
  weight: own.weight === null ? null : own.weight.toFixed(2),
  carrier_id: own.carrier_id === null ? null : carrierRow(own.carrier_id),
  picking_type_id: typeRow(own.picking_type_id),
  move_ids: moves.map((m, j) => ({ ...m, id: j + 1, picking_type_id: typeRow(m.picking_type_id) })),
})

/** As RPC gives it: null is False, or 0 of a number; whole seconds. */
export const rpcRow = (transfer: Transfer, i: number): Row => ({
  ...Object.fromEntries(Object.entries(sqlRow(transfer, i)).map(([key, value]) => [key, value ?? false])),
  weight: transfer.weight ?? 0,
  carrier_price: transfer.carrier_price ?? 0,
  scheduled_date: transfer.scheduled_date?.slice(0, 19) ?? false,
})

const equality = <T extends string | number | boolean>(
  field: string,
  values: readonly [T, ...T[]],
  extra: object[],
) => {
  const one = fc.constantFrom(...values)
  return fc.oneof(
    one.map((v) => ({ field, '=': v })),
    one.map((v) => ({ field, '!=': v })),
    fc.array(one, { minLength: 1, maxLength: 3 }).map((vs) => ({ field, in: vs })),
    fc.array(one, { minLength: 1, maxLength: 3 }).map((vs) => ({ field, not_in: vs })),
    ...extra.map((e) => fc.constant({ field, ...e })),
  )
}
const isSet = [{ is: 'set' }, { is: 'unset' }]
const ordered = <T>(field: string, values: readonly T[], extra: object[] = []) =>
  fc.oneof(
    fc
      .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.constantFrom(...values))
      .map(([order, value]) => ({ field, [order]: value })),
    ...extra.map((e) => fc.constant({ field, ...e })),
  )
const now = { parameter: 'now' }

/** Through one record at most: may be denied. */
const single: fc.Arbitrary<object> = fc.oneof(
  equality('state', states, isSet),
  equality('carrier_tracking_ref', references, isSet),
  equality('weight', numbers, []),
  ordered('weight', numbers),
  equality('carrier_price', numbers, []),
  ordered('carrier_price', numbers),
  fc.constantFrom(...['=', '!='].flatMap((o) => [true, false].map((v) => ({ field: 'has_deadline_issue', [o]: v })))),
  ordered('scheduled_date', [...times, now], isSet),
  equality('carrier_id', [1, 2, 3, 9], isSet),
  equality('carrier_id.name', ['Own Van', 'Parcel Express', 'x'], isSet),
  equality('carrier_id.delivery_type', ['fixed', 'freight_line', 'x'], isSet),
  equality('picking_type_id.code', ['incoming', 'outgoing'], []),
  equality('picking_type_id.warehouse_id.code', ['WH1', 'WH2'], isSet),
  ordered('id', [1, 20, 40]),
)
const many: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom({ field: 'move_ids', is: 'set' }, { field: 'move_ids', is: 'unset' }),
  equality('move_ids.state', ['confirmed', 'assigned', 'done'], []),
  ordered('move_ids.product_uom_qty', numbers),
  ordered('move_ids.reservation_date', [...days, now], isSet),
  equality('move_ids.picking_type_id.code', ['incoming', 'outgoing'], []),
)

const term = (depth: number, denied: boolean): fc.Arbitrary<object> => {
  const leaf = denied ? single : fc.oneof({ weight: 3, arbitrary: single }, { weight: 1, arbitrary: many })
  if (depth === 0) return leaf
  const inner = fc.array(term(depth - 1, denied), { minLength: 1, maxLength: 3 })
  return fc.oneof(
    leaf,
    inner.map((and) => ({ and })),
    inner.map((or) => ({ or })),
    term(depth - 1, true).map((not) => ({ not })),
  )
}

/** As written in a flow's file. */
export const conditions: fc.Arbitrary<object> = term(3, false)
