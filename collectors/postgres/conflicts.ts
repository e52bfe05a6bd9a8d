/** Why recovery cancelled queries on a standby (pg_stat_database_conflicts). */
import { probe } from '../../src/collector.ts'
import { metric, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { float8, type Row, samples } from './columns.ts'
import { MAX_DATABASES } from './visits.ts'

const base = {
  type: 'counter',
  unit: 'count',
  labels: ['server', 'datid', 'datname'],
  maxSeries: MAX_DATABASES,
} as const
const kept = (name: string, why: string) =>
  metric({ ...base, name, help: `Queries cancelled on this standby for ${why}.`, inherited: 'postgres_exporter' })

/** By column. */
export const pgStatDatabaseConflicts = {
  confl_tablespace: kept('pg_stat_database_conflicts_confl_tablespace', 'dropped tablespaces'),
  confl_lock: kept('pg_stat_database_conflicts_confl_lock', 'locks the primary held'),
  confl_snapshot: kept('pg_stat_database_conflicts_confl_snapshot', 'rows the primary had vacuumed away'),
  confl_bufferpin: kept('pg_stat_database_conflicts_confl_bufferpin', 'pinned buffers'),
  confl_deadlock: kept('pg_stat_database_conflicts_confl_deadlock', 'deadlocks with recovery'),
} as const

/** By column; from PostgreSQL 16. */
export const pgStatDatabaseConflicts16 = {
  confl_active_logicalslot: metric({
    ...base,
    name: 'pg_stat_database_conflicts_confl_active_logicalslot_total',
    help: 'Logical slots in use that were invalidated on this standby (PostgreSQL 16 and later).',
  }),
} as const

interface Conflicts extends Row<typeof pgStatDatabaseConflicts & typeof pgStatDatabaseConflicts16> {
  readonly datid: string
  readonly datname: string
}

/** No row on a primary, where nothing of the kind can happen: it may become a standby, so the question stays allowed. */
const sql = (version: number): string => `
  select d.oid::text as datid, d.datname,
    ${float8({ ...pgStatDatabaseConflicts, ...(version >= 160000 ? pgStatDatabaseConflicts16 : {}) })}
  from pg_database d join pg_stat_database_conflicts c on c.datid = d.oid
  where not d.datistemplate and pg_is_in_recovery()`

export const conflicts = probe({
  name: 'conflicts',
  metrics: [...Object.values(pgStatDatabaseConflicts), ...Object.values(pgStatDatabaseConflicts16)],
  interval: seconds(15),
  read: ({ query, version }: PostgresClient, signal) => query<Conflicts>(sql(version), [], signal),
  map: (rows) =>
    rows.flatMap((row) =>
      samples(
        { ...pgStatDatabaseConflicts, ...pgStatDatabaseConflicts16 },
        { datid: row.datid, datname: row.datname },
        row,
      ),
    ),
})
