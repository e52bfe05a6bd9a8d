/** Sequences near their end: past it every insert into the table fails. */
import { CollectError, probe, Unsupported } from '../../src/collector.ts'
import { metric, minutes, type Sample, sample } from '../../src/metric.ts'
import type { DatabaseResult, PostgresClient, Query } from './client.ts'
import { MAX_DATABASES, notAllFailed, visited, visitSuccess } from './visits.ts'

const base = { type: 'gauge', maxSeries: MAX_DATABASES } as const

export const pgSequenceUsedRatio = metric({
  ...base,
  name: 'pg_sequence_used_ratio',
  unit: 'ratio',
  help: 'Share of a sequence that is used up, of those half used: of its own range, or of the column it fills if that ends sooner.',
  labels: ['server', 'datname', 'schemaname', 'sequencename'],
  maxSeries: 1000,
})
export const pgSequencesMaxUsedRatio = metric({
  ...base,
  name: 'pg_sequences_max_used_ratio',
  unit: 'ratio',
  help: 'Share that is used up of the sequence nearest its end, of those that may be read.',
  labels: ['server', 'datname'],
})
export const pgSequencesUnreadable = metric({
  ...base,
  name: 'pg_sequences_unreadable',
  unit: 'count',
  help: 'Sequences of which we may not see how far they are: GRANT SELECT on them is lacking.',
  labels: ['server', 'datname'],
})
export const pgSequencesSuccess = visitSuccess('pg_sequences_success', 'the sequences')

export interface Sequence {
  readonly oid: string
  readonly schemaname: string
  readonly sequencename: string
  readonly min: number
  readonly max: number
  readonly ascending: boolean
  /** Of the columns it fills. */
  readonly columnTypes: readonly string[]
  readonly readable: boolean
}

export interface Sequences {
  readonly sequences: readonly Sequence[]
  /** By oid; null before the first use. Lacks those that can't be read. */
  readonly lastValues: Readonly<Record<string, number | null>>
}

/**
 * To read a sequence takes ROW EXCLUSIVE, which waits for ALTER SEQUENCE (Odoo does that) and for DROP: those that
 * somebody holds or awaits more strongly are left for the next round (on a standby they are some 32 values ahead). A column is filled by a sequence that it owns
 * (serial, identity) or that its default names; Odoo's ids are integers, even where their sequences reach further.
 */
const SEQUENCES = `
  with taken as materialized (
    select relation from pg_locks
    where locktype = 'relation' and database = (select oid from pg_database where datname = current_database())
      and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
  select c.oid::text, n.nspname as schemaname, c.relname as sequencename,
    s.seqmin::float8 as min, s.seqmax::float8 as max, s.seqincrement > 0 as ascending,
    has_sequence_privilege(c.oid, 'SELECT, USAGE') as readable,
    array(
      select format_type(a.atttypid, null) from pg_depend d
      join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_class'::regclass
        and d.deptype in ('a', 'i')
      union all
      select format_type(a.atttypid, null) from pg_depend d
      join pg_attrdef f on f.oid = d.objid
      join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
      where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.classid = 'pg_attrdef'::regclass
    ) as "columnTypes"
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relpersistence = 'p' and not s.seqcycle and c.oid not in (select relation from taken)`

const LAST_VALUES = `
  select oid::text, pg_sequence_last_value(oid::regclass)::float8 as last_value from unnest($1::oid[]) oid`

/** Each read is a lock held to the end of its statement, and the lock table is shared by all: a hundred at a time. */
const AT_ONCE = 100

const visit = async (query: Query): Promise<Sequences> => {
  const sequences = await query<Sequence>(SEQUENCES)
  const oids = sequences.filter(({ readable }) => readable).map(({ oid }) => oid)
  const lastValues: Record<string, number | null> = {}
  for (let from = 0; from < oids.length; from += AT_ONCE) {
    const chunk = oids.slice(from, from + AT_ONCE)
    for (const row of await query<{ oid: string; last_value: number | null }>(LAST_VALUES, [chunk]))
      lastValues[row.oid] = row.last_value
  }
  return { sequences, lastValues }
}

const read = async (client: PostgresClient, signal: AbortSignal): Promise<readonly DatabaseResult<Sequences>[]> => {
  const results = notAllFailed(await client.eachDatabase(signal, visit))
  const found = results.flatMap(({ result }) => (result instanceof CollectError ? [] : result.sequences))
  if (found.length > 0 && !found.some(({ readable }) => readable)) throw new Unsupported(lacking(client.config.user))
  return results
}

const lacking = (user: string): string =>
  `pg_monitor may not read sequences; in each database, as the role that owns them: GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "${user}"; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO "${user}"`

const COLUMN_RANGE: Readonly<Record<string, number>> = { smallint: 2 ** 15, integer: 2 ** 31 }

/** Of 1; undefined where it is not known how far the sequence is. */
export const usedRatio = (s: Sequence, last: number | null | undefined): number | undefined => {
  if (last === undefined) return undefined
  if (last === null) return 0
  const range = Math.min(...s.columnTypes.map((type) => COLUMN_RANGE[type] ?? Number.POSITIVE_INFINITY))
  const max = Math.min(s.max, range - 1)
  const min = Math.max(s.min, -range)
  return s.ascending ? (last - min) / (max - min) : (max - last) / (max - min)
}

/** Below it a sequence is nobody's concern, and an Odoo database has 700. */
const WORTH_TELLING = 0.5

const samplesOf = (datname: string, { sequences, lastValues }: Sequences): readonly Sample[] => {
  const used = sequences.flatMap((s) => {
    const ratio = usedRatio(s, lastValues[s.oid])
    return ratio === undefined ? [] : [{ ...s, ratio }]
  })
  return [
    ...sample(pgSequencesUnreadable, { datname }, sequences.filter(({ readable }) => !readable).length),
    ...sample(pgSequencesMaxUsedRatio, { datname }, used.length > 0 ? Math.max(...used.map((s) => s.ratio)) : null),
    ...used
      .filter(({ ratio }) => ratio >= WORTH_TELLING)
      .flatMap(({ schemaname, sequencename, ratio }) =>
        sample(pgSequenceUsedRatio, { datname, schemaname, sequencename }, ratio),
      ),
  ]
}

export const sequences = probe({
  name: 'sequences',
  metrics: [pgSequenceUsedRatio, pgSequencesMaxUsedRatio, pgSequencesUnreadable, pgSequencesSuccess],
  interval: minutes(10),
  deadline: minutes(1),
  priority: 'detail',
  read,
  map: (results) => visited(pgSequencesSuccess, results, samplesOf),
})
