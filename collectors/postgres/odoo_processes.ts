/**
 * Which of Odoo's processes wait to be woken? Cron workers LISTEN on cron_trigger in the database `postgres`, job
 * runners on queue_job in the tenant's. PostgreSQL shows no session's channels to another, only its last statement.
 */
import { probe } from '../../src/collector.ts'
import { metric, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'
import { MAX_DATABASES } from './visits.ts'

export const odooCronWorkers = metric({
  name: 'odoo_cron_workers',
  type: 'gauge',
  unit: 'count',
  help:
    "Sessions of Odoo that listen on the database postgres: cron workers (Odoo 15 and newer), and with them the bus's " +
    'listener, one per process that serves websockets, which looks the same. Absent on a standby.',
  labels: ['server'],
  maxSeries: 1,
})

export const odooQueueRunners = metric({
  name: 'odoo_queue_runners',
  type: 'gauge',
  unit: 'count',
  help: 'Job runners (OCA queue_job) that listen on the database; two are a fault too. Absent on a standby.',
  labels: ['server', 'datname'],
  maxSeries: MAX_DATABASES,
})

export interface Listeners {
  readonly datname: string
  readonly is_postgres: boolean
  readonly cron_workers: number
  readonly queue_runners: number
}

/**
 * What a listener's last statement can be:
 * - cron worker: LISTEN, or the COMMIT that follows it (odoo/service/server.py). Odoo keeps no other session open on
 *   `postgres` (odoo/sql_db.py: Cursor._close), but for the bus's.
 * - job runner, always outside a transaction: LISTEN, what it does with its cursor `select_jobs`, setting a job to
 *   enqueued, `SELECT 1` to keep the session alive (queue_job/jobrunner/runner.py).
 */
const SQL = `
  select d.datname, d.datname = 'postgres' as is_postgres,
    count(*) filter (where a.query ~* '^listen\\s+"?cron_trigger' or
      (d.datname = 'postgres' and odoo and a.query = 'COMMIT'))::int as cron_workers,
    count(*) filter (where a.query ~* '^listen\\s+"?queue_job' or
      (d.datname <> 'postgres' and odoo and (
        a.query = 'SELECT 1' or a.query like '%"select_jobs"%' or
        a.query like 'UPDATE queue_job SET state=''enqueued''%')))::int as queue_runners
  from pg_database d left join (
    select s.datid, left(ltrim(s.query), 60) as query,
      s.application_name ~ '^odoo(-\\d+)?$' or
        (s.application_name !~ '^(psql|pg_|odoo-pulse)' and s.usesysid = o.datdba) as odoo
    from pg_stat_activity s join pg_database o on o.oid = s.datid
    where s.backend_type = 'client backend' and s.state = 'idle'
  ) a on a.datid = d.oid
  where d.datallowconn and not d.datistemplate and not pg_is_in_recovery()
  group by d.datname`

export const odooProcesses = probe({
  name: 'odoo_processes',
  metrics: [odooCronWorkers, odooQueueRunners],
  interval: seconds(15),
  read: async (client: PostgresClient, signal) => {
    const [, rows] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<Listeners>(SQL, [], signal),
    ])
    return rows
  },
  map: (rows) => [
    ...(rows.length === 0
      ? []
      : sample(
          odooCronWorkers,
          {},
          rows.reduce((sum, row) => sum + row.cron_workers, 0),
        )),
    ...rows
      .filter((row) => !row.is_postgres)
      .flatMap(({ datname, queue_runners }) => sample(odooQueueRunners, { datname }, queue_runners)),
  ],
})
