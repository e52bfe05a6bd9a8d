/** Who waits for whom. Pure. */
import { POSTGRES } from '../../alert-rules/thresholds.ts'
import { pgIdleInTransactionLongest } from '../../collectors/postgres/activity.ts'
import { pgConnectionsUsed } from '../../collectors/postgres/connections.ts'
import { pgBlockedSessions, pgLongestBlocked, pgRootBlockerAge } from '../../collectors/postgres/locks.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines } from '../parts/panels.ts'
import { most } from '../parts/query.ts'
import { table } from '../parts/table.ts'
import { above, neutral } from '../parts/thresholds.ts'

const DATABASE = ['server', 'datname'] as const

export const blocking: Row = {
  id: 1,
  title: 'Who waits for whom',
  panels: [
    lines({
      id: 2,
      title: 'Longest wait for a lock',
      shows: 'How long the session that has waited longest has waited.',
      good: '0, or seconds.',
      otherwise: 'above the line users see pages that do not come back: look who stands at the head, beside this.',
      queries: [{ expr: most(pgLongestBlocked, DATABASE), legend: '{{datname}} on {{server}}' }],
      thresholds: above(POSTGRES.blockedSeconds),
      alerts: ['OdooPostgresSessionsBlocked'],
    }),
    lines({
      id: 3,
      title: 'At the head of the queue',
      shows: 'Age of the oldest transaction that others wait for and that waits for nobody, by whose it is.',
      good: 'none.',
      otherwise:
        'odoo_cron: a long cron. odoo_web: a slow or broken request. other: a dump, a report, a person with psql.',
      queries: [
        {
          expr: most(pgRootBlockerAge, ['server', 'datname', 'role']),
          legend: '{{role}} in {{datname}} on {{server}}',
        },
      ],
      thresholds: above(POSTGRES.blockedSeconds),
      noValue: 'Nobody waits for a lock.',
      alerts: ['OdooPostgresSessionsBlocked'],
    }),
    lines({
      ...THIRD,
      id: 4,
      title: 'Sessions that wait',
      shows: 'How many sessions wait for a lock.',
      good: '0, with short peaks.',
      otherwise: 'each holds an Odoo worker: with all of them waiting nobody is served.',
      queries: [{ expr: most(pgBlockedSessions, DATABASE), legend: '{{datname}} on {{server}}' }],
      thresholds: neutral,
      alerts: ['OdooPostgresSessionsBlocked'],
    }),
    lines({
      ...THIRD,
      id: 5,
      title: 'Idle in transaction, longest',
      shows: 'How long the session idle in a transaction for longest has been so, by whose it is.',
      good: 'none, but for a cron that runs: it holds its row for as long.',
      otherwise: 'it holds locks and does nothing: end it.',
      queries: [
        {
          expr: most(pgIdleInTransactionLongest, ['server', 'datname', 'role']),
          legend: '{{role}} in {{datname}} on {{server}}',
        },
      ],
      thresholds: neutral,
      noValue: 'Nobody was idle in a transaction when it was looked at.',
    }),
    table({
      ...THIRD,
      id: 6,
      title: 'Who holds connections',
      shows: 'Connections that count against max_connections, by who holds them.',
      good: 'Odoo’s own.',
      otherwise: 'a program that holds many and is not Odoo’s is the first to end.',
      height: 8,
      labels: [
        { label: 'server', title: 'Server' },
        { label: 'datname', title: 'Database' },
        { label: 'usename', title: 'Role' },
        { label: 'application_name', title: 'Program' },
      ],
      values: [
        {
          title: 'Connections',
          expr: most(pgConnectionsUsed, ['server', 'datname', 'usename', 'application_name']),
        },
      ],
      sortBy: 'Connections',
      thresholds: neutral,
      alerts: ['OdooPostgresConnectionsNearMax'],
    }),
  ],
}
