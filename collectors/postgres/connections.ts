/** How many connections are taken, of how many, and who holds them? */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'
import { applicationLabel } from './sessions.ts'

const setting = {
  type: 'gauge',
  unit: 'count',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
} as const

export const pgSettingsMaxConnections = metric({
  ...setting,
  name: 'pg_settings_max_connections',
  help: 'How many connections there can be, the reserved ones among them.',
})

export const pgSettingsSuperuserReserved = metric({
  ...setting,
  name: 'pg_settings_superuser_reserved_connections',
  help: 'The last of them, kept for superusers.',
})

export const pgSettingsReserved = metric({
  ...setting,
  name: 'pg_settings_reserved_connections',
  help: 'Those kept for roles with pg_use_reserved_connections (PostgreSQL 16 and newer).',
})

export const pgConnectionsUsed = metric({
  name: 'pg_connections_used',
  type: 'gauge',
  unit: 'count',
  help: 'Connections that count against max_connections, ours among them, by who holds them.',
  labels: ['server', 'datname', 'usename', 'application_name'],
  mayBeEmpty: ['datname', 'usename', 'application_name'],
  maxSeries: 2000,
})

export interface Limits {
  readonly max: number
  readonly superuser: number
  readonly reserved: number | null
}

export interface Holder {
  readonly datname: string | null
  readonly usename: string | null
  readonly application_name: string | null
  readonly count: number
}

const LIMITS = `
  select current_setting('max_connections')::int as max,
    current_setting('superuser_reserved_connections')::int as superuser,
    current_setting('reserved_connections', true)::int as reserved`

// Walsenders and background workers have slots of their own (max_wal_senders, max_worker_processes).
const HOLDERS = `
  select datname, usename, application_name, count(*)::int as count
  from pg_stat_activity where backend_type = 'client backend'
  group by datname, usename, application_name`

export const connections = probe({
  name: 'connections',
  metrics: [pgSettingsMaxConnections, pgSettingsSuperuserReserved, pgSettingsReserved, pgConnectionsUsed],
  interval: seconds(10),
  priority: 'essential',
  read: async (client: PostgresClient, signal) => {
    const [, limits, holders] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<Limits>(LIMITS, [], signal),
      client.query<Holder>(HOLDERS, [], signal),
    ])
    return { limits, holders }
  },
  map: ({ limits, holders }) => {
    const labelsOf = (holder: Holder) => ({
      datname: holder.datname ?? '',
      usename: holder.usename ?? '',
      application_name: applicationLabel(holder.application_name),
    })
    const merged = Map.groupBy(holders, (holder) => JSON.stringify(labelsOf(holder)))
    return [
      ...limits.flatMap(({ max, superuser, reserved }) => [
        ...sample(pgSettingsMaxConnections, {}, max),
        ...sample(pgSettingsSuperuserReserved, {}, superuser),
        ...sample(pgSettingsReserved, {}, reserved),
      ]),
      ...[...merged.values()].flatMap((same) => {
        const count = same.reduce((sum, holder) => sum + holder.count, 0)
        return same.slice(0, 1).flatMap((holder) => sample(pgConnectionsUsed, labelsOf(holder), count))
      }),
    ]
  },
})
