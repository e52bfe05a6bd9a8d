/** An Odoo that can't sum up much at once before the deadline is asked for less at once, until it can. */
import { expect, test } from 'vitest'
import { CollectError } from '../../../src/collector.ts'
import { type Asking, ask } from '../../../src/flow/follow/ask.ts'
import { type Course, courseOf, failedAt, type Ledger } from '../../../src/flow/follow/course.ts'
import { HOUR, MINUTE } from '../../../src/flow/ledger/counts.ts'
import { defaultCadence, emptyLedger } from '../../../src/flow/ledger/ledger_state.ts'
import type { FlowAccess } from '../../../src/flow/read/access.ts'
import type { FlowReader, HourChecksum } from '../../../src/flow/read/reader.ts'
import { type ResolvedFlow, settle } from '../../../src/flow/spec/resolve.ts'
import { shipped } from '../shipped.ts'

const NOW = Date.UTC(2026, 4, 4, 12, 30)
const DAY = 24 * HOUR
const never = () => Promise.reject(new Error('not asked here'))

const flow = (): ResolvedFlow => {
  const { flow: own } = shipped('background-jobs.yaml')
  if (own === undefined) throw new Error('no such flow')
  const settled = settle(own, { version: 18, modules: new Set(['queue_job']) })
  if ('unsupported' in settled) throw new Error(settled.unsupported.join())
  return settled.flow
}

const ledger = (): Ledger => ({
  kind: 'ledger',
  flow: flow(),
  config: {
    promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: { within: MINUTE } }] },
    deadline: (start) => start + MINUTE,
    span: 30 * DAY,
    reach: MINUTE,
    prompt: MINUTE,
    horizon: undefined,
    ahead: 10 * DAY,
    overlap: 3 * MINUTE,
    fast: 'changed',
    countsWorth: false,
    cadence: defaultCadence,
  },
  state: emptyLedger,
  lookedAt: undefined,
})

const courseWith = (own: Ledger): Course =>
  courseOf([own.flow], { kind: 'ledgers', ledgers: [own], sums: new Map(), stretch: 4 * DAY }, MINUTE, NOW, () => 0)

/** Sums up so much before its deadline. */
const slow = (atMost: number) => {
  const asked: (readonly [from: number, to: number])[] = []
  const reader: FlowReader<ResolvedFlow> = {
    checksums: async (_flow, from, to) => {
      asked.push([from, to])
      if (to - from > atMost) throw new CollectError('timeout', 'no answer within 4 s')
      const hours: HourChecksum[] = []
      for (let hour = from; hour < to; hour += HOUR) {
        if (hour <= NOW) hours.push({ hour, count: 0, sum: `${hour}`, newest: undefined })
      }
      return hours
    },
    rows: async function* () {},
    reaching: async function* () {},
    changedSince: never,
    present: never,
    documents: never,
    groupNames: never,
  }
  const access: FlowAccess = {
    via: 'rpc',
    odoo: { catalogue: { version: 18, field: () => undefined }, modules: new Set() },
    reader,
    now: () => NOW,
    withheld: undefined,
  }
  const asking: Asking = {
    call: (_what, work) => work(access, new AbortController().signal),
    odooNow: () => NOW,
    purpose: 'first',
  }
  return { asked, asking }
}

/** As the scheduler would; gives when, our clock, the first look was done. */
const firstLook = async (course: Course, asking: Asking): Promise<number> => {
  let at = NOW
  for (let i = 0; i < 2000; i++) {
    try {
      if ((await ask(course, asking)).isLookDone) return at
    } catch {
      failedAt(course, 'first', { reason: 'timeout', message: 'no answer within 4 s', isLoss: false }, at)
      at = course.retryAt
    }
  }
  throw new Error('never done')
}

test.for([1, 5, 30, 24 * 400])(
  'an hour at least, here at most %i h: the first look is done within minutes, every hour asked once',
  async (hours) => {
    const { asked, asking } = slow(hours * HOUR)
    const work = ledger()
    const course = courseWith(work)
    expect((await firstLook(course, asking)) - NOW).toBeLessThan(3 * MINUTE)
    expect(work.state.coveredFrom).toBeLessThanOrEqual(NOW - 6 * HOUR)
    const answered = asked.filter(([from, to]) => to - from <= hours * HOUR).sort(([a], [b]) => a - b)
    for (const [i, [from]] of answered.entries()) if (i > 0) expect(from).toBe(answered[i - 1]?.[1])
    expect(answered.at(-1)?.[1]).toBe(work.state.coveredTo)
  },
)

test('one that cannot sum up a single hour has failed, with growing pauses', async () => {
  const { asked, asking } = slow(0)
  const course = courseWith(ledger())
  let at = NOW
  const pauses: number[] = []
  for (let i = 0; i < 14; i++) {
    await expect(ask(course, asking)).rejects.toThrow('no answer within 4 s')
    failedAt(course, 'first', { reason: 'timeout', message: '', isLoss: false }, at)
    pauses.push(course.retryAt - at)
    at = course.retryAt
  }
  expect(asked.map(([from, to]) => to - from).slice(-3)).toEqual([HOUR, HOUR, HOUR])
  expect(pauses[0]).toBeLessThan(MINUTE)
  const growing = pauses.filter((pause) => pause >= MINUTE).map((pause) => pause / MINUTE)
  expect(growing.slice(0, 5)).toEqual([1, 2, 4, 8, 10])
})
