/** What each PostgreSQL server has, how full it is, what goes wrong in it. Pure. */
import { POSTGRES } from '../../alert-rules/thresholds.ts'
import { pgStatActivityCount, pgStatActivityMaxTx } from '../../collectors/postgres/activity.ts'
import { pgCheckpointTime } from '../../collectors/postgres/bgwriter.ts'
import { pgStatDatabase } from '../../collectors/postgres/database.ts'
import { pgStatIo } from '../../collectors/postgres/io.ts'
import { pgSequencesMaxUsedRatio } from '../../collectors/postgres/sequences.ts'
import { pgUp } from '../../collectors/postgres/server.ts'
import {
  pgDatabaseMultixactWraparoundRatio,
  pgDatabaseXidWraparoundRatio,
} from '../../collectors/postgres/wraparound.ts'
import { pgXminHorizonAge } from '../../collectors/postgres/xmin.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { THIRD } from '../parts/panel.ts'
import { lines, says, timeline } from '../parts/panels.ts'
import { connectionsShare } from '../parts/platform.ts'
import { most, not, perSecond, total } from '../parts/query.ts'
import { above, GOOD, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

export const use: Row = {
  id: 30,
  title: 'Use and saturation',
  panels: [
    timeline({
      ...THIRD,
      id: 31,
      title: 'Answers',
      shows: 'When each PostgreSQL server answered.',
      good: 'one green line each.',
      otherwise: 'red: it is down, cut off, or refuses the login of Odoo Pulse.',
      queries: [{ expr: most(pgUp, ['server']), legend: '{{server}}' }],
      mappings: says({ '0': ['no', PAGE], '1': ['yes', GOOD] }),
      thresholds: neutral,
      alerts: ['OdooDatabaseDown', 'OdooPulseTargetBlind'],
    }),
    lines({
      ...THIRD,
      id: 32,
      title: 'Connections taken',
      shows: 'Of the connections open to ordinary roles, the share in use.',
      good: 'well below the line.',
      otherwise: 'the table of holders above says who has them; at 100 % requests fail.',
      queries: [{ expr: connectionsShare, legend: '{{server}}' }],
      max: 1,
      thresholds: above(POSTGRES.connectionsRatio),
      alerts: ['OdooPostgresConnectionsNearMax'],
    }),
    lines({
      ...THIRD,
      id: 33,
      title: 'Sessions, by state',
      shows: 'What sessions of clients do; those of Odoo Pulse left out.',
      good: 'mostly idle.',
      otherwise:
        'many active: statements are slow or wait. Many idle in transaction: something holds locks and does nothing.',
      queries: [
        {
          expr: total(pgStatActivityCount, ['server', 'state'], { backend_type: 'client backend', state: not('') }),
          legend: '{{server}} {{state}}',
        },
      ],
      stacked: true,
      thresholds: neutral,
      noValue: 'No client is connected.',
    }),
    lines({
      ...THIRD,
      id: 34,
      title: 'Oldest transaction',
      shows: 'Age of the oldest transaction that is open.',
      good: 'seconds; a long cron or a dump holds one open for as long as it runs.',
      otherwise: 'it keeps vacuum from its work, and locks with it.',
      queries: [{ expr: most(pgStatActivityMaxTx, ['server', 'datname']), legend: '{{datname}} on {{server}}' }],
      thresholds: neutral,
      noValue: 'No transaction was open when it was looked at.',
    }),
    lines({
      ...THIRD,
      id: 35,
      title: 'What holds vacuum back',
      shows: 'How many transactions ago the oldest one was that each kind of holder needs kept.',
      good: 'thousands.',
      otherwise: 'millions: end the session, drop the slot, or end the prepared transaction; dead rows pile up.',
      queries: [{ expr: most(pgXminHorizonAge, ['server', 'holder']), legend: '{{server}} {{holder}}' }],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 36,
      title: 'On the way to wraparound',
      shows: 'Age of the oldest row that is not frozen, in transactions and multixacts, by what there can be.',
      good: 'under 10 %: vacuum begins against it there.',
      otherwise: 'above the line vacuum does not keep up; just before 100 % PostgreSQL refuses writes for hours.',
      queries: [
        { expr: most(pgDatabaseXidWraparoundRatio, ['server', 'datname']), legend: '{{datname}} on {{server}}' },
        {
          expr: most(pgDatabaseMultixactWraparoundRatio, ['server', 'datname']),
          legend: '{{datname}} on {{server}}, multixacts',
        },
      ],
      max: 1,
      thresholds: above(POSTGRES.wraparoundRatio, TICKET),
      alerts: ['OdooPostgresWraparoundNear'],
    }),
    lines({
      ...THIRD,
      id: 37,
      title: 'Sequence nearest its end',
      shows: 'Share that is used up of the sequence nearest its end, of each database.',
      good: 'below the line.',
      otherwise: 'widen the column in time: when it ends no row can be added to its table.',
      queries: [{ expr: most(pgSequencesMaxUsedRatio, ['server', 'datname']), legend: '{{datname}} on {{server}}' }],
      max: 1,
      thresholds: above(POSTGRES.sequenceRatio, TICKET),
      noValue: 'Sequences can not be read: the role of Odoo Pulse lacks the grant for it, or the server is a standby.',
      alerts: ['OdooPostgresSequenceNearEnd'],
    }),
    lines({
      ...THIRD,
      id: 38,
      title: 'Found in memory',
      shows: 'Of the blocks that statements read, the share found in shared buffers.',
      good: 'near 100 %.',
      otherwise: 'a fall is a large scan, or data that have outgrown the memory.',
      queries: [
        {
          expr: promql`${perSecond(pgStatDatabase.blks_hit, ['server'])} / on (server) (${perSecond(pgStatDatabase.blks_hit, ['server'])} + on (server) ${perSecond(pgStatDatabase.blks_read, ['server'])} > ${0})`,
          legend: '{{server}}',
        },
      ],
      max: 1,
      thresholds: neutral,
      noValue: 'Nothing was read.',
    }),
    lines({
      ...THIRD,
      id: 39,
      title: 'Temporary files',
      shows: 'Written for sorts and hashes that did not fit into work_mem.',
      good: 'none, or little.',
      otherwise: 'a report or a bad plan: it fills the disk and slows everybody.',
      queries: [
        { expr: perSecond(pgStatDatabase.temp_bytes, ['server', 'datname']), legend: '{{datname}} on {{server}}' },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 40,
      title: 'Written to disk, by whom',
      shows: 'Bytes written by each kind of process.',
      good: 'mostly by the checkpointer.',
      otherwise: 'by client backends: checkpoints come too seldom or shared buffers are too small.',
      queries: [
        { expr: perSecond(pgStatIo.write_bytes, ['server', 'backend_type']), legend: '{{server}} {{backend_type}}' },
      ],
      stacked: true,
      thresholds: neutral,
      noValue: 'Told by PostgreSQL 16 and newer.',
    }),
    lines({
      ...THIRD,
      id: 41,
      title: 'Checkpoints at work',
      shows: 'Share of the time in which a checkpoint writes, or waits for the disk to have it.',
      good: 'writing spread over the interval, nearly no waiting.',
      otherwise: 'waiting that rises is a disk that does not keep up.',
      queries: [
        { expr: perSecond(pgCheckpointTime.checkpoint_write_time, ['server']), legend: '{{server}} writes' },
        { expr: perSecond(pgCheckpointTime.checkpoint_sync_time, ['server']), legend: '{{server}} waits' },
      ],
      thresholds: neutral,
    }),
    lines({
      ...THIRD,
      id: 42,
      title: 'Rolled back, deadlocks',
      shows: 'Share of transactions that were rolled back, and deadlocks a second.',
      good: 'a few in a hundred: Odoo rolls back what it only reads. No deadlocks.',
      otherwise: 'a rise is an error that repeats: look into Odoo’s log.',
      queries: [
        {
          expr: promql`${perSecond(pgStatDatabase.xact_rollback, ['datname'])} / on (datname) (${perSecond(pgStatDatabase.xact_rollback, ['datname'])} + on (datname) ${perSecond(pgStatDatabase.xact_commit, ['datname'])} > ${0})`,
          legend: '{{datname}} rolled back',
        },
        { expr: perSecond(pgStatDatabase.deadlocks, ['datname']), legend: '{{datname}} deadlocks' },
      ],
      thresholds: neutral,
    }),
  ],
}
