/** PostgreSQL: what keeps it from serving, or will. Thresholds are the defaults of a busy Odoo; each runbook says when to change them. */
import {
  pgConnectionsUsed,
  pgSettingsMaxConnections,
  pgSettingsReserved,
  pgSettingsSuperuserReserved,
} from '../collectors/postgres/connections.ts'
import { pgBlockedSessions, pgLongestBlocked, pgRootBlockerAge } from '../collectors/postgres/locks.ts'
import { pgReplicationLag, pgReplicationReceiverConnected } from '../collectors/postgres/replication.ts'
import { ask } from '../src/alerting/ask.ts'
import type { RuleFile } from '../src/alerting/rule.ts'
import { labelsOf, minutes, promql, seconds } from '../src/metric.ts'

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

export const postgres: RuleFile = {
  subject: 'postgres',
  groups: [
    {
      name: 'odoo-postgres',
      rules: [
        {
          name: 'OdooPostgresStandbyLagging',
          expr: promql`max by (${server}) (${pgReplicationLag}) > ${60} unless on (${server}) ${connected} == ${0}`,
          for: minutes(5),
          severity: 'ticket',
          layer: 'cause',
          summary: 'Standby {{ $labels.server }} is {{ $value | humanizeDuration }} behind.',
          description:
            'It streams, and replays more slowly than the primary writes, or not at all; more than a minute behind for five minutes.',
          impact:
            'Reports and reads served by it are old, and a failover to it now would first have to catch up or lose what is missing.',
        },
        {
          name: 'OdooPostgresStandbyCutOff',
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
        },
        {
          name: 'OdooPostgresSessionsBlocked',
          expr: promql`max by (${database}) (${pgLongestBlocked}) > ${60}`,
          for: minutes(1),
          keepFiringFor: minutes(2),
          severity: 'page',
          layer: 'cause',
          summary:
            'Sessions on {{ $labels.datname }} ({{ $labels.server }}) have waited {{ $value | humanizeDuration }} for a lock.',
          description: `${blocked} sessions wait. ${rootBlocker}`,
          impact:
            'Users see a page that does not come back, orders and crons stand still; each waits with an Odoo worker in its hand.',
        },
        {
          name: 'OdooPostgresConnectionsNearMax',
          expr: promql`${used} / ${usable} > ${0.9}`,
          for: minutes(2),
          keepFiringFor: seconds(300),
          severity: 'page',
          layer: 'cause',
          summary: '{{ $value | humanizePercentage }} of the connections of {{ $labels.server }} are taken.',
          description: `More than nine in ten of those open to ordinary roles, for two minutes. ${topHolder}`,
          impact:
            'At all of them every further Odoo request, cron and job fails with "too many clients" or "remaining connection slots are reserved".',
        },
      ],
    },
  ],
}
