/** Flows that share a table: one course reads for all of them, and each is judged as if it were read alone. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Asking, ask } from '../../../src/flow/follow/ask.ts'
import { type Course, courseOf, isLook, type Ledger, type Wish, wishesOf } from '../../../src/flow/follow/course.ts'
import type { Method, MethodContext, NoMethod } from '../../../src/flow/follow/method.ts'
import { apart, methodsOf } from '../../../src/flow/follow/together.ts'
import { floorHour, HOUR, MINUTE } from '../../../src/flow/ledger/counts.ts'
import { defaultCadence, emptyLedger, type LedgerConfig } from '../../../src/flow/ledger/ledger_state.ts'
import { readingOf } from '../../../src/flow/ledger/reading.ts'
import type { FlowAccess } from '../../../src/flow/read/access.ts'
import type { FlowReader } from '../../../src/flow/read/reader.ts'
import type { ResolvedFlow } from '../../../src/flow/spec/resolve.ts'
import type { Target, TenantFlow } from '../../../src/flow/spec/tenant_flow.ts'
import type { Instant } from '../../../src/metric.ts'
import { flowOf, MODULES } from '../readable.ts'
import { shipped } from '../shipped.ts'
import { checksumsOf, itemOf, type Row } from '../simulated_table.ts'
import { catalogueOf } from '../stand_in.ts'

const DAY = 24 * HOUR
const NOW = Date.UTC(2026, 4, 4, 12, 30)
const odoo = { catalogue: catalogueOf(18), modules: MODULES }
const context: MethodContext = {
  tenant: 'acme',
  calendar: [],
  timezone: 'UTC',
  cadence: defaultCadence,
  random: () => 0,
}

const tenantFlow = (name: string, over: Partial<TenantFlow> = {}): TenantFlow => {
  const { flow } = shipped(`${name}.yaml`)
  if (flow === undefined) throw new Error(name)
  const target: Target = flow.kind === 'heartbeat' ? { periods: 2 } : { within: 10 * MINUTE }
  const targets = [{ since: 0, target }] as const
  const channel = { kind: 'field', field: 'channel', test: { operator: 'set' }, optional: false } as const
  const narrow = name === 'order-import' || name === 'stock-sync' ? [channel] : []
  return {
    flow,
    off: undefined,
    narrow,
    group: undefined,
    targets,
    objective: 0.99,
    mode: 'observe',
    showsValue: false,
    ...over,
  }
}

type Found = Method | NoMethod
const settled = (
  flows: readonly TenantFlow[],
  before: ReadonlyMap<string, Method> = new Map(),
): ReadonlyMap<string, Method> => {
  const wanted = flows.map((flow) => ({ flow, before: before.get(flow.flow.name) }))
  const found: readonly Found[] = methodsOf(wanted, odoo, context, { now: NOW, odooNow: NOW })
  return new Map(
    found.map((method, i) => {
      if ('unsupported' in method) throw new Error(method.unsupported)
      return [flows[i]?.flow.name ?? '', method]
    }),
  )
}
const coursesOf = (methods: ReadonlyMap<string, Method>): readonly Course[] => [
  ...new Set([...methods.values()].flatMap(({ own }) => own.map(({ course }) => course))),
]
const namesOf = (courses: readonly Course[]) => courses.map(({ flows }) => flows.map(({ name }) => name))

const ALL = ['picking', 'background-jobs', 'shipment-validation', 'order-import', 'carrier-label', 'stock-sync']
const all = ALL.map((name) => tenantFlow(name))

test('those that begin together and share a table are one course', () => {
  expect(
    namesOf(coursesOf(settled([...all, ...['pos-sync', 'payment-sync', 'paid-order'].map((n) => tenantFlow(n))]))),
  ).toEqual([
    ['picking', 'shipment-validation', 'carrier-label'],
    ['background-jobs', 'order-import', 'stock-sync'],
    ['pos-sync'],
    ['payment-sync', 'paid-order'],
  ])
})

test('rows are read as far back as the flow needs that reaches farthest', () => {
  const [course] = coursesOf(
    settled([
      tenantFlow('background-jobs'),
      tenantFlow('order-import', { targets: [{ since: 0, target: { within: 90 * MINUTE } }] }),
    ]),
  )
  const ledgers = course?.work.kind === 'ledgers' ? course.work.ledgers : []
  expect(ledgers.map(({ config }) => config.readReach)).toEqual([2 * DAY + 90 * MINUTE, 2 * DAY + 90 * MINUTE])
  expect(ledgers.map(({ config }) => config.reach)).toEqual([2 * DAY + 10 * MINUTE, 2 * DAY + 90 * MINUTE])
})

test('who comes later is read apart, who goes leaves the others as they were', () => {
  const [picking, jobs, shipment] = all
  if (!picking || !jobs || !shipment) throw new Error('no flows')
  const before = settled([picking, shipment])
  const after = settled([picking, jobs, shipment, tenantFlow('carrier-label')], before)
  expect(namesOf(coursesOf(after))).toEqual([
    ['picking', 'shipment-validation'],
    ['background-jobs'],
    ['carrier-label'],
  ])
  const alone = settled([shipment], after)
  expect(namesOf(coursesOf(alone))).toEqual([['picking', 'shipment-validation']])
  expect(coursesOf(alone)[0]).toBe(coursesOf(before)[0])
  const { work } = coursesOf(alone)[0] ?? {}
  expect(work?.kind === 'ledgers' && work.ledgers.map(({ flow }) => flow.name)).toEqual(['shipment-validation'])
})

test('another target: the rows of that flow are judged anew, in the course it shares', () => {
  const before = settled(all)
  const changed = all.map((flow) =>
    flow.flow.name === 'picking' ? tenantFlow('picking', { targets: [{ since: 0, target: { within: HOUR } }] }) : flow,
  )
  for (const course of coursesOf(before)) {
    for (const ledger of course.work.kind === 'ledgers' ? course.work.ledgers : [])
      ledger.state = { ...ledger.state, coveredFrom: NOW - DAY }
  }
  const after = settled(changed, before)
  expect(coursesOf(after)).toEqual(coursesOf(before))
  const known = [...after].map(([name, { own }]) => [
    name,
    own[0]?.part.kind === 'ledger' && own[0].part.state.coveredFrom !== undefined,
  ])
  expect(known.filter(([, isKnown]) => !isKnown)).toEqual([['picking', false]])
})

test('apart, each begins anew by itself', () => {
  const [own] = settled(all).get('picking')?.own ?? []
  if (own === undefined) throw new Error('no course')
  const alone = apart(own, context, NOW)
  expect(alone.course).not.toBe(own.course)
  expect(alone.course.flows.map(({ name }) => name)).toEqual(['picking'])
})

/** The rows with an even id are of the second flow, too. */
const isOf = (i: number, { id }: Row): boolean => i === 0 || id % 2 === 0
const two: readonly ResolvedFlow[] = [flowOf('picking', 18), flowOf('shipment-validation', 18)]

const configOf = (fast: LedgerConfig<Target>['fast'], i: number): LedgerConfig<Target> => ({
  promise: { kind: 'journey', evidence: 'ledger', targets: [{ since: 0, target: { within: (i + 1) * HOUR } }] },
  deadline: (start, target) => start + ('within' in target ? target.within : 0),
  span: 30 * DAY,
  reach: (i + 1) * HOUR,
  prompt: (i + 1) * HOUR,
  readReach: 2 * HOUR,
  readPrompt: 2 * HOUR,
  horizon: undefined,
  ahead: 2 * HOUR,
  overlap: 3 * MINUTE,
  fast,
  countsWorth: false,
  cadence: { ...defaultCadence, pageRows: 20 },
})

const ledgersOf = (fast: LedgerConfig<Target>['fast']): readonly Ledger[] =>
  two.map((flow, i) => ({ kind: 'ledger', flow, config: configOf(fast, i), state: emptyLedger, lookedAt: undefined }))

const courseWith = (flows: readonly ResolvedFlow[], ledgers: readonly Ledger[]): Course =>
  courseOf(flows, { kind: 'ledgers', ledgers, sums: new Map(), stretch: 8 * DAY }, MINUTE, NOW, () => 0)

/** Over rows that change between looks; pages of three. */
const readerOf = (rows: ReadonlyMap<number, Row>, hasStamps: boolean, asked: string[]): FlowReader<ResolvedFlow> => {
  const of = (flows: readonly ResolvedFlow[]) =>
    [...rows.values()].filter((row) => flows.some((flow) => isOf(two.indexOf(flow), row)))
  function* pages(flows: readonly ResolvedFlow[], there: readonly Row[]) {
    for (let i = 0; i < there.length; i += 3) {
      const page = there.slice(i, i + 3)
      yield flows.map((flow) => page.filter((row) => isOf(two.indexOf(flow), row)).map(itemOf))
    }
  }
  const never = () => Promise.reject(new Error('not asked here'))
  return {
    checksums: async (flows, from, to) => {
      asked.push('checksums')
      return checksumsOf(of(flows), from, to, hasStamps)
    },
    rows: async function* (flows, hours) {
      asked.push('rows')
      yield* pages(
        flows,
        of(flows).filter(({ slot }) => hours.includes(floorHour(slot))),
      )
    },
    reaching: async function* (flows, from, to) {
      asked.push('reaching')
      yield* pages(
        flows,
        of(flows).filter(({ slot, ended = 0 }) => slot >= from && slot < to && ended >= to),
      )
    },
    changedSince: async (flows, since, from, to, limit) => {
      asked.push('changed')
      const changed = of(flows).filter(({ written, slot }) => written >= since && slot >= from && slot < to)
      if (changed.length > limit) return 'too_many'
      return checksumsOf(changed, from, to, true).map(({ hour, newest }) => ({ hour, newest: newest ?? 0 }))
    },
    present: never,
    documents: never,
    groupNames: never,
  }
}

/** Asks all that is due at `now`, looks before the past, as the scheduler does. */
const work = async (course: Course, reader: FlowReader<ResolvedFlow>, now: Instant): Promise<void> => {
  const access: FlowAccess = { via: 'rpc', odoo, reader, now: () => now, withheld: undefined }
  const asking = (purpose: Wish['purpose']): Asking => ({
    call: (_what, question) => question(access, new AbortController().signal),
    odooNow: () => now,
    purpose,
  })
  for (let i = 0; i < 5_000; i++) {
    const wishes = wishesOf(course, now, now).filter(({ due }) => due <= now)
    const wish = wishes.find(({ purpose }) => isLook(purpose)) ?? wishes[0]
    if (wish === undefined) return
    const asked = await ask(course, asking(wish.purpose))
    if (asked.isLookDone) course.nextLook = now + MINUTE
    if (asked.kind === 'none' && isLook(wish.purpose)) course.nextLook = now + MINUTE
    if (asked.kind === 'none' && !isLook(wish.purpose)) return
  }
  throw new Error('never at rest')
}

const row = fc.record({
  id: fc.integer({ min: 1, max: 60 }),
  age: fc.integer({ min: -HOUR, max: 5 * DAY }),
  took: fc.option(fc.integer({ min: 0, max: 4 * HOUR }), { nil: undefined }),
})
type Written = typeof row extends fc.Arbitrary<infer T> ? T : never

/** `isFixed`: where it was. What moves to another hour, or goes, leaves no stamp: whoever reads that hour for another's sake sees it sooner. */
const write = (rows: Map<number, Row>, { id, age, took }: Written, now: Instant, isFixed: boolean): void => {
  const start = (isFixed ? rows.get(id)?.start : undefined) ?? now - age
  const isDone = took !== undefined && start + took <= now
  const ended = isDone ? start + took : undefined
  rows.set(id, {
    ...{ id, slot: start, start, promised: undefined, state: isDone ? 'done' : 'open', ended },
    ...{ created: start, written: now, group: undefined },
  })
}

test.for(['changed', 'checksums'] as const)(
  'by %s: two that are read together say what each says alone, and ask once',
  { timeout: 60_000 },
  async (fast) => {
    const step = fc.record({
      writes: fc.array(row, { maxLength: 12 }),
      gone: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
      minutes: fc.integer({ min: 1, max: 75 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.array(step, { maxLength: 6 }), async (first, steps) => {
        const rows = new Map<number, Row>()
        let now = NOW
        for (const each of first) write(rows, each, now, false)
        const [asked, askedAlone] = [[] as string[], [] as string[]]
        const together = ledgersOf(fast)
        const shared = courseWith(two, together)
        const alone = ledgersOf(fast)
        const lone = alone.map((ledger) => courseWith([ledger.flow], [ledger]))
        const look = async () => {
          await work(shared, readerOf(rows, fast === 'changed', asked), now)
          for (const course of lone) await work(course, readerOf(rows, fast === 'changed', askedAlone), now)
          for (const [i, { config, state }] of together.entries()) {
            const other = alone[i]
            if (other === undefined) throw new Error('no ledger')
            const said = readingOf([{ config, state }], { time: undefined })
            expect(said?.windows).toEqual(readingOf([other], { time: undefined })?.windows)
            expect(said?.windows.backlog).toBeDefined()
          }
        }
        await look()
        for (const { writes, gone, minutes } of steps) {
          now += minutes * MINUTE
          for (const id of fast === 'changed' ? [] : gone) rows.delete(id)
          for (const each of writes) write(rows, each, now, fast === 'changed')
          await look()
        }
        const looks = (of: readonly string[]) => of.filter((kind) => kind !== 'rows').length
        expect(looks(asked)).toBeLessThan(looks(askedAlone))
      }),
      { numRuns: 60 },
    )
  },
)

test('looks use the rows that were kept; what is read again each night is read anew, and kept no longer', async () => {
  const rows = new Map<number, Row>()
  for (let id = 1; id <= 20; id++) write(rows, { id, age: id * HOUR, took: MINUTE }, NOW - 10 * MINUTE, false)
  const course = courseWith(two, ledgersOf('changed'))
  const plain = readerOf(rows, true, [])
  const read: { readonly hours: number; readonly isKept: boolean }[] = []
  const reader: FlowReader<ResolvedFlow> = {
    ...plain,
    rows: (flows, hours, signal, kept) => {
      read.push({ hours: hours.length, isKept: kept === course.kept })
      return plain.rows(flows, hours, signal, kept)
    },
  }
  const forgotten: Instant[] = []
  Object.assign(course.kept, { forget: (hours: readonly Instant[]) => forgotten.push(...hours) })
  await work(course, reader, NOW)
  expect(read.map(({ isKept }) => isKept)).not.toContain(true)
  write(rows, { id: 3, age: 3 * HOUR, took: undefined }, NOW + MINUTE, true)
  await work(course, reader, NOW + 2 * MINUTE)
  expect(read.splice(0).at(-1)).toEqual({ hours: 1, isKept: true })
  forgotten.length = 0
  await work(course, reader, NOW + DAY)
  expect(read.some(({ isKept }) => isKept)).toBe(true)
  const anew = read.filter(({ isKept }) => !isKept).reduce((sum, { hours }) => sum + hours, 0)
  expect(anew).toBeGreaterThanOrEqual(20)
  expect(forgotten).toHaveLength(anew)
})

test('after a mass write nothing of the past is asked in the turn of a look', async () => {
  const rows = new Map<number, Row>()
  for (let id = 1; id <= 20; id++) write(rows, { id, age: id * 3 * HOUR, took: MINUTE }, NOW, false)
  const asked: string[] = []
  const course = courseWith(two, ledgersOf('changed'))
  const put = (purpose: Wish['purpose'], now: Instant) => {
    const access: FlowAccess = {
      via: 'rpc',
      odoo,
      reader: readerOf(rows, true, asked),
      now: () => now,
      withheld: undefined,
    }
    return ask(course, {
      call: (_what, question) => question(access, new AbortController().signal),
      odooNow: () => now,
      purpose,
    })
  }
  for (let isDone = false; !isDone; ) ({ isLookDone: isDone } = await put('first', NOW))
  const { massWrite, whole } = defaultCadence
  const later = NOW + MINUTE
  for (let id = 100; id <= 100 + massWrite; id++) write(rows, { id, age: 30 * MINUTE, took: undefined }, later, false)
  asked.length = 0
  expect((await put('look', later)).kind).toBe('changed')
  // As long as it may not have settled.
  expect((await put('look', later)).kind).toBe('none')
  expect(asked).toEqual(['changed'])
  // The past has its own turn, and the look comes when it is due.
  expect((await put('backfill', later)).kind).toBe('checksums')
  expect((await put('look', NOW + Math.min(whole, 4 * MINUTE))).kind).toBe('checksums')
})
