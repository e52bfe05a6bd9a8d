/** Odoo Pulse itself: where it sees badly, silence is no peace. */
import type { RuleFile } from '../src/alerting/rule.ts'
import { calendarLastSuccess, calendarSuccess } from '../src/calendar/metrics.ts'
import { probeSuccess } from '../src/health.ts'
import { labelsOf, minutes, promql } from '../src/metric.ts'
import { configLastReloadSuccessful, targetCircuitOpen } from '../src/own_metrics.ts'

const target = labelsOf(targetCircuitOpen, 'target', 'collector')
const probe = labelsOf(probeSuccess, 'target', 'collector', 'probe')

/** Blind only where no replica of the exporter sees. */
const blind = promql`min by (${target}) (${targetCircuitOpen}) == ${1}`
/** That an Odoo does not answer is told by an alert of its own, OdooUnreachable. */
const blindButForOdoo = promql`min by (${target}) (${targetCircuitOpen}{collector!="odoo"}) == ${1}`

/** Of each replica by itself: what one of them says of a window is enough for the rules, but not that the other is well. */
const calendarStale = promql`time() - ${calendarLastSuccess} > ${300} or ${calendarSuccess} == ${0}`

export const pulse: RuleFile = {
  subject: 'pulse',
  groups: [
    {
      name: 'odoo-pulse',
      rules: [
        {
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
        },
        {
          name: 'OdooPulseProbeFailing',
          expr: promql`max by (${probe}) (${probeSuccess}) == ${0} unless on (${target}) ${blind}`,
          for: minutes(10),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Probe {{ $labels.probe }} of {{ $labels.collector }} on {{ $labels.target }} fails.',
          description:
            'It worked before or should work, and has failed for ten minutes while the target answers other questions: a lost grant, a changed version, a question too slow.',
          impact: 'Alerts that read its metrics are silent for this target.',
        },
        {
          name: 'OdooPulseCalendarStale',
          expr: calendarStale,
          for: minutes(5),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'The business calendar of Odoo Pulse at {{ $labels.instance }} is not worked out.',
          description:
            'For five minutes at least one window could not be worked out, or none was looked at. Its series are absent; the log names the window.',
          impact: 'Alerts are as sensitive as on any day, though a peak or a deadline may be near.',
        },
        {
          name: 'OdooPulseReloadFailed',
          // of each replica by itself: they read files of their own
          expr: promql`${configLastReloadSuccessful} == ${0}`,
          for: minutes(5),
          severity: 'ticket',
          layer: 'telemetry',
          summary: 'Odoo Pulse at {{ $labels.instance }} refused its new configuration.',
          description: 'The configuration read last has problems, which its log lists; the one before it is in force.',
          impact: 'Tenants, servers and calendar are watched as they were; a restart would not start at all.',
        },
      ],
    },
  ],
}
