import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CalendarDeps, followCalendar } from '../../src/calendar/follow.ts'
import { stateAt } from '../../src/calendar/state.ts'
import { parseWall } from '../../src/calendar/window.ts'
import { minutes, type Sample } from '../../src/metric.ts'
import { windowOf } from './arbitrary.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.parse('2026-11-20T12:00:00Z') }))
afterEach(() => void vi.useRealTimers())

const between = (name: string, from: string, to: string) =>
  windowOf({
    name,
    occurs: {
      dates: [{ from: parseWall(`2026-11-20T${from}`, 'from') ?? 0, to: parseWall(`2026-11-20T${to}`, 'to') ?? 0 }],
    },
    timezone: 'UTC',
  })

/** What stands on the page, by family and window; and how often it was made. */
const followed = (over: Partial<CalendarDeps> = {}) => {
  const page = new Map<string, readonly Sample[]>()
  const warnings: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void warnings.push(JSON.parse(line).msg) })
  let puts = 0
  const calendar = followCalendar({
    now: Date.now,
    log,
    put: async (part, samples) => {
      puts += 1
      page.set(part, samples)
    },
    ...over,
  })
  const value = (name: string, window?: string) =>
    [...page.values()].flat().find(({ metric, labels }) => metric.name === name && labels.business_window === window)
      ?.value
  const active = (window: string) => value('odoo_business_window_active', window)
  const own = () => [value('odoo_pulse_calendar_success'), value('odoo_pulse_calendar_last_success_timestamp_seconds')]
  return { calendar, page, warnings, value, active, own, puts: () => puts }
}
const noon = Date.parse('2026-11-20T12:00:00Z') / 1000

test('changes at the edge itself, is looked at each minute, and ends when told', async () => {
  const { calendar, active, own, value, puts } = followed()
  await calendar.follow([between('a', '12:00', '12:03'), between('b', '12:02', '13:00')])
  expect([active('a'), active('b'), value('odoo_business_window_end_timestamp_seconds', 'b')]).toEqual([
    1,
    0,
    undefined,
  ])
  await vi.advanceTimersByTimeAsync(minutes(2) - 1)
  expect([active('b'), ...own()]).toEqual([0, 1, noon + 60])
  await vi.advanceTimersByTimeAsync(1)
  expect([active('a'), active('b'), ...own()]).toEqual([1, 1, 1, noon + 120])
  expect(value('odoo_business_window_end_timestamp_seconds', 'b')).toBe(noon + 3600)
  await vi.advanceTimersByTimeAsync(minutes(1))
  expect([active('a'), active('b')]).toEqual([0, 1])
  calendar.stop()
  const before = puts()
  await vi.advanceTimersByTimeAsync(minutes(10))
  expect([puts(), vi.getTimerCount()]).toEqual([before, 0])
})

test('a window that throws is absent and said to be; the others stand', async () => {
  let broken = true
  const { calendar, active, own, value, warnings } = followed({
    stateAt: (window, at) => {
      if (window.name === 'bad' && broken) throw new Error('too many steps')
      return stateAt(window, at)
    },
  })
  await calendar.follow([between('good', '11:00', '13:00'), between('bad', '11:00', '13:00')])
  expect([active('good'), active('bad'), value('odoo_business_window_sensitivity', 'bad')]).toEqual([
    1,
    undefined,
    undefined,
  ])
  expect(own()).toEqual([0, undefined])
  await vi.advanceTimersByTimeAsync(minutes(3))
  expect(warnings).toEqual(['calendar failed: too many steps'])
  broken = false
  await vi.advanceTimersByTimeAsync(minutes(1))
  expect([active('bad'), ...own()]).toEqual([1, 1, noon + 240])
  broken = true
  await vi.advanceTimersByTimeAsync(minutes(2))
  expect(own()).toEqual([1, noon + 360]) // known until its edge
  calendar.stop()
})

test('a page that can’t be made is survived, and a clock set back is followed', async () => {
  let broken = false
  const page = new Map<string, readonly Sample[]>()
  const { calendar } = followed({
    put: async (part, samples) => {
      if (broken) throw new Error('no page')
      page.set(part, samples)
    },
  })
  const active = () => page.get('windows')?.find((s) => s.metric.name === 'odoo_business_window_active')?.value
  await calendar.follow([between('a', '12:00', '13:00')])
  broken = true
  await vi.advanceTimersByTimeAsync(minutes(2))
  broken = false
  expect(active()).toBe(1)
  vi.setSystemTime(Date.parse('2026-11-20T11:00:00Z'))
  await vi.advanceTimersByTimeAsync(minutes(1))
  expect(active()).toBe(0)
  calendar.stop()
})

test('without windows nothing is said and nothing runs; new windows replace the old', async () => {
  const { calendar, page, active } = followed()
  await calendar.follow([])
  expect([[...page.values()].flat(), vi.getTimerCount()]).toEqual([[], 0])
  await calendar.follow([between('a', '12:00', '13:00')])
  await calendar.follow([between('b', '12:00', '13:00')])
  expect([active('a'), active('b'), vi.getTimerCount()]).toEqual([undefined, 1, 1])
  await calendar.follow([])
  expect([[...page.values()].flat(), vi.getTimerCount()]).toEqual([[], 0])
})
