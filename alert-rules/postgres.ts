/** PostgreSQL: what keeps it from serving, or will. Thresholds are the defaults of a busy Odoo; each runbook says when to change them. */
import { pgStatArchiver } from '../collectors/postgres/archiver.ts'
import {
  pgConnectionsUsed,
  pgSettingsMaxConnections,
  pgSettingsReserved,
  pgSettingsSuperuserReserved,
} from '../collectors/postgres/connections.ts'
import { pgStatDatabaseTime } from '../collectors/postgres/database.ts'
import { pgBlockedSessions, pgLongestBlocked, pgRootBlockerAge } from '../collectors/postgres/locks.ts'
import {
  pgReplicationIsReplica,
  pgReplicationLag,
  pgReplicationReceiverConnected,
} from '../collectors/postgres/replication.ts'
import { pgSequenceUsedRatio } from '../collectors/postgres/sequences.ts'
import { pgUp } from '../collectors/postgres/server.ts'
import {
  pgReplicationSlotsSafeWalSize,
  pgReplicationSlotsWalDiff,
  pgReplicationSlotsWalStatus,
} from '../collectors/postgres/slots.ts'
import { pgDatabaseMultixactWraparoundRatio, pgDatabaseXidWraparoundRatio } from '../collectors/postgres/wraparound.ts'
import { ask } from '../src/alerting/ask.ts'
import type { Alert, Recording, RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, type MetricDescriptor, minutes, promql, seconds } from '../src/metric.ts'
import { serverInfo, tenantDatabaseInfo } from '../src/tenants.ts'
import { aboutCluster, aboutServer } from './about.ts'
import { primaryKnown, serverKnown, tenantServer } from './recordings.ts'
import { NEIGHBOUR, POSTGRES } from './thresholds.ts'

const server = labelsOf(pgReplicationLag, 'server')
const database = labelsOf(pgLongestBlocked, 'server', 'datname')
const holder = labelsOf(pgConnectionsUsed, 'server', 'datname', 'usename', 'application_name')

/** Replicas of the exporter see the same server: folded first, so that nothing counts twice. */
const connected = promql`max by (${server}) (${pgReplicationReceiverConnected})`
const used = promql`sum by (${server}) (max by (${holder}) (${pgConnectionsUsed}))`
const most = promql`max by (${server}) (${pgSettingsMaxConnections})`
// before PostgreSQL 16 there is no such setting, and so no such series
const reserved = promql`(max by (${server}) (${pgSettingsReserved}) or 0 * ${most})`
const usable = promql`(${most} - max by (${server}) (${pgSettingsSuperuserReserved}) - ${reserved})`

const blocked = ask(
  `max by (${database}) (${pgBlockedSessions.name}{server=%q,datname=%q})`,
  ['server', 'datname'],
  '{{ . | first | value | humanize }}',
  'An unknown number of',
)
const rootBlocker = ask(
  `sort_desc(max by (role) (${pgRootBlockerAge.name}{server=%q}))`,
  ['server'],
  '{{ with first . }}At the head of the queue: {{ .Labels.role }}, in its transaction for {{ .Value | humanizeDuration }}.{{ end }}',
  'Who stands at the head of the queue is not known.',
)
const topHolder = ask(
  `topk(1, max by (${holder}) (${pgConnectionsUsed.name}{server=%q}))`,
  ['server'],
  '{{ with first . }}Most are held by {{ .Labels.application_name }} as {{ .Labels.usename }} on {{ .Labels.datname }}: {{ .Value | humanize }}.{{ end }}',
  'Who holds them is not known.',
)

const cluster = labelsOf(serverKnown, 'db_cluster')
const sequence = labelsOf(pgSequenceUsedRatio, 'server', 'datname', 'schemaname', 'sequencename')
const slot = labelsOf(pgReplicationSlotsSafeWalSize, 'server', 'slot_name')
const share = labelsOf(pgStatDatabaseTime.active_time, 'server', 'datname')

const isPrimary = promql`max by (${server}) (${pgReplicationIsReplica}) == ${0}`
/** What a server was stands until it says otherwise; over an hour without Prometheus too. */
const primaries: Recording = {
  record: primaryKnown,
  expr: promql`(${isPrimary}) ^ ${0}
or on (${server}) (
  max by (${server}) (last_over_time(${primaryKnown}[1h])) unless on (${server}) ${pgReplicationIsReplica}
) and on (${server}) ${serverKnown}`,
}
const ofCluster = promql`on (${server}) group_left (${cluster}) ${serverKnown}`
/** By server and machine group: primaries that do not answer, where no other server of their group has taken over. */
export const databaseDown = promql`(max by (${server}) (${pgUp}) == ${0} and on (${server}) ${primaryKnown}) * ${ofCluster}
  unless on (${cluster}) (${isPrimary} and on (${server}) max by (${server}) (${pgUp}) == ${1}) * ${ofCluster}`

/** Sessions that execute, on average. */
const busy = promql`max by (${share}) (rate(${pgStatDatabaseTime.active_time}[5m]))`
const busyAll = promql`sum by (${server}) (${busy})`

const tenantsOnCluster = ask(
  `count(max by (tenant) (${tenantDatabaseInfo.name}{db_cluster=%q}))`,
  ['db_cluster'],
  ', and with it {{ . | first | value }} tenants',
  '',
)

const worst = (metric: MetricDescriptor) => promql`max by (${database}) (${metric})`
const slotLeft = promql`min by (${slot}) (${pgReplicationSlotsSafeWalSize})`
const lastOf = (metric: MetricDescriptor) => promql`max by (${server}) (${metric})`
const { last_failed_time: lastFailed, last_archived_time: lastArchived } = pgStatArchiver

/** What is well today and will not last. */
const willNotLast: readonly Alert[] = [
  aboutServer({
    name: 'OdooPostgresSequenceNearEnd',
    by: sequence,
    expr: promql`max by (${sequence}) (${pgSequenceUsedRatio}) > ${POSTGRES.sequenceRatio}`,
    for: minutes(30),
    severity: 'ticket',
    layer: 'cause',
    summary:
      'Sequence {{ $labels.sequencename }} of {{ $labels.datname }} on {{ $labels.server }} is used up to {{ $value | humanizePercentage }}.',
    description:
      "Of its own range, or of the column it fills: most of Odoo's ids are integers that end at 2,147,483,647.",
    impact: 'None yet. When it ends, no row can be added to its table: orders, moves or messages fail one and all.',
  }),
  aboutServer({
    name: 'OdooPostgresWraparoundNear',
    by: database,
    expr: promql`${worst(pgDatabaseXidWraparoundRatio)} > ${POSTGRES.wraparoundRatio} or ${worst(pgDatabaseMultixactWraparoundRatio)} > ${POSTGRES.wraparoundRatio}`,
    for: minutes(30),
    severity: 'ticket',
    layer: 'cause',
    summary:
      'Database {{ $labels.datname }} on {{ $labels.server }} is {{ $value | humanizePercentage }} of the way to wraparound.',
    description:
      'Vacuum begins against it at about a tenth of the way: that half is passed means that it does not keep up, or that something holds it back.',
    impact: 'None yet. Just before the end PostgreSQL accepts no more writes, for hours.',
  }),
  aboutServer({
    name: 'OdooPostgresSlotNearLimit',
    by: slot,
    expr: promql`${slotLeft} / on (${slot}) (${slotLeft} + on (${slot}) max by (${slot}) (${pgReplicationSlotsWalDiff}) > ${0}) < ${POSTGRES.slotLeftRatio}
    or on (${slot}) max by (${slot}) (${pgReplicationSlotsWalStatus}{wal_status=~"unreserved|lost"}) == ${1}`,
    for: minutes(5),
    severity: 'ticket',
    layer: 'cause',
    summary: 'Replication slot {{ $labels.slot_name }} on {{ $labels.server }} is about to lose WAL it needs, or has.',
    description:
      'Less than a quarter is left of the WAL it may hold back (max_slot_wal_keep_size), or its state is unreserved or lost.',
    impact:
      'Once lost, the standby behind it can never catch up: it has to be made anew, and until then there is none.',
  }),
  aboutServer({
    name: 'OdooPostgresArchivingFailing',
    by: server,
    expr: promql`${lastOf(lastFailed)} > on (${server}) ${lastOf(lastArchived)}
    or on (${server}) ${lastOf(lastFailed)} unless on (${server}) ${lastOf(lastArchived)}`,
    for: minutes(15),
    severity: 'ticket',
    layer: 'cause',
    summary: '{{ $labels.server }} cannot archive its WAL.',
    description: 'The last attempt failed, and for a quarter of an hour none has succeeded since.',
    impact:
      'A backup can be restored to no later than where the archive ends, and WAL that is not archived fills the disk until the server stops.',
  }),
]

export const postgres: RuleFile = {
  subject: 'postgres',
  groups: [
    {
      name: 'odoo-postgres',
      rules: [
        primaries,
        aboutServer({
          name: 'OdooPostgresStandbyLagging',
          by: server,
          expr: promql`max by (${server}) (${pgReplicationLag}) > ${POSTGRES.lagSeconds} unless on (${server}) ${connected} == ${0}`,
          for: minutes(5),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Standby {{ $labels.server }} is {{ $value | humanizeDuration }} behind.',
          description:
            'It streams, and replays more slowly than the primary writes, or not at all; more than a minute behind for five minutes.',
          impact:
            'Reports and reads served by it are old, and a failover to it now would first have to catch up or lose what is missing.',
        }),
        aboutServer({
          name: 'OdooPostgresStandbyCutOff',
          by: server,
          expr: promql`${connected} == ${0}`,
          for: minutes(2),
          keepFiringFor: minutes(2),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Standby {{ $labels.server }} receives nothing from its primary.',
          description:
            'Its WAL receiver has been gone or silent for two minutes. How far it is behind can then only be told from the primary.',
          impact:
            'There is no up-to-date copy to fail over to, and a replication slot makes the primary keep WAL until its disk is full.',
        }),
        aboutServer({
          name: 'OdooPostgresSessionsBlocked',
          by: database,
          expr: promql`max by (${database}) (${pgLongestBlocked}) > ${POSTGRES.blockedSeconds}`,
          for: minutes(1),
          keepFiringFor: minutes(2),
          severity: 'page',
          layer: 'cause',
          summary:
            'Sessions on {{ $labels.datname }} ({{ $labels.server }}) have waited {{ $value | humanizeDuration }} for a lock.',
          description: `${blocked} sessions wait. ${rootBlocker}`,
          impact:
            'Users see a page that does not come back, orders and crons stand still; each waits with an Odoo worker in its hand.',
        }),
        aboutServer({
          name: 'OdooPostgresConnectionsNearMax',
          by: server,
          expr: promql`${used} / (${usable} > ${0}) > ${POSTGRES.connectionsRatio}`,
          for: minutes(2),
          keepFiringFor: seconds(300),
          severity: 'page',
          layer: 'cause',
          summary: '{{ $value | humanizePercentage }} of the connections of {{ $labels.server }} are taken.',
          description: `More than nine in ten of those open to ordinary roles, for two minutes. ${topHolder}`,
          impact:
            'At all of them every further Odoo request, cron and job fails with "too many clients" or "remaining connection slots are reserved".',
        }),
        aboutCluster({
          name: 'OdooDatabaseDown',
          by: cluster,
          expr: promql`max by (${cluster}) (
  ${databaseDown}
)`,
          seen: promql`max by (${cluster}) (${serverInfo})`,
          for: minutes(1),
          keepFiringFor: minutes(2),
          severity: 'page',
          layer: 'symptom',
          summary: `The database of {{ $labels.db_cluster }} is down${tenantsOnCluster}.`,
          description:
            'Its primary has not answered for a minute, and no other server of its group is a primary. Pages of tenants that share it come with this one, those of a tenant with machines or people of its own by themselves; tickets wait.',
          impact: 'Nobody can work in any of these Odoos: no orders, no picking, no invoices.',
        }),
        aboutServer({
          name: 'OdooNoisyNeighbour',
          by: share,
          expr: promql`${busy} / on (${server}) group_left () (${busyAll} > ${0}) > ${NEIGHBOUR.share}
  and on (${share}) ${busy} > ${NEIGHBOUR.busyRatio}
  and on (${server}) count by (${server}) (${tenantServer}) > ${1}`,
          for: minutes(10),
          severity: 'ticket',
          layer: 'cause',
          summary: '{{ $labels.datname }} takes {{ $value | humanizePercentage }} of the time of {{ $labels.server }}.',
          description:
            'More than three in five of the time sessions spend executing, and more than one session all the time, for ten minutes, on a server that several tenants share.',
          impact:
            'The others on the server wait: their pages are slow, their jobs and crons late, and it is not their doing.',
        }),
        ...willNotLast,
      ],
    },
  ],
}
