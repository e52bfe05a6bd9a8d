/** The job runner: wakes for pending jobs, hands them out by channel, and workers perform them. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { z } from 'zod'
import type { Session } from '../sessions.ts'
import type { Book } from './book.ts'
import type { Conditions } from './conditions.ts'
import { CHANNELS, type Channel, type Job, job, label, reserve } from './jobs.ts'
import { newOrders } from './orders.ts'
import type { Tables } from './tables.ts'

export interface Runner {
  readonly client: ClientBase
  readonly tables: Tables
  readonly book: Book
  readonly conditions: Conditions
  /** Of the worker that performs the jobs. */
  readonly pid: number
}

/** How many jobs of a channel are handed out at a time. */
const CAPACITY: Readonly<Record<Channel, number>> = {
  [CHANNELS.import]: 8,
  [CHANNELS.reserve]: 8,
  [CHANNELS.label]: 8,
  [CHANNELS.export]: 1,
}

/** Why a job fails: for good, or to be tried again. */
interface Trouble {
  readonly exception: string
  readonly message: string
  readonly retried: boolean
}

const troubleOf = (channel: Channel, { has }: Conditions): Trouble | undefined => {
  if (channel === CHANNELS.label && has('carrier-down')) {
    const message = "The carrier's service does not answer: HTTP 503."
    return { exception: 'odoo.exceptions.UserError', message, retried: false }
  }
  if (channel === CHANNELS.reserve && has('reservations-failing')) {
    const message = 'could not obtain lock on row in relation "stock_quant"'
    return { exception: 'psycopg2.errors.LockNotAvailable', message, retried: true }
  }
  return undefined
}

/** pending → enqueued, as the runner does before it calls a worker. */
const handOut = async ({ client, conditions }: Runner, channel: Channel): Promise<void> => {
  // What workers have in hand they still finish.
  if (conditions.has('job-runner-dead') || (channel === CHANNELS.import && conditions.has('import-stalled'))) return
  await client.query(
    `UPDATE queue_job SET state = 'enqueued', date_enqueued = now(), date_started = NULL WHERE id IN (
      SELECT id FROM queue_job WHERE state = 'pending' AND channel = $1 AND (eta IS NULL OR eta <= now())
      ORDER BY priority, date_created LIMIT $2)`,
    [channel, CAPACITY[channel]],
  )
}

/** enqueued → started. Gives the jobs as workers have them in hand. */
const begin = async ({ client, pid }: Runner): Promise<readonly Job[]> => {
  const { rows } = await client.query(
    `UPDATE queue_job SET state = 'started', date_started = now(), worker_pid = $1 
    WHERE state = 'enqueued' AND channel = ANY ($2)
    RETURNING id, channel, retry, max_retries, records, kwargs`,
    [pid, Object.values(CHANNELS)],
  )
  return z.array(job).parse(rows)
}

const takeEffect = async (
  { client, tables }: Runner,
  channel: Channel,
  jobs: readonly Job[],
): Promise<readonly (readonly [string, number])[]> => {
  const records = jobs.flatMap(({ records }) => records.ids)
  if (channel === CHANNELS.reserve) await reserve(client, records)
  if (channel === CHANNELS.label) await label(client, records)
  if (channel !== CHANNELS.import) return []
  const orders = jobs.flatMap(({ kwargs }) => kwargs.order ?? [])
  const ids = await newOrders(client, tables, orders, new Date())
  return orders.map(({ reference }, i) => [reference, ids[i] ?? 0])
}

const done = (client: ClientBase, ids: readonly number[]) =>
  client.query(
    `UPDATE queue_job SET state = 'done', date_done = now(), exec_time = extract(epoch FROM now() - date_started),
      exc_name = NULL, exc_message = NULL, exc_info = NULL, retry = retry + 1 WHERE id = ANY ($1)`,
    [ids],
  )

/** A failed job has no date of its failure; one to be tried again is pending, its eta in the future (queue_job/job.py). */
const failed = (client: ClientBase, ids: readonly number[], { exception, message, retried }: Trouble) =>
  client.query(
    `UPDATE queue_job SET retry = retry + 1, date_enqueued = NULL, exc_name = $2::text, exc_message = $3::text, exc_info = $2::text || ': ' || $3::text,
      state = CASE WHEN $4 AND retry + 1 < max_retries THEN 'pending' ELSE 'failed' END,
      date_started = CASE WHEN $4 AND retry + 1 < max_retries THEN NULL ELSE date_started END,
      eta = CASE WHEN $4 AND retry + 1 < max_retries THEN now() + (retry + 1) * interval '5 s' END
    WHERE id = ANY ($1)`,
    [ids, exception, message, retried],
  )

/** started → done, failed, or pending again: jobs of one channel, in one transaction with what they do. */
const finish = async (runner: Runner, channel: Channel, jobs: readonly Job[]): Promise<void> => {
  const { client, book, conditions } = runner
  if (jobs.length === 0) return
  const ids = jobs.map(({ id }) => id)
  const trouble = troubleOf(channel, conditions)
  await client.query('BEGIN')
  try {
    const made = trouble === undefined ? await takeEffect(runner, channel, jobs) : []
    await (trouble === undefined ? done(client, ids) : failed(client, ids, trouble))
    await client.query('COMMIT')
    for (const [reference, order] of made) book.set(reference, { order })
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** How many jobs hang while jobs are stuck. */
const STUCK = 3

/** A worker has died hours ago with these in its hand, and nobody has noticed. */
const strand = (client: ClientBase, ids: readonly number[]) =>
  client.query(
    `UPDATE queue_job SET date_created = date_created - interval '3 h', date_enqueued = date_enqueued - interval '3 h',
      date_started = date_started - interval '3 h', worker_pid = 999999 WHERE id = ANY ($1)`,
    [ids],
  )

const requeue = (client: ClientBase, ids: readonly number[]) =>
  client.query(
    "UPDATE queue_job SET state = 'pending', date_enqueued = NULL, date_started = NULL WHERE id = ANY ($1)",
    [ids],
  )

/** As long as the session lives: jobs are performed in rounds, each in hand from one round to the next. */
export const runJobs = async (runner: Runner, pause: number, signal: AbortSignal): Promise<void> => {
  const { client, conditions } = runner
  // What an earlier run left in some worker's hand.
  await client.query(
    "UPDATE queue_job SET state = 'pending', date_enqueued = NULL, date_started = NULL WHERE state IN ('enqueued', 'started')",
  )
  let inHand: readonly Job[] = []
  let stuck: readonly number[] = []
  while (!signal.aborted) {
    await delay(pause, undefined, { signal })
    if (!conditions.has('jobs-stuck') && stuck.length > 0) {
      await requeue(client, stuck)
      stuck = []
    }
    if (conditions.has('jobs-stuck') && stuck.length < STUCK) {
      const hanging = inHand
        .filter(({ channel }) => channel === CHANNELS.reserve)
        .slice(0, STUCK - stuck.length)
        .map(({ id }) => id)
      await strand(client, hanging)
      stuck = [...stuck, ...hanging]
    }
    const live = inHand.filter(({ id }) => !stuck.includes(id))
    inHand = []
    for (const channel of Object.values(CHANNELS))
      await finish(
        runner,
        channel,
        live.filter((one) => one.channel === channel),
      )
    inHand = await begin(runner)
    for (const channel of Object.values(CHANNELS)) await handOut(runner, channel)
  }
}

/** The runner's own session: it only listens, and is gone while the runner is dead. */
export const listenForJobs = async (
  { client, ended }: Session,
  conditions: Conditions,
  signal: AbortSignal,
): Promise<void> => {
  await conditions.until('job-runner-dead', false, signal)
  await client.query('LISTEN queue_job')
  await Promise.race([ended, conditions.until('job-runner-dead', true, signal)])
}

/** What an operator does once the cause is mended: requeue the channel's jobs that have failed or were put off. */
export const REQUEUE_FAILED = `UPDATE queue_job SET state = 'pending', retry = 0, eta = NULL, date_started = NULL, date_enqueued = NULL,
  exc_name = NULL, exc_message = NULL, exc_info = NULL WHERE (state = 'failed' OR (state = 'pending' AND retry > 0)) AND channel = $1`
