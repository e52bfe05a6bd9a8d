/** Whose session is it? What the probes of pg_stat_activity share. Pure, but for the SQL they have in common. */

/**
 * Names that stay; any other is `other`, so that no program can make a series for each of its starts. Odoo names
 * itself `odoo-<pid>` by default (odoo/sql_db.py), with what `db_app_name` or PGAPPNAME say in its place.
 */
const PROGRAMS: readonly (readonly [RegExp, string])[] = [
  [/^odoo[-_ ]?\d*$/i, 'odoo'],
  [/^odoo-pulse$/, 'odoo-pulse'],
  [/^(psql|pg_dump|pg_dumpall|pg_restore|pg_basebackup|pg_receivewal|vacuumdb|reindexdb|pgbench|walreceiver)$/, '$1'],
  [/^(postgres_exporter|pgwatch|pgbouncer|metabase|superset|grafana|repmgrd?|patroni)\b.*$/i, '$1'],
  [/^(pgbackrest|barman|wal-g|pgadmin|dbeaver|datagrip)\b.*$/i, '$1'],
]

/** The application name as a label: from a closed set. Empty where none is set. */
export const applicationLabel = (name: string | null): string => {
  const given = (name ?? '').trim()
  if (given === '') return ''
  const known = PROGRAMS.find(([pattern]) => pattern.test(given))
  return known === undefined ? 'other' : given.replace(known[0], known[1]).toLowerCase()
}

export const ROLES = ['odoo_web', 'odoo_cron', 'odoo_job', 'other'] as const
export type Role = (typeof ROLES)[number]

/** What tells a session's role; of its query text only these findings leave the server. */
export interface Evidence {
  readonly application_name: string | null
  /** Whether its user owns its database, as Odoo's does. */
  readonly owns: boolean | null
  /** Whether it, or another session of the same process on the same database, holds a cron's row while the job runs. */
  readonly runs_cron: boolean | null
  /** Whether its statement works on the row of a queue job. */
  readonly runs_job: boolean | null
}

export const roleOf = ({ application_name, owns, runs_cron, runs_job }: Evidence): Role => {
  const application = applicationLabel(application_name)
  // The name can be set to anything (db_app_name, PGAPPNAME); what is no other program and owns the database is Odoo.
  const isOdoo = application === 'odoo' || (owns === true && (application === '' || application === 'other'))
  if (!isOdoo) return 'other'
  if (runs_cron === true) return 'odoo_cron'
  return runs_job === true ? 'odoo_job' : 'odoo_web'
}

/**
 * A common table expression `act`: the sessions of clients, with their evidence. A running cron's row stays locked by
 * a session of its process that sits idle in transaction after `SELECT … FROM ir_cron … FOR [NO KEY] UPDATE`
 * (odoo/addons/base/models/ir_cron.py); the job's own cursor is another session of that process. A queue job begins and
 * ends with its row (queue_job/controllers/main.py); in between PostgreSQL can't tell it from a web request.
 * strpos first: a regular expression over the text of every session would cost more than all else here.
 */
export const ACTIVITY = `
  raw as materialized (
    select pid, datid, datname, usesysid, application_name, client_addr, state, xact_start, state_change, backend_start,
      state like 'idle in transaction%' and strpos(query, 'ir_cron') > 0
        and query ~* '\\mfrom\\s+"?ir_cron\\M' as holds_cron,
      strpos(query, 'queue_job') > 0 and query ~* '^\\s*(update|select\\M.*\\mfrom)\\s+"?queue_job(_lock)?\\M.*(\\mset\\s+"?state|\\mfor\\M.*\\mupdate)' as runs_job
    from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type = 'client backend'
  ),
  act as materialized (
    select raw.*, raw.usesysid = d.datdba as owns,
      holds_cron or exists (
        select from raw c where c.holds_cron and c.datid = raw.datid and c.application_name = raw.application_name
          and raw.application_name <> '' and c.client_addr is not distinct from raw.client_addr
      ) as runs_cron
    from raw left join pg_database d on d.oid = raw.datid
  )`
