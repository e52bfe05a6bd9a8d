/** How the tenant is, and what fires about it. Pure. */
import { tenantServer } from '../../alert-rules/recordings.ts'
import { CRON_LATE } from '../../alert-rules/thresholds.ts'
import { odooCronNextCall } from '../../collectors/odoo/crons.ts'
import { odooInfo, odooUp } from '../../collectors/odoo/info.ts'
import { odooQueueJobs } from '../../collectors/odoo/queue.ts'
import { odooWorkersSaturated } from '../../collectors/odoo/workers.ts'
import { promql } from '../../src/metric.ts'
import { tenantInfo } from '../../src/tenants.ts'
import { firingOfServers, firingOfTenant } from '../parts/alerts.ts'
import type { Row } from '../parts/dashboard.ts'
import { overdue } from '../parts/flows.ts'
import { says, stat } from '../parts/panels.ts'
import { sizeOfTenant } from '../parts/platform.ts'
import { each, most, number, since, total } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { anyIs, below, GOOD, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

const UP = says({ '0': ['no', PAGE], '1': ['yes', GOOD] })

/** One series each, also while replicas have read different configurations. */
const identity = promql`${most(odooInfo, ['tenant', 'version', 'protocol'])} * on (tenant) group_left (tier, db_cluster) topk by (tenant) (${1}, ${most(tenantInfo, ['tenant', 'tier', 'db_cluster'])})`

export const overview: Row = {
  id: 1,
  title: 'How it is',
  panels: [
    stat({
      id: 2,
      title: 'Odoo answers',
      shows: 'Whether each Odoo answers and lets Odoo Pulse in.',
      good: 'yes.',
      otherwise: 'nobody can work in it: follow the runbook.',
      queries: [{ expr: most(odooUp, ['tenant']), legend: '{{tenant}}' }],
      mappings: UP,
      thresholds: below(1),
      alerts: ['OdooUnreachable'],
    }),
    stat({
      id: 3,
      title: 'All workers busy',
      shows: 'Whether all HTTP workers are taken, so that every click waits.',
      good: 'no.',
      otherwise: 'look at blocked sessions first, then at slow requests and crons.',
      queries: [{ expr: most(odooWorkersSaturated, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', GOOD], '1': ['yes', PAGE] }),
      thresholds: anyIs(PAGE),
      noValue: 'Told where gevent_url is configured.',
      alerts: ['OdooWorkersSaturated'],
    }),
    stat({
      id: 4,
      title: 'Overdue',
      shows: 'Open items of all flows past their deadline.',
      good: 'none.',
      otherwise: 'the table of flows says which.',
      queries: [{ expr: promql`sum by (tenant) (${overdue()})`, legend: '{{tenant}}' }],
      thresholds: anyIs(TICKET),
    }),
    stat({
      id: 5,
      title: 'Crons that are late',
      shows: 'Crons that were due more than five minutes ago; one that runs counts until it ends.',
      good: 'none for long.',
      otherwise: 'all of them: no cron worker is left. One: it hangs, or waits for a lock.',
      queries: [
        {
          expr: promql`count by (tenant) (${since(each(odooCronNextCall))} > ${CRON_LATE}) or ${0} * ${number(odooCronNextCall, ['tenant'])}`,
          legend: '{{tenant}}',
        },
      ],
      thresholds: anyIs(TICKET),
      alerts: ['OdooCronLate', 'OdooCronsStopped'],
    }),
    stat({
      id: 6,
      title: 'Failed jobs',
      shows: 'Background jobs that have failed and wait for somebody to see to them.',
      good: 'none, or none that are new.',
      otherwise: 'what they carried is not done: requeue or cancel them.',
      queries: [{ expr: total(odooQueueJobs, ['tenant'], { state: 'failed' }), legend: '{{tenant}}' }],
      thresholds: neutral,
      noValue: 'The job queue is not installed.',
      alerts: ['OdooQueueJobsFailing'],
    }),
    stat({
      id: 7,
      title: 'Size of its database',
      shows: 'Disk space, indexes and free space included.',
      good: 'steady growth.',
      otherwise: 'the dashboard Executive shows by how much it grows.',
      next: ['executive'],
      queries: [{ expr: sizeOfTenant, legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    table({
      id: 8,
      title: 'What fires',
      shows: 'Alerts about the tenant, and about the servers it hangs on.',
      good: 'an empty list.',
      otherwise: 'symptoms say what suffers, causes what may be behind it; the link leads to the runbook.',
      width: 16,
      height: 7,
      labels: [
        { label: 'alertname', title: 'Alert' },
        { label: 'severity', title: 'Severity' },
        { label: 'layer', title: 'Layer' },
        { label: 'tenant', title: 'Tenant' },
        { label: 'flow', title: 'Flow' },
        { label: 'server', title: 'Server' },
      ],
      values: [
        {
          title: 'Fires',
          expr: promql`max by (alertname, severity, layer, tenant, flow, server) (${firingOfTenant()}
or ${firingOfServers()} and on (server) ${most(tenantServer, ['server'])})`,
          mappings: says({ '1': ['now', TICKET] }),
        },
      ],
      sortBy: 'Severity',
      thresholds: neutral,
      noValue: 'Nothing fires.',
    }),
    table({
      id: 9,
      title: 'Who it is',
      shows: 'The version of each Odoo, by what protocol it is asked, its tier and its machine group.',
      good: 'what you know of.',
      otherwise: 'after an upgrade look first whether all its crons run and all its flows are judged.',
      width: 8,
      height: 7,
      labels: [
        { label: 'tenant', title: 'Tenant' },
        { label: 'version', title: 'Odoo' },
        { label: 'protocol', title: 'Asked by' },
        { label: 'tier', title: 'Tier' },
        { label: 'db_cluster', title: 'Machine group' },
      ],
      values: [{ title: 'Seen', expr: identity, mappings: says({ '1': ['yes', GOOD] }) }],
      thresholds: neutral,
      noValue: 'No Odoo is asked.',
    }),
  ],
}
