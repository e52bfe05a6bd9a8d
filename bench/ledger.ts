/**
 * What the ledger of a flow costs the event loop and the memory: the longest single call of a backfill of 30 days and of
 * the looks after it, one reading, and the heap one ledger holds. No Odoo: the rows are made here.
 * The median is of the clock, the longest of the thread's processor. Run with --expose-gc, for the heap.
 */
import { businessTimeOf } from '../src/calendar/business_time.ts'
import { wallClockOf } from '../src/calendar/local_time.ts'
import type { BusinessWindow } from '../src/calendar/window.ts'
import { HOUR, MINUTE } from '../src/flow/ledger/counts.ts'
import type { Item } from '../src/flow/ledger/item.ts'
import { step } from '../src/flow/ledger/ledger.ts'
import {
  defaultCadence,
  emptyLedger,
  type Input,
  type LedgerConfig,
  type LedgerState,
  type Question,
} from '../src/flow/ledger/ledger_state.ts'
import { readingOf } from '../src/flow/ledger/reading.ts'
import { type Duration, hours, type Instant, minutes } from '../src/metric.ts'

const DAYS = 30
const CHANNELS = 12
const PAGE = 2000
const LOOKS = 20
const now: Instant = Date.UTC(2026, 4, 4, 12, 30)

/** Open 8 to 18 on weekdays: deadlines and weekdays by the wall clock cost more than by UTC. */
const office: BusinessWindow = {
  name: 'office',
  kind: 'open',
  timezone: 'Europe/Paris',
  occurs: {
    rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
    start: undefined,
    from: 480,
    to: 1080,
    days: 0,
    holidays: ['05-01'],
  },
  sensitivity: 1,
  tenants: [],
  warehouse: '',
  process: '',
}
const time = wallClockOf([office], office.timezone)
const openTime = businessTimeOf([office], office.timezone)

const config: LedgerConfig<Duration> = {
  promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: minutes(10) }] },
  deadline: (start, target) => openTime.add(start, target) ?? start + target,
  span: hours(24 * DAYS),
  reach: hours(75),
  horizon: undefined,
  ahead: 0,
  overlap: minutes(3),
  fast: 'checksums',
  countsWorth: false,
  cadence: defaultCadence,
}

interface Size {
  readonly name: string
  readonly items: number
  /** As many more are planned, over as many hours ahead. */
  readonly planned: number
  readonly ahead: number
}

/** Spread evenly; one in twenty takes an hour, one in fifty of the last hour is open. */
const itemAt = (id: number, at: Instant): Item => {
  const ended = at + (id % 20 === 0 ? HOUR : 20_000 + (id % 7) * 9000)
  const isOpen = ended > now || (at > now - HOUR && id % 50 === 0)
  return {
    id,
    slot: at,
    start: at,
    promised: undefined,
    state: isOpen ? 'open' : 'done',
    ended: isOpen ? undefined : ended,
    visible: Math.min(at, now),
    group: `root.channel${id % CHANNELS}`,
    company: 1,
    value: id % 100,
    currency: 'EUR',
  }
}

const countIn = (hour: Instant, { items, planned, ahead }: Size): number =>
  Math.round(hour > now ? planned / ahead : items / (DAYS * 24))

const hourAt = (at: Instant, size: Size, to: Instant): readonly Item[] => {
  const count = countIn(at, size)
  const end = Math.min(at + HOUR, to)
  return Array.from({ length: count }, (_, i) => itemAt(i, at + Math.floor((i * HOUR) / count))).filter(
    (item) => item.slot < end,
  )
}

const checksum = (count: number, salt: number): string =>
  JSON.stringify([['done', '2026-05-04 12:00:00', salt, count].join(), ['pending', '2026-05-04 12:00:00', 3].join()])

const answers = function* (question: Question, size: Size, at: Instant): Generator<Input> {
  const to = at + size.ahead * HOUR
  if (question.kind === 'checksums') {
    const length = Math.ceil((question.to - question.from) / HOUR)
    const all = Array.from({ length }, (_, i) => question.from + i * HOUR).filter((hour) => hour < to)
    yield {
      kind: 'checksums',
      now: at,
      // The last two hours change with each look.
      hours: all.map((hour) => ({
        hour,
        count: countIn(hour, size),
        sum: checksum(countIn(hour, size), hour > at - 2 * HOUR ? at : 0),
        newest: undefined,
      })),
    }
  } else if (question.kind === 'rows') {
    const rows = question.hours.flatMap((hour) => [...hourAt(hour, size, to)])
    for (let from = 0; from === 0 || from < rows.length; from += PAGE) {
      yield { kind: 'rows', now: at, items: rows.slice(from, from + PAGE), last: from + PAGE >= rows.length }
    }
  }
}

interface Took {
  readonly wall: number
  /** Of this thread's processor: what else the machine does does not count. In steps of some ms on some systems. */
  readonly processor: number
}

const timed = <T>(run: () => T, into: Took[]): T => {
  const [begun, before] = [performance.now(), process.threadCpuUsage()]
  const result = run()
  const wall = performance.now() - begun
  const { user, system } = process.threadCpuUsage(before)
  into.push({ wall, processor: (user + system) / 1000 })
  return result
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** All that is asked at an instant; how long each call took. */
const look = (of: LedgerConfig<Duration>, before: LedgerState, size: Size, at: Instant, took: Took[]): LedgerState => {
  const put = (state: LedgerState, input: Input) => timed(() => step(of, state, input), took)
  let { state, ask } = put(before, { kind: 'clock', now: at })
  while (ask !== undefined) for (const input of answers(ask, size, at)) ({ state, ask } = put(state, input))
  return state
}

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`

const run = (size: Size): void => {
  const of = { ...config, ahead: size.ahead * HOUR }
  const before = heap()
  const backfill: Took[] = []
  let state = look(of, emptyLedger, size, now, backfill)
  const held = heap() - before
  const looks: Took[] = []
  const readings: Took[] = []
  for (let i = 1; i <= LOOKS; i++) {
    state = look(of, state, size, now + i * MINUTE, looks)
    timed(() => readingOf([{ config: of, state }], { time }), readings)
  }
  const shown = (took: readonly Took[]) =>
    `${ms(median(took.map(({ wall }) => wall)))} / ${ms(Math.max(...took.map(({ processor }) => processor)))}`
  console.log(
    [
      size.name.padEnd(34),
      String(state.slots.size).padStart(5),
      ...[backfill, looks, readings].map((took) => shown(took).padStart(20)),
      globalThis.gc === undefined ? '' : `${(held / 2 ** 20).toFixed(2)} MiB`.padStart(9),
    ].join('  '),
  )
}

console.log(
  'ledger of 30 days                   hours     step of backfill      step of a look             reading    memory',
)
console.log('                                               median / longest    median / longest    median / longest')
const sizes: readonly Size[] = [
  { name: '1,000,000 jobs', items: 1_000_000, planned: 0, ahead: 0 },
  { name: '10,000 jobs', items: 10_000, planned: 0, ahead: 0 },
  { name: '50,000 transfers, 10,000 planned', items: 50_000, planned: 10_000, ahead: 720 },
  { name: '1,000,000, and as many planned', items: 1_000_000, planned: 1_000_000, ahead: 720 },
]
for (const size of sizes) run(size)
