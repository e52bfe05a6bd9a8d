/** What Odoo does by itself, on its clock. Pure. */
import { CRON_FAILURES, CRON_LATE } from '../../alert-rules/thresholds.ts'
import { odooCronFailures, odooCronLastDuration, odooCronRunning } from '../../collectors/odoo/cron_runs.ts'
import { odooCronTriggersWaiting } from '../../collectors/odoo/cron_triggers.ts'
import { odooCronActive, odooCronLastCall, odooCronNextCall } from '../../collectors/odoo/crons.ts'
import { odooModulesPending } from '../../collectors/odoo/modules.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines, says } from '../parts/panels.ts'
import { each, most, since } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, anyIs, GOOD, neutral, TICKET } from '../parts/thresholds.ts'

const YES = says({ '0': ['no', 'text'], '1': ['yes', GOOD] })
const CRON = ['tenant', 'cron'] as const

const late = since(each(odooCronNextCall))

export const crons: Row = {
  id: 10,
  title: 'Crons',
  panels: [
    table({
      id: 11,
      title: 'Every cron',
      shows: 'How late each is (below 0: it is due in that time), when it last ran and for how long, and what fails.',
      good: 'nothing late for longer than it usually runs, no failures.',
      otherwise: 'after five failures over seven days Odoo switches a cron off by itself.',
      width: 24,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'cron', title: 'Cron' },
      ],
      values: [
        { title: 'Switched on', expr: most(odooCronActive, CRON), mappings: YES },
        { title: 'Late', expr: late, steps: above(CRON_LATE, TICKET), decimals: 0 },
        { title: 'Runs', expr: most(odooCronRunning, CRON), mappings: YES },
        { title: 'Ran before', expr: since(most(odooCronLastCall, CRON)), decimals: 0 },
        { title: 'Last took', expr: most(odooCronLastDuration, CRON) },
        { title: 'Failures in a row', expr: most(odooCronFailures, CRON), steps: above(CRON_FAILURES, TICKET) },
        {
          title: 'Triggers waiting',
          // A cron without any is absent.
          expr: promql`${most(odooCronTriggersWaiting, CRON)} or ${0} * ${most(odooCronActive, CRON)}`,
        },
      ],
      sortBy: 'Late',
      thresholds: neutral,
      alerts: ['OdooCronLate', 'OdooCronFailing', 'OdooCronSwitchedOff', 'OdooCronsStopped'],
    }),
    lines({
      id: 12,
      title: 'Crons that are late',
      shows: 'How many were due more than five minutes ago.',
      good: 'none for long.',
      otherwise: 'nearly all: no cron worker is left, or modules wait to be upgraded.',
      width: 8,
      queries: [
        {
          expr: promql`count by (tenant) (${late} > ${CRON_LATE}) or ${0} * count by (tenant) (${late})`,
          legend: '{{tenant}}',
        },
      ],
      thresholds: neutral,
      alerts: ['OdooCronsStopped'],
    }),
    lines({
      id: 13,
      title: 'How long the longest took',
      shows: 'Duration of the last run of each tenant’s longest cron.',
      good: 'shorter than its interval.',
      otherwise: 'past limit_time_real_cron it is killed, and begins again from the start.',
      width: 8,
      queries: [{ expr: most(odooCronLastDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'Told by Odoo 18 and newer.',
    }),
    lines({
      id: 14,
      title: 'Modules that wait',
      shows: 'Modules waiting to be installed, upgraded or removed: while there is any, Odoo runs no cron.',
      good: '0 but during an upgrade.',
      otherwise: 'an upgrade broke off: finish it or take it back.',
      width: 8,
      queries: [{ expr: most(odooModulesPending, ['tenant']), legend: '{{tenant}}' }],
      thresholds: anyIs(TICKET),
      alerts: ['OdooModulesHalfUpgraded'],
    }),
  ],
}
