/** Which locks are held, who waits for one, and who stands at the head of the queue? */
import { probe } from '../../src/collector.ts'
import { metric, type Sample, sample, seconds } from '../../src/metric.ts'
import type { PostgresClient } from './client.ts'
import { needs } from './grants.ts'
import { ACTIVITY, type Evidence, roleOf } from './sessions.ts'
import { MAX_DATABASES } from './visits.ts'

/** https://www.postgresql.org/docs/current/explicit-locking.html, and the predicate locks of serializable transactions. */
const MODES = [
  'accesssharelock',
  'rowsharelock',
  'rowexclusivelock',
  'shareupdateexclusivelock',
  'sharelock',
  'sharerowexclusivelock',
  'exclusivelock',
  'accessexclusivelock',
  'sireadlock',
] as const

/** pg_blocking_pids holds up the lock manager for a moment each time: the first this many waiters will do. */
const MAX_WAITERS = 100

export const pgLocksCount = metric({
  name: 'pg_locks_count',
  type: 'gauge',
  unit: 'count',
  help: 'Locks held or waited for, by mode. Waits for a row are waits for a transaction and not among them: see pg_blocked_sessions.',
  labels: ['server', 'datname', 'mode'],
  maxSeries: MODES.length * MAX_DATABASES,
  inherited: 'postgres_exporter',
})

const perDatabase = { type: 'gauge', labels: ['server', 'datname'], maxSeries: MAX_DATABASES } as const

export const pgBlockedSessions = metric({
  ...perDatabase,
  name: 'pg_blocked_sessions',
  unit: 'count',
  help: 'Sessions that wait for a lock (of a row, table, transaction, advisory …).',
})

export const pgBlockingSessions = metric({
  ...perDatabase,
  name: 'pg_blocking_sessions',
  unit: 'count',
  help: 'Sessions that others wait for, waiting themselves or not.',
})

export const pgLongestBlocked = metric({
  ...perDatabase,
  name: 'pg_longest_blocked_seconds',
  unit: 'seconds',
  help: 'The longest wait for a lock at the moment; 0 if nobody waits.',
})

export const pgRootBlockerAge = metric({
  name: 'pg_root_blocker_age_seconds',
  type: 'gauge',
  unit: 'seconds',
  help:
    'Age of the oldest transaction that others wait for and that waits for nobody, by whose it is: odoo_web, odoo_cron, ' +
    'odoo_job (as far as PostgreSQL can tell), prepared_xact, other. Absent if nobody waits.',
  labels: ['server', 'datname', 'role'],
  mayBeEmpty: ['datname'],
  maxSeries: 5 * MAX_DATABASES,
})

export interface LockCount {
  readonly datname: string
  /** Null where the database has none. */
  readonly mode: string | null
  readonly count: number
}

/** A session that waits, or that another waits for. */
export interface Involved extends Evidence {
  readonly pid: number
  readonly datname: string | null
  /** Of its transaction; without one, since its last statement. */
  readonly age: number | null
  /** Null: it does not wait. */
  readonly waiting: number | null
  /** Whom it waits for; 0 is a prepared transaction. */
  readonly blockers: readonly number[]
}

/** The oldest prepared transaction of a database. */
export interface PreparedXact {
  readonly datname: string
  readonly age: number
}

const COUNTS = `
  select d.datname, l.mode, coalesce(l.count, 0) as count
  from pg_database d left join (
    select database, lower(mode) as mode, count(*)::int as count from pg_locks group by database, lower(mode)
  ) l on l.database = d.oid
  where d.datallowconn and not d.datistemplate`

// waitstart is null for a moment at the beginning of a wait (pg_locks).
const INVOLVED = `
  with waits as materialized (
    select pid, extract(epoch from clock_timestamp() - min(waitstart))::float8 as waiting
    from pg_locks where not granted and pid is not null group by pid order by min(waitstart) limit $1
  ),
  edges as materialized (select pid, coalesce(waiting, 0) as waiting, pg_blocking_pids(pid) as blockers from waits),
  ${ACTIVITY}
  select a.pid, s.datname, s.application_name, act.owns, act.runs_cron, act.runs_job, e.waiting,
    coalesce(e.blockers, '{}') as blockers,
    extract(epoch from clock_timestamp() - coalesce(s.xact_start, s.state_change, s.backend_start))::float8 as age
  from (select pid from edges union select unnest(blockers) from edges) a
    join pg_stat_activity s on s.pid = a.pid
    left join act on act.pid = a.pid
    left join edges e on e.pid = a.pid`

const PREPARED = `
  select database as datname, extract(epoch from clock_timestamp() - min(prepared))::float8 as age
  from pg_prepared_xacts group by database`

export const locks = probe({
  name: 'locks',
  metrics: [pgLocksCount, pgBlockedSessions, pgBlockingSessions, pgLongestBlocked, pgRootBlockerAge],
  interval: seconds(10),
  priority: 'essential',
  read: async (client: PostgresClient, signal) => {
    const [, counts, involved, prepared] = await Promise.all([
      needs(client, 'pg_read_all_stats', signal),
      client.query<LockCount>(COUNTS, [], signal),
      client.query<Involved>(INVOLVED, [MAX_WAITERS], signal),
      client.query<PreparedXact>(PREPARED, [], signal),
    ])
    return { counts, involved, prepared }
  },
  map: ({ counts, involved, prepared }) => {
    const datnames = [...new Set(counts.map(({ datname }) => datname))]
    return [...countSamples(datnames, counts), ...queueSamples(datnames, involved), ...rootSamples(involved, prepared)]
  },
})

const countSamples = (datnames: readonly string[], counts: readonly LockCount[]): readonly Sample[] => {
  const known = new Map(counts.map(({ datname, mode, count }) => [`${mode} ${datname}`, count]))
  return datnames.flatMap((datname) =>
    MODES.flatMap((mode) => sample(pgLocksCount, { datname, mode }, known.get(`${mode} ${datname}`) ?? 0)),
  )
}

/** Pairs of a waiter and one it waits for. */
const waits = (involved: readonly Involved[]): readonly (readonly [waiter: Involved, blocker: number])[] =>
  involved.flatMap((waiter) => waiter.blockers.map((blocker) => [waiter, blocker] as const))

const queueSamples = (datnames: readonly string[], involved: readonly Involved[]): readonly Sample[] => {
  const blockers = new Set(waits(involved).map(([, blocker]) => blocker))
  return datnames.flatMap((datname) => {
    const here = involved.filter((session) => session.datname === datname)
    const waiting = here.flatMap((session) => session.waiting ?? [])
    const byPrepared = here.some((session) => session.blockers.includes(0))
    return [
      ...sample(pgBlockedSessions, { datname }, waiting.length),
      ...sample(
        pgBlockingSessions,
        { datname },
        here.filter(({ pid }) => blockers.has(pid)).length + Number(byPrepared),
      ),
      ...sample(pgLongestBlocked, { datname }, Math.max(0, ...waiting)),
    ]
  })
}

/** Who is waited for and waits for nobody: the ends of all chains, wherever the chains began. */
const rootSamples = (involved: readonly Involved[], prepared: readonly PreparedXact[]): readonly Sample[] => {
  const blockers = new Set(waits(involved).map(([, blocker]) => blocker))
  const ages = involved
    .filter(({ pid, waiting }) => blockers.has(pid) && waiting === null)
    .map((root) => ({ datname: root.datname ?? '', role: roleOf(root) as string, age: root.age }))
  const behindPrepared = new Set(involved.filter((s) => s.blockers.includes(0)).map((s) => s.datname))
  const held = prepared
    .filter(({ datname }) => behindPrepared.has(datname))
    .map(({ datname, age }) => ({ datname, role: 'prepared_xact', age }))
  const byRole = Map.groupBy([...ages, ...held], ({ datname, role }) => JSON.stringify([datname, role]))
  return [...byRole.values()].flatMap((same) => {
    const known = same.flatMap(({ age }) => age ?? [])
    const [{ datname, role } = { datname: '', role: '' }] = same
    return sample(pgRootBlockerAge, { datname, role }, known.length > 0 ? Math.max(...known) : undefined)
  })
}
