/** The windows as of a whole minute: a pure function of the slots, so of Odoo's rows as they read now. */
import { type Duration, hours, type Instant, minutes } from '../../metric.ts'
import { eachOf, floorHour, getOrMake, sumIn } from './counts.ts'
import type { Tally } from './tally.ts'

const days = (n: number): Duration => hours(24 * n)

const spans = {
  '5m': minutes(5),
  '30m': minutes(30),
  '1h': hours(1),
  '2h': hours(2),
  '6h': hours(6),
  '1d': days(1),
  '3d': days(3),
  '30d': days(30),
} as const
export type WindowName = keyof typeof spans

export const verdictWindows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const satisfies WindowName[]
export const rateWindows = ['30m', '1h', '1d'] as const satisfies WindowName[]
export const groupWindows = ['1h', '1d'] as const satisfies WindowName[]
export const dueHorizons = ['1h', '6h', '1d'] as const satisfies WindowName[]
const TOP_GROUPS = 20

/** What the windows are read from. */
export interface View {
  /** A whole minute; windows end before it. */
  readonly asOf: Instant
  /** By first instant of the hour. */
  readonly slots: readonly (readonly [Instant, Tally])[]
  /** All slots from here on are known. */
  readonly coveredFrom: Instant
  /** Of slots in [from, coveredFrom) all that is judged or begun at or after `since` is known. */
  readonly partly?: { readonly from: Instant; readonly since: Instant } | undefined
  /** The first slot of the span kept, at `asOf`. */
  readonly spanFrom: Instant
  /** The longest from an item's slot to its verdict: a window is made of the slots from its left edge less this. */
  readonly reach: Duration
  /** How far back good and bad both still exist in Odoo; undefined where nothing is ever purged. */
  readonly horizon: Duration | undefined
  /** Completions are absent where Odoo does not store them. */
  readonly hasCompletions: boolean
  /** When the next cut-off of its process ends; undefined where none does within a day. */
  readonly cutOff?: Instant | undefined
}

export interface Verdicts {
  readonly window: WindowName
  readonly good: number
  readonly bad: number
}
/** `member` undefined: all others together, those without a group among them. */
export interface GroupVerdicts extends Verdicts {
  readonly member: string | undefined
}
export interface Rate {
  readonly window: WindowName
  readonly count: number
}
/** What is due until today's cut-off stands beside what is due within a span of time. */
export type DueHorizon = (typeof dueHorizons)[number] | 'cut_off'
/** Of the items that are open now; absent until the whole span has been read. */
export interface Backlog {
  readonly open: number
  /** Undefined where nobody knows when they are due. */
  readonly overdue: number | undefined
  /** When the oldest open item started; undefined if none is open. */
  readonly oldest: Instant | undefined
  readonly due: readonly { readonly horizon: DueHorizon; readonly count: number }[]
}
export interface Windows {
  readonly asOf: Instant
  readonly verdicts: readonly Verdicts[]
  readonly starts: readonly Rate[]
  readonly completions: readonly Rate[]
  readonly groups: readonly GroupVerdicts[]
  readonly backlog: Backlog | undefined
}

/** Where a window begins. From a day on aligned to the hour: beyond six hours the ledger keeps hours. */
export const leftEdge = (window: WindowName, asOf: Instant): Instant => {
  const left = asOf - spans[window]
  return spans[window] >= spans['1d'] ? floorHour(left) : left
}

/** The first slot a window is made of. */
export const firstSlot = (window: WindowName, asOf: Instant, reach: Duration): Instant =>
  floorHour(leftEdge(window, asOf) - reach)

const isAllowed = (window: WindowName, view: View): boolean =>
  firstSlot(window, view.asOf, view.reach) >= view.spanFrom &&
  (view.horizon === undefined || leftEdge(window, view.asOf) - view.reach >= view.asOf - view.horizon)

const isWhole = (window: WindowName, view: View): boolean => {
  const { asOf, reach, coveredFrom, partly } = view
  const first = firstSlot(window, asOf, reach)
  const isKnown = first >= coveredFrom || (partly && first >= partly.from && leftEdge(window, asOf) >= partly.since)
  return isAllowed(window, view) && isKnown === true
}

interface Frame {
  readonly window: WindowName
  readonly left: Instant
  readonly firstSlot: Instant
}

const frame = (window: WindowName, { asOf, reach }: View): Frame => ({
  window,
  left: leftEdge(window, asOf),
  firstSlot: firstSlot(window, asOf, reach),
})

/** Frames in which verdicts, starts and groups are counted come from their own slots, completions from all. */
const whole = (windows: readonly WindowName[], view: View): readonly Frame[] =>
  windows.filter((window) => isWhole(window, view)).map((window) => frame(window, view))

/** Whether any of its sums may fall into [from, to): most hours fall into few windows. */
const mayFall = ({ first, last }: Tally, from: Instant, to: Instant): boolean => first < to && last >= from

type Measure = 'good' | 'bad' | 'starts' | 'completions'

const totalIn = (frame: Frame, what: Measure, { slots, asOf }: View): number => {
  let sum = 0
  for (const [hour, tally] of slots) {
    if (hour >= frame.firstSlot && mayFall(tally, frame.left, asOf)) sum += sumIn(tally[what], frame.left, asOf)
  }
  return sum
}

const verdictsIn = (frame: Frame, view: View): Verdicts => ({
  window: frame.window,
  good: totalIn(frame, 'good', view),
  bad: totalIn(frame, 'bad', view),
})

const rateIn = (frame: Frame, what: 'starts' | 'completions', view: View): Rate => ({
  window: frame.window,
  count: totalIn(frame, what, view),
})

type Counts = { good: number; bad: number }

/** By member, and all that have none together. */
const groupsIn = (frame: Frame, view: View) => {
  const byMember = new Map<string, Counts>()
  for (const [hour, tally] of view.slots) {
    if (hour < frame.firstSlot || !mayFall(tally, frame.left, view.asOf)) continue
    for (const [member, { good, bad }] of tally.members) {
      const counts = getOrMake(byMember, member, () => ({ good: 0, bad: 0 }))
      counts.good += sumIn(good, frame.left, view.asOf)
      counts.bad += sumIn(bad, frame.left, view.asOf)
    }
  }
  return byMember
}

/** One choice of members for all windows, by verdicts in the longest, so that a member's windows can be compared. */
const groups = (view: View): readonly GroupVerdicts[] => {
  const allowed = groupWindows.filter((window) => isAllowed(window, view))
  if (!allowed.every((window) => isWhole(window, view))) return []
  const frames = allowed
    .map((window) => frame(window, view))
    .map((each) => ({ ...each, byMember: groupsIn(each, view) }))
  const ranked = [...(frames.at(-1)?.byMember ?? [])].filter(([, { good, bad }]) => good + bad > 0)
  if (ranked.length === 0) return []
  const chosen = ranked
    .sort(([a, m], [b, n]) => n.good + n.bad - m.good - m.bad || (a < b ? -1 : 1))
    .slice(0, TOP_GROUPS)
    .map(([member]) => member)
  return frames.flatMap(({ window, byMember, ...rest }) => {
    const members = chosen.map((member) => ({ window, member, ...(byMember.get(member) ?? none) }))
    const all = verdictsIn({ window, ...rest }, view)
    const sum = (what: 'good' | 'bad') => members.reduce((total, each) => total + each[what], 0)
    return [...members, { window, member: undefined, good: all.good - sum('good'), bad: all.bad - sum('bad') }]
  })
}
const none: Readonly<Counts> = { good: 0, bad: 0 }

const dueWithin = ({ slots }: View, from: Instant, to: Instant): number =>
  slots.reduce((sum, [, tally]) => sum + (mayFall(tally, from, to) ? sumIn(tally.due, from, to) : 0), 0)

const backlog = (view: View): Backlog => {
  let open = 0
  let oldest: Instant | undefined
  for (const [, tally] of view.slots) {
    open += tally.open
    if (tally.oldest !== undefined) oldest = Math.min(oldest ?? tally.oldest, tally.oldest)
  }
  const { asOf, cutOff } = view
  const within = (horizon: DueHorizon, end: Instant) => ({ horizon, count: dueWithin(view, asOf, end) })
  const due = [
    ...dueHorizons.map((horizon) => within(horizon, asOf + spans[horizon])),
    // What is due at the cut-off itself is due by it.
    ...(cutOff === undefined ? [] : [within('cut_off', cutOff + 1)]),
  ]
  return { open, overdue: dueWithin(view, Number.NEGATIVE_INFINITY, view.asOf), oldest, due }
}

/** Items of any age may be open, or be done today. */
export const isSpanWhole = ({ coveredFrom, spanFrom }: View): boolean => coveredFrom <= spanFrom

/** All windows that are whole: what has not been read yet, or no longer exists in Odoo, is absent, never 0. */
export const windowsOf = (view: View): Windows => {
  const isAllKnown = isSpanWhole(view)
  // An item of any age may be done today: completions need all slots.
  const completed = view.hasCompletions && isAllKnown ? whole(rateWindows, view) : []
  return {
    asOf: view.asOf,
    verdicts: whole(verdictWindows, view).map((each) => verdictsIn(each, view)),
    starts: whole(rateWindows, view).map((each) => rateIn(each, 'starts', view)),
    completions: completed.map((each) => rateIn({ ...each, firstSlot: view.spanFrom }, 'completions', view)),
    groups: groups(view),
    backlog: isAllKnown ? backlog(view) : undefined,
  }
}

/** Starts and completions by the UTC hour they fell in, of whole hours before `asOf`: what expectation is learnt from. */
export const hourlyCounts = ({ slots, asOf }: View): ReadonlyMap<Instant, { starts: number; completions: number }> => {
  const byHour = new Map<Instant, { starts: number; completions: number }>()
  const end = floorHour(asOf)
  const add = (what: 'starts' | 'completions') => (at: Instant, n: number) => {
    if (at < end) getOrMake(byHour, floorHour(at), () => ({ starts: 0, completions: 0 }))[what] += n
  }
  const [addStarts, addCompletions] = [add('starts'), add('completions')]
  for (const [, { starts, completions, first }] of slots) {
    if (first >= end) continue
    eachOf(starts, addStarts)
    eachOf(completions, addCompletions)
  }
  return byHour
}
