/**
 * Odoo's crons: late, failing, switched off. An estate has ten thousands, few of them in trouble: each family is gone
 * through once and what is left is recorded; groups are evaluated side by side.
 */
import { odooCronFailures, odooCronFirstFailure, odooCronRunning } from '../collectors/odoo/cron_runs.ts'
import { odooCronActive, odooCronNextCall } from '../collectors/odoo/crons.ts'
import { odooModulesPending } from '../collectors/odoo/modules.ts'
import { ask } from '../src/alerting/ask.ts'
import type { RuleGroup } from '../src/alerting/rule.ts'
import { labelsOf, minutes, promql } from '../src/metric.ts'
import { tenantInfo } from '../src/tenants.ts'
import { aboutTenant } from './about.ts'
import { cronFailures, cronLate, cronOff, cronRunning, cronsOn } from './recordings.ts'
import { CRON_FAILURES, CRON_LATE, DAY, HOUR, MINUTE } from './thresholds.ts'

const tenant = labelsOf(odooCronActive, 'tenant')
const cron = labelsOf(odooCronActive, 'tenant', 'cron')

/** Odoo runs no cron of a database then, and says so by another alert. */
const halfUpgraded = promql`max by (${tenant}) (${odooModulesPending}) > ${0}`

const failingSince = ask(
  `${7 * DAY} - (time() - max(${odooCronFirstFailure.name}{tenant=%q,cron=%q})) > 0`,
  ['tenant', 'cron'],
  'Odoo switches it off if it goes on failing for another {{ . | first | value | humanizeDuration }}',
  'Odoo may switch it off at its next failure',
)

/**
 * What Odoo leaves when it switches a failing cron off: inactive, and a count that was 4 or more and is gone (a user who
 * does it leaves the count, which is above 0 then, or is not told).
 */
const justSwitchedOff = promql`max by (${cron}) (last_over_time(${cronFailures}[1h])) >= ${4}
  and on (${cron}) ${cronOff}
  unless on (${cron}) ${cronFailures}
  and on (${tenant}) ${odooCronFailures}`

const SWITCHED_OFF = 'OdooCronSwitchedOff'
const fired = `max by (${cron}) (last_over_time(ALERTS{alertname="${SWITCHED_OFF}",alertstate="firing"}[1h]))`
const since = `max by (${cron}) (last_over_time(ALERTS_FOR_STATE{alertname="${SWITCHED_OFF}"}[1h]))`
/** Held for a week while it is off, and while nothing is seen of the tenant's crons. */
const stillOff = promql`(
  ${fired} and on (${cron}) ${cronOff}
  or ${fired} unless on (${tenant}) ${cronsOn} unless on (${tenant}) ${cronOff} and on (${tenant}) max by (${tenant}) (${tenantInfo})
) and on (${cron}) time() - ${since} < ${7 * DAY}`

const active: RuleGroup = {
  name: 'odoo-cron-active',
  rules: [
    { record: cronOff, expr: promql`(max by (${cron}) (${odooCronActive}) == ${0}) ^ ${0}` },
    { record: cronsOn, expr: promql`count by (${tenant}) (max by (${cron}) (${odooCronActive} == ${1}))` },
  ],
}

const late: RuleGroup = {
  name: 'odoo-cron-late',
  rules: [
    { record: cronLate, expr: promql`time() - max by (${cron}) (${odooCronNextCall}) > ${CRON_LATE}` },
    { record: cronRunning, expr: promql`max by (${cron}) (${odooCronRunning}) and on (${cron}) ${cronLate}` },
    aboutTenant({
      name: 'OdooCronLate',
      by: cron,
      expr: promql`(
  (${cronLate} and on (${cron}) ${cronRunning} == ${0})
    or (${cronLate} > ${30 * MINUTE} unless on (${cron}) ${cronRunning} == ${1})
    or ${cronLate} > ${2 * HOUR}
) unless on (${tenant}) ${halfUpgraded}`,
      for: minutes(1),
      severity: 'ticket',
      layer: 'cause',
      summary: 'Cron "{{ $labels.cron }}" of {{ $labels.tenant }} is {{ $value | humanizeDuration }} late.',
      description:
        'It was due more than five minutes ago and does not run. Where Odoo does not say what runs (17 and older), half an hour; where it runs since, two hours.',
      impact: 'What it does stands still: imports, mails, reservations, whatever its name says.',
    }),
    aboutTenant({
      name: 'OdooCronsStopped',
      by: tenant,
      expr: promql`(count by (${tenant}) (${cronLate}) >= ${3}
  and on (${tenant}) count by (${tenant}) (${cronLate}) / on (${tenant}) ${cronsOn} > ${0.8})
  unless on (${tenant}) ${halfUpgraded}`,
      for: minutes(5),
      severity: 'ticket',
      layer: 'cause',
      summary: '{{ $value }} crons of {{ $labels.tenant }} are late, nearly all it has.',
      description:
        'Three or more, and more than four in five of those switched on, were due over five minutes ago: no cron worker is there, or each hangs in one of them.',
      impact:
        'Nothing that Odoo does by itself is done: no mail leaves, paid orders are not confirmed, no stock is reserved.',
    }),
  ],
}

const failing: RuleGroup = {
  name: 'odoo-cron-failing',
  rules: [
    {
      record: cronFailures,
      // The first 0 after failures is one too: a cron that has recovered is not one that failed to the end.
      expr: promql`max by (${cron}) (${odooCronFailures} > ${0})
or on (${cron}) (max by (${cron}) (${odooCronFailures}) and on (${cron}) ${cronFailures} > ${0})`,
    },
    aboutTenant({
      name: 'OdooCronFailing',
      by: cron,
      expr: promql`(${cronFailures} >= ${CRON_FAILURES} or ${cronFailures} > ${0} and on (${cron}) time() - max by (${cron}) (${odooCronFirstFailure}) > ${DAY}) unless on (${cron}) ${cronOff}`,
      for: minutes(1),
      severity: 'ticket',
      layer: 'cause',
      summary: 'Cron "{{ $labels.cron }}" of {{ $labels.tenant }} has failed {{ $value }} times in a row.',
      description: `Three times or more, or for more than a day. ${failingSince} (five failures over seven days).`,
      impact: 'What it does is not done, and users are not told.',
    }),
  ],
}

const switchedOff: RuleGroup = {
  name: 'odoo-cron-switched-off',
  rules: [
    aboutTenant({
      name: SWITCHED_OFF,
      by: cron,
      expr: promql`${justSwitchedOff}\nor\n${stillOff}`,
      for: minutes(1),
      severity: 'ticket',
      layer: 'cause',
      summary: 'Odoo of {{ $labels.tenant }} has switched the cron "{{ $labels.cron }}" off.',
      description:
        'It failed at least five times over more than seven days. Odoo then sets it inactive and forgets the failures; the log alone tells.',
      impact: 'What it does is not done any more, and nothing will start it again by itself.',
    }),
  ],
}

export const cronGroups: readonly RuleGroup[] = [active, late, failing, switchedOff]
