/** Which PostgreSQL is this, and since when does it run? */
import { probe } from '../../src/collector.ts'
import { metric, minutes, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'

export const pgUp = metric({
  name: 'pg_up',
  type: 'gauge',
  unit: 'bool',
  help: 'Whether PostgreSQL answers.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export const pgStatic = metric({
  name: 'pg_static',
  type: 'gauge',
  unit: 'info',
  help: 'The version of PostgreSQL, in its labels.',
  labels: ['server', 'version', 'short_version'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export const pgPostmasterStartTime = metric({
  name: 'pg_postmaster_start_time_seconds',
  type: 'gauge',
  unit: 'timestamp',
  help: 'When the postmaster started.',
  labels: ['server'],
  maxSeries: 1,
  inherited: 'postgres_exporter',
})

export interface ServerRow {
  readonly version: string
  readonly short_version: string
  readonly started: number
}

const SQL = `
  select version() as version, current_setting('server_version') as short_version,
    extract(epoch from pg_postmaster_start_time())::float8 as started`

export const server = probe({
  name: 'server',
  metrics: [pgStatic, pgPostmasterStartTime],
  interval: minutes(1),
  deadline: seconds(5),
  read: (client: PostgresClient, signal) => client.query<ServerRow>(SQL, [], signal),
  map: (rows) =>
    rows.flatMap((row) => [
      ...sample(pgStatic, { version: row.version, short_version: shortVersion(row.short_version) }, 1),
      ...sample(pgPostmasterStartTime, {}, row.started),
    ]),
})

/** `16.4 (Debian 16.4-1.pgdg120+1)` → `16.4`; `18beta1` stays. */
const shortVersion = (version: string): string => version.split(' ')[0] ?? version
