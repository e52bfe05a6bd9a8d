/** A heartbeat's beats: the starts of its rows, by the hour of their slot; changed hours are read again. */
import { type Duration, type Instant, minutes } from '../../metric.ts'
import { thinned } from '../ledger/beats.ts'
import { DAY, floorHour, HOUR } from '../ledger/counts.ts'
import type { Purpose } from '../ledger/ledger_state.ts'
import { type Asked, type Asking, abandon, nextPage } from './ask.ts'
import type { BeatsCourse, BeatsReading, Course } from './course.ts'

/** The first look goes so far back; backfill a day at a time. */
const FIRST: Duration = 6 * HOUR
/** A row may still be committed with a time that has passed. */
const SETTLING: Duration = minutes(10)
const HOURS_AT_ONCE = 24

const spanOf = (work: BeatsCourse, purpose: Purpose, now: Instant): readonly [from: Instant, to: Instant] => {
  const { knownFrom, span } = work
  if (knownFrom === undefined) return [floorHour(now - Math.min(FIRST, span)), floorHour(now) + HOUR]
  if (purpose === 'look') return [Math.max(knownFrom, floorHour(now - DAY)), floorHour(now) + HOUR]
  return [Math.max(knownFrom - DAY, floorHour(now - span)), knownFrom]
}

/** Which hours are to be read. */
const begin = async (
  { flow }: Course,
  work: BeatsCourse,
  { call, odooNow, purpose }: Asking,
): Promise<BeatsReading> => {
  const [from, to] = spanOf(work, purpose, odooNow())
  const sums = await call(`${flow.name}: checksums`, (access, signal) =>
    access.reader.checksums(flow, from, to, signal),
  )
  const settled = floorHour(odooNow() - SETTLING)
  const there = new Set(sums.map(({ hour }) => hour))
  work.hours = new Map([...work.hours].filter(([hour]) => hour < from || hour >= to || there.has(hour)))
  const toRead = sums.filter(({ hour, sum }) => hour >= settled || work.hours.get(hour)?.sum !== sum)
  return { purpose, from, toRead, beats: new Map() }
}

const takePage = (reading: BeatsReading, items: readonly { readonly slot: Instant; readonly start: Instant }[]) => {
  const beats = new Map(reading.beats)
  for (const [hour, of] of Map.groupBy(items, ({ slot }) => floorHour(slot))) {
    beats.set(hour, thinned([...(beats.get(hour) ?? []), ...of.map(({ start }) => start)]))
  }
  return { ...reading, beats }
}

/** The hours read take the place of what was known of them. */
const takeHours = (work: BeatsCourse, reading: BeatsReading, now: Instant): BeatsReading => {
  const hours = new Map([...work.hours].filter(([hour]) => hour >= now - work.span - DAY))
  for (const { hour, sum } of reading.toRead.slice(0, HOURS_AT_ONCE)) {
    hours.set(hour, { sum, beats: reading.beats.get(hour) ?? [] })
  }
  work.hours = hours
  return { ...reading, toRead: reading.toRead.slice(HOURS_AT_ONCE), beats: new Map() }
}

export const askBeats = async (course: Course, work: BeatsCourse, asking: Asking): Promise<Asked> => {
  try {
    let reading = work.reading
    if (reading === undefined) reading = await begin(course, work, asking)
    else {
      const hours = reading.toRead.slice(0, HOURS_AT_ONCE).map(({ hour }) => hour)
      const page = await nextPage(course, hours, asking, reading.purpose)
      if (page.done) course.pages = undefined
      reading = page.done ? takeHours(work, reading, asking.odooNow()) : takePage(reading, page.value)
    }
    const isDone = reading.toRead.length === 0
    work.reading = isDone ? undefined : reading
    if (isDone) work.knownFrom = Math.min(work.knownFrom ?? reading.from, reading.from)
    return { kind: 'rows', isLookDone: isDone && reading.purpose === 'look' }
  } catch (error) {
    abandon(course, asking.odooNow(), error)
    throw error
  }
}

/** Every beat known. */
export const beatsIn = ({ hours }: BeatsCourse): readonly Instant[] => [...hours.values()].flatMap(({ beats }) => beats)
