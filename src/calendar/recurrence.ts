/** RFC 5545 recurrences of whole days: what is wrong with one, and its days in a range. Pure; no time zone plays a part. */
import { RRuleTemporal } from 'rrule-temporal'
import { type Day, formatDay, MINUTES_A_DAY, parseDay } from './window.ts'

const DAY = MINUTES_A_DAY * 60_000
// More than a century of days: a rule that needs more steps than this is refused, not waited for.
const MAX_STEPS = 40_000
/** February 29 and the fifth Friday of a February come back within so long, but for centuries. */
const CYCLE_YEARS = 40

type Parts = ReadonlyMap<string, string>

const listOf =
  (isItem: (item: string) => boolean) =>
  (text: string): boolean =>
    text.split(',').every(isItem)
const number = (least: number, most: number) => (text: string) =>
  /^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most
const signed = (most: number) => (text: string) =>
  /^[+-]?\d{1,3}$/.test(text) && number(1, most)(text.replace(/^[+-]/, ''))
const WEEKDAY = 'MO|TU|WE|TH|FR|SA|SU'
const oneOf = (words: string) => (text: string) => new RegExp(`^(?:${words})$`).test(text)

/** What each part may hold. The parser behind skips what it does not understand, so nothing else may reach it. */
const PARTS: Readonly<Record<string, readonly [isValue: (text: string) => boolean, advice: string]>> = {
  FREQ: [oneOf('DAILY|WEEKLY|MONTHLY|YEARLY'), 'DAILY, WEEKLY, MONTHLY or YEARLY; times are given by `from` and `to`'],
  INTERVAL: [number(1, 999), '1 to 999'],
  COUNT: [number(1, 9999), '1 to 9999'],
  UNTIL: [
    (text) => parseDay(text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')) !== undefined,
    'a date such as 20271231',
  ],
  BYMONTH: [listOf(number(1, 12)), 'months from 1 to 12'],
  BYMONTHDAY: [listOf(signed(31)), 'days from 1 to 31, or -1 to -31 from the end'],
  BYYEARDAY: [listOf(signed(366)), 'days from 1 to 366, or -1 to -366 from the end'],
  BYWEEKNO: [listOf(signed(53)), 'weeks from 1 to 53, or -1 to -53 from the end'],
  BYDAY: [listOf((day) => new RegExp(`^(?:[+-]?[1-9]\\d?)?(?:${WEEKDAY})$`).test(day)), 'days such as MO,TU or -1FR'],
  BYSETPOS: [listOf(signed(366)), 'positions from 1 to 366, or -1 to -366 from the end'],
  WKST: [oneOf(WEEKDAY), 'a day such as MO'],
}

const partsOf = (rrule: string): Parts =>
  new Map(
    rrule.split(';').map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name, value.join('=')]
    }),
  )

const isAny = (parts: Parts, ...names: readonly string[]): boolean => names.some((name) => parts.has(name))

/** What RFC 5545, section 3.3.10, does not allow together. */
const clash = (parts: Parts): string | undefined => {
  const freq = parts.get('FREQ') ?? ''
  if (isAny(parts, 'COUNT') && isAny(parts, 'UNTIL')) return 'COUNT and UNTIL exclude one another'
  if (isAny(parts, 'BYWEEKNO') && freq !== 'YEARLY') return 'BYWEEKNO goes with FREQ=YEARLY only'
  if (isAny(parts, 'BYYEARDAY') && freq !== 'YEARLY') return 'BYYEARDAY goes with FREQ=YEARLY only'
  if (isAny(parts, 'BYMONTHDAY') && freq === 'WEEKLY') return 'BYMONTHDAY does not go with FREQ=WEEKLY'
  const isNumbered = /\d/.test(parts.get('BYDAY') ?? '')
  if (isNumbered && !/^(MONTHLY|YEARLY)$/.test(freq)) return 'BYDAY with numbers goes with MONTHLY and YEARLY only'
  if (isNumbered && isAny(parts, 'BYWEEKNO')) return 'BYDAY with numbers does not go with BYWEEKNO'
  const isSelected = isAny(parts, 'BYDAY', 'BYMONTH', 'BYMONTHDAY', 'BYYEARDAY', 'BYWEEKNO')
  return isAny(parts, 'BYSETPOS') && !isSelected ? 'BYSETPOS selects among other BY… parts: give one' : undefined
}

/** What is wrong with a rule, for people; undefined: nothing. */
export const problemInRule = (rrule: string): string | undefined => {
  const parts = partsOf(rrule)
  if (parts.size !== rrule.split(';').length) return 'a part stands twice: keep one'
  for (const [name, value] of parts) {
    if (!Object.hasOwn(PARTS, name))
      return `write NAME=VALUE parts with ; between them; known: ${Object.keys(PARTS).join(', ')}`
    const [isValue, advice] = PARTS[name] ?? [() => false, '']
    if (!isValue(value)) return `${name} takes ${advice}`
  }
  return parts.has('FREQ') ? clash(parts) : 'FREQ is missing: DAILY, WEEKLY, MONTHLY or YEARLY'
}

/** Whether the rule alone does not say its days: it counts from a first day, or takes its weekday or date from it. */
export const needsStart = (rrule: string): boolean => {
  const parts = partsOf(rrule)
  if (isAny(parts, 'COUNT') || Number(parts.get('INTERVAL') ?? 1) > 1) return true
  switch (parts.get('FREQ')) {
    case 'WEEKLY':
      return !isAny(parts, 'BYDAY')
    case 'MONTHLY':
      return !isAny(parts, 'BYDAY', 'BYMONTHDAY')
    case 'YEARLY':
      return !isAny(parts, 'BYDAY', 'BYMONTHDAY', 'BYYEARDAY')
    default:
      return false
  }
}

const compact = (day: Day): string => formatDay(day).replaceAll('-', '')

// Midnights in UTC stand for days: in UTC every day has one.
const ruleOf = (rrule: string, start: Day, maxIterations = MAX_STEPS): RRuleTemporal =>
  new RRuleTemporal({
    rruleString: `DTSTART:${compact(start)}T000000Z\nRRULE:${rrule.replace(/(UNTIL=\d{8})/, '$1T000000Z')}`,
    maxIterations,
  })

/** January 1 of the year before: a period cut by the anchor lies outside what is asked. */
const anchorBefore = (day: Day): Day => Date.UTC(new Date(day * DAY).getUTCFullYear() - 1, 0, 1) / DAY

/** The days of a valid rule, `from` and `to` included, ascending. Throws where the rule takes too many steps. */
export const daysOf = (rrule: string, start: Day | undefined, from: Day, to: Day): readonly Day[] =>
  ruleOf(rrule, start ?? anchorBefore(from))
    .between(new Date(from * DAY), new Date(to * DAY), true)
    .map((at) => at.epochMilliseconds / DAY)

/** Whether a valid rule has any day at all. */
export const hasDays = (rrule: string, start: Day | undefined): boolean => {
  const first = start ?? parseDay('2000-01-01') ?? 0
  const last = first + CYCLE_YEARS * 366
  try {
    const found = ruleOf(rrule, first, CYCLE_YEARS * 366).next(new Date(first * DAY - 1))
    return found !== null && found.epochMilliseconds / DAY <= last
  } catch {
    return false
  }
}
