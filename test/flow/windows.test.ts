import { expect, test } from 'vitest'
import { floorHour, HOUR, MINUTE } from '../../src/flow/ledger/counts.ts'
import type { Item } from '../../src/flow/ledger/item.ts'
import { tallyOf } from '../../src/flow/ledger/tally.ts'
import type { Promised } from '../../src/flow/ledger/verdict.ts'
import { hourlyCounts, leftEdge, type View, windowsOf } from '../../src/flow/ledger/windows.ts'
import type { Duration, Instant } from '../../src/metric.ts'
import { done, item } from './items.ts'

const DAY = 24 * HOUR
const asOf = Date.UTC(2026, 4, 4, 12, 34)
const promise: Promised<Duration> = {
  kind: 'journey',
  evidence: 'ledger',
  targets: [{ since: 0, target: 15 * MINUTE }],
}

const view = (items: readonly Item[], more: Partial<View> = {}): View => ({
  asOf,
  slots: [...Map.groupBy(items, ({ slot }) => floorHour(slot))].map(([hour, of]) => [
    hour,
    tallyOf(of, { promise, deadline: (start, target) => start + target, countsWorth: false }, asOf),
  ]),
  coveredFrom: floorHour(floorHour(asOf - 30 * DAY) - 15 * MINUTE),
  spanFrom: floorHour(floorHour(asOf - 30 * DAY) - 15 * MINUTE),
  reach: 15 * MINUTE,
  horizon: undefined,
  hasCompletions: true,
  ...more,
})
const verdicts = (of: View, name: string) => windowsOf(of).verdicts.find(({ window }) => window === name)

test('a window holds the verdicts of whole minutes before its end, from its left edge on', () => {
  const due = (at: Instant) => item(at - 15 * MINUTE)
  const of = view([due(asOf), due(asOf - 1000), due(asOf - 5 * MINUTE), due(asOf - 5 * MINUTE - 1000)])
  expect(verdicts(of, '5m')).toEqual({ window: '5m', good: 0, bad: 2 })
  expect(verdicts(of, '30m')).toEqual({ window: '30m', good: 0, bad: 3 })
})

test('from a day on the left edge is aligned to the hour, so that it moves with the hour only', () => {
  expect(leftEdge('6h', asOf)).toBe(asOf - 6 * HOUR)
  for (const window of ['1d', '3d', '30d'] as const) {
    expect(leftEdge(window, asOf) % HOUR).toBe(0)
    expect(leftEdge(window, asOf)).toBe(leftEdge(window, asOf + 25 * MINUTE))
    expect(leftEdge(window, asOf + 26 * MINUTE)).toBe(leftEdge(window, asOf) + HOUR)
  }
})

test('a window is absent until all its slots are read, and beyond what Odoo keeps', () => {
  const names = (more: Partial<View>) => windowsOf(view([], more)).verdicts.map(({ window }) => window)
  expect(names({})).toHaveLength(8)
  expect(names({ coveredFrom: floorHour(asOf) })).toEqual(['5m'])
  expect(names({ coveredFrom: floorHour(asOf - 24 * HOUR) })).toEqual(['5m', '30m', '1h', '2h', '6h'])
  expect(names({ coveredFrom: floorHour(asOf - 25 * HOUR) })).toEqual(['5m', '30m', '1h', '2h', '6h', '1d'])
  expect(names({ horizon: 30 * DAY })).not.toContain('30d')
  expect(names({ horizon: 31 * DAY })).toContain('30d')
  expect(windowsOf(view([], { coveredFrom: floorHour(asOf - DAY) })).backlog).toBeUndefined()
  expect(windowsOf(view([], { hasCompletions: false })).completions).toEqual([])
})

test('open, overdue, the oldest, and what falls due', () => {
  const of = view([
    item(asOf - 2 * HOUR),
    item(asOf - 16 * MINUTE),
    item(asOf - 14 * MINUTE),
    item(asOf - MINUTE, { promised: asOf + 3 * HOUR }),
    done(asOf - 3 * HOUR, MINUTE),
  ])
  expect(windowsOf(of).backlog).toEqual({
    open: 4,
    overdue: 2,
    oldest: asOf - 2 * HOUR,
    due: [
      { horizon: '1h', count: 1 },
      { horizon: '6h', count: 2 },
      { horizon: '1d', count: 2 },
    ],
  })
})

test('starts and completions are counted where they fell, of items of any age', () => {
  const of = view([
    done(asOf - 9 * DAY, 9 * DAY - 10 * MINUTE),
    done(asOf - 40 * MINUTE, 5 * MINUTE),
    item(asOf - MINUTE),
  ])
  expect(windowsOf(of).starts.map(({ count }) => count)).toEqual([1, 2, 2])
  expect(windowsOf(of).completions.map(({ count }) => count)).toEqual([1, 2, 2])
  expect(hourlyCounts(of).get(floorHour(asOf - 9 * DAY))).toEqual({ starts: 1, completions: 0 })
  expect(hourlyCounts(of).has(floorHour(asOf))).toBe(false)
})

test('the twenty largest groups of the day by name, the rest together, the same members in each window', () => {
  const many = Array.from({ length: 25 }, (_, group) =>
    Array.from({ length: 30 - group }, (_, i) => done(asOf - 5 * HOUR - i * MINUTE, MINUTE, `g${group}`)),
  ).flat()
  const recent = [done(asOf - HOUR, MINUTE, 'g24'), item(asOf - HOUR, { group: 'g0' }), item(asOf - HOUR)]
  const { groups } = windowsOf(view([...many, ...recent]))
  const members = (name: string) => groups.filter(({ window }) => window === name).map(({ member }) => member)
  expect(members('1d')).toEqual([...Array.from({ length: 20 }, (_, i) => `g${i}`), undefined])
  expect(members('1h')).toEqual(members('1d'))
  expect(groups.find(({ window, member }) => window === '1h' && member === 'g0')).toMatchObject({ good: 0, bad: 1 })
  expect(groups.find(({ window, member }) => window === '1h' && member === undefined)).toMatchObject({
    good: 1,
    bad: 1,
  })
  expect(groups.find(({ window, member }) => window === '1d' && member === undefined)).toMatchObject({
    good: 10 + 9 + 8 + 7 + 6 + 1,
    bad: 1,
  })
})
