/** An order's way from import to payment, a column a stage: what is open and late, how long it takes, whether it keeps pace. */
import {
  flowCompletions,
  flowCompletionsExpected,
  flowDuration,
  flowOldestOpen,
  flowOpen,
  flowOverdue,
  flowStarts,
  flowStartsExpected,
  flowVerdicts,
} from '../../src/flow/metrics.ts'
import { type MetricDescriptor, type PromQL, promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import type { Placed } from '../parts/panel.ts'
import { heatmap, lines, stat } from '../parts/panels.ts'
import { bucketsOf, least, since, total } from '../parts/query.ts'
import { anyIs, neutral, TICKET } from '../parts/thresholds.ts'

interface Stage {
  readonly title: string
  /** More than one where an order takes one of several ways. */
  readonly flows: readonly string[]
  readonly does: string
  /** What Odoo stores: when each was done, only when each began, or no more than how many there are. */
  readonly stored: 'completions' | 'starts' | 'number'
}

/** In their order. */
export const STAGES: readonly Stage[] = [
  {
    title: 'Import',
    flows: ['order-import'],
    does: 'orders of shops and marketplaces come into Odoo',
    stored: 'completions',
  },
  {
    title: 'Confirmation',
    flows: ['order-confirmation', 'paid-order'],
    does: 'orders that are promised or paid are confirmed',
    stored: 'completions',
  },
  {
    title: 'Reservation',
    flows: ['stock-reservation'],
    does: 'goods that are due to leave are reserved',
    stored: 'number',
  },
  { title: 'Picking', flows: ['picking'], does: 'goods are picked', stored: 'completions' },
  { title: 'Label', flows: ['carrier-label'], does: 'the carrier’s label is there', stored: 'starts' },
  {
    title: 'Shipment',
    flows: ['shipment-validation'],
    does: 'the shipment leaves on its day',
    stored: 'completions',
  },
  { title: 'Invoice', flows: ['invoice-posting'], does: 'the invoice is posted', stored: 'starts' },
  { title: 'Payment', flows: ['payment-sync'], does: 'the payment is processed', stored: 'starts' },
]

const WIDTH = 3
const HEIGHT = 7
/** Flows are read each minute: a span that holds several of these. */
const READ_EACH = '5m'
const DEDICATED =
  'Told of dedicated tenants and, as far as alerts read it, of flows in mode ticket or page; not while the flow can not be read.'

const of = ({ flows }: Stage) => ({ flow: new RegExp(flows.join('|')) })
const inHour = (stage: Stage) => ({ ...of(stage), window: '1h' })

const missed = (stage: Stage): PromQL =>
  promql`${total(flowVerdicts, [], { ...inHour(stage), result: 'bad' })} / (${total(flowVerdicts, [], inHour(stage))} > ${0})`
const oldest = (stage: Stage): PromQL => since(least(flowOldestOpen, [], of(stage)))

const figures = (stage: Stage, i: number): Placed =>
  stat({
    id: 10 + i,
    title: stage.title,
    shows: `Here ${stage.does}. What is open, what of it is past its deadline, how long the oldest open one has waited, and of what came due within the hour the share that was missed.`,
    good: 'nothing overdue, nothing missed; open as much as usual at this hour.',
    otherwise: 'the first stage from the left that is overdue is where orders are held up; those after it starve.',
    width: WIDTH,
    height: 9,
    queries: [
      { expr: total(flowOpen, [], of(stage)), legend: 'open' },
      { expr: total(flowOverdue, [], of(stage)), legend: 'overdue', steps: anyIs(TICKET) },
      { expr: oldest(stage), legend: 'oldest' },
      ...(stage.stored === 'number' ? [] : [{ expr: missed(stage), legend: 'missed, 1 h' }]),
    ],
    decimals: 0,
    thresholds: neutral,
    noValue: 'Nothing is open and nothing was due within the hour, or the flow is not judged for these tenants.',
    alerts: ['OdooFlowBurnFast', 'OdooFlowStalled'],
    flows: stage.flows,
  })

const durations = (stage: Stage, i: number): Placed =>
  heatmap({
    id: 20 + i,
    title: `${stage.title}: how long`,
    shows:
      'How long it took from start to completion, of what was completed in each step of time: the darker the more.',
    good: 'a dark band that stays where it is.',
    otherwise: 'a band that climbs is work that takes longer; a gap is work that stands still.',
    width: WIDTH,
    height: HEIGHT,
    bounds: 's',
    step: READ_EACH,
    queries: [{ expr: bucketsOf(flowDuration, [], of(stage)), legend: '{{le}}' }],
    thresholds: neutral,
    noValue:
      'Measured for dedicated tenants only, of completions since Odoo Pulse began to watch; not while the flow can not be read.',
  })

/** In place of durations, of which Odoo stores none. */
const waiting = (stage: Stage, i: number): Placed =>
  lines({
    id: 20 + i,
    title: `${stage.title}: waiting`,
    shows: 'How long the oldest open one has waited: how long each took is not stored by Odoo.',
    good: 'a saw.',
    otherwise: 'a slope is an item that nobody touches.',
    width: WIDTH,
    height: HEIGHT,
    queries: [{ expr: oldest(stage), legend: 'oldest open' }],
    thresholds: neutral,
    noValue: 'Nothing is open.',
  })

const pace = (
  stage: Stage,
  i: number,
  what: string,
  actual: MetricDescriptor<'tenant' | 'flow' | 'window'>,
  expected: typeof actual,
): Placed =>
  lines({
    id: 30 + i,
    title: `${stage.title}: ${what}, usual`,
    shows: `How many were ${what} within the hour, and (dashed) how many usually are at this hour of the week.`,
    good: 'both lines together.',
    otherwise: 'far below: it stands still or nothing comes in; the stage before it tells which.',
    width: WIDTH,
    height: HEIGHT,
    queries: [
      { expr: total(actual, [], inHour(stage)), legend: what },
      { expr: total(expected, [], inHour(stage)), legend: 'usual' },
    ],
    dashed: /^usual$/,
    thresholds: neutral,
    noValue: DEDICATED,
    alerts: ['OdooFlowStalled', 'OdooFlowSilent'],
  })

/** In place of a pace, of which nothing is known. */
const backlog = (stage: Stage, i: number): Placed =>
  lines({
    id: 30 + i,
    title: `${stage.title}: open, overdue`,
    shows: 'How many wait, and how many more than are allowed. What came and went between is not stored by Odoo.',
    good: 'nothing overdue.',
    otherwise: 'goods that are not reserved are not picked: see to the stock, or to the cron that reserves.',
    width: WIDTH,
    height: HEIGHT,
    queries: [
      { expr: total(flowOpen, [], of(stage)), legend: 'open' },
      { expr: total(flowOverdue, [], of(stage)), legend: 'overdue' },
    ],
    thresholds: neutral,
    noValue: 'The flow is not judged for these tenants.',
    alerts: ['OdooBacklogHigh'],
  })

const course = (stage: Stage, i: number): Placed =>
  stage.stored === 'completions' ? durations(stage, i) : waiting(stage, i)
const throughput = (stage: Stage, i: number): Placed => {
  switch (stage.stored) {
    case 'completions':
      return pace(stage, i, 'done', flowCompletions, flowCompletionsExpected)
    case 'starts':
      return pace(stage, i, 'begun', flowStarts, flowStartsExpected)
    case 'number':
      return backlog(stage, i)
  }
}

export const stages: Row = {
  id: 1,
  title: 'From import to payment',
  panels: [...STAGES.map(figures), ...STAGES.map(course), ...STAGES.map(throughput)],
}
