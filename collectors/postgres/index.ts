/** PostgreSQL 14–18, primary and standby, by a role that has LOGIN and pg_monitor. */
import type { Collector } from '../../src/collector.ts'
import type { MetricDescriptor } from '../../src/metric.ts'
import { activity } from './activity.ts'
import { archiver } from './archiver.ts'
import { bgwriter } from './bgwriter.ts'
import { check, close, connect, type PostgresClient } from './client.ts'
import { config, type PostgresConfig } from './config.ts'
import { conflicts } from './conflicts.ts'
import { connections } from './connections.ts'
import { database } from './database.ts'
import { io } from './io.ts'
import { locks } from './locks.ts'
import { odooProcesses } from './odoo_processes.ts'
import { prepared } from './prepared.ts'
import { replication } from './replication.ts'
import { sequences } from './sequences.ts'
import { pgUp, server } from './server.ts'
import { pgDatabaseSizeSuccess, sizes } from './sizes.ts'
import { slots } from './slots.ts'
import { slru } from './slru.ts'
import { pgTablesSuccess, tables } from './tables.ts'
import { wal } from './wal.ts'
import { walReceiver } from './wal_receiver.ts'
import { walSenders } from './wal_senders.ts'
import { waldir } from './waldir.ts'
import { wraparound } from './wraparound.ts'
import { xmin } from './xmin.ts'

/** They say how a round went, and its figures are all postgres_exporter's: alone they would keep the round going. */
const companions: readonly MetricDescriptor[] = [pgDatabaseSizeSuccess, pgTablesSuccess]

export const postgres: Collector<PostgresConfig, PostgresClient> = {
  name: 'postgres',
  config,
  up: pgUp,
  connect,
  check,
  close,
  probes: [
    server,
    replication,
    walSenders,
    walReceiver,
    slots,
    locks,
    activity,
    connections,
    odooProcesses,
    database,
    conflicts,
    bgwriter,
    wal,
    waldir,
    archiver,
    sizes,
    wraparound,
    xmin,
    prepared,
    sequences,
    tables,
    io,
    slru,
  ],
  leavesOut: ({ only }, metric) => only === 'new' && (metric.inherited !== undefined || companions.includes(metric)),
}
