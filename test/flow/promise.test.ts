/** Targets → deadlines, on a tenant's calendar. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BusinessWindow, parseTime } from '../../src/calendar/window.ts'
import { type FlowSettings, tenantFlowOf } from '../../src/config/flows.ts'
import { NEVER, promiseOf, type Terms } from '../../src/flow/promise.ts'
import type { Flow } from '../../src/flow/spec/spec_file.ts'
import { hours, type Instant, minutes } from '../../src/metric.ts'
import { anyWalk, DAYS, LEAD_DAYS, walkAt, windowOf, windowsIn } from '../calendar/arbitrary.ts'
import { addByWalking, byWalking, MINUTE, marks } from '../calendar/oracle.ts'
import { shipped } from './shipped.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const days = (n: number) => hours(24 * n)

const flowOf = (name: string, over: Partial<Flow> = {}): Flow => {
  const { flow } = shipped(`${name}.yaml`)
  if (!flow) throw new Error(name)
  return { ...flow, ...over }
}

const put = (flow: Flow, settings: FlowSettings, calendar: readonly BusinessWindow[], timezone?: string) =>
  promiseOf(tenantFlowOf(flow, [{ [flow.name]: settings }], 'shared'), flow, {
    tenant: 'acme',
    calendar,
    timezone,
    now: NOW,
  })

const termsOf = (...asked: Parameters<typeof put>): Terms => {
  const terms = put(...asked)
  if ('unsupported' in terms) throw new Error(terms.unsupported)
  return terms
}

/** With one target. */
const dueOf = (...asked: Parameters<typeof put>) => {
  const { deadline, promise } = termsOf(...asked)
  return (start: Instant) => deadline(start, promise.targets[0].target)
}

const weekdays = (from: string, to: string, over: Partial<BusinessWindow> = {}, holidays: readonly string[] = []) =>
  windowOf({
    ...over,
    occurs: {
      rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
      start: undefined,
      from: parseTime(from) ?? 0,
      to: parseTime(to) ?? 0,
      days: to > from ? 0 : 1,
      holidays,
    },
  })
const office = weekdays('09:00', '18:00')
const picking = flowOf('picking')

describe('which windows count', () => {
  const at = Date.parse('2026-11-20T08:00+01:00')
  const opens = (calendar: readonly BusinessWindow[], name?: string) => {
    const due = dueOf(picking, { target: { within_open_hours: hours(1), calendar: name } }, calendar)
    return new Date(due(at)).toISOString().slice(11, 16)
  }
  const own = weekdays('10:00', '18:00', { name: 'own', process: 'logistics' })
  const other = weekdays('07:00', '18:00', { name: 'other', process: 'sales' })
  const dock = weekdays('06:00', '18:00', { name: 'dock', warehouse: 'WH' })
  const peak = weekdays('00:00', '24:00', { name: 'peak', kind: 'peak' })
  const theirs = weekdays('05:00', '18:00', { name: 'theirs', tenants: ['globex'] })

  test('those of the process, else those of none; never a warehouse’s, another tenant’s, or of another kind', () => {
    expect(opens([office, own, other, dock, peak, theirs])).toBe('10:00')
    expect(opens([office, other, dock, peak, theirs])).toBe('09:00')
  })

  test('the one that is named, whatever it is for', () => {
    expect(opens([office, own, other, dock], 'dock')).toBe('08:00')
    expect(opens([office, own, other, dock], 'other')).toBe('08:00')
  })

  test('without one it can’t be judged, and says what is missing', () => {
    const unsupported = (settings: FlowSettings, flow = picking) => {
      const terms = put(flow, settings, [other, dock, peak, theirs])
      return 'unsupported' in terms ? terms.unsupported : undefined
    }
    expect(unsupported({})).toBe(
      'it is due by open hours, and the calendar has none: add a window of kind open, without a warehouse, with process logistics or none to calendar.windows',
    )
    expect(unsupported({ target: { by: 'end_of_day', after_open_days: 0, calendar: 'theirs' } })).toBe(
      'the calendar has no window theirs of kind open for this tenant: add it to calendar.windows',
    )
    expect(unsupported({ target: { within: hours(1) } })).toBeUndefined()
    expect(unsupported({}, flowOf('stock-reservation'))).toBe('a slice has no deadlines')
    expect(unsupported({}, flowOf('stock-sync', { evidence: 'ledger' }))).toBe('a heartbeat has no deadlines')
  })
})

describe('deadlines', () => {
  const t = (text: string) => Date.parse(text)
  const closed = weekdays('09:00', '18:00', {}, ['12-25'])
  test.each([
    ['within', { within: minutes(15) }, '2026-03-29T01:50+01:00', '2026-03-29T02:05+01:00'],
    ['an open hour', { within_open_hours: hours(1) }, '2026-11-20T17:30+01:00', '2026-11-23T09:30+01:00'],
    ['16:00 of the same day', { by: '16:00' }, '2026-11-20T15:59+01:00', '2026-11-20T16:00+01:00'],
    ['16:00, started at 16:00', { by: '16:00' }, '2026-11-20T16:00+01:00', '2026-11-23T16:00+01:00'],
    ['16:00 of the next open day', { by: '16:00', after: 1 }, '2026-11-20T10:00+01:00', '2026-11-23T16:00+01:00'],
    ['16:00, a day that is closed', { by: '16:00', after: 1 }, '2026-11-21T10:00+01:00', '2026-11-23T16:00+01:00'],
    ['the end of the day', { by: 'end_of_day' }, '2026-11-20T17:59+01:00', '2026-11-20T18:00+01:00'],
    ['the end of the day, before it opens', { by: 'end_of_day' }, '2026-11-20T03:00+01:00', '2026-11-20T18:00+01:00'],
    ['…after it has closed', { by: 'end_of_day' }, '2026-11-20T18:00+01:00', '2026-11-23T18:00+01:00'],
    [
      '…of the next open day, over Christmas',
      { by: 'end_of_day', after: 1 },
      '2026-12-24T12:00+01:00',
      '2026-12-28T18:00+01:00',
    ],
    ['…over the end of a month', { by: 'end_of_day', after: 2 }, '2026-02-27T12:00+01:00', '2026-03-03T18:00+01:00'],
    [
      '…over the night the clocks change',
      { by: 'end_of_day', after: 1 },
      '2026-03-27T12:00+01:00',
      '2026-03-30T18:00+02:00',
    ],
  ] as const)(
    '%s',
    (_, { after = 0, ...target }: { readonly after?: number } & Record<string, unknown>, start, due) => {
      const asked = 'by' in target ? { ...target, after_open_days: after } : target
      expect(new Date(dueOf(picking, { target: asked as never }, [closed])(t(start)))).toEqual(new Date(due))
    },
  )

  test('a night shift’s day ends in the morning, also where a holiday follows', () => {
    const night = weekdays('22:00', '06:00', {}, ['12-25'])
    const due = dueOf(picking, { target: { by: 'end_of_day', after_open_days: 0 } }, [night])
    expect(new Date(due(t('2026-12-24T23:00+01:00')))).toEqual(new Date('2026-12-25T06:00+01:00'))
    expect(new Date(due(t('2026-12-25T06:00+01:00')))).toEqual(new Date('2026-12-29T06:00+01:00'))
  })

  test('always open: each day ends at its midnight', () => {
    const always = windowOf({
      occurs: { rrule: 'FREQ=DAILY', start: undefined, from: 0, to: 1440, days: 0, holidays: [] },
    })
    const due = dueOf(picking, { target: { by: 'end_of_day', after_open_days: 0 } }, [always])
    expect(new Date(due(t('2026-10-25T02:30+02:00')))).toEqual(new Date('2026-10-26T00:00+01:00'))
    const ever = windowOf({ occurs: { dates: [{ from: 0, to: 4e9 }] } })
    expect(
      dueOf(picking, { target: { by: 'end_of_day', after_open_days: 0 } }, [ever])(t('2026-10-25T02:30+02:00')),
    ).toBe(t('2026-10-26T00:00+01:00'))
  })

  test('what is never reached is due in the far future, an instant all the same', () => {
    const over = windowOf({ occurs: { dates: [{ from: 0, to: 60 }] } })
    for (const target of [{ within_open_hours: hours(1) }, { by: '16:00', after_open_days: 0 }] as const) {
      const due = dueOf(picking, { target }, [over])(NOW)
      expect(due).toBe(NEVER)
      expect(new Date(due).getUTCFullYear()).toBe(9999)
    }
  })

  test('items keep the target in force when they started', () => {
    const since = t('2026-12-01T00:00Z')
    const rows = [{ target: { within: hours(2) } }, { since, target: { within_open_hours: hours(1) } }]
    const { promise, deadline } = termsOf(picking, { dated: rows }, [office])
    expect(promise.targets.map((row) => row.since)).toEqual([0, since])
    expect(deadline(since, promise.targets[0].target)).toBe(since + hours(2))
    expect(promise.targets[1] && deadline(since, promise.targets[1].target)).toBe(t('2026-12-01T10:00+01:00'))
  })
})

const anyCase = anyWalk.chain((walk) =>
  fc.record({
    walk: fc.constant(walk),
    windows: windowsIn(walkAt(walk).timezone),
    from: fc.integer({ min: LEAD_DAYS * 1440, max: (DAYS - 6) * 1440 }),
    later: fc.nat(3000),
  }),
)
const anyTarget = fc.oneof(
  fc.record({ within: fc.integer({ min: 1, max: 3000 }).map(minutes) }),
  fc.record({ within_open_hours: fc.integer({ min: 1, max: 3000 }).map(minutes) }),
  fc.record({
    by: fc.constantFrom('end_of_day', '00:00', '02:30', '08:15', '16:00', '23:59'),
    after_open_days: fc.nat(3),
  }),
)

test('against a walk through every minute: nights the clocks change, month ends, holidays, nested windows', () => {
  fc.assert(
    fc.property(anyCase, anyTarget, ({ walk, windows, from, later }, target) => {
      const of = walkAt(walk)
      const due = dueOf(picking, { target }, windows)
      const at = (minute: number) => of.start + minute * MINUTE
      const time = 'by' in target ? (parseTime(target.by) ?? 'end_of_day') : 0
      const expected =
        'within' in target
          ? from + target.within / MINUTE
          : 'by' in target
            ? byWalking(of, windows, from, time, target.after_open_days)
            : addByWalking(marks(of, windows), from, target.within_open_hours / MINUTE)
      const got = due(at(from))
      if (expected !== undefined) expect(got).toBe(at(expected))
      expect(got).toBeGreaterThan(at(from))
      expect(due(at(from + later))).toBeGreaterThanOrEqual(got)
    }),
    { numRuns: 60 },
  )
})

describe('reach', () => {
  test('is as long as the longest wait there is', () => {
    fc.assert(
      fc.property(anyCase, anyTarget, ({ walk, windows, from }, target) => {
        const of = walkAt(walk)
        const start = of.start + from * MINUTE
        const flow = flowOf('paid-order')
        const terms = promiseOf(tenantFlowOf(flow, [{ 'paid-order': { target } }], 'shared'), flow, {
          tenant: 'acme',
          calendar: windows,
          now: start,
        })
        if ('unsupported' in terms) throw new Error(terms.unsupported)
        const { deadline, promise, reach, prompt } = terms
        const took = Math.min(days(30), deadline(start, promise.targets[0].target) - start)
        expect(took).toBeLessThanOrEqual(prompt)
        expect(prompt).toBeLessThanOrEqual(reach)
      }),
      { numRuns: 40 },
    )
  })

  test('counts what lies before the start, and is bounded', () => {
    const reach = (name: string, settings: FlowSettings = {}, calendar = [office]) =>
      termsOf(flowOf(name), settings, calendar).reach
    // Slot and start are one.
    expect(reach('paid-order')).toBe(minutes(15))
    expect(reach('pos-sync')).toBe(minutes(5))
    expect(reach('background-jobs')).toBe(days(2) + minutes(10))
    expect(reach('order-confirmation')).toBe(days(14) + minutes(15))
    // From Friday evening to Monday morning, and an hour: not three days.
    expect(reach('picking')).toBe(days(14 + 3))
    expect(
      reach('paid-order', { dated: [{ target: { within: hours(1) } }, { since: 1, target: { within: hours(3) } }] }),
    ).toBe(hours(3))
    expect(reach('picking', { target: { within: days(20) } })).toBe(days(30))
  })

  test('is no more than the longest wait for an item that starts in its slot', () => {
    const prompt = (name: string) => termsOf(flowOf(name), {}, [office]).prompt
    expect(prompt('paid-order')).toBe(minutes(15))
    expect(prompt('background-jobs')).toBe(minutes(10))
    expect(prompt('order-confirmation')).toBe(minutes(15))
    expect(prompt('picking')).toBe(days(3))
  })
})

describe('local time', () => {
  test('is that of the windows, else of the calendar', () => {
    const { time } = termsOf(picking, {}, [weekdays('09:00', '18:00', { timezone: 'Asia/Kolkata' })])
    expect(time.local(Date.parse('2026-11-22T20:00Z'))).toMatchObject({ weekday: 1, hour: 1 })
    const plain = termsOf(flowOf('paid-order'), {}, [], 'Europe/Paris').time
    expect(plain.local(Date.parse('2026-10-25T00:30Z'))).toMatchObject({ weekday: 0, hour: 2 })
    expect(plain.local(Date.parse('2026-10-25T01:30Z'))).toMatchObject({ weekday: 0, hour: 2 })
    expect(plain.isHoliday(Date.parse('2026-12-25T12:00Z'))).toBe(false)
  })

  test('holidays are the days that all its windows leave out', () => {
    const shop = weekdays('10:00', '12:00', { name: 'shop' }, ['12-25', '2026-12-26'])
    const { time } = termsOf(picking, {}, [shop, weekdays('09:00', '18:00', {}, ['12-25'])])
    const isHoliday = (text: string) => time.isHoliday(Date.parse(text))
    expect(['2026-12-24T22:59Z', '2026-12-24T23:00Z', '2027-12-25T22:59Z', '2026-12-26T12:00Z'].map(isHoliday)).toEqual(
      [false, true, true, false],
    )
  })
})

test('fast enough for every item: half a million a second, by open hours a hundred thousand', () => {
  const starts = Array.from({ length: 50_000 }, (_, i) => NOW - ((i * 7919) % (30 * 1440)) * MINUTE)
  const rate = (settings: FlowSettings) => {
    const { deadline, promise } = termsOf(picking, settings, [weekdays('09:00', '18:00', {}, ['12-25'])])
    const { target } = promise.targets[0]
    let best = 0
    // The best of some: others use this machine as well.
    for (let run = 0; run < 4; run++) {
      const begun = process.cpuUsage().user
      for (const start of starts) deadline(start, target)
      best = Math.max(best, (starts.length / Math.max(1, process.cpuUsage().user - begun)) * 1e6)
    }
    return best
  }
  expect(rate({ target: { within: hours(1) } })).toBeGreaterThan(500_000)
  expect(rate({ target: { within_open_hours: hours(4) } })).toBeGreaterThan(100_000)
  expect(rate({ target: { by: '16:00', after_open_days: 1 } })).toBeGreaterThan(100_000)
})
