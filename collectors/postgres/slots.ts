/** Which replication slots are there, who uses them, and how much WAL do they hold back? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'

/** max_replication_slots is 10 by default; each slot costs the server memory and WAL. */
const MAX_SLOTS = 200

export const pgReplicationSlotsActive = metric({
  name: 'pg_replication_slots_active',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether somebody streams from the slot now.',
  labels: ['server', 'slot_name', 'database'],
  mayBeEmpty: ['database'],
  maxSeries: MAX_SLOTS,
  inherited: 'postgres_exporter',
})

export const pgReplicationSlotsWalDiff = metric({
  name: 'pg_replication_slots_pg_wal_lsn_diff',
  type: 'gauge',
  unit: 'bytes',
  help: 'WAL that the slot holds back: from its restart position to the newest on this server.',
  labels: ['server', 'slot_name', 'database'],
  mayBeEmpty: ['database'],
  maxSeries: MAX_SLOTS,
  inherited: 'postgres_exporter',
})

export const pgReplicationSlotsSafeWalSize = metric({
  name: 'pg_replication_slots_safe_wal_size_bytes',
  type: 'gauge',
  unit: 'bytes',
  help: 'WAL that may still be written before the slot is lost. Absent without max_slot_wal_keep_size, and once it is lost.',
  labels: ['server', 'slot_name', 'slot_type'],
  maxSeries: MAX_SLOTS,
  inherited: 'postgres_exporter',
})

export const pgReplicationSlotsWalStatus = metric({
  name: 'pg_replication_slots_wal_status',
  type: 'gauge',
  unit: 'info',
  help: 'Whether the WAL the slot claims is there: reserved, extended, unreserved (going), lost (gone: the standby must be made anew).',
  labels: ['server', 'slot_name', 'slot_type', 'wal_status'],
  maxSeries: MAX_SLOTS,
  inherited: 'postgres_exporter',
})

export interface SlotRow {
  readonly slot_name: string
  readonly slot_type: string
  /** Of a logical slot. */
  readonly database: string | null
  readonly active: boolean
  readonly held: number | null
  readonly safe_wal_size: number | null
  readonly wal_status: string | null
}

const SQL = `
  select slot_name, slot_type, database, active, wal_status, safe_wal_size::float8 as safe_wal_size,
    pg_wal_lsn_diff(
      case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn
    )::float8 as held
  from pg_replication_slots`

export const slots = probe({
  name: 'slots',
  metrics: [
    pgReplicationSlotsActive,
    pgReplicationSlotsWalDiff,
    pgReplicationSlotsSafeWalSize,
    pgReplicationSlotsWalStatus,
  ],
  interval: seconds(15),
  read: (client: PostgresClient, signal) => client.query<SlotRow>(SQL, [], signal),
  map: (rows) =>
    rows.flatMap((row) => {
      const { slot_name, slot_type } = row
      const ofDatabase = { slot_name, database: row.database ?? '' }
      return [
        ...sample(pgReplicationSlotsActive, ofDatabase, Number(row.active)),
        ...sample(pgReplicationSlotsWalDiff, ofDatabase, row.held),
        ...sample(pgReplicationSlotsSafeWalSize, { slot_name, slot_type }, row.safe_wal_size),
        ...(row.wal_status === null
          ? []
          : sample(pgReplicationSlotsWalStatus, { slot_name, slot_type, wal_status: row.wal_status }, 1)),
      ]
    }),
})
