/** The rules of the ledger one by one: what it asks, when, and what each of them is there for. */
import { expect, test } from 'vitest'
import { floorHour, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import { progress, step } from '../../src/flow/ledger/ledger.ts'
import {
  defaultCadence,
  emptyLedger,
  type LedgerConfig,
  type LedgerState,
  type Question,
} from '../../src/flow/ledger/ledger_state.ts'
import { viewOf } from '../../src/flow/ledger/reading.ts'
import { windowsOf } from '../../src/flow/ledger/windows.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import { cellCount, minutesOf } from './oracle.ts'
import { answers, bruteForce, drive, emptyTable, type Row, type Table } from './simulated_table.ts'

const DAY = 24 * HOUR
const now = Date.UTC(2026, 4, 4, 12, 30)
const config: LedgerConfig<Duration> = {
  promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: 15 * MINUTE }] },
  deadline: (start, target) => start + target,
  span: 30 * DAY,
  reach: 15 * MINUTE,
  prompt: 15 * MINUTE,
  horizon: undefined,
  ahead: 0,
  overlap: 3 * MINUTE,
  fast: 'changed',
  countsWorth: false,
  cadence: defaultCadence,
}

const put = (table: Table, id: number, created: Instant, more: Partial<Row> = {}): void => {
  const row: Row = {
    id,
    slot: created,
    start: created,
    promised: undefined,
    state: 'open',
    ended: undefined,
    created,
    written: created,
    group: undefined,
    ...more,
  }
  table.rows.set(id, row)
}

const tableOf = (count: number, every: Duration): Table => {
  const table = emptyTable()
  for (let id = 1; id <= count; id++) {
    const created = now - id * every
    put(table, id, created, { state: 'done', ended: created + MINUTE, written: created + MINUTE })
  }
  return table
}

const windows = (state: LedgerState, of: LedgerConfig<Duration> = config) => {
  const view = viewOf([{ config: of, state }])
  return view && windowsOf(view)
}

/** All that is asked until nothing is left to ask, and the state after each answer. */
const asked = (before: LedgerState, table: Table, at: Instant, of: LedgerConfig<Duration> = config) => {
  let { state, ask } = step(of, before, { kind: 'clock', now: at })
  const questions: Question[] = []
  const states: LedgerState[] = []
  while (ask !== undefined && questions.length < 10_000) {
    questions.push(ask)
    for (const input of answers(table, ask, at, true, 500)) ({ state, ask } = step(of, state, input))
    states.push(state)
  }
  return { state, questions, states }
}

test('backfill reads the newest first; a window appears when its span is whole, the backlog with the whole span', () => {
  const table = tableOf(3000, 15 * MINUTE)
  const small = { ...config, cadence: { ...defaultCadence, pageRows: 100 } }
  const { states, questions, state } = asked(emptyLedger, table, now, small)
  const seen = states.map((each) => windows(each, small)?.verdicts.map(({ window }) => window) ?? [])
  expect(seen.map((names) => names.length)).toEqual(seen.map((names) => names.length).toSorted((a, b) => a - b))
  expect(seen.find((names) => names.length > 0)).toEqual(['5m', '30m', '1h', '2h', '6h'])
  expect(seen.at(-1)).toEqual(['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'])
  const hoursRead = questions.flatMap((question) => (question.kind === 'rows' ? question.hours : []))
  expect(hoursRead).toEqual(hoursRead.toSorted((a, b) => b - a))
  expect(new Set(hoursRead).size).toBe(hoursRead.length)
  const pages = questions.flatMap((question) => (question.kind === 'rows' ? question.hours.length : []))
  // Four rows an hour: 25 hours are the hundred rows a page may hold.
  expect(Math.max(...pages)).toBe(25)
  expect(questions[0]?.purpose).toBe('look')
  expect(questions.at(-1)?.purpose).toBe('backfill')
  const shares = states.map((each) => progress(small, each, now))
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
  const withBacklog = states.filter((each) => windows(each, small)?.backlog !== undefined)
  expect(withBacklog).toEqual([state])
  expect(windows(state, small)).toEqual(bruteForce(small, table, now))
})

test('a look that is due goes before the backfill that is under way', () => {
  const table = tableOf(3000, 15 * MINUTE)
  const small = { ...config, cadence: { ...defaultCadence, pageRows: 20 } }
  const partial = drive(small, emptyLedger, table, now, 12)
  expect(partial.background?.kind).toBe('backfill')
  const out = partial.asked
  if (out?.kind !== 'rows') throw new Error('no page of the backfill is out')
  const [answer] = answers(table, out, now + MINUTE, true, 500)
  if (answer === undefined) throw new Error('no answer')
  const next = step(small, partial, answer)
  expect(next.ask).toMatchObject({ kind: 'changed', purpose: 'look' })
  expect(next.state.background?.kind).toBe('backfill')
  const state = drive(small, next.state, table, now + MINUTE)
  expect(state.asOf).toBe(now + MINUTE)
  expect(windows(state, small)).toEqual(bruteForce(small, table, now + MINUTE))
})

test('each minute a look at the last day since the highest stamp less the overlap, each three at the last three', () => {
  const table = tableOf(200, 15 * MINUTE)
  const { state } = asked(emptyLedger, table, now)
  expect(asked(state, table, now + MINUTE - 1).questions).toEqual([])
  const highest = Math.max(...[...table.rows.values()].map(({ written }) => written))
  const to = now + HOUR / 2
  let before = state
  const look = (minute: number) => {
    const { state: after, questions } = asked(before, table, now + minute * MINUTE)
    before = after
    return questions
  }
  const lately = { kind: 'changed', since: highest - config.overlap, from: floorHour(now) - DAY, to }
  expect(look(1)).toMatchObject([lately])
  expect(look(2)).toMatchObject([lately])
  // What came into the older hours since the whole look was not looked for.
  expect(look(3)).toMatchObject([
    { kind: 'changed', since: highest - config.overlap, from: floorHour(now) - 3 * DAY, to },
  ])
  put(table, 900, now + 4 * MINUTE)
  expect(look(4)[0]).toMatchObject(lately)
  expect(look(5)[0]).toMatchObject({ since: now + MINUTE, from: floorHour(now) - DAY })
  expect(look(6)[0]).toMatchObject({ since: now, from: floorHour(now) - 3 * DAY })
})

test('each ten minutes a full look, after the minute’s own, and each twenty one at older hours', () => {
  const table = tableOf(200, 15 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  const look = (minute: number) => {
    const { state: after, questions } = asked(state, table, now + minute * MINUTE)
    state = after
    return questions.map(({ kind }) => kind)
  }
  expect(look(9)).toEqual(['changed'])
  const newer = floorHour(now) - 3 * DAY
  const full = asked(state, table, now + 10 * MINUTE)
  expect(full.questions).toMatchObject([{ kind: 'changed' }, { kind: 'checksums', from: newer, to: now + HOUR / 2 }])
  expect(look(10)).toEqual(['changed', 'checksums'])
  expect(look(11)).toEqual(['changed'])
  const older = asked(state, table, now + 20 * MINUTE)
  expect(older.questions).toMatchObject([
    { kind: 'changed', from: newer },
    { kind: 'checksums', from: newer },
    { kind: 'changed', since: now - config.overlap, from: floorHour(now) - 30 * DAY - HOUR, to: newer },
  ])
})

test('where a minute’s look takes longer than a minute, the full one has its turn all the same', () => {
  const table = tableOf(200, 15 * MINUTE)
  let { state, ask } = step(config, asked(emptyLedger, table, now).state, { kind: 'clock', now: now + 10 * MINUTE })
  const kinds: string[] = []
  for (let at = now + 12 * MINUTE; kinds.length < 4; at += 2 * MINUTE) {
    if (ask === undefined) throw new Error('nothing is asked')
    kinds.push(ask.kind)
    for (const input of answers(table, ask, at, true, 500)) ({ state, ask } = step(config, state, input))
  }
  expect(kinds).toEqual(['changed', 'checksums', 'changed', 'changed'])
})

test('what changes in an hour of more than three days ago is seen within twenty minutes, also where the hour ages meanwhile', () => {
  const table = tableOf(600, 15 * MINUTE)
  const { state: before } = asked(emptyLedger, table, now)
  const write = (id: number, at: Instant): void => {
    const row = table.rows.get(id)
    if (row === undefined) throw new Error('no row')
    table.rows.set(id, { ...row, state: 'open', ended: undefined, written: at })
  }
  // Five days old, and in the last hour that a wide look reaches until the hour is full.
  write(4 * 24 * 5, now + 20_000)
  let state = asked(before, table, now + 29 * MINUTE).state
  expect(windows(state)).toEqual(bruteForce(config, table, now + 29 * MINUTE))
  write(4 * 24 * 3, now + 29 * MINUTE + 20_000)
  write(4 * 24 * 6, now + 29 * MINUTE + 20_000)
  state = asked(state, table, now + 30 * MINUTE).state
  expect(windows(state)).not.toEqual(bruteForce(config, table, now + 30 * MINUTE))
  state = asked(state, table, now + 49 * MINUTE).state
  expect(windows(state)).toEqual(bruteForce(config, table, now + 49 * MINUTE))
})

test('what changes in an hour of two days ago is seen within three minutes', () => {
  const table = tableOf(600, 15 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  const row = table.rows.get(4 * 24 * 2)
  if (row === undefined) throw new Error('no row')
  table.rows.set(row.id, { ...row, state: 'open', ended: undefined, written: now + 20_000 })
  for (const minute of [1, 2]) {
    state = asked(state, table, now + minute * MINUTE).state
    expect(windows(state)).not.toEqual(bruteForce(config, table, now + minute * MINUTE))
  }
  state = asked(state, table, now + 3 * MINUTE).state
  expect(windows(state)).toEqual(bruteForce(config, table, now + 3 * MINUTE))
})

test('full looks go back three days, and each three hours one over the whole span', () => {
  const table = tableOf(2000, 15 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  const full = asked(state, table, now + 10 * MINUTE)
  expect(full.questions[1]).toMatchObject({ kind: 'checksums', from: floorHour(now) - 3 * DAY })
  // Rows that went leave no stamp: of the last days they are missed in ten minutes, older ones within three hours.
  table.rows.delete(4 * 24 * 2)
  table.rows.delete(4 * 24 * 10)
  ;({ state } = asked(full.state, table, now + 20 * MINUTE))
  expect(windows(state)?.verdicts.find(({ window }) => window === '3d')).toEqual(
    bruteForce(config, table, now + 20 * MINUTE).verdicts.find(({ window }) => window === '3d'),
  )
  expect(windows(state)).not.toEqual(bruteForce(config, table, now + 20 * MINUTE))
  const whole = asked(state, table, now + 3 * HOUR)
  expect(whole.questions[0]).toMatchObject({ kind: 'checksums', from: floorHour(now + 3 * HOUR) - 30 * DAY - HOUR })
  expect(windows(whole.state)).toEqual(bruteForce(config, table, now + 3 * HOUR))
})

test('only the hours that changed are read again', () => {
  const table = tableOf(200, 15 * MINUTE)
  const { state } = asked(emptyLedger, table, now)
  const row = table.rows.get(40)
  if (row === undefined) throw new Error('no row')
  table.rows.set(40, { ...row, ended: row.ended && row.ended + 2 * HOUR, written: now + 30_000 })
  const { questions, state: after } = asked(state, table, now + MINUTE)
  const hour = Math.floor(row.slot / HOUR) * HOUR
  expect(questions.map((question) => (question.kind === 'rows' ? question.hours : question.kind))).toEqual([
    'changed',
    [hour],
  ])
  expect(windows(after)).toEqual(bruteForce(config, table, now + MINUTE))
})

test('a mass write costs one question a minute and at most one whole look an overlap, and then it is over', () => {
  const table = tableOf(2000, 15 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  for (const [id, row] of table.rows) table.rows.set(id, { ...row, written: now + 30_000 })
  const perMinute: string[][] = []
  for (let minute = 1; minute <= 8; minute++) {
    const look = asked(state, table, now + minute * MINUTE)
    state = look.state
    perMinute.push(look.questions.map(({ kind }) => kind))
  }
  const fulls = perMinute.filter((kinds) => kinds.includes('checksums'))
  expect(fulls.length).toBeLessThanOrEqual(3)
  expect(perMinute.at(-1)).toEqual(['changed'])
  expect(state.asOf).toBe(now + 8 * MINUTE)
  expect(windows(state)).toEqual(bruteForce(config, table, now + 8 * MINUTE))
})

test('after a mass write a transaction still open at the full look is not passed over', () => {
  const table = tableOf(2000, 2 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  for (const [id, row] of table.rows) table.rows.set(id, { ...row, written: now + 30_000 })
  for (let minute = 1; minute <= 6; minute++) state = drive(config, state, table, now + minute * MINUTE)
  expect(state.lastFull).toBe(now + 6 * MINUTE)
  put(table, 9999, now + 5.5 * MINUTE)
  state = drive(config, state, table, now + 7 * MINUTE)
  expect(state.lastFull).toBe(now + 6 * MINUTE)
  expect(windows(state)).toEqual(bruteForce(config, table, now + 7 * MINUTE))
})

test('a whole look reaches back to the first hour of the span', () => {
  const table = emptyTable()
  const first = Date.UTC(2026, 3, 4, 11)
  const hasty = { ...config, cadence: { ...defaultCadence, whole: 10 * MINUTE } }
  put(table, 1, first)
  put(table, 2, first + MINUTE)
  put(table, 3, first - MINUTE)
  let { state } = asked(emptyLedger, table, now)
  expect(windows(state)?.backlog?.open).toBe(2)
  table.rows.delete(2)
  state = drive(config, state, table, now + 10 * MINUTE)
  expect(windows(state)?.backlog?.open).toBe(2)
  state = drive(hasty, state, table, now + 20 * MINUTE)
  expect(windows(state)?.backlog?.open).toBe(1)
  state = drive(hasty, state, table, now + 29 * MINUTE)
  expect(windows(state)?.backlog?.open).toBe(1)
  state = drive(hasty, state, table, now + 30 * MINUTE)
  expect(windows(state)?.backlog?.open).toBe(0)
})

test('an hour that comes into the span is read though its rows were written long ago', () => {
  const table = tableOf(10, HOUR)
  put(table, 99, now - 5 * HOUR, { slot: now + HOUR, start: now + HOUR })
  let { state } = asked(emptyLedger, table, now)
  for (const at of [now + 25 * MINUTE, now + 31 * MINUTE]) state = asked(state, table, at).state
  expect(state.lastFull).toBeLessThan(state.lastLook)
  expect(windows(state)?.backlog?.open).toBe(1)
  expect(windows(state)).toEqual(bruteForce(config, table, now + 31 * MINUTE))
})

test('a row that came after the checksum and was gone by the next does not stay', () => {
  const table = emptyTable()
  put(table, 1, now - 20 * MINUTE)
  const of: LedgerConfig<Duration> = { ...config, fast: 'checksums' }
  let { state, ask } = step(of, emptyLedger, { kind: 'clock', now })
  if (ask === undefined) throw new Error('nothing asked')
  for (const input of answers(table, ask, now, false, 10)) ({ state, ask } = step(of, state, input))
  put(table, 2, now - 19 * MINUTE)
  expect(ask?.kind).toBe('rows')
  state = drive(of, state, table, now)
  expect(windows(state, of)?.backlog?.open).toBe(2)
  table.rows.delete(2)
  state = drive(of, state, table, now + MINUTE)
  expect(windows(state, of)).toEqual(bruteForce(of, table, now + MINUTE))
})

test('what no checksum tells of, a transaction longer than the overlap, is found by the nightly rescan', () => {
  const table = tableOf(200, 15 * MINUTE)
  let { state } = asked(emptyLedger, table, now)
  const row = table.rows.get(10)
  if (row === undefined) throw new Error('no row')
  // The newest stamp of the hour is another row's, the count by state the same.
  table.rows.set(10, { ...row, ended: row.slot + HOUR, written: row.written - 1 })
  for (let minute = 1; minute <= 12; minute++) state = drive(config, state, table, now + minute * MINUTE)
  expect(windows(state)).not.toEqual(bruteForce(config, table, now + 12 * MINUTE))
  const night = Date.UTC(2026, 4, 5, 2, 1)
  const { state: after, questions } = asked(state, table, night)
  expect(questions.some(({ purpose }) => purpose === 'rescan')).toBe(true)
  expect(windows(after)).toEqual(bruteForce(config, table, night))
  expect(asked(after, table, night + MINUTE).questions.map(({ purpose }) => purpose)).not.toContain('rescan')
})

test('a failed question leaves the windows as of their last look, and is begun again a minute later', () => {
  const table = tableOf(200, 15 * MINUTE)
  const { state } = asked(emptyLedger, table, now)
  const look = step(config, state, { kind: 'clock', now: now + MINUTE })
  expect(look.ask?.kind).toBe('changed')
  const failed = step(config, look.state, { kind: 'failed', now: now + MINUTE + 5000 })
  expect(failed.ask).toBeUndefined()
  expect(windows(failed.state)).toEqual(windows(state))
  expect(step(config, failed.state, { kind: 'clock', now: now + MINUTE + 30_000 }).ask).toBeUndefined()
  expect(step(config, failed.state, { kind: 'clock', now: now + 2 * MINUTE }).ask?.kind).toBe('changed')
})

test('while a question is out the clock asks nothing; an answer nobody asked for changes nothing', () => {
  const first = step(config, emptyLedger, { kind: 'clock', now })
  expect(step(config, first.state, { kind: 'clock', now: now + HOUR }).ask).toBeUndefined()
  const stray = step(config, first.state, { kind: 'rows', now, items: [], last: true })
  expect(stray).toEqual({ state: first.state, ask: undefined })
  expect(step(config, emptyLedger, { kind: 'checksums', now, hours: [] }).state).toBe(emptyLedger)
})

test('an empty company has windows of 0, not none', () => {
  const state = drive(config, emptyLedger, emptyTable(), now)
  expect(windows(state)?.verdicts).toHaveLength(8)
  expect(windows(state)).toEqual(bruteForce(config, emptyTable(), now))
})

test('beyond the horizon of what Odoo keeps, windows are absent', () => {
  const purged = { ...config, horizon: 2 * DAY }
  const state = drive(purged, emptyLedger, tableOf(500, 15 * MINUTE), now)
  expect(windows(state, purged)?.verdicts.map(({ window }) => window)).toEqual(['5m', '30m', '1h', '2h', '6h', '1d'])
})

test('a standstill burns from the first missed deadline on, while completed events alone stay green', () => {
  const table = emptyTable()
  const stop = now + 30 * MINUTE
  let state = emptyLedger
  let firstBad: Instant | undefined
  const completedLate: number[] = []
  for (let minute = 0; minute <= 90; minute++) {
    const at = now + minute * MINUTE
    put(table, minute + 1, at)
    const previous = table.rows.get(minute - 1)
    // Each is done two minutes later, until nothing is done any more.
    if (previous !== undefined && at < stop) {
      table.rows.set(previous.id, { ...previous, state: 'done', ended: at, written: at })
    }
    state = drive(config, state, table, at + 10_000)
    const bad = windows(state)?.verdicts.find(({ window }) => window === '5m')?.bad ?? 0
    if (bad > 0) firstBad ??= at
    if (firstBad !== undefined) expect(bad).toBeGreaterThan(0)
    const done = [...table.rows.values()].filter((row) => row.state === 'done')
    completedLate.push(done.filter(({ ended, start }) => (ended ?? 0) > start + 15 * MINUTE).length)
  }
  const firstMissed = Math.min(
    ...[...table.rows.values()].filter((row) => row.state === 'open').map((row) => row.start),
  )
  // In the minute after the deadline's own.
  expect(firstBad).toBe(firstMissed + 15 * MINUTE + MINUTE)
  expect(completedLate.every((count) => count === 0)).toBe(true)
  expect(windows(state)?.verdicts.find(({ window }) => window === '30m')).toEqual({ window: '30m', good: 0, bad: 30 })
  expect(windows(state)?.completions.find(({ window }) => window === '30m')?.count).toBe(0)
})

test('memory is bounded by hours, minutes and groups, not by items', () => {
  const sizes = [5000, 20_000].map((count) => {
    const table = tableOf(count, (30 * DAY) / count)
    for (const [id, row] of table.rows) table.rows.set(id, { ...row, group: `g${id % 8}` })
    const state = drive(config, emptyLedger, table, now)
    expect(state.slots.size).toBeLessThanOrEqual(723)
    return cellCount([...state.slots.values()].map(({ tally }) => tally))
  })
  const [few = 0, many = 0] = sizes
  // Ungrouped: hours. Within 25 h by group and hour, within 7 h by group and minute; items touch neighbouring hours.
  expect(many).toBeLessThan(2 * 722 * 2 + 2 * 25 * 8 + 7 * 60 * (8 + 2))
  expect(many).toBeLessThan(few * 2)
})

test('cells grow coarser as they age: minutes for six hours, groups for a day', () => {
  const table = tableOf(600, MINUTE)
  for (const [id, row] of table.rows) table.rows.set(id, { ...row, group: `g${id % 8}` })
  let state = drive(config, emptyLedger, table, now)
  const before = cellCount([...state.slots.values()].map(({ tally }) => tally))
  for (let hour = 1; hour <= 36; hour++) state = drive(config, state, table, now + hour * HOUR)
  const tallies = [...state.slots.values()].map(({ tally }) => tally)
  const minutes = tallies.flatMap((tally) => [tally.good, tally.starts, tally.completions].flatMap(minutesOf))
  expect(minutes.every((minute) => minute % 60 === 0)).toBe(true)
  expect(tallies.every(({ members, took }) => members.size + took.size === 0)).toBe(true)
  expect(cellCount(tallies)).toBeLessThan(before / 10)
  expect(windows(state)).toEqual(bruteForce(config, table, now + 36 * HOUR))
})

test('an hour whose rows are not all items, or none of them, is read once', () => {
  const table = tableOf(6, 40 * MINUTE)
  const isItem = (id: number): boolean => id > 4
  const look = (before: LedgerState, at: Instant) => {
    let { state, ask } = step(config, before, { kind: 'clock', now: at })
    const read: Instant[] = []
    for (let i = 0; ask !== undefined && i < 1000; i++) {
      if (ask.kind === 'rows') read.push(...ask.hours)
      for (const input of answers(table, ask, at, true, 500)) {
        const own = input.kind === 'rows' ? { ...input, items: input.items.filter(({ id }) => isItem(id)) } : input
        ;({ state, ask } = step(config, state, own))
      }
    }
    return { state, read }
  }
  const first = look(emptyLedger, now)
  expect(first.read.length).toBeGreaterThan(2)
  expect(windows(first.state)?.verdicts.find(({ window }) => window === '6h')).toMatchObject({ good: 2 })
  const fullAgain = look(first.state, now + 11 * MINUTE)
  expect(fullAgain.state.lastFull).toBe(now + 11 * MINUTE)
  expect(fullAgain.read.filter((hour) => hour < now - 2 * HOUR)).toEqual([])
})
