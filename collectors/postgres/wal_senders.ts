/** Who streams from this server, and how far behind is each, as the server hears from them? */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'

/** max_wal_senders is 10 by default. */
const MAX_SENDERS = 100

const peer = {
  type: 'gauge',
  unit: 'bytes',
  labels: ['server', 'application_name', 'client_addr', 'state', 'slot_name'],
  mayBeEmpty: ['client_addr', 'slot_name'],
  maxSeries: MAX_SENDERS,
  inherited: 'postgres_exporter',
} as const
const own = { type: 'gauge', maxSeries: MAX_SENDERS, mayBeEmpty: ['client_addr', 'slot_name'] } as const
const standby = ['server', 'application_name', 'client_addr', 'slot_name'] as const

export const pgStatReplicationCurrentWal = metric({
  ...peer,
  name: 'pg_stat_replication_pg_current_wal_lsn_bytes',
  help: 'The newest position in the WAL of this server.',
})

export const pgStatReplicationWalDiff = metric({
  ...peer,
  name: 'pg_stat_replication_pg_wal_lsn_diff',
  help: 'WAL of this server that the standby has not confirmed as replayed.',
})

export const pgStatReplicationLagBytes = metric({
  ...own,
  name: 'pg_stat_replication_lag_bytes',
  unit: 'bytes',
  help: 'WAL of this server that the standby has not confirmed as written, flushed, replayed (phase). Absent for backups.',
  labels: [...standby, 'phase'],
  maxSeries: 3 * MAX_SENDERS,
})

export const pgStatReplicationLag = metric({
  ...own,
  name: 'pg_stat_replication_lag_seconds',
  unit: 'seconds',
  help:
    'From the flush of recent WAL here to its confirmation as written, flushed, replayed (phase) by the standby. ' +
    '0 once it has confirmed all there is; absent while it is behind and does not answer.',
  labels: [...standby, 'phase'],
  maxSeries: 3 * MAX_SENDERS,
})

export const pgStatReplicationStreaming = metric({
  ...own,
  name: 'pg_stat_replication_streaming',
  unit: 'bool',
  help: 'Whether the standby streams: 0 is starting, or still catching up. A standby that is gone has no series.',
  labels: standby,
})

const PHASES = ['write', 'flush', 'replay'] as const
type Phase = (typeof PHASES)[number]

export interface WalSenderRow {
  readonly application_name: string
  readonly client_addr: string | null
  readonly slot_name: string | null
  readonly state: string
  readonly current: number | null
  /** Behind, by phase; below 0 when the standby confirmed WAL newer than the position just read. */
  readonly bytes: Readonly<Record<Phase, number | null>>
  /** As last measured by an answer; null some seconds after the standby has caught up (pg_stat_replication). */
  readonly lag: Readonly<Record<Phase, number | null>>
  /** Since the last answer, by the standby's clock. */
  readonly silent: number | null
}

const SQL = `
  with here as (
    select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end as lsn
  )
  select r.application_name, host(r.client_addr) as client_addr, s.slot_name, r.state,
    (lsn - '0/0')::float8 as current,
    json_build_object('write', lsn - write_lsn, 'flush', lsn - flush_lsn, 'replay', lsn - replay_lsn) as bytes,
    json_build_object('write', extract(epoch from write_lag), 'flush', extract(epoch from flush_lag),
      'replay', extract(epoch from replay_lag)) as lag,
    extract(epoch from clock_timestamp() - reply_time)::float8 as silent
  from here, pg_stat_replication r left join pg_replication_slots s on s.active_pid = r.pid
  where r.state is distinct from 'backup'`

export const walSenders = probe({
  name: 'wal_senders',
  metrics: [
    pgStatReplicationCurrentWal,
    pgStatReplicationWalDiff,
    pgStatReplicationLagBytes,
    pgStatReplicationLag,
    pgStatReplicationStreaming,
  ],
  interval: seconds(10),
  priority: 'essential',
  read: async (client: PostgresClient, signal) => {
    const [, rows] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<WalSenderRow>(SQL, [], signal),
    ])
    return rows
  },
  map: (rows) => worst(rows.flatMap(samplesOf)),
})

/** A standby answers every 10 s (wal_receiver_status_interval) and whenever it has written; past this its last figures say nothing. */
const SILENT_AFTER = 30

const lagOf = (row: WalSenderRow, phase: Phase): number | null => {
  const bytes = row.bytes[phase]
  if (bytes === null) return null
  if (bytes <= 0) return 0
  return (row.silent ?? 0) > SILENT_AFTER ? null : row.lag[phase]
}

const samplesOf = (row: WalSenderRow): readonly Sample[] => {
  const { state } = row
  const labels = {
    application_name: senderName(row.application_name),
    client_addr: row.client_addr ?? '',
    slot_name: senderName(row.slot_name ?? ''),
  }
  const clamped = (bytes: number | null): number | null => bytes && Math.max(0, bytes)
  return [
    ...sample(pgStatReplicationCurrentWal, { ...labels, state }, row.current),
    ...sample(pgStatReplicationWalDiff, { ...labels, state }, clamped(row.bytes.replay)),
    ...sample(pgStatReplicationStreaming, labels, Number(state === 'streaming')),
    ...PHASES.flatMap((phase) => [
      ...sample(pgStatReplicationLagBytes, { ...labels, phase }, clamped(row.bytes[phase])),
      ...sample(pgStatReplicationLag, { ...labels, phase }, lagOf(row, phase)),
    ]),
  ]
}

/** A subscription's table copies name themselves and their slots `pg_<oid>_sync_<oid>_<system>`, anew each (tablesync.c). */
const senderName = (name: string): string => name.replace(/^pg_\d+_sync_\d+_\d+$/, 'pg_sync')

/** Several senders of one name and address are one series: that of the worst. */
const worst = (samples: readonly Sample[]): readonly Sample[] => {
  const bySeries = Map.groupBy(samples, ({ metric, labels }) => JSON.stringify([metric.name, labels]))
  const badness = ({ metric, value }: Sample): number =>
    Number(value) * (metric === (pgStatReplicationStreaming as Sample['metric']) ? -1 : 1)
  return [...bySeries.values()].flatMap((same) => same.toSorted((a, b) => badness(b) - badness(a)).slice(0, 1))
}
