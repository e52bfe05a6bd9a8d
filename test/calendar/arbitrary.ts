/** Calendars for property tests: zones at nights when their clocks change, and windows of a week. */
import fc from 'fast-check'
import type { BusinessWindow } from '../../src/calendar/window.ts'
import { type Walk, walk } from './oracle.ts'

/** Zone and a day in the middle of the weeks looked at: the clocks change then, or a month or February ends. */
const MIDDLES = [
  ['Europe/Paris', '2026-03-29'],
  ['Europe/Paris', '2026-10-25'],
  ['America/New_York', '2026-03-08'],
  ['America/New_York', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['Africa/Cairo', '2026-04-24'], // midnight itself is skipped
  ['Africa/Cairo', '2026-10-30'],
  ['Asia/Kolkata', '2027-12-31'],
  ['Pacific/Kiritimati', '2028-02-29'],
] as const
const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
export const DAYS = 26
/** Windows that began before are over by then. */
export const LEAD_DAYS = 6

const walks: readonly Walk[] = MIDDLES.map(([timezone, day]) =>
  walk(timezone, Date.parse(`${day}T00:00:00Z`) - 12 * 86_400_000, DAYS),
)
/** By its place, so that what fast-check prints stays short. */
export const walkAt = (i: number): Walk => walks[i] as Walk
export const anyWalk = fc.nat(walks.length - 1)

export const windowOf = (over: Partial<BusinessWindow>): BusinessWindow => ({
  name: 'w',
  kind: 'open',
  timezone: 'Europe/Paris',
  occurs: { dates: [] },
  sensitivity: 1,
  tenants: ['acme'],
  warehouse: '',
  process: '',
  ...over,
})

const anyTime = fc.oneof(
  fc.integer({ min: 0, max: 1440 }),
  fc.constantFrom(0, 30, 60, 90, 120, 135, 150, 180, 1440), // where clocks change
)

/** One to three windows of one zone, nested and overlapping as they fall. */
export const windowsIn = (timezone: string): fc.Arbitrary<readonly BusinessWindow[]> =>
  fc.array(
    fc
      .record({
        weekdays: fc.subarray(WEEKDAYS, { minLength: 1 }),
        from: anyTime,
        to: anyTime,
        more: fc.integer({ min: 0, max: 2 }),
        holidays: fc.subarray(['03-27', '03-30', '10-23', '03-09', '10-30', '04-06', '01-01', '02-29', '03-01']),
      })
      .map(({ weekdays, from, to, more, holidays }) =>
        windowOf({
          timezone,
          occurs: {
            rrule: `FREQ=WEEKLY;BYDAY=${weekdays.join(',')}`,
            start: undefined,
            from,
            to,
            days: more + (to > from ? 0 : 1),
            holidays,
          },
        }),
      ),
    { minLength: 1, maxLength: 3 },
  )
