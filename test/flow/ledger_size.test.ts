/** Huge companies: a million rows must neither block the event loop nor fill the memory. */
import { expect, test } from 'vitest'
import { HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import { step } from '../../src/flow/ledger/ledger.ts'
import {
  defaultCadence,
  emptyLedger,
  type Input,
  type LedgerConfig,
  type Question,
} from '../../src/flow/ledger/ledger_state.ts'
import { readingOf } from '../../src/flow/ledger/reading.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import { cellCount } from './oracle.ts'

const now = Date.UTC(2026, 4, 4, 12, 50)
const ROWS = 200_000
const PAGE = 2000
const config: LedgerConfig<Duration> = {
  promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: 10 * MINUTE }] },
  deadline: (start, target) => start + target,
  span: 30 * 24 * HOUR,
  reach: 10 * MINUTE,
  prompt: 10 * MINUTE,
  horizon: undefined,
  ahead: 0,
  overlap: 3 * MINUTE,
  fast: 'checksums',
  countsWorth: true,
  cadence: defaultCadence,
}

/** All made within 20 minutes: one in four takes longer than it may, one in ten is not done at all. */
const begun = now - 40 * MINUTE
const itemAt = (id: number): Item => {
  const start = begun + Math.floor((id * 20 * MINUTE) / ROWS / 1000) * 1000
  const isOpen = id % 10 === 0
  return {
    id,
    slot: start,
    start,
    promised: undefined,
    state: isOpen ? 'open' : 'done',
    ended: isOpen ? undefined : start + (id % 4 === 0 ? 15 : 1) * MINUTE,
    visible: start,
    group: `root.channel${id % 40}`,
    company: 1,
    value: 1,
    currency: 'EUR',
  }
}

const timeOfThread = (): Duration => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function* answersTo(kind: Question['kind'], hour: Instant): Generator<Input> {
  if (kind === 'checksums') {
    yield { kind, now, hours: [{ hour, count: ROWS, sum: 'one', newest: undefined }] }
    return
  }
  for (let from = 1; from <= ROWS; from += PAGE) {
    const items = Array.from({ length: PAGE }, (_, i) => itemAt(from + i))
    yield { kind: 'rows', now, items, last: from + PAGE > ROWS }
  }
}

test('an hour of 200,000 rows comes in pages, none of which blocks; what is kept are its minutes', () => {
  let { state, ask } = step(config, emptyLedger, { kind: 'clock', now })
  const took: Duration[] = []
  while (ask !== undefined) {
    const { kind } = ask
    for (const input of answersTo(kind, Math.floor(begun / HOUR) * HOUR)) {
      const before = timeOfThread()
      ;({ state, ask } = step(config, state, input))
      took.push(timeOfThread() - before)
    }
    if (kind === 'rows') break
  }
  expect(took.length).toBe(1 + ROWS / PAGE)
  expect(Math.max(...took)).toBeLessThan(50)

  const before = timeOfThread()
  const reading = readingOf([{ config, state }], { time: undefined })
  expect(timeOfThread() - before).toBeLessThan(50)
  const items = Array.from({ length: ROWS }, (_, i) => itemAt(i + 1))
  const isDue = ({ start }: Item) => start + 10 * MINUTE < now
  const isBad = ({ state: of, start, ended }: Item) => of === 'open' || (ended ?? 0) > start + 10 * MINUTE
  const bad = items.filter((item) => isDue(item) && isBad(item)).length
  expect(reading?.windows.verdicts.find(({ window }) => window === '1h')).toEqual({
    window: '1h',
    good: items.filter(isDue).length - bad,
    bad,
  })
  // Forty groups, thirty minutes of verdicts: good and bad.
  expect(cellCount([...state.slots.values()].map(({ tally }) => tally))).toBeLessThan(40 * 2 * 31 + 10 * 40)
})
