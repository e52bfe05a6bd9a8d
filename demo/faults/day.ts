/** Faults of the business day. Where one shows only after an hour in production, it begins as it looks an hour later. */
import type { Condition } from '../day/conditions.ts'
import { FAILING_CRON } from '../day/crons.ts'
import { CHANNELS } from '../day/jobs.ts'
import { REQUEUE_FAILED } from '../day/runner.ts'
import type { Estate, TenantName } from '../estate.ts'
import type { Fault } from './fault.ts'

/** Runs statements in the tenant's database when the fault begins and when it has ended. */
interface Traces {
  readonly before?: string
  readonly after?: string
}

const sufferedBy = (tenant: TenantName, condition: Condition, title: string, traces: Traces = {}): Fault => {
  const run = async ({ primary }: Estate, sql: string | undefined): Promise<void> => {
    if (sql !== undefined) await primary.query(sql, undefined, tenant)
  }
  return {
    title,
    start: async (estate) => {
      const end = estate.day.conditions(tenant).begin(condition)
      try {
        await run(estate, traces.before)
      } catch (error) {
        end()
        throw error
      }
      return async () => {
        end()
        // A server that does not answer now is another fault's doing.
        await run(estate, traces.after).catch(() => undefined)
      }
    },
  }
}

const named = (cron: string): string => `cron_name = '${cron}'`
const requeue = (channel: string): string => REQUEUE_FAILED.replace('$1', `'${channel}'`)

export const cronStopped = sufferedBy(
  'globex',
  'cron-stopped',
  "globex' cron workers are gone, and have been for an hour: nothing scheduled runs",
  { before: "UPDATE ir_cron SET nextcall = now() - interval '1 hour' WHERE active AND interval_type = 'minutes'" },
)

export const cronFailing = sufferedBy(
  'acme',
  'cron-failing',
  `acme's cron "${FAILING_CRON}" has failed for a day, and fails again`,
  {
    before: `UPDATE ir_cron SET failure_count = 3, first_failure_date = now() - interval '1 day', nextcall = now() WHERE ${named(FAILING_CRON)}`,
    after: `UPDATE ir_cron SET nextcall = now() WHERE ${named(FAILING_CRON)}`,
  },
)

export const jobsStuck = sufferedBy(
  'acme',
  'jobs-stuck',
  'jobs of acme have been started for hours; their worker is dead',
)

export const jobRunnerDead = sufferedBy('globex', 'job-runner-dead', "globex' job runner has ended: jobs stay pending")

export const importStalled = sufferedBy(
  'acme',
  'import-stalled',
  "acme's order imports have waited for an hour, and none is started",
)

export const carrierDown = sufferedBy(
  'acme',
  'carrier-down',
  "acme's carrier does not answer: no labels; some of a batch are shipped without, the others not at all",
  { after: requeue(CHANNELS.label) },
)

export const reservationsFailing = sufferedBy(
  'acme',
  'reservations-failing',
  "acme's stock can't be reserved: its rows are locked, jobs are tried again and fail",
  { after: requeue(CHANNELS.reserve) },
)
