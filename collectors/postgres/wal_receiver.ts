/** What does the WAL receiver of this standby say of itself? With a slot or without. */
import { probe } from '../../src/collector.ts'
import { type MetricDescriptor, metric, sample, seconds, type Unit } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'

const labels = ['server', 'upstream_host', 'slot_name', 'status'] as const
type Label = (typeof labels)[number]

const receiver = (name: string, unit: Unit, help: string): MetricDescriptor<Label> =>
  metric({
    name,
    type: 'gauge',
    unit,
    help,
    labels,
    mayBeEmpty: ['upstream_host', 'slot_name', 'status'],
    maxSeries: 1,
    inherited: 'postgres_exporter',
  })

export const pgStatWalReceiver = {
  receive_start_lsn: receiver(
    'pg_stat_wal_receiver_receive_start_lsn',
    'bytes',
    'Where in the WAL it started to receive.',
  ),
  receive_start_tli: receiver(
    'pg_stat_wal_receiver_receive_start_tli',
    'count',
    'Timeline on which it started to receive.',
  ),
  flushed_lsn: receiver('pg_stat_wal_receiver_flushed_lsn', 'bytes', 'Received and flushed up to here in the WAL.'),
  received_tli: receiver(
    'pg_stat_wal_receiver_received_tli',
    'count',
    'Timeline of what was received and flushed last.',
  ),
  last_msg_send_time: receiver(
    'pg_stat_wal_receiver_last_msg_send_time',
    'timestamp',
    "When the upstream sent its last message, by the upstream's clock.",
  ),
  last_msg_receipt_time: receiver(
    'pg_stat_wal_receiver_last_msg_receipt_time',
    'timestamp',
    "When the upstream's last message arrived, by this server's clock.",
  ),
  latest_end_lsn: receiver(
    'pg_stat_wal_receiver_latest_end_lsn',
    'bytes',
    'How far the WAL of the upstream is known to reach.',
  ),
  latest_end_time: receiver(
    'pg_stat_wal_receiver_latest_end_time',
    'timestamp',
    'Since when it is known to reach that far.',
  ),
} as const

type Column = keyof typeof pgStatWalReceiver

export type WalReceiverRow = Readonly<Record<Column, number | null>> & {
  readonly upstream_host: string | null
  readonly slot_name: string | null
  readonly status: string | null
}

const SQL = `
  select sender_host as upstream_host, slot_name, status,
    (receive_start_lsn - '0/0')::float8 as receive_start_lsn, receive_start_tli,
    (flushed_lsn - '0/0')::float8 as flushed_lsn, received_tli,
    extract(epoch from last_msg_send_time)::float8 as last_msg_send_time,
    extract(epoch from last_msg_receipt_time)::float8 as last_msg_receipt_time,
    (latest_end_lsn - '0/0')::float8 as latest_end_lsn,
    extract(epoch from latest_end_time)::float8 as latest_end_time
  from pg_stat_wal_receiver`

export const walReceiver = probe({
  name: 'wal_receiver',
  metrics: Object.values(pgStatWalReceiver),
  interval: seconds(15),
  read: async (client: PostgresClient, signal) => {
    const [, rows] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<WalReceiverRow>(SQL, [], signal),
    ])
    return rows
  },
  map: (rows) =>
    rows.flatMap((row) => {
      const values = {
        upstream_host: row.upstream_host ?? '',
        slot_name: row.slot_name ?? '',
        status: row.status ?? '',
      }
      return COLUMNS.flatMap((column) => sample(pgStatWalReceiver[column], values, row[column]))
    }),
})

const COLUMNS = Object.keys(pgStatWalReceiver) as Column[]
