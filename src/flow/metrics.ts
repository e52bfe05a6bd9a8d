/** What business flows say on the metrics page: descriptors and samples. Pure. */
import { metric, type Sample, sample } from '../metric.ts'
import { type Detail, detailOf, groupOf, OTHER, shownOf } from './detail.ts'
import { DURATION_BOUNDS } from './ledger/tally.ts'
import { dueHorizons, groupWindows, rateWindows, verdictWindows } from './ledger/windows.ts'
import { FLOW_STATES, type FlowReport, type Reading } from './report.ts'
import { EVIDENCE, KINDS, MODES, OBJECTIVE_RANGE } from './spec/spec.ts'

/** Room for operators' own flows beside the shipped fourteen. */
const FLOWS = 60

const ofFlow = { type: 'gauge', labels: ['tenant', 'flow'], maxSeries: FLOWS } as const
const ofWindow = {
  type: 'gauge',
  labels: ['tenant', 'flow', 'window'],
  values: { window: rateWindows },
  unit: 'count',
  maxSeries: 3 * FLOWS,
} as const
const RESULTS = ['good', 'bad'] as const

export const flowInfo = metric({
  name: 'odoo_flow_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: every configured business flow, how it is judged (evidence, mode) and whether it is (state).',
  labels: ['tenant', 'flow', 'process', 'owner', 'kind', 'evidence', 'mode', 'state'],
  values: { kind: KINDS, evidence: EVIDENCE, mode: MODES, state: FLOW_STATES },
  maxSeries: FLOWS,
})
export const flowObjective = metric({
  ...ofFlow,
  name: 'odoo_flow_objective_ratio',
  unit: 'ratio',
  range: OBJECTIVE_RANGE,
  help: 'The share of items due that must be good.',
})
export const flowAsOf = metric({
  ...ofFlow,
  name: 'odoo_flow_as_of_timestamp_seconds',
  unit: 'timestamp',
  help: 'The whole minute, by the clock of Odoo, for which the windows of the flow were read last.',
})
export const flowVerdicts = metric({
  name: 'odoo_flow_verdicts',
  type: 'gauge',
  unit: 'count',
  help: 'Items that came due within the window before the last reading, done by then (good) or not (bad); a window that is not whole is absent. Flows in mode observe of a tenant that is not dedicated have 1h, 1d and 30d only.',
  labels: ['tenant', 'flow', 'window', 'result'],
  values: { window: verdictWindows, result: RESULTS },
  maxSeries: 16 * FLOWS,
})
export const flowStarts = metric({
  ...ofWindow,
  name: 'odoo_flow_starts',
  help: 'Items that started within the window; of a tenant that is not dedicated, within 1h and of flows that alert.',
})
export const flowStartsExpected = metric({
  ...ofWindow,
  name: 'odoo_flow_starts_expected',
  help: 'Starts the window would usually hold: the median of the same weekday and hour over four weeks; of a tenant that is not dedicated, within 1h and of flows that alert.',
})
export const flowCompletions = metric({
  ...ofWindow,
  name: 'odoo_flow_completions',
  help: 'Items done within the window; absent where Odoo stores no completion. Flows in mode observe have it for dedicated tenants only.',
})
export const flowCompletionsExpected = metric({
  ...ofWindow,
  name: 'odoo_flow_completions_expected',
  help: 'Completions the window would usually hold: the median of the same weekday and hour over four weeks. Flows in mode observe have it for dedicated tenants only.',
})
export const flowOpen = metric({
  ...ofFlow,
  name: 'odoo_flow_open',
  unit: 'count',
  help: 'Items that are open.',
})
export const flowOverdue = metric({
  ...ofFlow,
  name: 'odoo_flow_overdue',
  unit: 'count',
  help: 'Open items past their deadline; of a backlog those above what is allowed. Absent where nobody knows.',
})
export const flowOldestOpen = metric({
  ...ofFlow,
  name: 'odoo_flow_oldest_open_timestamp_seconds',
  unit: 'timestamp',
  help: 'When the oldest open item started; absent where none is open.',
})
export const flowDue = metric({
  name: 'odoo_flow_due',
  type: 'gauge',
  unit: 'count',
  help: 'Open items whose deadline comes within the horizon, or until the next cut-off of its process ends (cut_off; absent where none does within a day); of a tenant that is not dedicated, cut_off alone, of flows that alert.',
  labels: ['tenant', 'flow', 'horizon'],
  values: { horizon: [...dueHorizons, 'cut_off'] },
  maxSeries: 4 * FLOWS,
})
export const flowValue = metric({
  name: 'odoo_flow_value',
  type: 'gauge',
  unit: 'count',
  help: 'What open and overdue items are worth, each currency by itself; only where the configuration asks for it.',
  labels: ['tenant', 'flow', 'state', 'currency'],
  values: { state: ['open', 'overdue'] },
  maxSeries: 20 * FLOWS,
})
export const flowDuration = metric({
  name: 'odoo_flow_duration_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'From start to completion, of completions since this exporter began to watch; dedicated tenants only.',
  labels: ['tenant', 'flow'],
  buckets: DURATION_BOUNDS,
  maxSeries: FLOWS,
})
export const flowObserved = metric({
  name: 'odoo_flow_observed_total',
  type: 'counter',
  unit: 'count',
  help: 'Failures seen since this exporter began to watch, also those Odoo forgets when an item is tried again; dedicated tenants only.',
  labels: ['tenant', 'flow', 'result'],
  values: { result: ['failed'] },
  maxSeries: FLOWS,
})
export const flowGroupVerdicts = metric({
  name: 'odoo_flow_group_verdicts',
  type: 'gauge',
  unit: 'count',
  help: 'Verdicts by the members of the group of the flow (carriers, channels) with the most of them, at most 20, all others together as "other"; dedicated tenants only, fewer members where many flows have groups.',
  labels: ['tenant', 'flow', 'dimension', 'member', 'window', 'result'],
  values: { window: groupWindows, result: RESULTS },
  maxSeries: 1500,
})
export const flowGroupInfo = metric({
  name: 'odoo_flow_group_info',
  type: 'gauge',
  unit: 'info',
  help: 'Always 1: what a member of a group is called in Odoo, where that is known.',
  labels: ['tenant', 'flow', 'dimension', 'member', 'name'],
  maxSeries: 1500,
})
export const flowBackfill = metric({
  ...ofFlow,
  name: 'odoo_flow_backfill_ratio',
  unit: 'ratio',
  help: 'How much of the time span of the flow has been read; windows appear as they become whole.',
})
export const flowClockSkew = metric({
  name: 'odoo_flow_clock_skew_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'The clock of Odoo, or of its database, less that of this exporter.',
  labels: ['tenant'],
  maxSeries: 1,
})

export const flowMetrics = [
  flowInfo,
  flowObjective,
  flowAsOf,
  flowVerdicts,
  flowStarts,
  flowStartsExpected,
  flowCompletions,
  flowCompletionsExpected,
  flowOpen,
  flowOverdue,
  flowOldestOpen,
  flowDue,
  flowValue,
  flowDuration,
  flowObserved,
  flowGroupVerdicts,
  flowGroupInfo,
  flowBackfill,
  flowClockSkew,
] as const

type Keys = { readonly tenant: string; readonly flow: string }

const byWindow = (
  descriptor: typeof flowStarts,
  keys: Keys,
  shown: readonly string[],
  rates: readonly { readonly window: string; readonly count: number }[] = [],
): readonly Sample[] =>
  rates
    .filter(({ window }) => shown.includes(window))
    .flatMap(({ window, count }) => sample(descriptor, { ...keys, window }, count))

const groupSamples = (report: FlowReport, keys: Keys, { members }: Detail): readonly Sample[] => {
  const dimension = groupOf(report)?.dimension
  const groups = report.reading?.windows.groups ?? []
  if (dimension === undefined || members === 0 || groups.length === 0) return []
  const shown = shownOf(groups, members)
  const names = new Set(shown.map(({ member }) => member))
  return [
    ...shown.flatMap(({ window, member = OTHER, good, bad }) => [
      ...sample(flowGroupVerdicts, { ...keys, dimension, member, window, result: 'good' }, good),
      ...sample(flowGroupVerdicts, { ...keys, dimension, member, window, result: 'bad' }, bad),
    ]),
    ...[...(report.groupNames ?? [])].flatMap(([member, name]) =>
      names.has(member) ? sample(flowGroupInfo, { ...keys, dimension, member, name }, 1) : [],
    ),
  ]
}

const inSeconds = (at: number | undefined): number | undefined => (at === undefined ? undefined : at / 1000)

/** Where nothing can fail, no failure is counted. */
const canFail = ({ flow: { flow } }: FlowReport): boolean =>
  [flow, ...flow.variants].some(({ failed }) => failed !== undefined)

const restSamples = (report: FlowReport, reading: Reading, keys: Keys): readonly Sample[] => [
  ...sample(flowDuration, keys, reading.durations),
  ...sample(flowObserved, { ...keys, result: 'failed' }, canFail(report) ? reading.failuresSeen : undefined),
]

const readingSamples = ({ windows, expected, worth }: Reading, keys: Keys, detail: Detail): readonly Sample[] => [
  ...sample(flowAsOf, keys, inSeconds(windows.asOf)),
  ...windows.verdicts
    .filter(({ window }) => detail.windows.includes(window))
    .flatMap(({ window, good, bad }) => [
      ...sample(flowVerdicts, { ...keys, window, result: 'good' }, good),
      ...sample(flowVerdicts, { ...keys, window, result: 'bad' }, bad),
    ]),
  ...sample(flowOpen, keys, windows.backlog?.open),
  ...sample(flowOverdue, keys, windows.backlog?.overdue),
  ...sample(flowOldestOpen, keys, inSeconds(windows.backlog?.oldest)),
  ...worth.flatMap(({ state, currency, value }) => sample(flowValue, { ...keys, state, currency }, value)),
  ...byWindow(flowCompletions, keys, detail.completions, windows.completions),
  ...byWindow(flowCompletionsExpected, keys, detail.completions, expected?.completions),
  ...byWindow(flowStarts, keys, detail.starts, windows.starts),
  ...byWindow(flowStartsExpected, keys, detail.starts, expected?.starts),
  ...(windows.backlog?.due ?? [])
    .filter(({ horizon }) => (horizon === 'cut_off' ? detail.cutOff : detail.rest))
    .flatMap(({ horizon, count }) => sample(flowDue, { ...keys, horizon }, count)),
]

/** Of one flow; `ofTenant`: all flows of its tenant, which share what a tenant may have of series. */
export const flowSamples = (report: FlowReport, ofTenant: readonly FlowReport[]): readonly Sample[] => {
  const { tenant, state, reading, progress, flow } = report
  const { name, process, owner, kind } = flow.flow
  const keys = { tenant, flow: name }
  const detail = detailOf(report, ofTenant)
  const evidence = report.evidence ?? flow.flow.evidence
  return [
    ...sample(flowInfo, { ...keys, process, owner, kind, evidence, mode: flow.mode, state }, 1),
    ...sample(flowObjective, keys, flow.objective),
    ...sample(flowBackfill, keys, progress),
    ...(reading === undefined ? [] : readingSamples(reading, keys, detail)),
    ...(reading === undefined || !detail.rest ? [] : restSamples(report, reading, keys)),
    ...groupSamples(report, keys, detail),
  ]
}

/** What the flows of one tenant have in common. */
export const clockSamples = (ofTenant: readonly FlowReport[]): readonly Sample[] => {
  const known = ofTenant.find(({ skew }) => skew !== undefined)
  return known === undefined
    ? []
    : sample(flowClockSkew, { tenant: known.tenant }, inSeconds(known.skew && Math.round(known.skew)))
}
