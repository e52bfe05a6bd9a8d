/** What do the sessions do, and how long have their transactions run? */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'
import { ACTIVITY, applicationLabel, type Evidence, ROLES, type Role, roleOf } from './sessions.ts'
import { MAX_DATABASES } from './visits.ts'

/** Groups of sessions; there are never more than sessions, and few alike in all seven labels. */
const MAX_GROUPS = 4 * MAX_DATABASES + 2000
/** Seeded for each database, so that a sum by state is 0 rather than absent. */
const STATES = ['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)'] as const

const peer = {
  type: 'gauge',
  labels: [
    'server',
    'datname',
    'state',
    'usename',
    'application_name',
    'backend_type',
    'wait_event_type',
    'wait_event',
  ],
  mayBeEmpty: ['datname', 'state', 'usename', 'application_name', 'backend_type', 'wait_event_type', 'wait_event'],
  maxSeries: MAX_GROUPS,
  inherited: 'postgres_exporter',
} as const

export const pgStatActivityCount = metric({
  ...peer,
  name: 'pg_stat_activity_count',
  unit: 'count',
  help: 'Sessions and background processes, without ours. Application names are from a closed set: odoo for every odoo-<pid>.',
})

export const pgStatActivityMaxTx = metric({
  ...peer,
  name: 'pg_stat_activity_max_tx_duration',
  unit: 'seconds',
  help: 'Age of the oldest transaction among them; absent where none is open.',
})

const byRole = {
  type: 'gauge',
  labels: ['server', 'datname', 'role'],
  maxSeries: ROLES.length * MAX_DATABASES,
} as const

export const pgIdleInTransaction = metric({
  ...byRole,
  name: 'pg_idle_in_transaction_sessions',
  unit: 'count',
  help: 'Sessions idle in a transaction. Those of odoo_cron belong to a running cron, which holds its row so for as long as it runs.',
})

export const pgIdleInTransactionLongest = metric({
  ...byRole,
  name: 'pg_idle_in_transaction_longest_seconds',
  unit: 'seconds',
  help: 'How long the one idle in a transaction for longest has been so; absent where none is.',
})

export interface ActivityGroup {
  readonly datname: string | null
  readonly state: string | null
  readonly usename: string | null
  readonly application_name: string | null
  readonly backend_type: string | null
  readonly wait_event_type: string | null
  readonly wait_event: string | null
  readonly count: number
  readonly max_tx: number | null
}

export interface IdleSession extends Evidence {
  readonly datname: string
  readonly idle: number | null
}

const GROUPS = `
  select datname, state, usename, application_name, backend_type, wait_event_type, wait_event,
    count(*)::int as count, max(extract(epoch from clock_timestamp() - xact_start))::float8 as max_tx
  from pg_stat_activity
  where pid <> pg_backend_pid()
  group by datname, state, usename, application_name, backend_type, wait_event_type, wait_event`

const IDLE = `
  with ${ACTIVITY}
  select datname, application_name, owns, runs_cron, runs_job,
    extract(epoch from clock_timestamp() - state_change)::float8 as idle
  from act where state like 'idle in transaction%'`

const DATABASES = `select datname from pg_database where datallowconn and not datistemplate`

export const activity = probe({
  name: 'activity',
  metrics: [pgStatActivityCount, pgStatActivityMaxTx, pgIdleInTransaction, pgIdleInTransactionLongest],
  interval: seconds(15),
  read: async (client: PostgresClient, signal) => {
    const [, groups, idle, databases] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<ActivityGroup>(GROUPS, [], signal),
      client.query<IdleSession>(IDLE, [], signal),
      client.query<{ datname: string }>(DATABASES, [], signal),
    ])
    return { groups, idle, datnames: databases.map(({ datname }) => datname) }
  },
  map: ({ groups, idle, datnames }) => [...groupSamples(datnames, groups), ...idleSamples(datnames, idle)],
})

const labelsOf = (group: ActivityGroup) => ({
  datname: group.datname ?? '',
  state: group.state ?? '',
  usename: group.usename ?? '',
  application_name: applicationLabel(group.application_name),
  backend_type: group.backend_type ?? '',
  wait_event_type: group.wait_event_type ?? '',
  wait_event: group.wait_event ?? '',
})

const groupSamples = (datnames: readonly string[], groups: readonly ActivityGroup[]): readonly Sample[] => {
  // Names that differ for PostgreSQL can be one label: their groups are put together.
  const merged = Map.groupBy(groups, (group) => JSON.stringify(labelsOf(group)))
  const seen = new Set(groups.map(({ datname, state }) => `${state} ${datname}`))
  const none = { usename: '', application_name: '', backend_type: '', wait_event_type: '', wait_event: '' }
  return [
    ...[...merged.values()].flatMap((same) => {
      const [first] = same
      if (first === undefined) return []
      const ages = same.flatMap(({ max_tx }) => max_tx ?? [])
      const count = same.reduce((sum, group) => sum + group.count, 0)
      return [
        ...sample(pgStatActivityCount, labelsOf(first), count),
        ...sample(pgStatActivityMaxTx, labelsOf(first), ages.length > 0 ? Math.max(...ages) : undefined),
      ]
    }),
    ...datnames.flatMap((datname) =>
      STATES.filter((state) => !seen.has(`${state} ${datname}`)).flatMap((state) =>
        sample(pgStatActivityCount, { ...none, datname, state }, 0),
      ),
    ),
  ]
}

const idleSamples = (datnames: readonly string[], sessions: readonly IdleSession[]): readonly Sample[] =>
  datnames.flatMap((datname) =>
    ROLES.flatMap((role: Role) => {
      const these = sessions.filter((session) => session.datname === datname && roleOf(session) === role)
      const idle = these.flatMap((session) => session.idle ?? [])
      return [
        ...sample(pgIdleInTransaction, { datname, role }, these.length),
        ...sample(pgIdleInTransactionLongest, { datname, role }, idle.length > 0 ? Math.max(...idle) : undefined),
      ]
    }),
  )
