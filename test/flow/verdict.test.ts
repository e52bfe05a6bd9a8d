import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Item, ItemState } from '../../src/flow/ledger/item.ts'
import { type Deadline, judge, type Promised, verdictOf } from '../../src/flow/ledger/verdict.ts'
import { type Duration, type Instant, minutes } from '../../src/metric.ts'

const start = Date.UTC(2026, 4, 4, 12)
const due = start + minutes(15)
const deadline: Deadline<Duration> = (from, target) => from + target
const journey: Promised<Duration> = {
  kind: 'journey',
  evidence: 'ledger',
  targets: [{ since: 0, target: minutes(15) }],
}
const outcome: Promised<Duration> = { ...journey, kind: 'outcome' }
const atDeadline: Promised<Duration> = { ...journey, evidence: 'at-deadline' }

const item = (state: ItemState, ended?: Instant, more: Partial<Item> = {}): Item => ({
  id: 1,
  slot: start,
  start,
  promised: undefined,
  state,
  ended,
  visible: start,
  group: undefined,
  company: 1,
  value: undefined,
  currency: undefined,
  ...more,
})
const late = start + minutes(60)
const on = (of: Item, promise: Promised<Duration> = journey, now: Instant = late) => judge(of, promise, deadline, now)
const good = (at: Instant) => ({ at, result: 'good' })
const bad = (at: Instant) => ({ at, result: 'bad' })

describe('a journey is judged once, at its deadline', () => {
  test('good if done by then, the very second included', () => {
    expect(on(item('done', due - 1000))).toEqual(good(due))
    expect(on(item('done', due))).toEqual(good(due))
  })

  test('bad if not: done later, or never', () => {
    expect(on(item('done', due + 1000))).toEqual(bad(due))
    expect(on(item('open'))).toEqual(bad(due))
  })

  test('nothing is said before', () => {
    expect(on(item('open'), journey, due - 1)).toBe('open')
    expect(on(item('done', start + 1), journey, due - 1)).toBe('open')
    expect(on(item('open'), journey, due)).toEqual(bad(due))
  })

  test('an explicit failure is judged when it happens, but not twice', () => {
    expect(on(item('failed', start + minutes(2)))).toEqual(bad(start + minutes(2)))
    expect(on(item('failed', due + minutes(2)))).toEqual(bad(due))
    expect(on(item('failed', start - minutes(2)))).toEqual(bad(start))
    expect(on(item('failed'))).toEqual(bad(due))
  })

  test('cancelled before the deadline, or nobody knows when: not counted; after it: missed', () => {
    expect(on(item('cancelled', due - 1000))).toBe('not_counted')
    expect(on(item('cancelled'))).toBe('not_counted')
    expect(on(item('cancelled', due))).toEqual(bad(due))
    expect(on(item('cancelled', due + minutes(5)))).toEqual(bad(due))
  })

  test('first visible after its deadline: judged when visible', () => {
    const visible = due + minutes(7)
    expect(on(item('done', due - 1000, { visible }))).toEqual(good(visible))
    expect(on(item('open', undefined, { visible }))).toEqual(bad(visible))
    expect(on(item('open', undefined, { visible }), journey, visible - 1)).toBe('open')
  })

  test('done before its start: good at its start, or when it became visible', () => {
    expect(on(item('done', start - minutes(90)))).toEqual(good(start))
    const visible = start + minutes(3)
    expect(on(item('done', start - minutes(90), { visible }))).toEqual(good(visible))
  })

  test('done, and no telling when: not counted', () => {
    expect(on(item('done'))).toBe('not_counted')
  })
})

test('a date promised on the row stands before the target, and nothing is due before it starts', () => {
  const promised = start + minutes(40)
  expect(on(item('done', start + minutes(30), { promised }))).toEqual(good(promised))
  expect(on(item('open', undefined, { promised: start - minutes(600) }))).toEqual(bad(start))
})

test('an outcome is judged when it happens', () => {
  expect(on(item('done', start + minutes(2)), outcome)).toEqual(good(start + minutes(2)))
  expect(on(item('open'), outcome)).toEqual(bad(due))
  expect(on(item('done', due + 1000), outcome)).toEqual(bad(due))
  // Where Odoo does not store when, a late repair erases the bad.
  expect(on(item('done'), outcome)).toEqual(good(start))
  // A sale brought in late by an offline shop: the lag is known once it arrives.
  const arrival = due + minutes(10)
  expect(on(item('done', arrival, { visible: arrival }), outcome)).toEqual(bad(arrival))
})

test('at-deadline: the present state decides once the deadline has passed', () => {
  expect(on(item('done'), atDeadline)).toEqual(good(due))
  expect(on(item('done'), atDeadline, due - 1)).toBe('open')
  expect(on(item('open'), atDeadline)).toEqual(bad(due))
  expect(on(item('failed'), atDeadline)).toEqual(bad(due))
  expect(on(item('cancelled'), atDeadline)).toBe('not_counted')
})

test('items keep the target in force when they started', () => {
  const dated: Promised<Duration> = {
    ...journey,
    targets: [
      { since: start, target: minutes(15) },
      { since: start + minutes(10), target: minutes(5) },
    ],
  }
  const verdictAt = (from: Instant) => on(item('open', undefined, { start: from, visible: from }), dated)
  expect(verdictAt(start - 1)).toEqual(bad(start - 1 + minutes(15)))
  expect(verdictAt(start + minutes(10) - 1)).toEqual(bad(start + minutes(25) - 1))
  expect(verdictAt(start + minutes(10))).toEqual(bad(start + minutes(15)))
})

test('time adds nothing to what the row says: a verdict given once stays while the row stays', () => {
  const instants = fc.integer({ min: -3600, max: 3600 }).map((s) => start + s * 1000)
  const items = fc.record({
    state: fc.constantFrom<ItemState>('open', 'done', 'failed', 'cancelled'),
    ended: fc.option(instants, { nil: undefined }),
    promised: fc.option(instants, { nil: undefined }),
    visible: fc.option(instants, { nil: undefined }),
  })
  fc.assert(
    fc.property(items, fc.constantFrom(journey, outcome, atDeadline), instants, (row, promise, now) => {
      const of = item(row.state, row.ended, row)
      const final = verdictOf(of, promise, deadline)
      const given = judge(of, promise, deadline, now)
      expect(given).toEqual(final !== 'not_counted' && final.at > now ? 'open' : final)
      if (final !== 'not_counted') expect(final.at).toBeGreaterThanOrEqual(Math.max(start, row.visible ?? start))
    }),
  )
})
