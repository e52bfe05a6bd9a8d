/** The windows that page, of items whose verdict may come long after their slot, before the hours between have been read. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { step } from '../../src/flow/ledger/ledger.ts'
import { emptyLedger, type LedgerConfig, type LedgerState, type Question } from '../../src/flow/ledger/ledger_state.ts'
import { reachingFrom } from '../../src/flow/ledger/look.ts'
import { viewOf } from '../../src/flow/ledger/reading.ts'
import { type WindowName, type Windows, windowsOf } from '../../src/flow/ledger/windows.ts'
import type { Instant } from '../../src/metric.ts'
import { clock, configs, newWorld, ops, perform, skew, type Target } from './histories.ts'
import { answers, bruteForce, type Table } from './simulated_table.ts'

const PAGING: readonly WindowName[] = ['5m', '30m', '1h', '2h', '6h']

/** Looks alone: what is read between them is not asked for. */
const look = (config: LedgerConfig<Target>, before: LedgerState, table: Table, now: Instant) => {
  const questions: Question[] = []
  let { state, ask } = step(config, before, { kind: 'clock', now })
  while (ask?.purpose === 'look') {
    questions.push(ask)
    const inputs = answers(table, ask, now, config.fast === 'changed', 7)
    for (const input of inputs) ({ state, ask } = step(config, state, input))
  }
  return { state: { ...state, asked: undefined, background: undefined }, questions }
}

const windows = (config: LedgerConfig<Target>, state: LedgerState): Windows | undefined => {
  const view = viewOf([{ config, state }])
  return view && windowsOf(view)
}

const paging = (all: Windows | undefined) => ({
  verdicts: all?.verdicts.filter(({ window }) => PAGING.includes(window)),
  starts: all?.starts.filter(({ window }) => PAGING.includes(window)),
})

test('they are right from the first look on, though most rows of the days before have not been read', () => {
  let [first, later, spared, judged] = [0, 0, 0, 0]
  fc.assert(
    fc.property(
      configs,
      skew,
      skew,
      fc.array(ops, { minLength: 30, maxLength: 80 }),
      fc.array(ops, { minLength: 5, maxLength: 20 }),
      (config, db, app, before, after) => {
        const world = newWorld(db, app)
        for (const op of before) perform(world, op)
        let state = look(config, emptyLedger, world.table, clock(world)).state
        expect(state.coveredFrom).toBeGreaterThanOrEqual(reachingFrom(config, clock(world)))
        if (state.partly) {
          first += 1
          spared += [...world.table.rows.values()].filter(({ slot }) => slot < (state.coveredFrom ?? 0)).length
          const held = [...state.slots].filter(([hour]) => hour < (state.coveredFrom ?? 0))
          spared -= held.reduce((sum, [, { tally }]) => sum + tally.items, 0)
        }
        const expected = paging(bruteForce(config, world.table, clock(world)))
        expect(paging(windows(config, state))).toEqual(expected)
        judged += expected.verdicts?.reduce((sum, { good, bad }) => sum + good + bad, 0) ?? 0
        for (const op of after) {
          perform(world, op)
          const { lastLook } = state
          state = look(config, state, world.table, clock(world)).state
          const isFresh = config.fast === 'changed' || state.partly === undefined || state.partly.at === clock(world)
          if (!isFresh || state.lastLook === lastLook || state.lastWhole <= world.hiddenAt) continue
          expect(paging(windows(config, state))).toEqual(paging(bruteForce(config, world.table, clock(world))))
          later += 1
        }
      },
    ),
    { numRuns: 200 },
  )
  expect(first).toBeGreaterThan(15)
  expect(later).toBeGreaterThan(150)
  expect(spared).toBeGreaterThan(20)
  expect(judged).toBeGreaterThan(300)
})
