import fc from 'fast-check'
import { expect, test } from 'vitest'
import { floorHour, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { emptyLedger, type LedgerConfig, type LedgerState } from '../../src/flow/ledger/ledger_state.ts'
import { spanFrom } from '../../src/flow/ledger/look.ts'
import { readingOf } from '../../src/flow/ledger/reading.ts'
import { DURATION_BOUNDS } from '../../src/flow/ledger/tally.ts'
import type { Reading } from '../../src/flow/report.ts'
import type { Instant } from '../../src/metric.ts'
import { clock, configs, newWorld, ops, perform, settle, skew, type Target, type World } from './histories.ts'
import { tookIn, unjudgedOf, worthOf } from './oracle.ts'
import { bruteForce, commit, drive } from './simulated_table.ts'

const utc = {
  local: (at: Instant) => ({ weekday: new Date(at).getUTCDay(), hour: new Date(at).getUTCHours() }),
  isHoliday: () => false,
}
const steps = fc.array(ops, { minLength: 20, maxLength: 120 })
type Config = LedgerConfig<Target>

const read = (config: Config, ...states: readonly LedgerState[]): Reading => {
  const reading = readingOf(
    states.map((state) => ({ config, state })),
    { time: utc },
  )
  if (reading === undefined) throw new Error('no reading')
  return reading
}

/** Whether this look has seen all that is there. */
const hasSeenAll = (state: LedgerState, before: LedgerState, world: World): boolean =>
  state.lastLook !== before.lastLook && state.lastWhole > world.hiddenAt

/** What a restart, or another replica, reads as of the same minute; the rest was seen since the process began. */
const ofRows = ({ windows, expected, worth, unjudged }: Reading) => ({ windows, expected, worth, unjudged })

test('what open items are worth, by currency, and items nobody can judge, are those of the table; a restart reads the same', () => {
  let compared = 0
  fc.assert(
    fc.property(configs, skew, skew, steps, (config, db, app, history) => {
      const world = newWorld(db, app)
      let state = emptyLedger
      for (const op of history) {
        perform(world, op)
        const before = state
        state = drive(config, state, world.table, clock(world))
        if (!hasSeenAll(state, before, world)) continue
        const reading = read(config, state)
        const rows = world.table.rows.values().toArray()
        expect(reading.worth).toEqual(worthOf(config, rows, clock(world)))
        expect(reading.unjudged).toBe(unjudgedOf(config, rows, clock(world)))
        const restarted = drive(config, emptyLedger, world.table, clock(world))
        expect(ofRows(reading)).toEqual(ofRows(read(config, restarted)))
        compared += 1
      }
    }),
    { numRuns: 120 },
  )
  expect(compared).toBeGreaterThan(500)
})

test('of two ledgers the windows are over the rows of both, as of the older look', () => {
  let [compared, behind] = [0, 0]
  const both = fc.array(fc.tuple(ops, fc.boolean()), { minLength: 20, maxLength: 80 })
  fc.assert(
    fc.property(configs, skew, both, fc.integer({ min: 1, max: 59 }), (config, app, history, late) => {
      const [one, two] = [newWorld(0, app), newWorld(0, app)]
      two.nextId = 1_000_000
      let [mine, others] = [emptyLedger, emptyLedger]
      for (const [op, isMine] of history) {
        perform(isMine ? one : two, op)
        one.now = Math.max(one.now, two.now)
        two.now = one.now
        commit(one.table, one.now)
        commit(two.table, two.now)
      }
      mine = settle(config, one, mine)
      others = settle(config, two, others)
      mine = drive(config, mine, one.table, clock(one))
      if (mine.lastLook !== clock(one) || others.lastLook !== clock(two)) return
      const table = { rows: new Map([...one.table.rows, ...two.table.rows]), open: [] }
      const expected = bruteForce(config, table, clock(one))
      expect(read(config, mine, others).windows).toEqual(expected)
      expect(read(config, others, mine).worth).toEqual(worthOf(config, table.rows.values(), clock(one)))
      compared += 1
      // One looks again, perhaps in the next hour, the other does not: nothing has changed as of the other's look.
      const again = drive(config, mine, one.table, clock(one) + late * MINUTE)
      if (again.asOf === mine.asOf) return
      expect(read(config, again, others).windows).toEqual(expected)
      if (floorHour(again.asOf ?? 0) > floorHour(mine.asOf ?? 0)) behind += 1
    }),
    { numRuns: 150 },
  )
  expect(compared).toBeGreaterThan(80)
  expect(behind).toBeGreaterThan(5)
})

test('no reading before each ledger has looked, nor while one is more than an hour behind', () => {
  const [config] = fc.sample(configs, { numRuns: 1, seed: 7 })
  if (config === undefined) throw new Error('no config')
  const world = newWorld(0, 0)
  const part = (at: Instant) => ({ config, state: drive(config, emptyLedger, world.table, at) })
  expect(readingOf([], { time: undefined })).toBeUndefined()
  expect(readingOf([part(world.now), { config, state: emptyLedger }], { time: undefined })).toBeUndefined()
  expect(readingOf([part(world.now), part(world.now + HOUR + MINUTE)], { time: undefined })).toBeUndefined()
  expect(readingOf([part(world.now), part(world.now + HOUR)], { time: undefined })?.windows.asOf).toBe(world.now)
})

test('what has just left the span of one ledger still counts as of the look of the other', () => {
  const [any] = fc.sample(configs, { numRuns: 1, seed: 7 })
  if (any === undefined) throw new Error('no config')
  const config: Config = { ...any, horizon: undefined }
  const world = newWorld(0, 0)
  const oldest = spanFrom(config, world.now)
  const row = { promised: undefined, state: 'open', ended: undefined, written: oldest, group: undefined } as const
  world.table.rows.set(1, { id: 1, slot: oldest, start: oldest, created: oldest, ...row })
  const ahead = drive(config, emptyLedger, world.table, world.now)
  const later = drive(config, ahead, world.table, world.now + HOUR)
  expect(later.asOf).toBe(world.now + HOUR)
  expect(read(config, later).windows.backlog?.open).toBe(0)
  const other = drive(config, emptyLedger, newWorld(0, 0).table, world.now)
  expect(read(config, later, other).windows).toEqual(bruteForce(config, world.table, world.now))
  expect(read(config, later, other).windows.backlog?.open).toBe(1)
})

const counted = ({ durations }: Reading) => durations && [...durations.buckets.values(), durations.count]

test('what was seen since the process began only grows, whatever becomes of the rows', () => {
  let grown = 0
  fc.assert(
    fc.property(configs, skew, skew, steps, (config, db, app, history) => {
      const world = newWorld(db, app)
      let state = emptyLedger
      for (const op of history) {
        perform(world, op)
        const before = state
        state = drive(config, state, world.table, clock(world))
        if (before.asOf === undefined || state.asOf === undefined) continue
        const [then, now] = [read(config, before), read(config, state)]
        expect(now.failuresSeen).toBeGreaterThanOrEqual(then.failuresSeen)
        const [old, fresh] = [counted(then), counted(now)]
        expect(old === undefined || fresh !== undefined).toBe(true)
        fresh?.forEach((count, i) => {
          expect(count).toBeGreaterThanOrEqual(Math.max(old?.[i] ?? 0, fresh[i - 1] ?? 0))
        })
        if ((fresh?.at(-1) ?? 0) > (old?.at(-1) ?? 0) && now.failuresSeen > 0) grown += 1
      }
    }),
    { numRuns: 120 },
  )
  expect(grown).toBeGreaterThan(5)
})

/** Of the hours that have begun. */
const failedByHour = (world: World): ReadonlyMap<Instant, number> => {
  const failed = world.table.rows
    .values()
    .filter(({ state, slot }) => state === 'failed' && floorHour(slot) <= clock(world))
  return new Map([...Map.groupBy(failed, ({ slot }) => floorHour(slot))].map(([hour, rows]) => [hour, rows.length]))
}

test('durations and failures are those of the table at each look', () => {
  let [completions, failures] = [0, 0]
  fc.assert(
    fc.property(configs, skew, steps, (config, db, history) => {
      const world = newWorld(db, 0)
      let state = drive(config, emptyLedger, world.table, clock(world))
      const took: number[] = []
      let failed = 0
      let known = failedByHour(world)
      // No look but a full one sees these.
      const shown = history.filter(({ op }) => op !== 'delete' && op !== 'move' && op !== 'purge')
      for (const op of shown) {
        // A wait of hours is one outage; what was done before the minutes kept is forgotten.
        perform(world, op.op === 'wait' ? { ...op, ms: Math.min(op.ms, 3 * HOUR) } : op)
        const before = state
        state = drive(config, state, world.table, clock(world))
        if (world.hiddenAt > 0) break
        if (state.lastLook === before.lastLook) continue
        const to = state.seen.durations?.upTo ?? 0
        const from = before.seen.durations?.upTo ?? to
        took.push(...tookIn(config, world.table.rows.values(), clock(world), from, to))
        const now = failedByHour(world)
        for (const [hour, count] of now) failed += Math.max(0, count - (known.get(hour) ?? 0))
        known = now
        const { durations, failuresSeen } = read(config, state)
        if (config.promise.evidence === 'ledger' && state.seen.durations !== undefined) {
          expect(durations?.count).toBe(took.length)
          expect(durations?.sum).toBe(took.reduce((sum, each) => sum + each, 0))
          expect([...(durations?.buckets ?? [])]).toEqual(
            DURATION_BOUNDS.map((bound) => [bound, took.filter((each) => each <= bound).length]),
          )
        } else expect(durations).toBeUndefined()
        if (config.ahead === 0) expect(failuresSeen).toBe(failed)
      }
      completions += took.length
      failures += failed
    }),
    { numRuns: 200 },
  )
  expect(completions).toBeGreaterThan(50)
  expect(failures).toBeGreaterThan(50)
})
