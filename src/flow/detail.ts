/**
 * How much of a flow stands on the metrics page: a tenant of the tier `dedicated` may have 1,500 series of flows, any
 * other 250, for of those there are hundreds. Pure; whoever is asked for more finds it in /api/v1/flows.
 *
 * Which flows there are and why they are not judged is always told. A flow that alerts (mode ticket or page) has every
 * series its alerts read, whatever the tier. Of what is left, a dedicated tenant has all; the others' flows in observe
 * have the windows people look at: an hour, a day, thirty. With all fourteen shipped flows a tenant that is not
 * dedicated stays below 250 while at most three of them alert; each further one adds up to 17.
 */
import { type GroupVerdicts, rateWindows, verdictWindows, type WindowName } from './ledger/windows.ts'
import type { FlowReport } from './report.ts'

export interface Detail {
  /** Of verdicts. */
  readonly windows: readonly WindowName[]
  /** Completions and starts, and those that would be usual, within these: what a stall and a silence show in. */
  readonly completions: readonly WindowName[]
  readonly starts: readonly WindowName[]
  /** What is due until the cut-off. */
  readonly cutOff: boolean
  /** Durations, what is due next, failures seen. */
  readonly rest: boolean
  /** How many members of its group, at most; the others stand together. 0: groups are left out. */
  readonly members: number
}

const OBSERVED_WINDOWS = ['1h', '1d', '30d'] as const satisfies readonly WindowName[]
/** A stall is looked for within these, a silence within an hour. */
const STALL = ['30m', '1h'] as const satisfies readonly WindowName[]
const SILENCE = ['1h'] as const satisfies readonly WindowName[]
/** As many as the ledger tells apart. */
const MOST_MEMBERS = 20
/** Of a dedicated tenant's 1,500: what is left where all fourteen flows have everything but groups. */
const GROUP_SERIES = 750
/** Good and bad of two windows. */
const SERIES_OF_OTHERS = 4
/** The same, and its name. */
const SERIES_OF_MEMBER = 5

export const groupOf = ({ flow }: FlowReport): FlowReport['flow']['group'] => flow.group ?? flow.flow.group

const mayBeJudged = ({ state }: FlowReport): boolean => state !== 'off' && state !== 'unsupported'

/** Shared evenly by the flows that have groups: by configuration, not by what is read, so that members do not come and go. */
const membersEach = (ofTenant: readonly FlowReport[]): number => {
  const grouped = ofTenant.filter((report) => groupOf(report) !== undefined && mayBeJudged(report)).length
  const each = Math.floor((GROUP_SERIES / grouped - SERIES_OF_OTHERS) / SERIES_OF_MEMBER)
  return Math.max(0, Math.min(MOST_MEMBERS, each))
}

/** Of a flow among all of its tenant. */
export const detailOf = ({ tier, flow: { mode } }: FlowReport, ofTenant: readonly FlowReport[]): Detail => {
  const isDedicated = tier === 'dedicated'
  const alerts = mode !== 'observe'
  return {
    windows: isDedicated || alerts ? verdictWindows : OBSERVED_WINDOWS,
    completions: isDedicated ? rateWindows : alerts ? STALL : [],
    starts: isDedicated ? rateWindows : alerts ? SILENCE : [],
    cutOff: isDedicated || alerts,
    rest: isDedicated,
    members: isDedicated ? membersEach(ofTenant) : 0,
  }
}

/** The label of all members that do not stand by themselves. */
export const OTHER = 'other'

/** Of each window the first `most` members, as they are ranked; the rest is added to the others. */
export const shownOf = (groups: readonly GroupVerdicts[], most: number): readonly GroupVerdicts[] => {
  const ranked = [...new Set(groups.flatMap(({ member }) => (member === undefined ? [] : [member])))]
  // A member that calls itself as the others do is one of them.
  const shown = new Set(ranked.filter((member) => member !== OTHER).slice(0, most))
  return [...Map.groupBy(groups, ({ window }) => window)].flatMap(([window, ofWindow]) => {
    const rest = ofWindow.filter(({ member = OTHER }) => !shown.has(member))
    const sum = (result: 'good' | 'bad') => rest.reduce((total, group) => total + group[result], 0)
    return [
      ...ofWindow.filter(({ member = OTHER }) => shown.has(member)),
      { window, member: undefined, good: sum('good'), bad: sum('bad') },
    ]
  })
}
