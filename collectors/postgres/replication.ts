/**
 * How far is this standby behind, as it can know itself?
 *
 * "Received = replayed" says nothing once nobody sends: the lag is 0 only while the WAL receiver streams, has lately
 * heard from its upstream, and all that the upstream is known to have is replayed. Otherwise it is the age of the
 * newest transaction replayed, which is the most it can be; where that isn't known either, it is absent.
 */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'

export const pgReplicationIsReplica = metric({
  name: 'pg_replication_is_replica',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether the server is in recovery: a standby, or restoring.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export const pgReplicationLag = metric({
  name: 'pg_replication_lag_seconds',
  type: 'gauge',
  unit: 'seconds',
  help:
    'How old, at most, is what this standby shows, against the server it streams from. 0 only while it streams and has ' +
    'replayed all that server has; absent where it is not known; absent on a primary.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export const pgReplicationLagBytes = metric({
  name: 'pg_replication_lag_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'WAL that the upstream is known to have and this standby has not replayed. Absent while it is cut off.',
  labels: ['server'],
  maxSeries: 1,
})

export const pgReplicationLastReplay = metric({
  name: 'pg_replication_last_replay_seconds',
  type: 'gauge',
  unit: 'seconds',
  help: 'Since the newest transaction replayed was committed on the primary; grows on an idle primary too.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export const pgReplicationReceiverConnected = metric({
  name: 'pg_replication_receiver_connected',
  type: 'gauge',
  unit: 'bool',
  help:
    'Whether the WAL receiver streams and has lately heard from its upstream; 0 is cut off. ' +
    'Absent on a primary, and where no primary_conninfo asks for streaming.',
  labels: ['server'],
  maxSeries: 1,
})

export const pgReplicationSource = metric({
  name: 'pg_replication_source_info',
  type: 'gauge',
  unit: 'info',
  help: 'Where a standby is set to get its WAL: stream (perhaps with an archive to fall back on), archive, or none.',
  labels: ['server', 'source'],
  maxSeries: 1,
})

export const pgReplicationReplayPaused = metric({
  name: 'pg_replication_replay_paused',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether a pause of replay is asked for (pg_wal_replay_pause) or in force.',
  labels: ['server'],
  maxSeries: 1,
})

export const pgReplicationPosition = metric({
  name: 'pg_replication_position_bytes',
  type: 'gauge',
  unit: 'bytes',
  help:
    'Positions in the WAL since its beginning: written (primary), received and replayed (standby). ' +
    'Their difference between two servers is the distance, whatever the standby believes.',
  labels: ['server', 'position'],
  maxSeries: 3,
})

/** The WAL receiver as it shows itself; times in epoch seconds. No row: there is none, or it is still connecting. */
export interface ReceiverRow {
  readonly status: string | null
  readonly latest_end: number | null
  /** Since the last message of the upstream, or since the receiver started. */
  readonly silent: number | null
  /** Whether there has been a message at all: until then both message times are that of the start. */
  readonly heard: boolean | null
}

export interface StandbyRow {
  readonly in_recovery: boolean
  readonly written: number | null
  readonly received: number | null
  readonly replayed: number | null
  /** Since the newest replayed transaction was committed, by two clocks. */
  readonly replay_age: number | null
  readonly paused: boolean | null
  readonly streams: boolean
  readonly restores: boolean
  /** Seconds; 0 is none. */
  readonly receiver_timeout: number
}

/** What the role may not see is null. */
// clock_timestamp(), not now(): the message may be newer than the start of our transaction.
export const RECEIVER = `
  select status, (latest_end_lsn - '0/0')::float8 as latest_end,
    extract(epoch from clock_timestamp() - last_msg_receipt_time)::float8 as silent,
    last_msg_send_time is distinct from last_msg_receipt_time as heard
  from pg_stat_wal_receiver`

const STANDBY = `
  select pg_is_in_recovery() as in_recovery,
    case when not pg_is_in_recovery() then (pg_current_wal_lsn() - '0/0')::float8 end as written,
    (pg_last_wal_receive_lsn() - '0/0')::float8 as received,
    (pg_last_wal_replay_lsn() - '0/0')::float8 as replayed,
    extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8 as replay_age,
    case when pg_is_in_recovery() then pg_is_wal_replay_paused() end as paused,
    current_setting('primary_conninfo') <> '' as streams,
    current_setting('restore_command') <> '' as restores,
    (select setting::int from pg_settings where name = 'wal_receiver_timeout') / 1000.0::float8 as receiver_timeout`

export const replication = probe({
  name: 'replication',
  metrics: [
    pgReplicationIsReplica,
    pgReplicationLag,
    pgReplicationLagBytes,
    pgReplicationLastReplay,
    pgReplicationReceiverConnected,
    pgReplicationSource,
    pgReplicationReplayPaused,
    pgReplicationPosition,
  ],
  interval: seconds(10),
  priority: 'essential',
  read: async (client: PostgresClient, signal) => {
    // The receiver first: what is replayed a moment later holds all the upstream was known to have.
    const [, receiver, standby] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<ReceiverRow>(RECEIVER, [], signal),
      client.query<StandbyRow>(STANDBY, [], signal),
    ])
    return { receiver, standby }
  },
  map: ({ receiver, standby: [row] }) =>
    row === undefined
      ? []
      : [
          ...sample(pgReplicationIsReplica, {}, Number(row.in_recovery)),
          ...sample(pgReplicationPosition, { position: 'written' }, row.written),
          ...(row.in_recovery ? standbySamples(row, receiver[0]) : []),
        ],
})

/** What the lag is worked out from. */
export type Standing = Pick<StandbyRow, 'replayed' | 'replay_age' | 'receiver_timeout'>

/** Beyond half of wal_receiver_timeout the receiver asks the upstream for a sign of life (walreceiver.c): so much silence is normal. */
const isConnected = (row: Standing, receiver: ReceiverRow | undefined): receiver is ReceiverRow =>
  receiver?.status === 'streaming' &&
  (row.receiver_timeout === 0 || (receiver.silent ?? 0) <= row.receiver_timeout / 2 + ANSWER_WITHIN)

const ANSWER_WITHIN = 5

/** What the upstream is known to have beyond what is replayed; undefined if nobody tells. */
const bytesBehind = (row: Standing, receiver: ReceiverRow): number | undefined =>
  receiver.heard === true && receiver.latest_end !== null && row.replayed !== null
    ? Math.max(0, receiver.latest_end - row.replayed)
    : undefined

/** An age of 0 or less only says that the clocks of primary and standby disagree. */
const ageOf = ({ replay_age: age }: Standing): number | undefined => (age !== null && age > 0 ? age : undefined)

/** In seconds, as said above. */
export const lagOf = (row: Standing, receiver: ReceiverRow | undefined): number | undefined =>
  isConnected(row, receiver) && bytesBehind(row, receiver) === 0 ? 0 : ageOf(row)

const standbySamples = (row: StandbyRow, receiver: ReceiverRow | undefined): readonly Sample[] => {
  const connected = isConnected(row, receiver)
  const behind = connected ? bytesBehind(row, receiver) : undefined
  return [
    ...sample(pgReplicationLag, {}, lagOf(row, receiver)),
    ...sample(pgReplicationLagBytes, {}, behind),
    ...sample(pgReplicationLastReplay, {}, ageOf(row)),
    ...sample(pgReplicationReceiverConnected, {}, row.streams ? Number(connected) : undefined),
    ...sample(pgReplicationSource, { source: row.streams ? 'stream' : row.restores ? 'archive' : 'none' }, 1),
    ...sample(pgReplicationReplayPaused, {}, row.paused === null ? undefined : Number(row.paused)),
    ...sample(pgReplicationPosition, { position: 'received' }, row.received),
    ...sample(pgReplicationPosition, { position: 'replayed' }, row.replayed),
  ]
}
