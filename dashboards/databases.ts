/** PostgreSQL and Redis: blocking first, then replication, use, and load by tenant. For who runs the databases. */
import { POSTGRES } from '../alert-rules/thresholds.ts'
import { pgIdleInTransactionLongest } from '../collectors/postgres/activity.ts'
import { pgStatArchiver } from '../collectors/postgres/archiver.ts'
import { pgConnectionsUsed } from '../collectors/postgres/connections.ts'
import { pgStatDatabase } from '../collectors/postgres/database.ts'
import { pgBlockedSessions, pgLongestBlocked, pgRootBlockerAge } from '../collectors/postgres/locks.ts'
import {
  pgReplicationLag,
  pgReplicationLagBytes,
  pgReplicationReceiverConnected,
  pgReplicationReplayPaused,
} from '../collectors/postgres/replication.ts'
import { pgReplicationSlotsSafeWalSize, pgReplicationSlotsWalDiff } from '../collectors/postgres/slots.ts'
import { pgStatWal } from '../collectors/postgres/wal.ts'
import { pgStatReplicationLag } from '../collectors/postgres/wal_senders.ts'
import { pgWalSize } from '../collectors/postgres/waldir.ts'
import { loadRow, useRow } from './databases_postgres.ts'
import { redisRow } from './databases_redis.ts'
import { pageMarks, windowMarks } from './parts/alerts.ts'
import type { DashboardSpec, Row } from './parts/dashboard.ts'
import { lines, says, timeline } from './parts/panels.ts'
import { least, most, perSecond } from './parts/query.ts'
import { table } from './parts/table.ts'
import { above, below, GOOD, neutral, PAGE, TICKET } from './parts/thresholds.ts'
import { variables } from './parts/variables.ts'

const DATABASE = ['server', 'datname'] as const
const THIRD = { width: 8 } as const

const blocking: Row = {
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

const replication: Row = {
  id: 10,
  title: 'Replication, archive',
  panels: [
    timeline({
      ...THIRD,
      id: 11,
      title: 'Standbys receive',
      shows: 'Whether each standby streams from its upstream and has lately heard from it.',
      good: 'green.',
      otherwise: 'cut off: there is no up-to-date copy, and a slot makes the primary keep its WAL.',
      queries: [{ expr: most(pgReplicationReceiverConnected, ['server']), legend: '{{server}}' }],
      mappings: says({ '0': ['cut off', PAGE], '1': ['streams', GOOD] }),
      thresholds: neutral,
      noValue: 'There is no standby.',
      alerts: ['OdooPostgresStandbyCutOff'],
    }),
    lines({
      ...THIRD,
      id: 12,
      title: 'Lag of standbys',
      shows: 'How old, at most, is what each standby shows. Absent while that is not known.',
      good: 'seconds.',
      otherwise: 'it replays too slowly, is paused, or a long query on it holds replay back.',
      queries: [{ expr: most(pgReplicationLag, ['server']), legend: '{{server}}' }],
      thresholds: above(POSTGRES.lagSeconds, TICKET),
      noValue: 'No standby streams.',
      alerts: ['OdooPostgresStandbyLagging'],
    }),
    lines({
      ...THIRD,
      id: 13,
      title: 'Not replayed yet',
      shows: 'WAL that each standby knows of and has not replayed.',
      good: 'near 0.',
      otherwise: 'it grows: the standby’s disk or CPU does not keep up.',
      queries: [{ expr: most(pgReplicationLagBytes, ['server']), legend: '{{server}}' }],
      thresholds: neutral,
      noValue: 'No standby streams.',
      alerts: ['OdooPostgresStandbyLagging'],
    }),
    lines({
      ...THIRD,
      id: 14,
      title: 'As the primary sees it',
      shows: 'From the flush of WAL on the primary to its confirmation by each standby: written, flushed, replayed.',
      good: 'milliseconds; replay the highest.',
      otherwise: 'write high: the network. flush high: its disk. replay alone: its queries or CPU.',
      queries: [
        {
          expr: most(pgStatReplicationLag, ['server', 'application_name', 'phase']),
          legend: '{{application_name}} of {{server}}: {{phase}}',
        },
      ],
      thresholds: neutral,
      noValue: 'No standby is connected.',
    }),
    timeline({
      ...THIRD,
      id: 15,
      title: 'Replay paused',
      shows: 'Whether somebody has paused replay.',
      good: 'no.',
      otherwise: 'select pg_wal_replay_resume() on the standby, once who paused it agrees.',
      queries: [{ expr: most(pgReplicationReplayPaused, ['server']), legend: '{{server}}' }],
      mappings: says({ '0': ['no', GOOD], '1': ['paused', TICKET] }),
      thresholds: neutral,
      noValue: 'There is no standby.',
    }),
    lines({
      ...THIRD,
      id: 16,
      title: 'WAL held back by slots',
      shows: 'WAL that each slot keeps the server from removing.',
      good: 'megabytes.',
      otherwise: 'it only grows: its reader is gone; the disk will fill unless the slot has a limit.',
      queries: [
        { expr: most(pgReplicationSlotsWalDiff, ['server', 'slot_name']), legend: '{{slot_name}} of {{server}}' },
      ],
      thresholds: neutral,
      noValue: 'There is no replication slot.',
      alerts: ['OdooPostgresSlotNearLimit'],
    }),
    lines({
      ...THIRD,
      id: 17,
      title: 'Until a slot is lost',
      shows: 'WAL that may still be written before a slot is lost, and the standby behind it with it.',
      good: 'above the line.',
      otherwise: 'bring its reader back now, or raise max_slot_wal_keep_size.',
      queries: [
        { expr: least(pgReplicationSlotsSafeWalSize, ['server', 'slot_name']), legend: '{{slot_name}} of {{server}}' },
      ],
      thresholds: below(POSTGRES.slotSafeBytes, TICKET),
      noValue: 'No slot has a limit (max_slot_wal_keep_size), or it is lost.',
      alerts: ['OdooPostgresSlotNearLimit'],
    }),
    lines({
      ...THIRD,
      id: 18,
      title: 'WAL written, and on disk',
      shows: 'WAL made in a second, and the size of pg_wal.',
      good: 'pg_wal level.',
      otherwise: 'pg_wal that grows: a slot, or an archive that fails.',
      queries: [
        { expr: most(pgWalSize, ['server']), legend: '{{server}} pg_wal' },
        { expr: perSecond(pgStatWal.wal_bytes, ['server']), legend: '{{server}} made' },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 19,
      title: 'Archiving that fails',
      shows: 'Attempts to archive a WAL file, a second: those that failed and those that did not.',
      good: 'none that fail.',
      otherwise: 'backups end where the archive does, and the disk fills.',
      queries: [
        { expr: perSecond(pgStatArchiver.failed_count, ['server']), legend: '{{server}} failed' },
        { expr: perSecond(pgStatArchiver.archived_count, ['server']), legend: '{{server}} archived' },
      ],
      thresholds: neutral,
      noValue: 'No server archives its WAL.',
      alerts: ['OdooPostgresArchivingFailing'],
    }),
    lines({
      id: 20,
      title: 'Queries cancelled on standbys',
      shows: 'Cancelled as they stood in the way of replay.',
      good: '0.',
      otherwise: 'reports fail: raise max_standby_streaming_delay, or send hot_standby_feedback and mind the bloat.',
      width: 24,
      height: 5,
      queries: [
        { expr: perSecond(pgStatDatabase.conflicts, DATABASE), legend: '{{datname}} on {{server}}', unit: 'ops' },
      ],
      thresholds: neutral,
    }),
  ],
}

export const databases: DashboardSpec = {
  name: 'databases',
  title: 'Odoo Pulse: Databases',
  description: 'PostgreSQL and Redis: who waits for whom, replication, use and saturation, load by tenant.',
  from: 'now-6h',
  variables: variables(),
  annotations: [...windowMarks(), pageMarks()],
  rows: [blocking, replication, useRow, loadRow, redisRow],
}
