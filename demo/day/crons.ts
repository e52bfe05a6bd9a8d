/** Scheduled actions: the cron worker that waits to be woken, and what a run leaves in the tables. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import type { Session } from '../sessions.ts'
import type { Conditions } from './conditions.ts'
import { CHANNELS, type Channel, enqueue } from './jobs.ts'
import { between, type Random } from './random.ts'
import { insert, type Tables } from './tables.ts'

/** What a run is like. */
interface Run {
  /** How long it takes: from, to, in seconds. */
  readonly takes: readonly [number, number]
  /** What it does, where the demo needs that done. */
  readonly sql?: string
  /** The channel of the job it queues, which does the work. */
  readonly queues?: Channel
}

/** The one that fails while crons fail. */
export const FAILING_CRON = 'Marketplace: export stock'

const OTHER: Run = { takes: [0.1, 1] }

/** By ir_cron.cron_name. */
const RUNS: Readonly<Record<string, Run>> = {
  'Mail: Email Queue Manager': {
    takes: [0.2, 1],
    sql: `WITH sent AS (DELETE FROM mail_mail WHERE state = 'outgoing' AND auto_delete RETURNING id)
      UPDATE mail_notification n SET notification_status = 'sent' FROM sent WHERE n.mail_mail_id = sent.id`,
  },
  'Payment: Post-process transactions': {
    takes: [0.1, 0.5],
    sql: `UPDATE payment_transaction SET is_post_processed = true, write_date = now()
      WHERE state = 'done' AND NOT is_post_processed`,
  },
  [FAILING_CRON]: { takes: [0.5, 3], queues: CHANNELS.export },
  'EDI: Perform web services operations': {
    takes: [0.5, 3],
    sql: "UPDATE account_edi_document SET state = 'sent', write_date = now() WHERE state = 'to_send' AND blocking_level IS NULL",
  },
  'Marketplace: import orders': { takes: [0.3, 2] },
  'Procurement: run scheduler': { takes: [2, 6] },
}

interface DueCron {
  readonly id: number
  readonly name: string
}

export interface CronWorker {
  /** Holds the row of the cron that runs, idle in transaction until the run ends. */
  readonly holder: ClientBase
  /** In which the cron does its work. */
  readonly worker: ClientBase
  readonly tables: Tables
  readonly conditions: Conditions
  readonly random: Random
}

// As ir_cron._get_all_ready_jobs: by the clock, or by a trigger.
const DUE = `SELECT id, cron_name AS name FROM ir_cron WHERE active AND (nextcall <= now()
  OR id IN (SELECT cron_id FROM ir_cron_trigger WHERE call_at <= now())) ORDER BY priority, id`

const NEXT_CALL = `nextcall = CASE WHEN nextcall > now() THEN nextcall ELSE nextcall
  + ceil((extract(epoch FROM now() - nextcall) + 1) / extract(epoch FROM make_interval(mins => interval_number) * factor))
  * (make_interval(mins => interval_number) * factor) END`

/** One run: locked, its progress told, its work done or failed, rescheduled, its triggers used up. */
const runCron = async (
  { holder, worker, tables, conditions, random }: CronWorker,
  { id, name }: DueCron,
  signal: AbortSignal,
) => {
  const { takes, sql, queues } = RUNS[name] ?? OTHER
  await holder.query('BEGIN')
  const { rows } = await holder.query('SELECT id FROM ir_cron WHERE id = $1 FOR NO KEY UPDATE SKIP LOCKED', [id])
  if (rows.length === 0) {
    await holder.query('ROLLBACK')
    return
  }
  const now = new Date()
  const progress = tables.has('ir_cron_progress')
    ? await insert(worker, tables, 'ir_cron_progress', [
        { cron_id: id, done: 0, remaining: 0, timed_out_counter: 1, create_date: now, write_date: now },
      ])
    : []
  await delay(between(random, ...takes) * 1000, undefined, { signal })
  const fails = conditions.has('cron-failing') && name === FAILING_CRON
  if (!fails && sql !== undefined) await worker.query(sql)
  if (!fails && queues !== undefined) await enqueue({ client: worker, tables, conditions }, [{ channel: queues }])
  if (progress.length > 0) {
    await worker.query(
      'UPDATE ir_cron_progress SET timed_out_counter = 0, done = $2, write_date = now() WHERE id = $1',
      [progress[0], fails ? 0 : 1],
    )
  }
  const failure = fails
    ? 'failure_count = failure_count + 1, first_failure_date = coalesce(first_failure_date, now()),'
    : 'failure_count = 0, first_failure_date = NULL,'
  await holder.query(
    `UPDATE ir_cron SET ${tables.get('ir_cron')?.has('failure_count') ? failure : ''} lastcall = now(), ${NEXT_CALL}
    FROM (VALUES ('minutes', 1), ('hours', 60), ('days', 1440), ('weeks', 10080), ('months', 43200)) AS u (unit, factor)
    WHERE id = $1 AND unit = interval_type`,
    [id],
  )
  await holder.query('DELETE FROM ir_cron_trigger WHERE cron_id = $1 AND call_at <= now()', [id])
  await holder.query('COMMIT')
}

/** As long as the sessions live: what is due is run, one after another, as a worker with one thread does. */
export const runCrons = async (cron: CronWorker, pause: number, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await cron.conditions.until('cron-stopped', false, signal)
    const { rows } = await cron.worker.query<DueCron>(DUE)
    for (const due of rows) if (!cron.conditions.has('cron-stopped')) await runCron(cron, due, signal)
    await delay(pause, undefined, { signal })
  }
}

/** The cron worker's own session, on the database `postgres`; it is gone while crons have stopped. */
export const listenForCrons = async (
  { client, ended }: Session,
  conditions: Conditions,
  signal: AbortSignal,
): Promise<void> => {
  await conditions.until('cron-stopped', false, signal)
  await client.query('LISTEN cron_trigger')
  await Promise.race([ended, conditions.until('cron-stopped', true, signal)])
}
