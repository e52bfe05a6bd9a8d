/** `calendar:` in odoo-pulse.yaml: its shape, and the windows it means. Pure. */
import { z } from 'zod'
import { problemInRule } from '../calendar/recurrence.ts'
import {
  type BusinessWindow,
  MINUTES_A_DAY,
  parseDay,
  parseTime,
  parseWall,
  type Recurring,
  SENSITIVITIES,
  WINDOW_KINDS,
} from '../calendar/window.ts'

/** The series of a tenant are bounded: three a window. */
const MOST_WINDOWS = 50

const text = (pattern: RegExp, isValid: (text: string) => boolean, advice: string) =>
  z.string({ error: advice }).regex(pattern, { error: advice, abort: true }).refine(isValid, { error: advice })

const day = text(/^\d{4}-\d\d-\d\d$/, (t) => parseDay(t) !== undefined, 'write a date such as 2026-11-27')
const time = text(/^\d\d:\d\d$/, (t) => parseTime(t) !== undefined, 'write a time such as "16:00", up to "24:00"')
const wall = text(
  /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d)?$/,
  (t) => parseWall(t, 'from') !== undefined,
  'write a date such as 2026-11-27, or with a time 2026-11-27T16:00',
)
const holiday = text(
  /^(?:\d{4}-)?\d\d-\d\d$/,
  // 02-29 is a day of some years.
  (t) => parseDay(t.length === 5 ? `2000-${t}` : t) !== undefined,
  'write a date such as 2026-12-25, or 12-25 for every year',
)

const isTimezone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
const ZONE_ADVICE = 'write an IANA time zone such as Europe/Paris'
const timezone = text(/^[A-Za-z]/, isTimezone, ZONE_ADVICE)

const rrule = z
  .string({ error: 'write a recurrence rule such as FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR' })
  .check((context) => {
    const message = problemInRule(context.value)
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value })
  })

const windowOf = (name: z.ZodString) =>
  z.strictObject({
    kind: z.enum(WINDOW_KINDS).meta({ description: 'open, peak, cut-off, freeze, maintenance or close.' }),
    timezone: timezone.optional().meta({ description: 'IANA time zone. Default: that of the calendar.' }),
    rrule: rrule.optional().meta({
      description: 'The days it begins on: a recurrence of RFC 5545, by days, weeks, months or years. Or give `dates`.',
    }),
    start: day
      .optional()
      .meta({ description: 'The first day (DTSTART); where the rule counts from it, it is needed.' }),
    from: time.optional().meta({ description: 'When it begins, on the clock there. Default "00:00".' }),
    to: time.optional().meta({
      description: 'When it ends; not after `from` means the next day. Default "24:00"; a cut-off needs it.',
    }),
    days: z.int().min(0).max(31).optional().meta({
      description: 'How many days after its first it ends. Default 0, or 1 where `to` is not after `from`.',
    }),
    holidays: z.array(name).optional().meta({
      description: 'Names under `calendar.holidays`: it does not begin on their days.',
    }),
    dates: z
      .array(
        z.strictObject({
          from: wall.meta({ description: 'A date, or a date and time: 2026-11-27T08:00.' }),
          to: wall.meta({ description: 'Its end; of a date alone, that day still counts.' }),
        }),
      )
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'When it is, in place of `rrule`.' }),
    sensitivity: z.number().min(SENSITIVITIES[0]).max(SENSITIVITIES[1]).default(1).meta({
      description: 'How sensitive alerts are while it is active: 2 is twice as sensitive. Default 1.',
    }),
    tenants: z.array(name).min(1).optional().meta({ description: 'Whom it concerns. Default: all tenants.' }),
    warehouse: name.optional().meta({ description: 'The warehouse it concerns. Default: all.' }),
    process: name.optional().meta({ description: 'The business process it concerns. Default: all.' }),
  })

/** `name` is what names have to look like. */
export const calendarSchema = (name: z.ZodString) =>
  z
    .strictObject({
      timezone: timezone.optional().meta({ description: 'IANA time zone of the windows that name none.' }),
      holidays: z
        .record(
          name,
          z.array(
            z.union([
              holiday,
              z.strictObject({
                date: holiday.meta({ description: 'As 2026-12-25, or 12-25 for every year.' }),
                name: name.optional().meta({ description: 'What it is called.' }),
              }),
            ]),
          ),
        )
        .default({})
        .meta({ description: 'Lists of holidays, by a name of your choice.' }),
      windows: z
        .record(name, windowOf(name))
        .default({})
        .refine((windows) => Object.keys(windows).length <= MOST_WINDOWS, {
          error: `at most ${MOST_WINDOWS} windows`,
        })
        .meta({ description: 'Windows, by a name of your choice: it becomes the label `business_window`.' }),
    })
    .prefault({})
    .meta({ description: 'The business calendar: when people work, when more is at stake, when deadlines fall.' })

type ParsedCalendar = z.output<ReturnType<typeof calendarSchema>>
type ParsedWindow = ParsedCalendar['windows'][string]

const recurringOf = (window: ParsedWindow, holidays: ParsedCalendar['holidays']): Recurring => {
  const from = parseTime(window.from ?? '00:00') ?? 0
  const to = parseTime(window.to ?? '24:00') ?? MINUTES_A_DAY
  return {
    rrule: window.rrule ?? '',
    start: window.start === undefined ? undefined : parseDay(window.start),
    from,
    to,
    days: window.days ?? (to > from ? 0 : 1),
    holidays: (window.holidays ?? []).flatMap((name) =>
      (holidays[name] ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.date)),
    ),
  }
}

/** What a calendar without problems means, for these tenants. */
export const windowsOf = (calendar: ParsedCalendar, tenants: readonly string[]): readonly BusinessWindow[] =>
  Object.entries(calendar.windows).map(([name, window]) => ({
    name,
    kind: window.kind,
    timezone: window.timezone ?? calendar.timezone ?? 'UTC',
    occurs: window.dates
      ? {
          dates: window.dates.map(({ from, to }) => ({
            from: parseWall(from, 'from') ?? 0,
            to: parseWall(to, 'to') ?? 0,
          })),
        }
      : recurringOf(window, calendar.holidays),
    sensitivity: window.sensitivity,
    tenants: [...new Set(window.tenants ?? tenants)],
    warehouse: window.warehouse ?? '',
    process: window.process ?? '',
  }))
