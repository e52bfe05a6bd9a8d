/**
 * How do the runs of crons go: failing, under way, killed, how long? Odoo 18 and newer keep a record.
 *
 * Each run (or loop of one) adds a row to `ir.cron.progress` with timed_out_counter > 0, and sets that to 0 when it
 * ends, well or not (odoo/addons/base/models/ir_cron.py). So a row still above 0 is under way if it is its cron's
 * newest, else it was killed, by limit_time_real or with its worker. Rows are kept for a week.
 */
import { probe, Unsupported } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { GroupRow, OdooClient } from './client.ts'
import { type Cron, cronLabels, MAX_CRONS, readCrons } from './crons.ts'
import { instant, many2one, number } from './values.ts'

const perCron = { type: 'gauge', labels: ['tenant', 'cron'], maxSeries: MAX_CRONS } as const

export const odooCronFailures = metric({
  ...perCron,
  name: 'odoo_cron_failures',
  unit: 'count',
  help:
    'Failures in a row. After 5 or more over 7 days Odoo switches the cron off and sets this to 0: of a cron that is ' +
    'off, 0 is absent. Odoo 18 and newer. A cron that handles its own errors stays at 0.',
})

export const odooCronFirstFailure = metric({
  ...perCron,
  name: 'odoo_cron_first_failure_timestamp_seconds',
  unit: 'timestamp',
  help: 'When the first of the failures in a row was. Absent if the last run went well. Odoo 18 and newer.',
})

export const odooCronRunning = metric({
  ...perCron,
  name: 'odoo_cron_running',
  unit: 'bool',
  help: 'Whether the active cron runs, or died in mid-run and was not run since. Odoo 18 and newer.',
})

export const odooCronKilledRuns = metric({
  ...perCron,
  name: 'odoo_cron_killed_runs',
  unit: 'count',
  help: 'Runs of the last week that never came to an end (limit_time_real, a dead worker). Absent without any run. Odoo 18 and newer.',
})

export const odooCronLastDuration = metric({
  ...perCron,
  name: 'odoo_cron_last_duration_seconds',
  unit: 'seconds',
  help: 'Duration of the last run that came to an end, in whole seconds; of its last loop, if it loops. Odoo 18 and newer.',
})

export interface CountedCron extends Cron {
  readonly failure_count: number
  readonly first_failure_date: string | false
  readonly lastcall: string | false
}

export interface CronRuns {
  readonly crons: readonly CountedCron[]
  /** By cron and timed_out_counter. */
  readonly runs: readonly GroupRow[]
}

const readRuns = async (client: OdooClient, signal: AbortSignal): Promise<CronRuns> => {
  if (client.version < 18) {
    throw new Unsupported(`Odoo ${client.version} keeps no record of failures and runs of crons: 18 and newer do`)
  }
  const crons = await readCrons<CountedCron>(client, ['failure_count', 'first_failure_date', 'lastcall'], signal)
  const by = ['cron_id', 'timed_out_counter']
  // a cron's runs follow one another: the latest dates of those that ended are those of the last that did
  const aggregates = ['id:max', 'create_date:max', 'write_date:max']
  return { crons, runs: await client.readGroup('ir.cron.progress', [], by, aggregates, signal) }
}

export const cronRuns = probe({
  name: 'cron_runs',
  metrics: [odooCronFailures, odooCronFirstFailure, odooCronRunning, odooCronKilledRuns, odooCronLastDuration],
  interval: seconds(60),
  read: readRuns,
  map: ({ crons, runs }) => {
    const labels = cronLabels(crons)
    const byCron = Map.groupBy(runs, (row) => many2one(row.cron_id)?.id)
    return crons.flatMap((cron) => samplesOf(cron, labels.get(cron.id) ?? '', byCron.get(cron.id) ?? []))
  },
})

const samplesOf = (
  { active, failure_count, first_failure_date, lastcall }: CountedCron,
  label: string,
  runs: readonly GroupRow[],
): readonly Sample[] => {
  const cron = { cron: label }
  const ended = runs.find((row) => row.timed_out_counter === 0)
  const open = runs.filter((row) => row !== ended)
  const newest = Math.max(0, ...open.map((row) => number(row['id:max']) ?? 0))
  const running = active && newest > (number(ended?.['id:max']) ?? 0)
  const killed = open.reduce((sum, row) => sum + row.__count, 0) - Number(running)
  const [began, written] = [instant(ended?.['create_date:max']), instant(ended?.['write_date:max'])]
  // 18 writes the row in the transaction of the run, so dates it back to its begin, and lastcall is its end; but not
  // after several killed runs: giving up on those sets lastcall too
  const isOfThat = newest < (number(ended?.['id:max']) ?? 0) || killed + Number(running) === 1
  const end = written === undefined ? undefined : Math.max(written, (isOfThat ? instant(lastcall) : undefined) ?? 0)
  return [
    ...sample(odooCronFailures, cron, active || failure_count > 0 ? failure_count : undefined),
    ...sample(odooCronFirstFailure, cron, instant(first_failure_date)),
    ...sample(odooCronRunning, cron, active ? Number(running) : undefined),
    ...sample(odooCronKilledRuns, cron, runs.length > 0 ? killed : undefined),
    ...sample(odooCronLastDuration, cron, began === undefined || end === undefined ? undefined : end - began),
  ]
}
