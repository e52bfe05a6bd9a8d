/** Is the database we read a standby's, and how old is what it shows? Its flows are judged by it. */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import { lagOf, RECEIVER, type ReceiverRow, type Standing } from '../postgres/replication.ts'
import type { OdooSqlClient } from './client.ts'

export const odooSqlUp = metric({
  name: 'odoo_sql_up',
  type: 'gauge',
  unit: 'bool',
  help: "Whether the Odoo's database answers the role that reads its flows.",
  labels: ['tenant'],
  maxSeries: 1,
})

export const odooSqlReplica = metric({
  name: 'odoo_sql_replica',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether the flows are read from a standby.',
  labels: ['tenant'],
  maxSeries: 1,
})

export const odooSqlReplayLag = metric({
  name: 'odoo_sql_replay_lag_seconds',
  type: 'gauge',
  unit: 'seconds',
  help:
    'How old, at most, is what the standby shows. 0 only while it has replayed all its upstream has, which a role with ' +
    'pg_read_all_stats can tell; without that the age of the newest transaction replayed. Absent on a primary.',
  labels: ['tenant'],
  maxSeries: 1,
})

export interface ReplicaRow extends Standing {
  readonly in_recovery: boolean
}

const REPLICA = `
  select pg_is_in_recovery() as in_recovery,
    (pg_last_wal_replay_lsn() - '0/0')::float8 as replayed,
    extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 as replay_age,
    (select setting::int from pg_settings where name = 'wal_receiver_timeout') / 1000.0::float8 as receiver_timeout`

export const replica = probe({
  name: 'replica',
  metrics: [odooSqlReplica, odooSqlReplayLag],
  interval: seconds(30),
  // It shares the connection with the flows, whose questions may take 20 s.
  deadline: seconds(25),
  priority: 'essential',
  read: async (client: OdooSqlClient, signal) => {
    // The receiver first: what is replayed a moment later holds all the upstream was known to have.
    const [, receiver, standby] = await Promise.all([
      client.hearClock(signal),
      client.query<ReceiverRow>(RECEIVER, [], signal),
      client.query<ReplicaRow>(REPLICA, [], signal),
    ])
    return { receiver, standby }
  },
  map: ({ receiver, standby: [row] }) =>
    row === undefined
      ? []
      : [
          ...sample(odooSqlReplica, {}, Number(row.in_recovery)),
          ...sample(odooSqlReplayLag, {}, row.in_recovery ? lagOf(row, receiver[0]) : undefined),
        ],
})
