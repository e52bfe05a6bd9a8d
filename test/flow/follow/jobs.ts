/** Background jobs in an Odoo's database, as its runner would leave them. */
import { randomUUID } from 'node:crypto'
import type { PostgresServer } from '../../../demo/postgres.ts'
import { MINUTE } from '../../../src/flow/ledger/counts.ts'
import { datetimeText } from '../../../src/flow/read/naive.ts'
import type { Duration, Instant } from '../../../src/metric.ts'

export interface Job {
  readonly created: Instant
  readonly done: Instant | undefined
}

const at = (instant: Instant | undefined): string => (instant === undefined ? 'NULL' : `'${datetimeText(instant)}'`)
/** Odoo's clock knows whole seconds by the time it is read. */
const whole = (instant: Instant): Instant => Math.floor(instant / 1000) * 1000

export const jobsIn = (postgres: PostgresServer, database: string) => {
  const query = (sql: string) => postgres.query(sql, undefined, database)
  const insert = (jobs: readonly Job[]): Promise<unknown> =>
    query(
      `INSERT INTO queue_job (uuid, name, channel, state, retry, date_created, date_done) VALUES ${jobs
        .map(
          ({ created, done }) =>
            `('${randomUUID()}', 'A job', 'root.sale', '${done === undefined ? 'pending' : 'done'}', 0, ${at(created)}, ${at(done)})`,
        )
        .join(', ')}`,
    )
  return {
    query,
    insert,
    /** Done a minute after they were made, one each so often. */
    past: (from: Instant, to: Instant, every: Duration): Promise<unknown> =>
      insert(
        Array.from({ length: Math.floor((to - from) / every) }, (_, i) => {
          const created = whole(from + i * every)
          return { created, done: created + MINUTE }
        }),
      ),
  }
}

/** A job each so often, done a minute later while the runner runs; by a clock that may be faster than ours. */
export const keepWorking = (
  jobs: ReturnType<typeof jobsIn>,
  now: () => Instant,
  every: Duration,
): { readonly made: readonly Job[]; readonly halt: () => void; readonly stop: () => Promise<void> } => {
  const made: { created: Instant; done: Instant | undefined }[] = []
  let isRunning = true
  let isStopped = false
  let last = now()
  const work = async (): Promise<void> => {
    while (!isStopped) {
      const due: { created: Instant; done: undefined }[] = []
      for (; last + every <= now(); last += every) due.push({ created: whole(last + every), done: undefined })
      if (due.length > 0) await jobs.insert(due)
      made.push(...due)
      if (isRunning) {
        const until = now() - MINUTE
        await jobs.query(`UPDATE queue_job SET state = 'done', date_done = date_created + interval '1 minute'
          WHERE state = 'pending' AND date_created <= '${datetimeText(until)}'`)
        for (const job of made) if (job.created <= whole(until)) job.done = job.created + MINUTE
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const working = work()
  return {
    made,
    halt: () => {
      isRunning = false
    },
    stop: async () => {
      isStopped = true
      await working
    },
  }
}
