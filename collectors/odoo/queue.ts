/** How do background jobs (OCA queue_job) get on, by channel: how many, since when, which are stuck? */
import { CollectError, probe } from '../../src/collector.ts'
import { hours, metric, minutes, type Sample, sample, seconds } from '../../src/metric.ts'
import type { GroupRow, OdooClient } from './client.ts'
import { type Domain, datetime, instant, number, text } from './values.ts'

const MAX_CHANNELS = 60

/** queue_job's states from 14 on, but for done and cancelled, which are history. */
const STATES = ['wait_dependencies', 'pending', 'enqueued', 'started', 'failed'] as const

/** Since when a job is in its state. There is no date of failure: that of its start is the nearest. */
const SINCE = {
  wait_dependencies: 'date_created:min',
  enqueued: 'date_enqueued:min',
  started: 'date_started:min',
  failed: 'date_started:min',
} as const

/** The job runner hands a job to a worker, which starts it within seconds if it is free. */
const STUCK_ENQUEUED = minutes(10)
/** Longer than a worker lives in most installations (limit_time_real): who works on it is likely dead. */
const STUCK_STARTED = hours(1)

const perState = {
  type: 'gauge',
  labels: ['tenant', 'channel', 'state'],
  values: { state: STATES },
  maxSeries: MAX_CHANNELS * STATES.length,
} as const
const perChannel = { type: 'gauge', labels: ['tenant', 'channel'], maxSeries: MAX_CHANNELS } as const

export const odooQueueJobs = metric({
  ...perState,
  name: 'odoo_queue_jobs',
  unit: 'count',
  help: 'Jobs by channel and state. Failed ones stay until someone requeues, cancels or deletes them; done and cancelled are not counted.',
})

export const odooQueueOldestJob = metric({
  ...perState,
  name: 'odoo_queue_oldest_job_timestamp_seconds',
  unit: 'timestamp',
  help:
    'Since when the oldest job is in this state: pending, since it was created or its eta came (jobs put off to later ' +
    'are left out); enqueued; started; failed, since its start. Absent if there is none.',
})

export const odooQueueStuckJobs = metric({
  ...perChannel,
  name: 'odoo_queue_stuck_jobs',
  unit: 'count',
  help: 'Jobs enqueued for more than 10 minutes or started more than an hour ago: their worker is most likely gone.',
})

export const odooQueueMaxRetries = metric({
  ...perChannel,
  name: 'odoo_queue_max_retries',
  unit: 'count',
  help: 'The most attempts any job has behind it that is not done and has not failed. Absent if there is none.',
})

export interface Queue {
  /** complete_name of each configured channel. */
  readonly channels: readonly string[]
  /** By channel and state. */
  readonly jobs: readonly GroupRow[]
  /** By channel and state: pending ones with no eta, and stuck ones. */
  readonly waiting: readonly GroupRow[]
  /** By channel: pending ones whose eta has come. */
  readonly due: readonly GroupRow[]
}

const readChannels = async (client: OdooClient, signal: AbortSignal): Promise<readonly string[]> => {
  const rows = await client.searchRead<{ readonly complete_name: string | false }>(
    'queue.job.channel',
    [],
    ['complete_name'],
    { order: 'id', limit: MAX_CHANNELS + 1 },
    signal,
  )
  if (rows.length > MAX_CHANNELS) {
    throw new CollectError('series_limit', `more than ${MAX_CHANNELS} channels of jobs: none is shown rather than some`)
  }
  return rows.flatMap(({ complete_name }) => text(complete_name) ?? [])
}

/** Lists are positive: `not in` costs seven times as much on a million jobs. There are no create_date and write_date. */
const readQueue = async (client: OdooClient, signal: AbortSignal): Promise<Queue> => {
  const now = client.now()
  const before = (age: number): string => datetime((now - age) / 1000)
  const waiting: Domain = [
    '|',
    '&',
    ['state', '=', 'pending'],
    ['eta', '=', false],
    '|',
    '&',
    ['state', '=', 'enqueued'],
    ['date_enqueued', '<=', before(STUCK_ENQUEUED)],
    '&',
    ['state', '=', 'started'],
    ['date_started', '<=', before(STUCK_STARTED)],
  ]
  const due: Domain = [
    ['state', '=', 'pending'],
    ['eta', '<=', before(0)],
  ]
  const group = (domain: Domain, by: readonly string[], aggregates: readonly string[]): Promise<readonly GroupRow[]> =>
    client.readGroup('queue.job', domain, by, aggregates, signal)
  const dates = [...new Set(Object.values(SINCE))]
  const jobs = await group([['state', 'in', STATES]], ['channel', 'state'], [...dates, 'retry:max'])
  const isAny = (...states: readonly string[]): boolean =>
    jobs.some((row) => states.some((state) => row.state === state))
  return {
    jobs,
    channels: await readChannels(client, signal),
    // nothing is asked about what is not there
    waiting: isAny('pending', 'enqueued', 'started')
      ? await group(waiting, ['channel', 'state'], ['date_created:min'])
      : [],
    due: isAny('pending') ? await group(due, ['channel'], ['date_created:min', 'eta:min']) : [],
  }
}

export const queue = probe({
  name: 'queue',
  metrics: [odooQueueJobs, odooQueueOldestJob, odooQueueStuckJobs, odooQueueMaxRetries],
  interval: seconds(30),
  priority: 'essential',
  read: readQueue,
  map: (queue) => {
    const channels = new Set([...queue.channels, ...queue.jobs.map(channelOf)])
    return [...channels].flatMap((channel) => samplesOf(channel, queue))
  },
})

/** A job without a channel is the root's. */
const channelOf = (row: GroupRow): string => text(row.channel) ?? 'root'

const samplesOf = (channel: string, queue: Queue): readonly Sample[] => {
  const here = (rows: readonly GroupRow[]): readonly GroupRow[] => rows.filter((row) => channelOf(row) === channel)
  const [jobs, waiting, due] = [here(queue.jobs), here(queue.waiting), here(queue.due)]
  const inState = (rows: readonly GroupRow[], state: string) => rows.filter((row) => row.state === state)
  const stuck = waiting.filter((row) => row.state === 'enqueued' || row.state === 'started')
  const retries = jobs.filter((row) => row.state !== 'failed').flatMap((row) => number(row['retry:max']) ?? [])
  return [
    ...STATES.flatMap((state) => sample(odooQueueJobs, { channel, state }, count(inState(jobs, state)))),
    ...sample(odooQueueOldestJob, { channel, state: 'pending' }, oldestPending(inState(waiting, 'pending'), due)),
    ...Object.entries(SINCE).flatMap(([state, date]) =>
      sample(odooQueueOldestJob, { channel, state }, earliest(inState(jobs, state).map((row) => instant(row[date])))),
    ),
    ...sample(odooQueueStuckJobs, { channel }, count(stuck)),
    ...sample(odooQueueMaxRetries, { channel }, retries.length === 0 ? undefined : Math.max(...retries)),
  ]
}

const count = (rows: readonly GroupRow[]): number => rows.reduce((sum, row) => sum + row.__count, 0)

const earliest = (instants: readonly (number | undefined)[]): number | undefined => {
  const known = instants.filter((t) => t !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** A retried job is old, and waits only since its eta: the later of the two. */
const oldestPending = (unset: readonly GroupRow[], due: readonly GroupRow[]): number | undefined =>
  earliest([
    ...unset.map((row) => instant(row['date_created:min'])),
    ...due.map((row) => {
      const [created, eta] = [instant(row['date_created:min']), instant(row['eta:min'])]
      return created === undefined || eta === undefined ? (eta ?? created) : Math.max(created, eta)
    }),
  ])
