/**
 * Flows that burn their error budgets. An estate has ten thousands of verdict series, and few flows with a bad item: each
 * window is gone through once, by a rule group of its own (they are evaluated side by side), and what is left is little.
 */
import type { Alert, Recording, RuleGroup } from '../src/alerting/rule.ts'
import {
  BURN_RATES,
  type BurnRate,
  HIGHEST_THRESHOLD,
  KEEP_FIRING,
  RESOLVE_AT,
  type Severity,
} from '../src/flow/burn.ts'
import type { WindowName } from '../src/flow/ledger/windows.ts'
import { flowVerdicts } from '../src/flow/metrics.ts'
import { labelsOf, minutes, type PromQL, promql, where } from '../src/metric.ts'
import { aboutFlow } from './about.ts'
import { flowAlertBudget, flowBad, flowBurn, flowErrors, flowGood, flowWhole } from './recordings.ts'
import { atRisk, inWindow, missedOf, probableCause } from './text.ts'

const flow = labelsOf(flowVerdicts, 'tenant', 'flow')

const BURN_FAST = 'OdooFlowBurnFast'
const BURN_SLOW = 'OdooFlowBurnSlow'
const isBurning = promql`ALERTS{alertname=~"${BURN_FAST}|${BURN_SLOW}",alertstate="firing"}`

/** Replicas see the same rows. */
const verdicts = (window: WindowName, result: 'good' | 'bad'): PromQL => where(flowVerdicts, { window, result })

const recordingsOf = (window: WindowName): readonly Recording[] => {
  const labels = { window }
  const [bad, good] = [where(flowBad, labels), where(flowGood, labels)]
  return [
    { record: flowBad, labels, expr: promql`max by (${flow}) (${verdicts(window, 'bad')} > ${0})` },
    {
      record: flowGood,
      labels,
      expr: promql`max by (${flow}) (${verdicts(window, 'good')} and on (${flow}) (${bad} or on (${flow}) ${isBurning}))`,
    },
    {
      record: flowErrors,
      labels,
      // Where an alert fires it must be told from a window in which nothing was due that all was well.
      expr: promql`${bad} / on (${flow}) (${bad} + on (${flow}) ${good})
or on (${flow}) ${0} * (${good} > ${0})`,
    },
    { record: flowBurn, labels, expr: promql`${where(flowErrors, labels)} / on (${flow}) ${flowAlertBudget}` },
  ]
}

const windows = [...new Set(BURN_RATES.flatMap(({ long, short }) => [long, short]))]

/** The share of misses is above the pair's threshold times `part`; where no share would reach that, above the highest there is. */
const isAbove = (window: WindowName, { factor }: BurnRate, part: number): PromQL =>
  promql`(${where(flowBurn, { window })} > ${factor * part} or on (${flow}) ${where(flowErrors, { window })} > ${HIGHEST_THRESHOLD * part})`

/** In both windows, and enough items for it to say something. */
const burns = (pair: BurnRate): PromQL =>
  promql`${isAbove(pair.long, pair, 1)}
    and on (${flow}) ${isAbove(pair.short, pair, 1)}
    and on (${flow}) ${where(flowBad, { window: pair.long })} >= ${pair.leastBad}`

/** It goes on above half of it; a short window in which nothing was due says nothing. */
const goesOn = (pair: BurnRate, name: string): PromQL =>
  promql`${isAbove(pair.long, pair, RESOLVE_AT)}
    unless on (${flow}) (${where(flowErrors, { window: pair.short })} unless on (${flow}) ${isAbove(pair.short, pair, RESOLVE_AT)})
    and on (${flow}) ALERTS{alertname="${name}",alertstate="firing"}`

const burning = (severity: Severity, name: string): PromQL => {
  const pairs = BURN_RATES.filter((pair) => pair.severity === severity)
  const parts = [...pairs.map(burns), ...pairs.map((pair) => goesOn(pair, name))]
  const [first = promql``, ...others] = parts
  // Several windows may say so.
  return promql`max by (${flow}) (
    ${others.reduce((all, part) => promql`${all}\n    or on (${flow}) ${part}`, first)}
  )`
}

/** Windows become whole one after the other, and some never are; of a flow that burns its good items are recorded as long as they are told. */
const seenUpTo = (window: WindowName): PromQL => promql`(${where(flowGood, { window })} or on (${flow}) ${flowWhole})`

const common = { layer: 'symptom', for: minutes(0), keepFiringFor: KEEP_FIRING, probableCause } as const

const alerts: Readonly<Record<'fast' | 'slow', Alert>> = {
  fast: aboutFlow({
    ...common,
    name: BURN_FAST,
    expr: burning('page', BURN_FAST),
    seen: seenUpTo('6h'),
    severity: 'mode',
    summary: `{{ $labels.tenant }}: {{ $labels.flow }} misses its deadlines, ${missedOf('1h')} within the hour.`,
    description: `${atRisk}${inWindow} So many were bad of what came due within one hour, or six, that a month's error budget would be gone within days; and it goes on.`,
    impact: 'What was promised to customers or colleagues is late or fails, right now and for many.',
  }),
  slow: aboutFlow({
    ...common,
    name: BURN_SLOW,
    expr: burning('ticket', BURN_SLOW),
    seen: seenUpTo('3d'),
    severity: 'ticket',
    summary: `{{ $labels.tenant }}: {{ $labels.flow }} uses up its error budget, ${missedOf('1d')} missed within a day.`,
    description: `${atRisk}${inWindow} Over a day, or three, more were bad than the objective allows for; and it goes on.`,
    impact: 'A part of what was promised is late or fails, day after day; the objective will be missed.',
  }),
}

export const burnGroups: readonly RuleGroup[] = [
  ...windows.map((window) => ({ name: `odoo-flow-errors-${window}`, rules: recordingsOf(window) })),
  ...Object.entries(alerts).map(([name, alert]) => ({ name: `odoo-flow-burn-${name}`, rules: [alert] })),
]
