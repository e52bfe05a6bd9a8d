/** A table of Odoo's as other sessions see it: commits may come late, stamps are the database's transaction start. */

import { floorHour, floorMinute, HOUR } from '../../src/flow/ledger/counts.ts'
import type { Item, ItemState } from '../../src/flow/ledger/item.ts'
import { step } from '../../src/flow/ledger/ledger.ts'
import type { Input, LedgerConfig, LedgerState, Question } from '../../src/flow/ledger/ledger_state.ts'
import { type Deadline, dueAt, type Promised, type Result } from '../../src/flow/ledger/verdict.ts'
import type { WindowName, Windows } from '../../src/flow/ledger/windows.ts'
import type { HourChecksum } from '../../src/flow/read/reader.ts'
import type { Instant } from '../../src/metric.ts'

export interface Row {
  readonly id: number
  readonly slot: Instant
  readonly start: Instant
  readonly promised: Instant | undefined
  readonly state: ItemState
  readonly ended: Instant | undefined
  readonly created: Instant
  readonly written: Instant
  readonly group: string | undefined
  readonly value?: number | undefined
  readonly currency?: string | undefined
}

interface Transaction {
  readonly commitAt: Instant
  readonly apply: (rows: Map<number, Row>) => void
}

export interface Table {
  readonly rows: Map<number, Row>
  open: Transaction[]
}

export const emptyTable = (): Table => ({ rows: new Map(), open: [] })

/** RPC truncates to seconds; SQL has microseconds. */
const truncated = (at: Instant): Instant => Math.floor(at / 1000) * 1000
const maybe = (at: Instant | undefined): Instant | undefined => (at === undefined ? undefined : truncated(at))

export const itemOf = (row: Row): Item => ({
  id: row.id,
  slot: truncated(row.slot),
  start: truncated(row.start),
  promised: maybe(row.promised),
  state: row.state,
  ended: maybe(row.ended),
  visible: truncated(row.created),
  group: row.group,
  company: 1,
  value: row.value,
  currency: row.currency,
})

export const commit = (table: Table, now: Instant): void => {
  const due = table.open.filter(({ commitAt }) => commitAt <= now).sort((a, b) => a.commitAt - b.commitAt)
  for (const { apply } of due) apply(table.rows)
  table.open = table.open.filter(({ commitAt }) => commitAt > now)
}

const stampless = (rows: readonly Row[]): string => JSON.stringify(rows.toSorted((a, b) => a.id - b.id))
/** Counts by state and the newest stamp: all that one aggregation tells. */
const stamped = (rows: readonly Row[]): string => {
  const states = Object.entries(Object.groupBy(rows, ({ state }) => state)).map(([state, of]) => [state, of.length])
  return JSON.stringify([states.sort(), Math.max(...rows.map(({ written }) => truncated(written)))])
}

export const checksumsOf = (
  rows: Iterable<Row>,
  from: Instant,
  to: Instant,
  hasStamps: boolean,
): readonly HourChecksum[] =>
  [...Map.groupBy(rows, ({ slot }) => floorHour(slot))]
    .filter(([hour]) => hour >= from && hour < to)
    .map(([hour, of]) => ({
      hour,
      count: of.length,
      sum: hasStamps ? stamped(of) : stampless(of),
      newest: hasStamps ? Math.max(...of.map(({ written }) => truncated(written))) : undefined,
    }))

/** Answers as a reader would; rows come in pages of `pageSize`. */
export const answers = (
  table: Table,
  question: Question,
  now: Instant,
  hasStamps: boolean,
  pageSize: number,
): readonly Input[] => {
  const rows = [...table.rows.values()]
  if (question.kind === 'checksums') {
    return [{ kind: 'checksums', now, hours: checksumsOf(rows, question.from, question.to, hasStamps) }]
  }
  if (question.kind === 'changed') {
    const { since, from, to, limit } = question
    const changed = rows.filter(({ written, slot }) => written >= since && slot >= from && slot < to)
    const hours = checksumsOf(changed, from, to, true).map(({ hour, newest }) => ({ hour, newest: newest ?? 0 }))
    return [{ kind: 'changed', now, hours: changed.length > limit ? 'too_many' : hours }]
  }
  const isAsked = (row: Row): boolean => {
    const { slot, start, promised, ended, created } = row
    if (question.kind === 'rows') return question.hours.includes(floorHour(slot))
    const isLater = [start, promised, ended, created].some((at) => at !== undefined && at >= question.to)
    return slot >= question.from && slot < question.to && isLater
  }
  const asked = rows.filter(isAsked).map(itemOf)
  const pages = Array.from({ length: Math.ceil(asked.length / pageSize) }, (_, i) =>
    asked.slice(i * pageSize, (i + 1) * pageSize),
  )
  const inputs = (pages.length === 0 ? [[]] : pages).map((items, i, all) => {
    return { kind: 'rows', now, items, last: i === all.length - 1 } as const
  })
  return inputs
}

/** Puts questions and answers to each other until there is nothing left to ask, or `turns` are used up. */
export const drive = <T>(
  config: LedgerConfig<T>,
  before: LedgerState,
  table: Table,
  now: Instant,
  turns = 100_000,
): LedgerState => {
  let { state, ask } = step(config, before, { kind: 'clock', now })
  ask ??= state.asked
  for (let turn = 0; ask !== undefined; turn++) {
    if (turn >= turns) return state
    const question: Question = ask
    for (const input of answers(table, question, now, config.fast === 'changed', 7)) {
      ;({ state, ask } = step(config, state, input))
    }
  }
  return state
}

const spans: Readonly<Record<WindowName, number>> = {
  '5m': 5,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '6h': 360,
  '1d': 1440,
  '3d': 4320,
  '30d': 43200,
}
const names = Object.keys(spans) as WindowName[]

/** The verdict said in its own words: who was good, who was not, when anybody could know. */
const oracle = <T>(
  item: Item,
  promise: Promised<T>,
  deadline: Deadline<T>,
): { at: Instant; result: Result } | undefined => {
  const due = dueAt(item, promise, deadline)
  const seen = (at: Instant) => Math.max(at, item.visible ?? at)
  const { state, ended, start } = item
  if (state === 'cancelled') return ended !== undefined && ended >= due ? { at: seen(due), result: 'bad' } : undefined
  if (state === 'open') return { at: seen(due), result: 'bad' }
  if (state === 'failed') {
    const known = ended === undefined || ended > due ? due : Math.max(ended, start)
    return { at: seen(known), result: 'bad' }
  }
  if (promise.evidence === 'at-deadline') return { at: seen(due), result: 'good' }
  if (ended === undefined) return promise.kind === 'outcome' ? { at: seen(start), result: 'good' } : undefined
  if (ended > due) return { at: seen(due), result: 'bad' }
  if (promise.kind === 'outcome' || ended < start) return { at: seen(Math.max(ended, start)), result: 'good' }
  return { at: seen(due), result: 'good' }
}

/** Reads the whole table and counts, with no slots, no buckets and no memory. */
export const bruteForce = <T>(config: LedgerConfig<T>, table: Table, now: Instant): Windows => {
  const asOf = floorMinute(now)
  const whole = floorHour(floorHour(now - config.span) - config.reach)
  const end = floorHour(now + config.ahead) + HOUR
  const items = [...table.rows.values()].map(itemOf).filter(({ slot }) => slot >= whole && slot < end)
  const { promise, deadline } = config
  const left = (window: WindowName) => {
    const edge = asOf - spans[window] * 60_000
    return spans[window] >= 1440 ? floorHour(edge) : edge
  }
  const isKept = (window: WindowName) =>
    spans[window] * 60_000 <= config.span &&
    (config.horizon === undefined || left(window) - config.reach >= asOf - config.horizon)
  const within = (window: WindowName, at: Instant | undefined) => at !== undefined && at >= left(window) && at < asOf
  const ofWindow = (window: WindowName) => items.filter(({ slot }) => slot >= floorHour(left(window) - config.reach))
  const verdicts = (window: WindowName, of: readonly Item[]) => {
    const at = of.map((item) => oracle(item, promise, deadline)).filter((verdict) => within(window, verdict?.at))
    const good = at.filter((verdict) => verdict?.result === 'good').length
    return { window, good, bad: at.length - good }
  }
  const started = (window: WindowName) => ofWindow(window).filter(({ start }) => within(window, start)).length
  const completed = (window: WindowName) =>
    items.filter(({ state, ended, start }) => {
      const at = ended ?? (promise.kind === 'outcome' ? start : undefined)
      return state === 'done' && within(window, at === undefined ? undefined : Math.max(at, start))
    }).length
  const open = items.filter(({ state }) => state === 'open')
  const dues = open.map((item) => dueAt(item, promise, deadline))
  const rates = (['30m', '1h', '1d'] as const).filter(isKept)
  const grouped = (['1h', '1d'] as const).filter(isKept)
  const longest = grouped.at(-1)
  const volumes = [...Map.groupBy(longest === undefined ? [] : ofWindow(longest), ({ group }) => group)]
    .map(([member, of]) => ({ member, ...verdicts(longest ?? '1d', of) }))
    .filter(({ member, good, bad }) => member !== undefined && good + bad > 0)
    .sort((a, b) => b.good + b.bad - a.good - a.bad || (String(a.member) < String(b.member) ? -1 : 1))
  const top = volumes.slice(0, 20).map(({ member }) => member)
  return {
    asOf,
    verdicts: names.filter(isKept).map((window) => verdicts(window, ofWindow(window))),
    starts: rates.map((window) => ({ window, count: started(window) })),
    completions: promise.evidence === 'ledger' ? rates.map((window) => ({ window, count: completed(window) })) : [],
    groups:
      top.length === 0
        ? []
        : grouped.flatMap((window) => [
            ...top.map((member) => {
              const { good, bad } = verdicts(
                window,
                ofWindow(window).filter(({ group }) => group === member),
              )
              return { window, member, good, bad }
            }),
            {
              member: undefined,
              ...verdicts(
                window,
                ofWindow(window).filter(({ group }) => !top.includes(group)),
              ),
            },
          ]),
    backlog: {
      open: open.length,
      overdue: dues.filter((due) => due < asOf).length,
      oldest: open.length === 0 ? undefined : Math.min(...open.map(({ start }) => start)),
      due: (['1h', '6h', '1d'] as const).map((horizon) => ({
        horizon,
        count: dues.filter((due) => due >= asOf && due < asOf + spans[horizon] * 60_000).length,
      })),
    },
  }
}
