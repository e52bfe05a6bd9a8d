import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { emptyLedger, type LedgerConfig, type LedgerState } from '../../src/flow/ledger/ledger_state.ts'
import { viewOf } from '../../src/flow/ledger/reading.ts'
import { windowsOf } from '../../src/flow/ledger/windows.ts'
import { clock, configs, newWorld, ops, perform, settle, skew, type Target } from './histories.ts'
import { bruteForce, commit, drive } from './simulated_table.ts'

const windows = (config: LedgerConfig<Target>, state: LedgerState) => {
  const view = viewOf([{ config, state }])
  return view && windowsOf(view)
}

test('after each look, of changes without a stamp after each whole one, the windows are those of a brute-force reading; a restart at any step changes nothing', () => {
  let compared = 0
  fc.assert(
    fc.property(configs, skew, skew, fc.array(ops, { minLength: 20, maxLength: 120 }), (config, db, app, steps) => {
      const world = newWorld(db, app)
      let state = emptyLedger
      for (const op of steps) {
        perform(world, op)
        if (op.op === 'kill') state = emptyLedger
        const fresh = drive(config, emptyLedger, world.table, clock(world))
        expect(windows(config, fresh)).toEqual(bruteForce(config, world.table, clock(world)))
        const { lastLook } = state
        state = drive(config, state, world.table, clock(world))
        if (state.lastLook === lastLook || state.lastWhole <= world.hiddenAt) continue
        expect(windows(config, state)).toEqual(bruteForce(config, world.table, clock(world)))
        compared += 1
      }
      state = settle(config, world, state)
      const restarted = drive(config, emptyLedger, world.table, clock(world))
      expect(windows(config, restarted)).toEqual(bruteForce(config, world.table, clock(world)))
      expect(state.lastWhole).toBeGreaterThan(clock(world) - 11 * MINUTE)
      if (state.lastLook === clock(world)) expect(windows(config, state)).toEqual(windows(config, restarted))
    }),
    { numRuns: 250 },
  )
  expect(compared).toBeGreaterThan(1200)
})

test('where each minute’s look leaves older hours to others, the windows are right with each whole one', () => {
  let [compared, older] = [0, 0]
  fc.assert(
    fc.property(configs, skew, skew, fc.array(ops, { minLength: 20, maxLength: 120 }), (any, db, app, steps) => {
      const cadence = {
        ...any.cadence,
        lately: { changed: 2 * HOUR, checksums: HOUR },
        widely: { changed: 4 * HOUR, checksums: 2 * HOUR },
      }
      const config = { ...any, cadence }
      const world = newWorld(db, app)
      let state = emptyLedger
      for (const op of steps) {
        perform(world, op)
        const { lastWhole, lastOlder } = state
        state = drive(config, state, world.table, clock(world))
        if (state.lastOlder !== lastOlder) older += 1
        if (state.lastWhole === lastWhole || state.lastWhole <= world.hiddenAt) continue
        expect(windows(config, state)).toEqual(bruteForce(config, world.table, clock(world)))
        compared += 1
      }
      state = settle(config, world, state)
      const restarted = drive(config, emptyLedger, world.table, clock(world))
      if (state.lastWhole === clock(world)) expect(windows(config, state)).toEqual(windows(config, restarted))
    }),
    { numRuns: 150 },
  )
  expect(compared).toBeGreaterThan(300)
  expect(older).toBeGreaterThan(100)
})

test('two replicas whose looks fall on other seconds, while rows change under their hands, agree once both have looked', () => {
  let compared = 0
  fc.assert(
    fc.property(
      configs,
      skew,
      skew,
      fc.array(fc.tuple(ops, fc.nat(3), fc.nat(3)), { minLength: 20, maxLength: 80 }),
      (config, db, app, steps) => {
        const world = newWorld(db, app)
        let [one, two] = [emptyLedger, emptyLedger]
        for (const [op, turnsOfOne, turnsOfTwo] of steps) {
          perform(world, op)
          if (op.op === 'kill') one = emptyLedger
          one = drive(config, one, world.table, clock(world), turnsOfOne)
          world.now += 1500
          commit(world.table, world.now)
          two = drive(config, two, world.table, clock(world), turnsOfTwo)
        }
        one = settle(config, world, one)
        two = settle(config, world, two)
        one = settle(config, world, one)
        // At the same minute, 20 seconds apart; a mass write may hold a look up for one overlap.
        world.now = Math.ceil(world.now / MINUTE) * MINUTE - world.appSkew
        for (let minute = 0; minute < 5; minute++) {
          world.now += MINUTE
          one = drive(config, one, world.table, clock(world) + 10_000)
          two = drive(config, two, world.table, clock(world) + 30_000)
          if (one.asOf === clock(world) && two.asOf === clock(world)) break
        }
        expect(windows(config, one)).toEqual(bruteForce(config, world.table, clock(world)))
        expect(windows(config, two)).toEqual(windows(config, one))
        compared += 1
      },
    ),
    { numRuns: 300 },
  )
  expect(compared).toBeGreaterThanOrEqual(300)
})
