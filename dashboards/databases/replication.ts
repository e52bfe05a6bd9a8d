/** Standbys, replication slots, the archive. Pure. */
import { POSTGRES } from '../../alert-rules/thresholds.ts'
import { pgStatArchiver } from '../../collectors/postgres/archiver.ts'
import { pgStatDatabase } from '../../collectors/postgres/database.ts'
import {
  pgReplicationLag,
  pgReplicationLagBytes,
  pgReplicationReceiverConnected,
  pgReplicationReplayPaused,
} from '../../collectors/postgres/replication.ts'
import { pgReplicationSlotsSafeWalSize, pgReplicationSlotsWalDiff } from '../../collectors/postgres/slots.ts'
import { pgStatWal } from '../../collectors/postgres/wal.ts'
import { pgStatReplicationLag } from '../../collectors/postgres/wal_senders.ts'
import { pgWalSize } from '../../collectors/postgres/waldir.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines, says, timeline } from '../parts/panels.ts'
import { least, most, perSecond } from '../parts/query.ts'
import { above, below, GOOD, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

const DATABASE = ['server', 'datname'] as const
const slotLeft = least(pgReplicationSlotsSafeWalSize, ['server', 'slot_name'])

export const replication: Row = {
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
      shows:
        'Of the WAL that each slot may hold back, the share that may still be written before it is lost, and the standby behind it with it.',
      good: 'above the line.',
      otherwise: 'bring its reader back now, or raise max_slot_wal_keep_size.',
      queries: [
        {
          expr: promql`${slotLeft} / (${slotLeft} + ${most(pgReplicationSlotsWalDiff, ['server', 'slot_name'])} > ${0})`,
          legend: '{{slot_name}} of {{server}}',
        },
      ],
      thresholds: below(POSTGRES.slotLeftRatio, TICKET),
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
