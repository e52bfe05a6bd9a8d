/** What keeps vacuum from removing dead rows: who holds the xmin horizon back, and how far. */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'

export const pgXminHorizonAge = metric({
  name: 'pg_xmin_horizon_age_xids',
  type: 'gauge',
  unit: 'count',
  help: 'Transactions since the oldest one a holder (session, replication_slot, standby_feedback, prepared_xact) needs kept: dead rows younger than that stay; 0 = it holds none. The feedback of a standby that uses a slot counts for the slot.',
  labels: ['server', 'holder'],
  maxSeries: 4,
})

interface Holder {
  readonly holder: string
  /** Null where there is no such holder, or none that needs anything. */
  readonly age: number | null
}

/**
 * As ComputeXidHorizons() in procarray.c reckons: a session's xmin and its own xid both count, a lazy vacuum's do not.
 * A walsender's xmin is its standby's (or, with a logical slot, its own) and shows in pg_stat_replication.
 * A standby does not show its primary's prepared transactions.
 */
const SQL = `
  select 'session' as holder, max(greatest(age(backend_xmin), age(backend_xid))) as age from pg_stat_activity a
  where pid <> pg_backend_pid() and backend_type <> 'walsender'
    and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
  union all
  select 'replication_slot', max(greatest(age(xmin), age(catalog_xmin))) from pg_replication_slots
  union all
  select 'standby_feedback', max(age(backend_xmin)) from pg_stat_replication
  union all
  select 'prepared_xact', max(age(transaction)) from pg_prepared_xacts having not pg_is_in_recovery()`

export const xmin = probe({
  name: 'xmin',
  metrics: [pgXminHorizonAge],
  interval: seconds(30),
  read: async (client: PostgresClient, signal) => {
    await needs(client, 'pg_read_all_stats', signal)
    return client.query<Holder>(SQL, [], signal)
  },
  map: (rows) => rows.flatMap(({ holder, age }) => sample(pgXminHorizonAge, { holder }, age ?? 0)),
})
