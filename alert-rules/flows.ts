/**
 * Business flows: symptoms that people are called for, by the mode of each flow. Objectives, modes, sensitivity and hours
 * are read from metrics, so these rules serve every flow there is or will be.
 */
import { ask } from '../src/alerting/ask.ts'
import type { Alert, RuleFile, RuleGroup } from '../src/alerting/rule.ts'
import {
  flowAsOf,
  flowCompletions,
  flowCompletionsExpected,
  flowDue,
  flowGroupInfo,
  flowGroupVerdicts,
  flowInfo,
  flowOpen,
  flowOverdue,
  flowStarts,
  flowStartsExpected,
} from '../src/flow/metrics.ts'
import { labelsOf, type MetricDescriptor, minutes, type PromQL, promql, where } from '../src/metric.ts'
import { tenantInfo } from '../src/tenants.ts'
import { aboutFlow } from './about.ts'
import { burnGroups } from './flow_burn.ts'
import { knownGroups } from './flow_recordings.ts'
import { flowCutOffLeft, flowInHours, flowOnceRead, flowSensitivity, flowStalled, flowWhole } from './recordings.ts'
import { atRisk, inWindow, probableCause } from './text.ts'
import { CUT_OFF, MEMBER, SILENCE_EXPECTED, STALL_EXPECTED } from './thresholds.ts'

const flow = labelsOf(flowAsOf, 'tenant', 'flow')

/** Replicas see the same rows. */
const folded = (metric: MetricDescriptor, matchers = ''): PromQL => promql`max by (${flow}) (${metric}${matchers})`
const inWindowOf = (metric: MetricDescriptor<'tenant' | 'flow' | 'window'>, window: string): PromQL =>
  promql`max by (${flow}) (${where(metric, { window })})`

const common = { layer: 'symptom', probableCause } as const

/** A stall is looked for in both. */
const STALL = ['30m', '1h'] as const
const stalledIn = (window: (typeof STALL)[number]): RuleGroup => ({
  name: `odoo-flow-stall-${window}`,
  rules: [
    {
      record: flowStalled,
      labels: { window },
      expr: promql`(${inWindowOf(flowCompletions, window)} == ${0}) ^ ${0}
  and on (${flow}) ${inWindowOf(flowCompletionsExpected, window)} * on (${flow}) ${flowSensitivity} >= ${STALL_EXPECTED}`,
    },
  ],
})

const flowOf = (matchers: string): PromQL => promql`max by (${flow}) (${flowInfo}{${matchers}})`
const overdue = folded(flowOverdue)
const late = promql`max by (${flow}) (${flowOverdue} > ${0})`
const left = promql`${flowCutOffLeft}`
/** Per second, over half an hour. */
const pace = promql`${inWindowOf(flowCompletions, '30m')} / ${30 * 60}`
const dueByCutOff = promql`(${overdue} + on (${flow}) ${folded(flowDue, '{horizon="cut_off"}')})`

const alerts: Readonly<Record<string, Alert>> = {
  stalls: aboutFlow({
    ...common,
    name: 'OdooFlowStalled',
    expr: promql`max by (${flow}) (${flowStalled}) and on (${flow}) max by (${flow}) (${flowOpen} > ${0}) and on (${flow}) ${flowInHours}`,
    seen: promql`${flowWhole}`,
    for: minutes(0),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary:
      '{{ $labels.tenant }}: {{ $labels.flow }} stands still; nothing has been completed for half an hour or longer.',
    description: `${atRisk}${inWindow} At this hour of the week several are usually completed in that time, and some are open.`,
    impact: 'Everything that waits will miss its deadline unless it starts to move.',
  }),
  silence: aboutFlow({
    ...common,
    name: 'OdooFlowSilent',
    expr: promql`${inWindowOf(flowStarts, '1h')} == ${0}
    and on (${flow}) ${inWindowOf(flowStartsExpected, '1h')} * on (${flow}) ${flowSensitivity} >= ${SILENCE_EXPECTED}
    and on (${flow}) ${flowInHours}`,
    seen: promql`(${flowWhole} or on (${flow}) max by (${flow}) (${where(flowStarts, { window: '1h' })} > ${0}))`,
    for: minutes(5),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary: '{{ $labels.tenant }}: nothing has come into {{ $labels.flow }} for an hour.',
    description: `At this hour of the week many usually begin.${inWindow} Either nothing is being sold, or what is never reaches Odoo.`,
    impact: 'What does not arrive is in no queue and on no list: nobody will miss it until customers ask.',
  }),
  'cut-offs': aboutFlow({
    ...common,
    name: 'OdooCutOffAtRisk',
    expr: promql`${dueByCutOff} - on (${flow}) (${pace}) * on (${flow}) ${left} >= ${CUT_OFF.misses}
    and on (${flow}) ${left} < ${CUT_OFF.leftSeconds}`,
    seen: promql`${flowWhole}`,
    for: minutes(2),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary: `{{ $labels.tenant }}: {{ $labels.flow }} will not be done by the cut-off${ask(
      `max(${flowCutOffLeft.name}{tenant=%q,flow=%q})`,
      ['tenant', 'flow'],
      ' in {{ . | first | value | humanizeDuration }}',
      '',
    )}.`,
    description: `${ask(
      `max(${flowOverdue.name}{tenant=%q,flow=%q}) + max(${flowDue.name}{tenant=%q,flow=%q,horizon="cut_off"})`,
      ['tenant', 'flow', 'tenant', 'flow'],
      '{{ . | first | value | printf "%.0f" }} are to be done by then',
      'How many are to be done by then is not known',
    )}, and ${ask(
      `2 * max(${flowCompletions.name}{tenant=%q,flow=%q,window="30m"})`,
      ['tenant', 'flow'],
      '{{ . | first | value | printf "%.0f" }} an hour are being done',
      'how many are being done is not known',
    )}.${inWindow}`,
    impact: 'What misses the cut-off leaves a day later: the truck, the payment run, the close will not wait.',
  }),
  backlogs: aboutFlow({
    ...common,
    name: 'OdooBacklogHigh',
    expr: promql`${late} and on (${flow}) ${flowOf('kind="backlog"')}`,
    seen: overdue,
    for: minutes(15),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary: `{{ $labels.tenant }}: more wait in {{ $labels.flow }} than is allowed.`,
    description: `${atRisk}${inWindow} For a quarter of an hour more than the target allows.`,
    impact: 'Each of them holds up what comes after it: goods that are not reserved are not picked.',
  }),
  heartbeats: aboutFlow({
    ...common,
    name: 'OdooHeartbeatMissed',
    expr: promql`${late} and on (${flow}) ${flowOf('kind="heartbeat"')}`,
    seen: overdue,
    for: minutes(2),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary: '{{ $labels.tenant }}: {{ $labels.flow }} has not happened when it should have.',
    description: `The gap since it last did is longer than its target allows.${inWindow}`,
    impact: 'What it exchanges grows old: stock that is sold twice, prices and orders that are not passed on.',
  }),
  blindness: aboutFlow({
    ...common,
    name: 'OdooUnreadable',
    // While nothing at all is told of the tenant, OdooPulseDown is what there is to say.
    expr: promql`(${flowOf('state=~"failing|withheld"')} or on (${flow}) ${flowOnceRead})
    unless on (${flow}) ${folded(flowAsOf)}
    and on (tenant) max by (tenant) (${tenantInfo})`,
    seen: folded(flowInfo),
    for: minutes(5),
    keepFiringFor: minutes(5),
    severity: 'mode',
    summary: '{{ $labels.tenant }}: {{ $labels.flow }} can no longer be read.',
    description:
      'For five minutes nobody has been able to tell whether it keeps its promise; the page of Odoo Pulse says why. Its alerts that fired go on firing, others cannot begin.',
    impact: 'It may be well or not: until it is seen again, count on the second.',
  }),
}

const member = labelsOf(flowGroupVerdicts, 'tenant', 'flow', 'dimension', 'member')
const memberResult = labelsOf(flowGroupVerdicts, 'tenant', 'flow', 'dimension', 'member', 'result')
const ofMembers = (matchers: string): PromQL => promql`${flowGroupVerdicts}{window="1h",member!="other"${matchers}}`
const badOfMember = promql`max by (${member}) (${ofMembers(',result="bad"')})`

/** One carrier, channel or provider of several: it explains the flow's own alert, and is named in it. */
const memberFailing = aboutFlow({
  name: 'OdooFlowMemberFailing',
  by: member,
  expr: promql`${badOfMember} / on (${member}) (sum by (${member}) (max by (${memberResult}) (${ofMembers('')})) > ${0}) > ${MEMBER.ratio}
    and on (${member}) ${badOfMember} >= ${MEMBER.bad}
    and on (${flow}) count by (${flow}) (max by (${member}) (${ofMembers('')}) > ${0}) > ${1}`,
  for: minutes(5),
  severity: 'ticket',
  layer: 'cause',
  summary: `{{ $labels.tenant }}: {{ $value | humanizePercentage }} of {{ $labels.flow }} is bad for {{ $labels.dimension }} ${ask(
    `max by (name) (${flowGroupInfo.name}{tenant=%q,flow=%q,dimension=%q,member=%q})`,
    ['tenant', 'flow', 'dimension', 'member'],
    '{{ with first . }}{{ .Labels.name }}{{ end }}',
    '{{ $labels.member }}',
  )}.`,
  description:
    'More than half, and at least five, of what came due for it within the hour; others of its kind have their own figures.',
  impact: 'Whatever goes through it is late or fails, while the rest may be well.',
})

/** Groups are evaluated side by side: each goes through the series of an estate a few times, no more. */
export const flows: RuleFile = {
  subject: 'flows',
  groups: [
    ...knownGroups,
    ...burnGroups,
    ...STALL.map(stalledIn),
    ...Object.entries({ ...alerts, members: memberFailing }).map(([name, alert]) => ({
      name: `odoo-flow-${name}`,
      rules: [alert],
    })),
  ],
}
