/** The calendar, what suffered, and what may be behind it, on one axis of time. Pure. */
import { tenantServer } from '../../alert-rules/recordings.ts'
import { windowActive } from '../../src/calendar/metrics.ts'
import { promql } from '../../src/metric.ts'
import { firingOfServers, firingOfTenant } from '../parts/alerts.ts'
import type { Row } from '../parts/dashboard.ts'
import { says, timeline } from '../parts/panels.ts'
import { most } from '../parts/query.ts'
import { neutral, PAGE, TICKET } from '../parts/thresholds.ts'

const FIRES = says({ '1': ['fires', PAGE] })
/** Of the tenants chosen, and of the servers that they hang on. */
const behind = promql`max by (alertname, tenant, server) (${firingOfTenant({ layer: 'cause' })}
or ${firingOfServers({ layer: 'cause' })} and on (server) ${most(tenantServer, ['server'])})`

export const causes: Row = {
  id: 70,
  title: 'Calendar, symptoms and probable causes',
  panels: [
    timeline({
      id: 71,
      title: 'Business windows',
      shows: 'When each window of the business calendar was active.',
      good: 'as planned.',
      otherwise: 'what is missing could not be worked out: alerts are then as sensitive as on any day.',
      height: 7,
      queries: [{ expr: most(windowActive, ['tenant', 'business_window']), legend: '{{tenant}} {{business_window}}' }],
      mappings: says({ '0': ['not active', 'transparent'], '1': ['active', 'purple'] }),
      thresholds: neutral,
      noValue: 'No business calendar is configured.',
      alerts: ['OdooPulseCalendarStale', 'OdooBusinessFreeze', 'OdooBusinessMaintenance'],
    }),
    timeline({
      id: 72,
      title: 'Symptoms',
      shows: 'Alerts about flows and tenants that suffered, while they fired.',
      good: 'blank.',
      otherwise: 'what began just before, in the panel beneath, is where to look.',
      height: 7,
      queries: [
        {
          expr: promql`max by (alertname, tenant, flow) (${firingOfTenant({ layer: 'symptom' })})`,
          legend: '{{alertname}} {{tenant}} {{flow}}',
        },
      ],
      mappings: FIRES,
      thresholds: neutral,
      noValue: 'No symptom was firing.',
    }),
    timeline({
      id: 73,
      title: 'Probable causes',
      shows: 'Alerts about what may be behind it: of these tenants, and of the servers they hang on.',
      good: 'blank.',
      otherwise: 'the runbook is named like the alert. A cause that began before the symptom is the first suspect.',
      queries: [{ expr: behind, legend: '{{alertname}} {{tenant}} {{server}}' }],
      mappings: says({ '1': ['fires', TICKET] }),
      thresholds: neutral,
      noValue: 'No cause was firing: look at what changed last, and at the flow itself.',
    }),
  ],
}
