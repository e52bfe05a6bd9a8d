/** Odoo Pulse itself: whether it sees, what it costs whom, how old what it tells is; and its alerts. For who runs it. */
import { calendarLastSuccess, calendarSuccess } from '../src/calendar/metrics.ts'
import { flowAsOf, flowBackfill, flowClockSkew } from '../src/flow/metrics.ts'
import {
  probeDuration,
  probeFailures,
  probeInterval,
  probeLastSuccess,
  probeSuccess,
  probeSupported,
} from '../src/health.ts'
import { promql } from '../src/metric.ts'
import {
  buildInfo,
  configLastReloadSuccessful,
  droppedSamples,
  eventLoopStall,
  heapUsed,
  httpRequestDuration,
  processCpu,
  processResidentMemory,
  targetBusyRatio,
  targetCircuitOpen,
} from '../src/own_metrics.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec, Row } from './parts/dashboard.ts'
import { lines, says, stat, timeline } from './parts/panels.ts'
import { each, least, most, perSecond, quantile, since } from './parts/query.ts'
import { table } from './parts/table.ts'
import { anyIs, below, GOOD, neutral, PAGE, TICKET } from './parts/thresholds.ts'
import { variables } from './parts/variables.ts'
import { alertsRow } from './pulse_alerts.ts'

/** Targets are named like the tenant or the server that they are. */
const OF = { target: /$tenant|$server/ }
const PROBE = ['target', 'collector', 'probe'] as const
const TARGET = ['target', 'collector'] as const
const THIRD = { width: 8 } as const

const sight: Row = {
  id: 1,
  title: 'Does it see?',
  panels: [
    stat({
      id: 2,
      title: 'Replicas',
      shows: 'How many are scraped.',
      good: 'as many as run.',
      otherwise: 'with none left nothing is seen of any tenant.',
      queries: [{ expr: promql`count(${buildInfo})` }],
      thresholds: below(1),
      graph: true,
      alerts: ['OdooPulseDown', 'OdooPulseReplicaMissing'],
    }),
    stat({
      id: 3,
      title: 'Targets that do not answer',
      shows: 'Left alone by every replica, because they did not answer; their probes fail at once until they do.',
      good: '0.',
      otherwise: 'it is down, cut off, or refuses the login: the landing page says which.',
      queries: [
        { expr: promql`count(min by (target, collector) (${each(targetCircuitOpen, OF)}) == ${1}) or vector(${0})` },
      ],
      thresholds: anyIs(PAGE),
      alerts: ['OdooPulseTargetBlind'],
    }),
    stat({
      id: 4,
      title: 'Probes that fail',
      shows: 'Questions whose last attempt failed.',
      good: '0.',
      otherwise: 'the table below names them; alerts that read their metrics are silent.',
      queries: [{ expr: promql`count(${most(probeSuccess, PROBE, OF)} == ${0}) or vector(${0})` }],
      thresholds: anyIs(TICKET),
      alerts: ['OdooPulseProbeFailing'],
    }),
    stat({
      id: 5,
      title: 'Probes not supported',
      shows: 'Questions that version, modules or grants of the target do not allow: no failure, but nothing is known.',
      good: 'those that you know of.',
      otherwise: 'odoo-pulse doctor prints the line that mends each.',
      queries: [{ expr: promql`count(${most(probeSupported, PROBE, OF)} == ${0}) or vector(${0})` }],
      thresholds: neutral,
    }),
    stat({
      id: 6,
      title: 'Calendar and configuration',
      shows: 'Whether the business calendar is worked out, and the configuration read last is in force.',
      good: 'yes.',
      otherwise: 'the log names the window or the key.',
      queries: [
        { expr: promql`min(${calendarSuccess})`, legend: 'calendar' },
        { expr: promql`min(${configLastReloadSuccessful})`, legend: 'configuration' },
      ],
      mappings: says({ '0': ['no', TICKET], '1': ['yes', GOOD] }),
      thresholds: below(1, TICKET),
      alerts: ['OdooPulseCalendarStale', 'OdooPulseReloadFailed'],
    }),
    stat({
      id: 7,
      title: 'Left out of the page',
      shows: 'Samples of probes that were left out, within the range of time.',
      good: '0.',
      otherwise: 'more series than a target may have, or values that can not be: the log says which.',
      queries: [
        { expr: promql`sum(max by (target, collector, probe, reason) (increase(${droppedSamples}[$__range])))` },
      ],
      thresholds: anyIs(TICKET),
      noValue: '0: nothing was ever left out.',
    }),
    timeline({
      id: 8,
      title: 'Targets',
      shows: 'When each target was answered, and when it was left alone.',
      good: 'green.',
      otherwise: 'red is blindness, not health: nothing of it is known for that time.',
      width: 12,
      height: 10,
      queries: [
        {
          expr: promql`min by (target, collector) (${each(targetCircuitOpen, OF)})`,
          legend: '{{collector}} on {{target}}',
        },
      ],
      mappings: says({ '0': ['answers', GOOD], '1': ['left alone', PAGE] }),
      thresholds: neutral,
      alerts: ['OdooPulseTargetBlind'],
    }),
    table({
      id: 9,
      title: 'Probes that fail or are not supported',
      shows: 'Each with how long ago it last brought samples.',
      good: 'only what you know of.',
      otherwise: 'failing: what worked, or should, and does not. Not supported: what was never allowed.',
      width: 12,
      labels: [
        { label: 'target', title: 'Target' },
        { label: 'collector', title: 'Collector' },
        { label: 'probe', title: 'Probe' },
      ],
      values: [
        {
          title: 'Answered',
          expr: promql`${most(probeSuccess, PROBE, OF)} == ${0} or ${most(probeSuccess, PROBE, OF)} and ${most(probeSupported, PROBE, OF)} == ${0}`,
          mappings: says({ '0': ['failed', PAGE], '1': ['not supported', 'text'] }),
        },
        {
          title: 'Last samples',
          expr: promql`${since(most(probeLastSuccess, PROBE, OF))} and ${most(probeSuccess, PROBE, OF)} == ${0}`,
        },
      ],
      thresholds: neutral,
      noValue: 'Every probe is answered and supported.',
      alerts: ['OdooPulseProbeFailing'],
    }),
    lines({
      id: 10,
      title: 'Failed attempts, by reason',
      shows: 'How often probes fail, and why.',
      good: '0.',
      otherwise:
        'auth: a credential. timeout: too slow. query, decode: a version or grant that changed. circuit_open: it does not answer at all.',
      queries: [{ expr: perSecond(probeFailures, ['target', 'reason'], OF), legend: '{{target}} {{reason}}' }],
      width: 24,
      height: 6,
      thresholds: neutral,
    }),
  ],
}

const cost: Row = {
  id: 20,
  title: 'What it costs',
  panels: [
    lines({
      ...THIRD,
      id: 21,
      title: 'Of each target’s time',
      shows: 'Share of the time in which a probe of Odoo Pulse is under way at the target.',
      good: 'below the share that is configured (polling.share, 1 % unless set); while the past is being read, more.',
      otherwise: 'intervals are stretched by themselves; a target that answers slowly is busy with others.',
      queries: [{ expr: most(targetBusyRatio, TARGET, OF), legend: '{{collector}} on {{target}}' }],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 22,
      title: 'Longest probe, by target',
      shows: 'Duration of the last attempt of the probe that takes longest.',
      good: 'tenths of a second.',
      otherwise: 'seconds: the target is busy; docs/metrics.md says which probe gives way first.',
      queries: [{ expr: most(probeDuration, TARGET, OF), legend: '{{collector}} on {{target}}' }],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 23,
      title: 'Longest interval, by target',
      shows:
        'Of each target the probe that is asked least often; intervals are stretched where the target would be too busy.',
      good: 'level.',
      otherwise: 'it rises to five minutes: the target has no time for us, and what it tells is older.',
      queries: [{ expr: most(probeInterval, TARGET, OF), legend: '{{collector}} on {{target}}' }],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 24,
      title: 'CPU',
      shows: 'Of each replica, in cores.',
      good: 'a few hundredths; more while the past is being read.',
      otherwise: 'near 1: it can not keep up; give it fewer tenants, or several of it.',
      queries: [
        {
          expr: promql`sum by (instance) (rate(${processCpu}[$__rate_interval]) and on (instance) ${buildInfo})`,
          legend: '{{instance}}',
        },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 25,
      title: 'Memory',
      shows: 'Resident, and the JavaScript heap in use, of each replica.',
      good: 'level.',
      otherwise: 'it grows for days: report it, with the numbers of tenants and flows.',
      queries: [
        {
          expr: promql`max by (instance) (${processResidentMemory} and on (instance) ${buildInfo})`,
          legend: '{{instance}} resident',
        },
        { expr: promql`max by (instance) (${heapUsed} and on (instance) ${buildInfo})`, legend: '{{instance}} heap' },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 26,
      title: 'Answering and waiting',
      shows:
        'Within this time 95 % of the requests for each page are answered; and so long are 95 % of the longest delays of each second.',
      good: 'milliseconds.',
      otherwise: 'a delay of seconds holds every probe up: its CPU is taken by others.',
      queries: [
        { expr: quantile(0.95, httpRequestDuration, ['handler']), legend: '{{handler}}' },
        { expr: quantile(0.95, eventLoopStall, []), legend: 'event loop' },
      ],
      thresholds: neutral,
    }),
  ],
}

const ages: Row = {
  id: 30,
  title: 'How old is what it tells?',
  panels: [
    lines({
      id: 31,
      title: 'Oldest answer, by target',
      shows: 'Of each target, how long ago the probe that has been silent longest brought samples.',
      good: 'at most its interval.',
      otherwise: 'past three intervals its series vanish: what is not told is not healthy.',
      queries: [{ expr: since(least(probeLastSuccess, TARGET, OF)), legend: '{{collector}} on {{target}}' }],
      thresholds: neutral,
      alerts: ['OdooPulseProbeFailing'],
    }),
    lines({
      id: 32,
      title: 'Oldest reading of flows, by tenant',
      shows: 'How long ago, by the tenant’s clock, the flow that was read least lately was read.',
      good: 'one or two minutes.',
      otherwise: 'its Odoo answers slowly: verdicts come later, alerts too.',
      queries: [{ expr: since(least(flowAsOf, ['tenant'])), legend: '{{tenant}}' }],
      thresholds: neutral,
      alerts: ['OdooUnreadable'],
    }),
    lines({
      ...THIRD,
      id: 33,
      title: 'Past still to be read',
      shows: 'Of each tenant’s flows, the one whose past has been read least far.',
      good: '100 % an hour after the start.',
      otherwise: 'it stands still: long windows are missing, and alerts that read them.',
      queries: [{ expr: promql`min by (tenant) (${each(flowBackfill)})`, legend: '{{tenant}}' }],
      max: 1,
      thresholds: neutral,
      alerts: ['OdooFlowBackfillStuck'],
    }),
    lines({
      ...THIRD,
      id: 34,
      title: 'Clocks',
      shows: 'The clock of each Odoo, or of its database, less that of Odoo Pulse.',
      good: 'under a second.',
      otherwise: 'minutes: repair its time service; deadlines are judged by its clock.',
      queries: [{ expr: most(flowClockSkew, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'No flow is read.',
    }),
    lines({
      ...THIRD,
      id: 35,
      title: 'Calendar worked out',
      shows:
        'How long ago every window of the business calendar could be worked out, at the replica that is worst off.',
      good: 'under a minute.',
      otherwise: 'alerts are as sensitive as on any day, though a peak may be near.',
      queries: [{ expr: since(promql`min(${calendarLastSuccess})`) }],
      thresholds: neutral,
      alerts: ['OdooPulseCalendarStale'],
    }),
  ],
}

export const pulse: DashboardSpec = {
  name: 'pulse',
  title: 'Odoo Pulse: itself',
  description: 'What it sees, what it costs, how old what it tells is; what fires, what is held, what is inhibited.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [sight, cost, ages, alertsRow],
}
