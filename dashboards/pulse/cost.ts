/** What Odoo Pulse costs whom. Pure. */
import { probeDuration, probeInterval } from '../../src/health.ts'
import { promql } from '../../src/metric.ts'
import {
  buildInfo,
  eventLoopStall,
  heapUsed,
  httpRequestDuration,
  processCpu,
  processResidentMemory,
  targetBusyRatio,
} from '../../src/own_metrics.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines } from '../parts/panels.ts'
import { most, quantile } from '../parts/query.ts'
import { OF, TARGET } from '../parts/targets.ts'
import { neutral } from '../parts/thresholds.ts'

export const cost: Row = {
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
