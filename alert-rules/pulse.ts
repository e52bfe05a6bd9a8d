/** Odoo Pulse itself: where it sees badly, silence is no peace. */

import { odooUp } from '../collectors/odoo/info.ts'
import { odooSqlUp } from '../collectors/odoo_sql/replica.ts'
import type { RuleFile } from '../src/alerting/rule.ts'
import { calendarLastSuccess, calendarSuccess } from '../src/calendar/metrics.ts'
import { probeSuccess } from '../src/health.ts'
import { labelsOf, minutes, promql } from '../src/metric.ts'
import { buildInfo, configLastReloadSuccessful, targetCircuitOpen } from '../src/own_metrics.ts'
import { tenantInfo } from '../src/tenants.ts'
import { aboutPulse, aboutTenant } from './about.ts'
import { databaseDown } from './postgres.ts'
import { flowPast, tenantServer } from './recordings.ts'
import { CALENDAR_STALE } from './thresholds.ts'

const target = labelsOf(targetCircuitOpen, 'target', 'collector')
const flow = labelsOf(flowPast, 'tenant', 'flow')
const probe = labelsOf(probeSuccess, 'target', 'collector', 'probe')

/** Blind only where no replica of the exporter sees. */
const blind = promql`min by (${target}) (${targetCircuitOpen}) == ${1}`
/** That an Odoo does not answer is told by OdooUnreachable, that the only primary does not by OdooDatabaseDown. */
const blindButForOdoo = promql`min by (${target}) (${targetCircuitOpen}{collector!="odoo"}) == ${1}
  unless on (target, collector) label_replace(label_replace(${databaseDown}, "target", "$1", "server", "(.*)"), "collector", "postgres", "", "")`

/** Of each replica by itself: what one of them says of a window is enough for the rules, but not that the other is well. */
const calendarStale = promql`time() - ${calendarLastSuccess} > ${CALENDAR_STALE} or ${calendarSuccess} == ${0}`

export const pulse: RuleFile = {
  subject: 'pulse',
  groups: [
    {
      name: 'odoo-pulse',
      rules: [
        aboutPulse({
          name: 'OdooPulseTargetBlind',
          expr: blindButForOdoo,
          for: minutes(2),
          keepFiringFor: minutes(2),
          severity: 'page',
          layer: 'telemetry',
          summary: '{{ $labels.collector }} on {{ $labels.target }} has not answered for two minutes.',
          description:
            'Every probe fails at once until a health check is answered; the landing page of Odoo Pulse shows why. Its series have vanished, so its other alerts are silent.',
          impact: 'It is down, cut off, or refuses our login: until that is known, count on the first.',
        }),
        aboutPulse({
          name: 'OdooPulseProbeFailing',
          expr: promql`max by (${probe}) (${probeSuccess}) == ${0} unless on (${target}) ${blind}`,
          for: minutes(10),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Probe {{ $labels.probe }} of {{ $labels.collector }} on {{ $labels.target }} fails.',
          description:
            'It worked before or should work, and has failed for ten minutes while the target answers other questions: a lost grant, a changed version, a question too slow.',
          impact: 'Alerts that read its metrics are silent for this target.',
        }),
        aboutPulse({
          name: 'OdooPulseCalendarStale',
          expr: calendarStale,
          for: minutes(5),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'The business calendar of Odoo Pulse at {{ $labels.instance }} is not worked out.',
          description:
            'For five minutes at least one window could not be worked out, or none was looked at. Its series are absent; the log names the window.',
          impact: 'Alerts are as sensitive as on any day, though a peak or a deadline may be near.',
        }),
        aboutPulse({
          name: 'OdooPulseReloadFailed',
          // of each replica by itself: they read files of their own
          expr: promql`${configLastReloadSuccessful} == ${0}`,
          for: minutes(5),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Odoo Pulse at {{ $labels.instance }} refused its new configuration.',
          description: 'The configuration read last has problems, which its log lists; the one before it is in force.',
          impact: 'Tenants, servers and calendar are watched as they were; a restart would not start at all.',
        }),
        aboutPulse({
          name: 'OdooPulseDown',
          expr: promql`absent(${buildInfo})`,
          for: minutes(3),
          keepFiringFor: minutes(5),
          severity: 'page',
          layer: 'telemetry',
          summary: 'No Odoo Pulse is scraped.',
          description:
            'For three minutes Prometheus has had nothing from any replica: none runs, or they cannot be reached.',
          impact: 'Nothing is seen of any tenant. Alerts that fired go on firing, no other can begin.',
        }),
        aboutPulse({
          name: 'OdooPulseReplicaMissing',
          // The usual number is the median of six hours: a rollout, in which there is one more, does not change it.
          expr: promql`count(${buildInfo}) < quantile_over_time(${0.5}, count(${buildInfo})[5h57m30s:5m])`,
          for: minutes(15),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Fewer replicas of Odoo Pulse than usual are scraped: {{ $value }}.',
          description: 'For a quarter of an hour fewer than there have mostly been in six hours.',
          impact: 'None yet: every replica sees everything. When the last one goes nothing is seen.',
        }),
        aboutTenant({
          name: 'OdooTenantUnwatched',
          by: 'tenant',
          expr: promql`max by (tenant) (${tenantInfo}) unless on (tenant) ${odooUp} unless on (tenant) ${odooSqlUp} unless on (tenant) ${tenantServer}`,
          for: minutes(10),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Nothing is seen of {{ $labels.tenant }}.',
          description:
            'It is configured, but neither its Odoo nor its database, sessions or ingress is watched: blocks that are missing, or switched off.',
          impact: 'Whatever goes wrong there will be noticed by its users first.',
        }),
        aboutTenant({
          name: 'OdooFlowBackfillStuck',
          by: flow,
          expr: promql`${flowPast} and on (${flow}) max_over_time(${flowPast}[30m]) - min_over_time(${flowPast}[30m]) == ${0}`,
          for: minutes(30),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'The past of {{ $labels.flow }} of {{ $labels.tenant }} is not being read any further.',
          description:
            'It has stood at {{ $value | humanizePercentage }} for half an hour or longer: its questions fail or are too slow.',
          impact: 'Its long windows are missing, and the alerts that read them; the recent ones are there.',
        }),
        aboutPulse({
          name: 'OdooPulseWatchdog',
          expr: promql`vector(${1})`,
          for: minutes(0),
          severity: 'none',
          layer: 'telemetry',
          summary: 'Alerts are being evaluated and sent.',
          description: 'It always fires. Whoever is told of it raises the alarm when it stops coming.',
          impact: 'Without it nobody would notice that Prometheus, Alertmanager or the way from them is dead.',
        }),
      ],
    },
  ],
}
