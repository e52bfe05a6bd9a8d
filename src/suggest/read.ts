/** Reads the rows of a flow's past, the newest hours first, so that what is read when time is up is worth something. */
import { DAY, floorHour, floorMinute, HOUR } from '../flow/ledger/counts.ts'
import type { FlowReader, HourChecksum } from '../flow/read/reader.ts'
import { furtherOf, type ResolvedFlow } from '../flow/spec/resolve.ts'
import type { Duration, Instant } from '../metric.ts'
import { type Gathered, gather, type History } from './history.ts'
import type { Ask } from './pace.ts'
import type { Period } from './timeline.ts'

/** How far back is looked. */
export const SPAN: Duration = 30 * DAY
/** Hours are asked for so many at once, and their rows by about so many; a step that is cut short is lost. */
const STEP: Duration = DAY
const ROWS = 2000

export interface ReadOptions {
  readonly reader: FlowReader<ResolvedFlow>
  readonly flow: ResolvedFlow
  /** Odoo's clock. */
  readonly now: Instant
  readonly ask: Ask
  readonly signal: AbortSignal
  /** How many items there are so far, and from where on. */
  readonly progress: (items: number, from: Instant) => void
}

export interface Past {
  readonly history: History
  /** All of its rows are in the history; shorter than 30 days where Odoo forgets sooner, or time was up. */
  readonly period: Period
  readonly isCut: boolean
}

/**
 * Neighbouring hours, the newest first, by about as many rows as a page has; all at once where there is no index to find
 * an hour by, as each question would go through the table again.
 */
const batches = (hours: readonly HourChecksum[], { slot }: ResolvedFlow): readonly (readonly Instant[])[] => {
  const most = slot?.floor === undefined ? ROWS : Number.POSITIVE_INFINITY
  const made: Instant[][] = []
  let rows = 0
  for (const { hour, count } of hours.toSorted((a, b) => b.hour - a.hour)) {
    if (made.length === 0 || rows + count > most) {
      made.push([])
      rows = 0
    }
    made.at(-1)?.push(hour)
    rows += count
  }
  return made
}

const readHours = async (options: ReadOptions, part: ResolvedFlow, hours: readonly Instant[], into: Gathered) => {
  const { reader, ask } = options
  const abort = new AbortController()
  const pages = reader.rows([part], hours, abort.signal)[Symbol.asyncIterator]()
  const next = () => ask('rows', () => pages.next(), abort)
  for (let page = await next(); page.done !== true; page = await next()) {
    const [items = []] = page.value
    into.add(items)
    options.progress(into.size(), Math.min(...hours))
  }
}

const readStep = async (options: ReadOptions, { from, to }: Period, into: Gathered): Promise<void> => {
  const { reader, flow, ask } = options
  const further = furtherOf(flow)
  for (const part of further ? [flow, further] : [flow]) {
    const hours = await ask('checksums', (signal) => reader.checksums([part], from, to, signal))
    for (const batch of batches(
      hours.filter(({ hour }) => hour >= from && hour < to),
      part,
    )) {
      await readHours(options, part, batch, into)
    }
  }
}

/** Rejects as the reader does; where the signal aborts, what was read by then is all there is. */
export const readPast = async (options: ReadOptions): Promise<Past> => {
  const { now, flow, signal } = options
  const to = floorMinute(now)
  // The hour in which Odoo begins to forget is not whole.
  const first = floorHour(to - Math.min(SPAN, flow.horizon ?? SPAN)) + HOUR
  const into = gather()
  let from = floorHour(to) + HOUR
  let whole = 0
  try {
    while (from > first) {
      const below = Math.max(first, from - STEP)
      await readStep(options, { from: below, to: from }, into)
      from = below
      whole = into.size()
    }
  } catch (error) {
    if (!signal.aborted) throw error
    into.cut(whole)
  }
  return { history: into, period: { from: Math.min(from, to), to }, isCut: from > first }
}
