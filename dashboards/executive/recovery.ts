/** Whether we could go on if a database or a cache were lost now. Pure. */
import { POSTGRES } from '../../alert-rules/thresholds.ts'
import { pgStatArchiver } from '../../collectors/postgres/archiver.ts'
import { pgReplicationLag, pgReplicationReceiverConnected } from '../../collectors/postgres/replication.ts'
import { redisRdbLastSave } from '../../collectors/redis/persistence.ts'
import { redisMasterLinkUp } from '../../collectors/redis/replication.ts'
import { promql } from '../../src/metric.ts'
import type { Row } from '../parts/dashboard.ts'
import { says, stat } from '../parts/panels.ts'
import { most, since } from '../parts/query.ts'
import { above, below, GOOD, neutral, PAGE, TICKET } from '../parts/thresholds.ts'

export const recovery: Row = {
  id: 30,
  title: 'Could we recover?',
  panels: [
    stat({
      id: 31,
      title: 'Copies of the database',
      shows: 'Whether each standby receives what the primary writes.',
      good: 'all of them do.',
      otherwise: 'until it does there is no up-to-date copy to go on with if the primary is lost.',
      width: 6,
      queries: [{ expr: most(pgReplicationReceiverConnected, ['server']), legend: '{{server}}' }],
      thresholds: below(1),
      mappings: says({ '0': ['cut off', PAGE], '1': ['current', GOOD] }),
      noValue: 'There is no standby: losing the primary means restoring a backup.',
      alerts: ['OdooPostgresStandbyCutOff'],
    }),
    stat({
      id: 32,
      title: 'Lost at worst, if the primary is lost now',
      shows: 'How old, at most, is what each standby has: so much work would be lost.',
      good: 'seconds.',
      otherwise: 'more than a minute: it falls behind, or stands still.',
      width: 6,
      queries: [{ expr: most(pgReplicationLag, ['server']), legend: '{{server}}' }],
      thresholds: above(POSTGRES.lagSeconds, TICKET),
      noValue: 'Not known: no standby streams from its primary.',
      alerts: ['OdooPostgresStandbyLagging'],
    }),
    stat({
      id: 33,
      title: 'Archive of the database ends',
      shows:
        'How long ago the last piece of the log of changes was archived: a backup can be brought forward to there.',
      good: 'minutes on a busy server.',
      otherwise: 'what happened since is in no archive; a failing archive also fills the disk.',
      width: 6,
      queries: [{ expr: since(most(pgStatArchiver.last_archived_time, ['server'])), legend: '{{server}}' }],
      thresholds: neutral,
      noValue: 'No server archives its log: backups are as old as they are.',
      alerts: ['OdooPostgresArchivingFailing'],
    }),
    stat({
      id: 34,
      title: 'Sessions saved',
      shows:
        'How long ago Redis last wrote what it holds, users’ sessions among it, to disk; of replicas, whether they follow.',
      good: 'recent: after a restart users stay signed in.',
      otherwise: 'a restart signs out everybody who came since, unless another copy has them.',
      width: 6,
      queries: [
        { expr: since(most(redisRdbLastSave, ['server'])), legend: '{{server}}' },
        {
          expr: promql`${most(redisMasterLinkUp, ['server'])}`,
          legend: '{{server}} follows',
          steps: below(1),
        },
      ],
      thresholds: neutral,
      noValue: 'No Redis is watched, or none that follows another.',
      alerts: ['OdooRedisPersistenceFailing', 'OdooRedisReplicaCutOff'],
    }),
  ],
}
