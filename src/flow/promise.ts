/** What a tenant's flow promises, ready for judging: its deadlines on the tenant's calendar. Pure. */
import { type BusinessTime, businessTimeOf, type TimeOfDay } from '../calendar/business_time.ts'
import { wallClockOf } from '../calendar/local_time.ts'
import { type BusinessWindow, parseTime } from '../calendar/window.ts'
import type { Duration, Instant } from '../metric.ts'
import { DAY } from './ledger/counts.ts'
import type { LocalTime } from './ledger/expected.ts'
import type { Deadline, Promised } from './ledger/verdict.ts'
import type { ResolvedFlow } from './spec/resolve.ts'
import type { Target, TenantFlow } from './spec/tenant_flow.ts'

export interface PromiseContext {
  readonly tenant: string
  /** Of all tenants. */
  readonly calendar: readonly BusinessWindow[]
  /** IANA: of the calendar as a whole, where no open window of the flow says better. Default UTC. */
  readonly timezone?: string | undefined
  /** Only the reach depends on it. */
  readonly now: Instant
}

export interface Terms {
  readonly promise: Promised<Target>
  /** `start` + one of the promise's own targets; `NEVER` where that is not reached within a year. */
  readonly deadline: Deadline<Target>
  /** The longest from an item's slot to its verdict: see `reachOf`. */
  readonly reach: Duration
  /** The same of an item that starts in its slot and has no date of its own. */
  readonly prompt: Duration
  /** The clock of the windows that the deadlines are counted in. */
  readonly time: LocalTime
}

/** The deadline that is never reached: far in the future, and an instant all the same. */
export const NEVER: Instant = Date.UTC(9999, 11, 31)

/** Longer than this no window waits for its items: those judged later are in the longest windows only. */
const MAX_REACH: Duration = 30 * DAY
/** How far a row may be planned ahead of its slot, or a date promised on it. */
const PLANNED: Duration = 14 * DAY
/** How far a start may lie behind the row's creation: a job's eta, an invoice's date. */
const DEFERRED: Duration = 2 * DAY
/** The calendar's longest closed stretch is looked for so far back and ahead. */
const LOOKED: Duration = 60 * DAY

const isNamed = (target: Target): target is Extract<Target, { readonly calendar?: string | undefined }> =>
  'within_open_hours' in target || 'by' in target

/** A warehouse's windows are not everybody's: they are used where they are named. */
const defaultWindows = (open: readonly BusinessWindow[], process: string): readonly BusinessWindow[] => {
  const everywhere = open.filter((window) => window.warehouse === '')
  const own = everywhere.filter((window) => window.process === process)
  return own.length > 0 ? own : everywhere.filter((window) => window.process === '')
}

type Chosen = readonly BusinessWindow[] | { readonly unsupported: string }

const windowsFor = (target: Target, { process }: ResolvedFlow, { tenant, calendar }: PromiseContext): Chosen => {
  const open = calendar.filter(({ kind, tenants }) => kind === 'open' && tenants.includes(tenant))
  const name = isNamed(target) ? target.calendar : undefined
  if (name !== undefined) {
    const named = open.filter((window) => window.name === name)
    return named.length > 0
      ? named
      : { unsupported: `the calendar has no window ${name} of kind open for this tenant: add it to calendar.windows` }
  }
  const windows = defaultWindows(open, process)
  if (windows.length > 0 || !isNamed(target)) return windows
  const wanted = `of kind open, without a warehouse, with process ${process} or none`
  return {
    unsupported: `it is due by open hours, and the calendar has none: add a window ${wanted} to calendar.windows`,
  }
}

interface Due {
  readonly deadline: (start: Instant) => Instant
  /** At least as long as it ever takes, in the weeks round `now`. */
  readonly longest: (now: Instant) => Duration
}

const timeOf = (by: string): TimeOfDay => (by === 'end_of_day' ? by : (parseTime(by) ?? 'end_of_day'))

/**
 * It takes longest from where the deadline jumps: what starts then has all of the closed time before it. In whole days,
 * so that a change of the clocks some weeks off does not change it.
 */
const longestBy = (deadline: Due['deadline'], edges: BusinessTime['edges'], time?: TimeOfDay) => (now: Instant) => {
  const jumps = edges(now - LOOKED, now + LOOKED, time)
  const longest = jumps.reduce((most, at) => Math.max(most, deadline(at) - at), 0)
  return Math.ceil(longest / DAY) * DAY
}

const dueBy = (target: Target, { add, by, edges }: BusinessTime): Due => {
  if ('within' in target) {
    const { within } = target
    return { deadline: (start) => start + within, longest: () => within }
  }
  if ('within_open_hours' in target) {
    const deadline = (start: Instant) => add(start, target.within_open_hours) ?? NEVER
    return { deadline, longest: longestBy(deadline, edges) }
  }
  if (!('by' in target)) return { deadline: () => NEVER, longest: () => 0 }
  const time = timeOf(target.by)
  const deadline = (start: Instant) => by(start, time, target.after_open_days) ?? NEVER
  return { deadline, longest: longestBy(deadline, edges, time) }
}

/** How far an item's start or due date may lie after its slot. */
const leadOf = ({ kind, start, due, done, slot, visible }: ResolvedFlow): Duration => {
  if (due !== undefined) return PLANNED
  if (slot === undefined || start === slot.field) return 0
  if (slot.field !== visible) return PLANNED
  // Judged as it arrives.
  return kind === 'outcome' && done?.at === slot.field ? 0 : DEFERRED
}

/**
 * From slot to verdict: the longest any of the targets takes, by the calendar of the 60 days before and after, and what
 * lies between the slot and the start: 14 d where one of them is a planned date or the row has a due date of its own,
 * 2 d where the start may come after the row's creation. At most 30 d: verdicts on items planned further ahead are
 * missing from windows shorter than that.
 */
const reachOf = (flow: ResolvedFlow, dues: readonly Due[], now: Instant): Pick<Terms, 'reach' | 'prompt'> => {
  const longest = Math.max(...dues.map((due) => due.longest(now)))
  return { reach: Math.min(MAX_REACH, leadOf(flow) + longest), prompt: Math.min(MAX_REACH, longest) }
}

interface Counted extends Due {
  readonly clock: LocalTime
}

const counted = (target: Target, flow: ResolvedFlow, context: PromiseContext): Counted | { unsupported: string } => {
  const windows = windowsFor(target, flow, context)
  if ('unsupported' in windows) return windows
  const timezone = windows[0]?.timezone ?? context.timezone ?? 'UTC'
  return { ...dueBy(target, businessTimeOf(windows, timezone)), clock: wallClockOf(windows, timezone) }
}

/** The deadlines of a journey or an outcome; backlogs and heartbeats have none. */
export const promiseOf = (
  { targets }: TenantFlow,
  flow: ResolvedFlow,
  context: PromiseContext,
): Terms | { readonly unsupported: string } => {
  const { kind, evidence } = flow
  if ((kind !== 'journey' && kind !== 'outcome') || evidence === 'slice')
    return { unsupported: `a ${evidence === 'slice' ? evidence : kind} has no deadlines` }
  const dues = new Map<Target, Counted>()
  for (const { target } of targets) {
    const due = counted(target, flow, context)
    if ('unsupported' in due) return due
    dues.set(target, due)
  }
  const all = [...dues.values()]
  return {
    promise: { kind, evidence, targets },
    deadline: (start, target) => dues.get(target)?.deadline(start) ?? NEVER,
    ...reachOf(flow, all, context.now),
    // Of the newest target: it is what is usual now.
    time: all.at(-1)?.clock ?? wallClockOf([], 'UTC'),
  }
}
