/** Whether each Odoo answers, and has somebody to do its work. Pure. */
import { odooHealth } from '../../collectors/odoo/health.ts'
import { odooUp } from '../../collectors/odoo/info.ts'
import { odooRpcDuration } from '../../collectors/odoo/rpc.ts'
import { odooWorkersSaturated } from '../../collectors/odoo/workers.ts'
import { odooCronWorkers, odooQueueRunners } from '../../collectors/postgres/odoo_processes.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { lines, says, timeline } from '../parts/panels.ts'
import { most, total } from '../parts/query.ts'
import { GOOD, neutral, PAGE } from '../parts/thresholds.ts'

export const workers: Row = {
  id: 1,
  title: 'Workers',
  panels: [
    timeline({
      id: 2,
      title: 'Answers',
      shows: 'When each Odoo answered and let Odoo Pulse in.',
      good: 'one green line each.',
      otherwise: 'red: nobody could work. Blank: it was not asked.',
      width: 12,
      height: 7,
      queries: [{ expr: most(odooUp, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', PAGE], '1': ['yes', GOOD] }),
      thresholds: neutral,
      alerts: ['OdooUnreachable'],
    }),
    timeline({
      id: 3,
      title: 'All workers busy',
      shows:
        'When all HTTP workers were taken: the health page waited while the gevent port, which needs no worker, answered.',
      good: 'green.',
      otherwise: 'look at blocked sessions, slow requests and crons of that time.',
      width: 12,
      height: 7,
      queries: [{ expr: most(odooWorkersSaturated, ['tenant']), legend: '{{tenant}}' }],
      mappings: says({ '0': ['no', GOOD], '1': ['yes', PAGE] }),
      thresholds: neutral,
      noValue: 'Told where gevent_url is configured.',
      alerts: ['OdooWorkersSaturated'],
    }),
    lines({
      id: 4,
      title: 'Checks that fail',
      shows:
        'Of the health page, the database as Odoo sees it, and the gevent port: those that did not answer within a second.',
      good: '0.',
      otherwise: 'page alone: workers are busy. database: PostgreSQL is away. All: Odoo is.',
      width: 8,
      queries: [{ expr: promql`${1} - ${most(odooHealth, ['tenant', 'check'])}`, legend: '{{tenant}} {{check}}' }],
      max: 1,
      thresholds: neutral,
    }),
    lines({
      id: 5,
      title: 'How long calls take',
      shows: 'The longest of Odoo Pulse’s own calls within a minute, all kinds.',
      good: 'tenths of a second.',
      otherwise: 'the same wait is what connected systems feel.',
      width: 8,
      queries: [{ expr: most(odooRpcDuration, ['tenant']), legend: '{{tenant}}' }],
      thresholds: neutral,
    }),
    lines({
      id: 6,
      title: 'Processes that listen',
      shows: 'Sessions of cron workers (with the bus’s listeners) on each server, and job runners of each database.',
      good: 'cron workers as many as are configured; one job runner a database.',
      otherwise: 'no runner: no job starts. Two: jobs may run twice.',
      width: 8,
      queries: [
        { expr: most(odooCronWorkers, ['server']), legend: 'crons on {{server}}' },
        { expr: total(odooQueueRunners, ['datname']), legend: 'runners of {{datname}}' },
      ],
      thresholds: neutral,
      noValue: 'Told by the primary of a PostgreSQL that is watched.',
      alerts: ['OdooJobRunnerMissing', 'OdooJobRunnerDoubled'],
    }),
  ],
}
