/** Pasts in which something happened: what is made of them. */
import { describe, expect, test } from 'vitest'
import { targetText } from '../../src/suggest/candidates.ts'
import { DAY, done, HOUR, item, MINUTE, MONTH, NOW, steady, studied } from './histories.ts'

const quick = () => MINUTE
const STALL = NOW - 10 * DAY - 34 * MINUTE
const proposed = (study: ReturnType<typeof studied>) => {
  if (study.proposal === undefined) throw new Error('nothing was proposed')
  const { target, objective, mode, why, replay } = study.proposal
  return { target: targetText(target), objective, mode, why, pages: replay.page.episodes.length }
}

describe('a flow that keeps its promise', () => {
  const study = studied(steady(2 * MINUTE, (_, n) => (n % 100 === 0 ? 4 : 1) * MINUTE))

  test('volume and delays', () => {
    expect(study.startsPerDay).toBe(720)
    expect(study.duePerDay).toBeCloseTo(720, 0)
    expect(study.delays).toMatchObject({ p50: MINUTE, p95: MINUTE, max: 4 * MINUTE })
    expect(study.stalls).toEqual([])
    expect(study.current).toMatchObject({ bad: 0, replay: { page: { episodes: [] }, ticket: { episodes: [] } } })
  })

  test('may page, on the shortest target that it met', () => {
    expect(proposed(study)).toMatchObject({ target: '5m', objective: 0.99, mode: 'page', pages: 0 })
  })

  test('each candidate was tried, and a longer one is never met by fewer', () => {
    expect(study.met.map(({ target }) => targetText(target))).toEqual([
      '5m',
      '10m',
      '15m',
      '30m',
      '1h',
      '2h',
      '4h',
      '8h',
      '1d',
      '2d',
      '3d',
      '7d',
    ])
    const bad = study.met.map((each) => each.bad)
    expect(bad).toEqual(bad.toSorted((a, b) => b - a))
  })
})

describe('a stall of two hours', () => {
  /** What starts in it is done as it ends. */
  const stalled = (start: number) => (start >= STALL && start < STALL + 2 * HOUR ? STALL + 2 * HOUR - start : MINUTE)
  const study = studied(steady(2 * MINUTE, stalled))

  test('is found, with how many waited and how many would have been done', () => {
    expect(study.stalls).toHaveLength(1)
    const [stall] = study.stalls ?? []
    expect(Math.abs((stall?.from ?? 0) - STALL)).toBeLessThanOrEqual(2 * MINUTE)
    expect(Math.abs((stall?.to ?? 0) - STALL - 2 * HOUR)).toBeLessThanOrEqual(2 * MINUTE)
    expect(stall?.waiting).toBe(60)
    expect(stall?.usual).toBe(60)
  })

  test('would have paged once, from soon after the first missed deadline', () => {
    const { page } = study.current.replay
    expect(page.episodes).toHaveLength(1)
    const from = (page.episodes[0]?.from ?? 0) - STALL
    expect(from).toBeGreaterThan(15 * MINUTE)
    expect(from).toBeLessThan(45 * MINUTE)
  })

  test('is no reason against a page, nor for a longer target', () => {
    expect(proposed(study)).toMatchObject({ target: '5m', objective: 0.99, mode: 'page', pages: 1 })
  })

  test('is none where the same hours of every week are still', () => {
    const week = (start: number) => (NOW - start) % (7 * DAY)
    const items = steady(2 * MINUTE, quick).filter(({ start }) => week(start) > 2 * HOUR)
    expect(studied([...items, item(MONTH.from)]).stalls).toEqual([])
  })

  test('is none while nothing waits', () => {
    const items = steady(2 * MINUTE, quick).filter(({ start }) => start < STALL || start > STALL + 2 * HOUR)
    expect(studied(items).stalls).toEqual([])
  })

  test('is none on a flow so sparse that it may be chance', () => {
    // One each two hours or so, at odd times.
    const items = Array.from({ length: 360 }, (_, n) =>
      done(MONTH.from + n * 2 * HOUR + ((n * 7919) % 110) * MINUTE, MINUTE),
    )
    expect(studied([...items, item(MONTH.from)]).stalls).toEqual([])
  })

  test('is unknown where completions are not stored', () => {
    const study = studied(steady(2 * MINUTE, quick), { evidence: 'at-deadline' })
    expect(study.stalls).toBeUndefined()
    expect(study.delays).toBeUndefined()
  })
})

describe('a flow that is late now and then', () => {
  test('gets a ticket, where it would have woken people every other day', () => {
    // Each second day an hour in which every other one takes two hours; no target near 15m helps.
    const isBad = (start: number) => Math.floor((NOW - start) / HOUR) % 48 === 0
    const study = studied(steady(2 * MINUTE, (start, n) => (isBad(start) && n % 2 === 0 ? 2 * HOUR : MINUTE)))
    expect(study.current.replay.page.episodes.length).toBeGreaterThan(10)
    const { mode, why } = proposed(study)
    expect(mode).toBe('ticket')
    expect(why.mode).toContain('too noisy')
  })

  test('gets the objective that it reaches', () => {
    const study = studied(steady(2 * MINUTE, (_, n) => (n % 50 === 0 ? 3 * HOUR : MINUTE)))
    expect(proposed(study)).toMatchObject({ target: '5m', objective: 0.95 })
    expect(proposed(study).why.objective).toContain('lowered from 99%')
  })

  test('gets the target that it reaches', () => {
    const study = studied(steady(2 * MINUTE, (_, n) => (n % 50 === 0 ? 25 : 1) * MINUTE))
    expect(proposed(study)).toMatchObject({ target: '30m', objective: 0.99 })
  })

  test('is but watched where no target near its own reaches anything', () => {
    const study = studied(steady(2 * MINUTE, (_, n) => (n % 3 === 0 ? 5 * HOUR : MINUTE)))
    expect(proposed(study)).toMatchObject({ target: '15m', objective: 0.9, mode: 'observe' })
  })
})

describe('volume', () => {
  test.for([
    [8 * HOUR, 'observe', 'too few to call anybody'],
    [HOUR, 'ticket', 'too few to wake anybody'],
    [10 * MINUTE, 'page', 'would never have paged'],
  ] as const)('one each %i ms: %s', ([every, mode, why]) => {
    const found = proposed(studied(steady(every, quick)))
    expect(found.mode).toBe(mode)
    expect(found.why.mode).toContain(why)
  })

  test('a single miss among few calls nobody', () => {
    const items = steady(HOUR, (_, n) => (n === 100 ? DAY : MINUTE))
    const { replay } = studied(items).current
    expect([replay.page.episodes, replay.ticket.episodes]).toEqual([[], []])
  })

  test('where late completions are forgiven nobody is woken, and no other target is proposed', () => {
    const found = proposed(studied(steady(2 * MINUTE, quick), { evidence: 'at-deadline' }))
    expect(found).toMatchObject({ target: '15m', mode: 'ticket' })
    expect(found.why.target).toContain('not stored')
  })

  test('nothing at all', () => {
    const study = studied([])
    expect(study).toMatchObject({ items: 0, duePerDay: 0, delays: undefined, stalls: [] })
    expect(proposed(study).mode).toBe('observe')
  })
})
