import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { busyness, dayClock, mondayMorning, nextOpen, workedUntil } from '../../../demo/day/clock.ts'
import { type Agenda, advance, agendaFrom, ordersOf, STAGES, type Stage, type Step } from '../../../demo/day/plan.ts'
import { hours, minutes } from '../../../src/metric.ts'

const DAY = hours(24)
/** A Monday at eight. */
const MONDAY = Date.UTC(2026, 0, 5, 8)

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const instants = fc.integer({ min: Date.UTC(2020), max: Date.UTC(2035) })
const tradeOf = (seed: number) => ({ seed, ordersPerHour: 240 })

/** All steps that fall due between two instants, asked for in spans of that length. */
const played = (seed: number, from: number, to: number, span: number): readonly Step[] => {
  let agenda: Agenda = agendaFrom(from)
  const steps: Step[] = []
  for (let at = Math.min(from + span, to); ; at = Math.min(at + span, to)) {
    const next = advance(tradeOf(seed), agenda, at)
    agenda = next.agenda
    steps.push(...next.due)
    if (at === to) return steps
  }
}

describe('the plan', () => {
  test('is the same for a seed, and another for another', () => {
    const orders = (seed: number) => JSON.stringify(ordersOf(tradeOf(seed), MONDAY + hours(2)))
    expect(orders(7)).toBe(orders(7))
    expect(orders(7)).not.toBe(orders(8))
    // Written down once, so that a change of the generator does not go unseen.
    expect(ordersOf(tradeOf(7), MONDAY + hours(2)).map((steps) => steps[0]?.order.reference)).toMatchInlineSnapshot(`
      [
        "WEB-HJFKO-1",
        "WEB-HJFKO-2",
        "WEB-HJFKO-3",
        "WEB-HJFKO-4",
      ]
    `)
  })

  test('does not depend on how often one looks', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: minutes(1), max: hours(5) }), (seed, span) => {
        const [end, other] = [MONDAY + hours(6), minutes(30)]
        expect(played(seed, MONDAY, end, span)).toEqual(played(seed, MONDAY, end, other))
      }),
      { numRuns: 20 },
    )
  })

  test('an order goes through its stages in their order: never shipped before it is confirmed', () => {
    fc.assert(
      fc.property(seeds, instants, (seed, at) => {
        for (const steps of ordersOf(tradeOf(seed), at - (at % minutes(1)))) {
          const [stages, times] = [steps.map(({ stage }) => stage), steps.map((step) => step.at)]
          expect(times).toEqual(times.toSorted((a, b) => a - b))
          expect(stages).toEqual(STAGES.filter((stage) => stages.includes(stage)))
          expect(stages[0]).toBe('imported')
          expect(steps.map(({ last }) => last)).toEqual(steps.map((_, i) => i === steps.length - 1))
          const has = (stage: Stage) => stages.includes(stage)
          expect(has('cancelled')).toBe(!has('confirmed'))
          expect(has('shipped')).toBe(has('confirmed'))
          if (has('posted')) expect(has('paid')).toBe(!has('prepaid'))
        }
      }),
    )
  })

  test('references are unique', () => {
    const references = played(3, MONDAY, MONDAY + DAY, hours(1)).filter(({ stage }) => stage === 'imported')
    expect(references.length).toBeGreaterThan(500)
    expect(new Set(references.map(({ order }) => order.reference)).size).toBe(references.length)
  })

  test('goods leave only while the warehouse is open; orders come at night too, but fewer', () => {
    const week = played(5, MONDAY, MONDAY + 7 * DAY, hours(6))
    const hour = (at: number) => new Date(at).getUTCHours()
    const shipped = week.filter(({ stage }) => stage === 'shipped')
    expect(shipped.length).toBeGreaterThan(1000)
    expect(shipped.filter(({ at }) => hour(at) < 6 || hour(at) >= 20 || new Date(at).getUTCDay() === 0)).toEqual([])
    const imports = week.filter(({ stage }) => stage === 'imported').map(({ at }) => hour(at))
    const between = (from: number, to: number) => imports.filter((h) => h >= from && h < to).length
    expect(between(0, 5)).toBeGreaterThan(0)
    expect(between(9, 14)).toBeGreaterThan(10 * between(0, 5))
  })
})

describe('the clock', () => {
  test('at speed 1 it is the wall clock; faster, it begins on a Monday at eight', () => {
    const now = MONDAY + 3 * DAY + hours(9)
    expect(mondayMorning(now)).toBe(MONDAY)
    expect(dayClock(1, now)(now + 5000)).toBe(now + 5000)
    expect(dayClock(60, now)(now + 5000)).toBe(MONDAY + 300_000)
  })

  test('busyness is a share', () => {
    fc.assert(
      fc.property(instants, (at) => {
        expect(busyness(at)).toBeGreaterThan(0)
        expect(busyness(at)).toBeLessThanOrEqual(1)
      }),
    )
  })

  test('the next opening is now or later, and open; work takes its time, and as long as it is closed more', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: hours(30) }), (at, work) => {
        const opens = nextOpen(at)
        expect(opens).toBeGreaterThanOrEqual(at)
        expect(nextOpen(opens)).toBe(opens)
        const done = workedUntil(at, work)
        expect(done).toBeGreaterThanOrEqual(opens + work)
        expect(nextOpen(done)).toBe(done)
      }),
    )
    // Friday at five, four hours of work: three on Friday, one on Saturday.
    expect(workedUntil(MONDAY + 4 * DAY + hours(9), hours(4))).toBe(MONDAY + 5 * DAY)
  })
})
