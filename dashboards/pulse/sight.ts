/** Whether Odoo Pulse sees. Pure. */
import { tenantServer } from '../../alert-rules/recordings.ts'
import { API_KEY_LEFT } from '../../alert-rules/thresholds.ts'
import { odooApiKeyExpiry } from '../../collectors/odoo/api_keys.ts'
import { odooUserCompaniesRatio } from '../../collectors/odoo/companies.ts'
import { odooUp } from '../../collectors/odoo/info.ts'
import { odooSqlUp } from '../../collectors/odoo_sql/replica.ts'
import { calendarSuccess } from '../../src/calendar/metrics.ts'
import { probeFailures, probeLastSuccess, probeSuccess, probeSupported } from '../../src/health.ts'
import { promql } from '../../src/metric.ts'
import { buildInfo, configLastReloadSuccessful, droppedSamples, targetCircuitOpen } from '../../src/own_metrics.ts'
import { tenantInfo } from '../../src/tenants.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines, says, stat, timeline } from '../parts/panels.ts'
import { least, most, perSecond, picked, since, until } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { OF } from '../parts/targets.ts'
import { anyIs, below, GOOD, neutral, PAGE, runningOut, TICKET } from '../parts/thresholds.ts'

const PROBE = ['target', 'collector', 'probe'] as const
/** By every replica: one of them sees enough. */
const leftAlone = promql`min by (target, collector) (${picked(targetCircuitOpen, OF)})`

export const sight: Row = {
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
      queries: [{ expr: promql`count(${leftAlone} == ${1}) or vector(${0})` }],
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
    stat({
      id: 11,
      title: 'Tenants not watched',
      shows: 'Configured, and nothing of them is watched: no Odoo, database, sessions or ingress.',
      good: '0.',
      otherwise: 'blocks of their configuration are missing or switched off.',
      width: 8,
      queries: [
        {
          expr: promql`count(${most(tenantInfo, ['tenant'])} unless on (tenant) ${odooUp} unless on (tenant) ${odooSqlUp} unless on (tenant) ${tenantServer}) or vector(${0})`,
        },
      ],
      thresholds: anyIs(TICKET),
      alerts: ['OdooTenantUnwatched'],
    }),
    stat({
      id: 12,
      title: 'Companies in sight',
      shows: 'Of the companies of each Odoo, the share that the monitoring user is allowed in.',
      good: 'all of them.',
      otherwise: 'what happens in the others is in no figure here, without an error: give it every company.',
      width: 8,
      queries: [{ expr: least(odooUserCompaniesRatio, ['tenant']), legend: '{{tenant}}' }],
      thresholds: below(1, TICKET),
      noValue: 'No Odoo is asked.',
      alerts: ['OdooCompaniesNotVisible'],
    }),
    stat({
      id: 13,
      title: 'API keys',
      shows: 'How long the first API key of the monitoring user that expires has left.',
      good: 'weeks.',
      otherwise: 'make a new one in time: without it nothing of Odoo is seen.',
      width: 8,
      queries: [{ expr: until(least(odooApiKeyExpiry, ['tenant'])), legend: '{{tenant}}' }],
      thresholds: runningOut({ ticket: API_KEY_LEFT, page: 0 }),
      noValue: 'No key expires, or this version of Odoo has none that do.',
      alerts: ['OdooApiKeyExpiring'],
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
          expr: leftAlone,
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
