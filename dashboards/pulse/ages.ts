/** How old what Odoo Pulse tells is. Pure. */
import { CALENDAR_STALE } from '../../alert-rules/thresholds.ts'
import { odooSqlReplayLag } from '../../collectors/odoo_sql/replica.ts'
import { calendarLastSuccess } from '../../src/calendar/metrics.ts'
import { flowAsOf, flowBackfill, flowClockSkew } from '../../src/flow/metrics.ts'
import { probeLastSuccess } from '../../src/health.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines } from '../parts/panels.ts'
import { each, least, most, since } from '../parts/query.ts'
import { OF, TARGET } from '../parts/targets.ts'
import { above, neutral, TICKET } from '../parts/thresholds.ts'

export const ages: Row = {
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
      width: 6,
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
      width: 6,
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
      width: 6,
      id: 35,
      title: 'Calendar worked out',
      shows:
        'How long ago every window of the business calendar could be worked out, at the replica that is worst off.',
      good: 'under a minute.',
      otherwise: 'alerts are as sensitive as on any day, though a peak may be near.',
      queries: [{ expr: since(promql`min(${calendarLastSuccess})`) }],
      thresholds: above(CALENDAR_STALE, TICKET),
      alerts: ['OdooPulseCalendarStale'],
    }),
    lines({
      width: 6,
      id: 36,
      title: 'Standbys that flows are read from',
      shows: 'How old, at most, is what each shows, of tenants whose flows are read by SQL from a standby.',
      good: 'seconds.',
      otherwise: 'verdicts come as much later: the dashboard Databases shows what holds it back.',
      queries: [{ expr: most(odooSqlReplayLag, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'No flow is read by SQL from a standby.',
      next: ['databases'],
    }),
  ],
}
