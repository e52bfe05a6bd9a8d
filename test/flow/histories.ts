/** Histories of a table of Odoo's, made up at random: what people, jobs and mishaps do to its rows. */
import fc from 'fast-check'
import { businessTimeOf } from '../../src/calendar/business_time.ts'
import { floorHour, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { defaultCadence, type LedgerConfig, type LedgerState } from '../../src/flow/ledger/ledger_state.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import { windowOf } from '../calendar/arbitrary.ts'
import { commit, drive, emptyTable, type Row, type Table } from './simulated_table.ts'

const DAY = 24 * HOUR
/** Central Europe sets its clocks forward at 01:00 UTC. */
const clockChange = Date.UTC(2026, 2, 29, 1)
const begin = clockChange - 5 * HOUR

export type Target = { readonly within: number } | { readonly by: number } | { readonly open: number }

/** A shift by day and one by night, which the change of the clocks makes an hour shorter. */
const shift = (name: string, from: number, to: number) =>
  windowOf({
    name,
    timezone: 'Europe/Paris',
    occurs: {
      rrule: 'FREQ=DAILY',
      start: undefined,
      from: from * 60,
      to: to * 60,
      days: to > from ? 0 : 1,
      holidays: [],
    },
  })
const shifts = businessTimeOf([shift('day', 9, 17), shift('night', 22, 5)], 'Europe/Paris')

/** `within` runs round the clock, `open` in open hours; `by` is an hour of the local day, next day's if it is past. */
const deadline = (start: Instant, target: Target): Instant => {
  if ('within' in target) return start + target.within
  if ('open' in target) return shifts.add(start, target.open) ?? Number.NaN
  const offset = (at: Instant) => (at < clockChange ? 1 : 2) * HOUR
  const local = start + offset(start)
  const sameDay = Math.floor(local / DAY) * DAY + target.by
  const due = sameDay >= local ? sameDay : sameDay + DAY
  return due - offset(due - HOUR)
}

/** The longest any of the targets takes; half a day and more where it depends on the time of day. */
const longestOf = (targets: LedgerConfig<Target>['promise']['targets']): Duration =>
  Math.max(...targets.map(({ target }) => ('within' in target ? target.within : 26 * HOUR)))

const plain = fc.record({
  promise: fc.record({
    kind: fc.constantFrom('journey', 'outcome'),
    evidence: fc.constantFrom('ledger', 'ledger', 'at-deadline'),
    targets: fc.constantFrom<LedgerConfig<Target>['promise']['targets']>(
      [{ since: 0, target: { within: 15 * MINUTE } }],
      [{ since: 0, target: { by: 17 * HOUR } }],
      [{ since: 0, target: { open: 2 * HOUR } }],
      [
        { since: 0, target: { within: 4 * HOUR } },
        { since: begin + 2 * HOUR, target: { within: 10 * MINUTE } },
      ],
    ),
  }),
  deadline: fc.constant(deadline),
  span: fc.constant(3 * DAY),
  reach: fc.constantFrom(26 * HOUR, 20 * MINUTE),
  horizon: fc.constantFrom(undefined, undefined, 30 * HOUR),
  ahead: fc.constantFrom(0, 2 * HOUR),
  overlap: fc.constant(3 * MINUTE),
  fast: fc.constantFrom('changed', 'changed', 'checksums'),
  countsWorth: fc.constant(true),
  cadence: fc.constant({
    ...defaultCadence,
    full: 4 * MINUTE,
    recent: 5 * HOUR,
    // Of all hours each minute, so that each look can be held against all that is there.
    lately: { changed: 30 * DAY, checksums: 30 * DAY },
    widely: { changed: 30 * DAY, checksums: 30 * DAY },
    older: 4 * MINUTE,
    whole: 10 * MINUTE,
    massWrite: 12,
    pageRows: 5,
  }),
})

export const configs: fc.Arbitrary<LedgerConfig<Target>> = plain.map((config) => ({
  ...config,
  prompt: Math.min(config.reach, longestOf(config.promise.targets)),
}))

export const skew = fc.integer({ min: -20_000, max: 20_000 })
const which = fc.nat(1000)
const takes = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 }))
const offset = fc.integer({ min: -3 * HOUR, max: 3 * HOUR })

export type Op =
  | { readonly op: 'wait'; readonly ms: number }
  | {
      readonly op: 'create'
      readonly takes: number
      readonly start: number
      readonly slot: number
      readonly group: number
    }
  | {
      readonly op: 'end'
      readonly which: number
      readonly takes: number
      readonly state: Row['state']
      readonly ended: number | undefined
    }
  | { readonly op: 'promise'; readonly which: number; readonly takes: number; readonly at: number }
  | { readonly op: 'move'; readonly which: number; readonly by: number }
  | { readonly op: 'delete'; readonly which: number }
  | { readonly op: 'purge' }
  | { readonly op: 'touch' }
  | { readonly op: 'kill' }

export const ops: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('wait'),
      ms: fc.oneof(fc.integer({ min: 0, max: 4 * MINUTE }), fc.constant(MINUTE), fc.integer({ min: 0, max: 8 * HOUR })),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('create'),
      takes,
      start: fc.oneof(fc.constant(0), offset),
      slot: fc.oneof(fc.constant(0), offset),
      group: fc.nat(30),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('end'),
      which,
      takes,
      state: fc.constantFrom('done', 'done', 'done', 'cancelled', 'failed', 'open'),
      ended: fc.oneof(fc.constant(0), fc.constant(undefined), offset),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('promise'), which, takes, at: offset }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('move'), which, by: offset }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete'), which }) },
  { weight: 1, arbitrary: fc.constantFrom<Op>({ op: 'purge' }, { op: 'touch' }, { op: 'kill' }) },
)

export interface World {
  now: Instant
  nextId: number
  /** Since when something happened that no stamp tells of: seen by the whole look. */
  hiddenAt: Instant
  readonly table: Table
  readonly dbSkew: number
  readonly appSkew: number
}

export const clock = ({ now, appSkew }: World): Instant => now + appSkew
const stamp = ({ now, dbSkew }: World): Instant => now + dbSkew

const write = (world: World, id: number, took: number, change: (row: Row) => Partial<Row>): void => {
  const written = stamp(world)
  world.table.open.push({
    commitAt: world.now + took,
    apply: (rows) => {
      const row = rows.get(id)
      if (row !== undefined) rows.set(id, { ...row, ...change(row), written })
    },
  })
}

const pick = (world: World, n: number): number | undefined =>
  [...world.table.rows.keys()].at(n % Math.max(1, world.table.rows.size))

const create = (world: World, op: Extract<Op, { op: 'create' }>): void => {
  const id = world.nextId++
  const created = stamp(world)
  const group = op.group > 25 ? undefined : `g${op.group}`
  const [start, slot] = [created + op.start, created + op.slot]
  const row: Row = {
    id,
    slot,
    start,
    promised: undefined,
    state: 'open',
    ended: undefined,
    created,
    written: created,
    group,
    value: id % 5 === 0 ? undefined : (id % 40) - 5.1,
    currency: id % 5 === 0 ? undefined : (['EUR', 'USD'][id % 2] ?? 'EUR'),
  }
  world.table.open.push({ commitAt: world.now + op.takes, apply: (rows) => rows.set(id, row) })
}

const purge = (world: World): void => {
  for (const [id, { state, ended }] of world.table.rows) {
    if (state === 'done' && (ended ?? 0) < clock(world) - 30 * HOUR) world.table.rows.delete(id)
  }
  world.hiddenAt = clock(world)
}

const change = (world: World, op: Extract<Op, { which: number }>): void => {
  const id = pick(world, op.which)
  if (id === undefined) return
  // Fast looks of a table without stamps reach back a day.
  if ((world.table.rows.get(id)?.slot ?? 0) < floorHour(clock(world)) - 20 * HOUR)
    world.hiddenAt = clock(world) + 2 * MINUTE
  if (op.op === 'end') {
    const ended = op.ended === undefined || op.state === 'open' ? undefined : clock(world) + Math.min(op.ended, 0)
    write(world, id, op.takes, () => ({ state: op.state, ended }))
  } else if (op.op === 'promise') {
    write(world, id, op.takes, () => ({ promised: clock(world) + op.at }))
  } else if (op.op === 'move') {
    write(world, id, 0, (row) => ({ slot: row.slot + op.by }))
    world.hiddenAt = clock(world)
  } else {
    world.table.rows.delete(id)
    world.hiddenAt = clock(world)
  }
}

export const perform = (world: World, op: Op): void => {
  if (op.op === 'wait') world.now += op.ms
  else if (op.op === 'create') create(world, op)
  else if (op.op === 'purge') purge(world)
  else if (op.op === 'touch') for (const id of world.table.rows.keys()) write(world, id, 0, () => ({}))
  else if (op.op !== 'kill') change(world, op)
  commit(world.table, world.now)
}

export const newWorld = (dbSkew: number, appSkew: number): World => ({
  now: begin,
  nextId: 1,
  hiddenAt: 0,
  table: emptyTable(),
  dbSkew,
  appSkew,
})

/** Long enough for all to be committed, and for a whole look. */
export const settle = (config: LedgerConfig<Target>, world: World, before: LedgerState): LedgerState => {
  let state = before
  for (let i = 0; i < 12; i++) {
    world.now += MINUTE
    commit(world.table, world.now)
    state = drive(config, state, world.table, clock(world))
  }
  return state
}
