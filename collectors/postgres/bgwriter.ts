/** Who writes dirty buffers, and how often checkpoints come (pg_stat_bgwriter, from 17 also pg_stat_checkpointer). */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, seconds, type Unit } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { float8, type Row, samples } from './columns.ts'

const base = { type: 'counter', labels: ['server'], maxSeries: 1 } as const
const kept = (name: string, help: string, unit: Unit = 'count') =>
  metric({ ...base, name, unit, help, inherited: 'postgres_exporter' })
const ours = (name: string, help: string, unit: Unit = 'count') => metric({ ...base, name, unit, help })

/** By column of pg_stat_bgwriter, in every version. */
export const pgStatBgwriter = {
  buffers_clean: kept('pg_stat_bgwriter_buffers_clean_total', 'Buffers written by the background writer.'),
  maxwritten_clean: kept(
    'pg_stat_bgwriter_maxwritten_clean_total',
    'Times the background writer stopped a round as it had written bgwriter_lru_maxpages.',
  ),
  buffers_alloc: kept('pg_stat_bgwriter_buffers_alloc_total', 'Buffers allocated.'),
} as const
export const pgStatBgwriterReset = {
  stats_reset: kept(
    'pg_stat_bgwriter_stats_reset_total',
    'Unix time of the last reset of these statistics.',
    'timestamp',
  ),
} as const

/** By column of pg_stat_bgwriter until 16; PostgreSQL 17 moved them, and they are filled from where they went. */
export const pgStatBgwriter16 = {
  checkpoints_timed: kept(
    'pg_stat_bgwriter_checkpoints_timed_total',
    'Checkpoints begun because checkpoint_timeout had passed; on a standby restartpoints.',
  ),
  checkpoints_req: kept(
    'pg_stat_bgwriter_checkpoints_req_total',
    'Checkpoints begun because asked for, mostly by max_wal_size; on a standby restartpoints.',
  ),
  checkpoint_write_time: kept(
    'pg_stat_bgwriter_checkpoint_write_time_total',
    'Time checkpoints spent writing, in milliseconds.',
  ),
  checkpoint_sync_time: kept(
    'pg_stat_bgwriter_checkpoint_sync_time_total',
    'Time checkpoints spent syncing, in milliseconds.',
  ),
  buffers_checkpoint: kept('pg_stat_bgwriter_buffers_checkpoint_total', 'Buffers written by checkpoints.'),
  buffers_backend: kept(
    'pg_stat_bgwriter_buffers_backend_total',
    'Buffers written or added to a file by anything but the checkpointer and the background writer.',
  ),
  buffers_backend_fsync: kept(
    'pg_stat_bgwriter_buffers_backend_fsync_total',
    'Times a session had to sync a file itself.',
  ),
} as const

/** By column; the columns are in milliseconds. */
export const pgCheckpointTime = {
  checkpoint_write_time: ours('pg_checkpoint_write_seconds_total', 'Time checkpoints spent writing.', 'seconds'),
  checkpoint_sync_time: ours('pg_checkpoint_sync_seconds_total', 'Time checkpoints spent syncing.', 'seconds'),
} as const

/** By column of pg_stat_checkpointer, from 17. */
export const pgStatCheckpointer = {
  num_timed: kept('pg_stat_checkpointer_num_timed_total', 'Checkpoints begun because checkpoint_timeout had passed.'),
  num_requested: kept('pg_stat_checkpointer_num_requested_total', 'Checkpoints begun because asked for.'),
  restartpoints_timed: kept(
    'pg_stat_checkpointer_restartpoints_timed_total',
    'Restartpoints begun because checkpoint_timeout had passed, or one had failed.',
  ),
  restartpoints_req: kept('pg_stat_checkpointer_restartpoints_req_total', 'Restartpoints begun because asked for.'),
  restartpoints_done: kept('pg_stat_checkpointer_restartpoints_done_total', 'Restartpoints completed.'),
  write_time: kept(
    'pg_stat_checkpointer_write_time_total',
    'Time checkpoints and restartpoints spent writing, in milliseconds.',
  ),
  sync_time: kept(
    'pg_stat_checkpointer_sync_time_total',
    'Time checkpoints and restartpoints spent syncing, in milliseconds.',
  ),
  buffers_written: kept(
    'pg_stat_checkpointer_buffers_written_total',
    'Buffers written by checkpoints and restartpoints.',
  ),
} as const
export const pgStatCheckpointerReset = {
  stats_reset: kept(
    'pg_stat_checkpointer_stats_reset_total',
    'Unix time of the last reset of these statistics.',
    'timestamp',
  ),
} as const

type Bgwriter = Row<typeof pgStatBgwriter & typeof pgStatBgwriter16 & typeof pgStatBgwriterReset>
type Checkpointer = Row<typeof pgStatCheckpointer & typeof pgStatCheckpointerReset>

interface Raw {
  readonly bgwriter: Bgwriter | undefined
  readonly checkpointer: Checkpointer | undefined
}

const RESET = 'extract(epoch from stats_reset)::float8 as stats_reset'

const SQL_16 = `select ${float8({ ...pgStatBgwriter, ...pgStatBgwriter16 })}, ${RESET} from pg_stat_bgwriter`

const SQL_CHECKPOINTER = `select ${float8(pgStatCheckpointer)}, ${RESET} from pg_stat_checkpointer`

/**
 * buffers_backend counted writes and extensions of files that aren't temporary, by everything but the two writers
 * (ForwardSyncRequest() in checkpointer.c of PostgreSQL 16). From 18 one operation may move several blocks.
 */
const sql17 = (blocks: string): string => `
  select ${float8(pgStatBgwriter)}, ${RESET}, io.buffers_backend::float8, io.buffers_backend_fsync::float8
  from pg_stat_bgwriter,
    (select sum(${blocks}) as buffers_backend, sum(fsyncs) as buffers_backend_fsync from pg_stat_io
     where object = 'relation' and backend_type not in ('checkpointer', 'background writer', 'standalone backend')) io`
const SQL_17 = sql17('coalesce(writes, 0) + coalesce(extends, 0)')
const SQL_18 = sql17("(coalesce(write_bytes, 0) + coalesce(extend_bytes, 0)) / current_setting('block_size')::int")

const read = async ({ query, version }: PostgresClient, signal: AbortSignal): Promise<Raw> => {
  const ask = <R>(sql: string) => query<R>(sql, [], signal)
  if (version < 170000) return { bgwriter: (await ask<Bgwriter>(SQL_16))[0], checkpointer: undefined }
  const [[bgwriter], [checkpointer]] = await Promise.all([
    ask<Bgwriter>(version >= 180000 ? SQL_18 : SQL_17),
    ask<Checkpointer>(SQL_CHECKPOINTER),
  ])
  return { bgwriter, checkpointer }
}

const sum = (a: number | null | undefined, b: number | null | undefined): number | null =>
  typeof a === 'number' && typeof b === 'number' ? a + b : null

/** The old names from the new columns. Until 16 restartpoints were counted among the checkpoints. */
const asBefore17 = (c: Checkpointer): Row<typeof pgStatBgwriter16> => ({
  checkpoints_timed: sum(c.num_timed, c.restartpoints_timed),
  checkpoints_req: sum(c.num_requested, c.restartpoints_req),
  checkpoint_write_time: c.write_time ?? null,
  checkpoint_sync_time: c.sync_time ?? null,
  buffers_checkpoint: c.buffers_written ?? null,
})

const map = ({ bgwriter, checkpointer }: Raw): readonly Sample[] => {
  const before17 = { ...bgwriter, ...(checkpointer && asBefore17(checkpointer)) }
  return [
    ...samples({ ...pgStatBgwriter, ...pgStatBgwriter16, ...pgStatBgwriterReset }, {}, before17),
    ...samples(pgCheckpointTime, {}, before17, 1000),
    ...samples({ ...pgStatCheckpointer, ...pgStatCheckpointerReset }, {}, checkpointer ?? {}),
  ]
}

export const bgwriter = probe({
  name: 'bgwriter',
  metrics: [
    pgStatBgwriter,
    pgStatBgwriter16,
    pgStatBgwriterReset,
    pgCheckpointTime,
    pgStatCheckpointer,
    pgStatCheckpointerReset,
  ].flatMap((columns) => Object.values(columns)),
  interval: seconds(15),
  read,
  map,
})
