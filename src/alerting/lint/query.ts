/** The checks of a query, whoever asks it: a rule, the text of an alert, a dashboard. Pure. */
import type { Duration } from '../../metric.ts'
import { type Parsed, parse } from '../promql/parse.ts'
import { buckets } from './buckets.ts'
import { declared } from './declared.ts'
import { divisors } from './divisors.ts'
import { type Finding, findingAt, type Place } from './finding.ts'
import { withoutVariables } from './grafana.ts'
import { joins } from './joins.ts'
import { portable } from './portable.ts'
import type { Query, QueryCheck } from './query_check.ts'
import { ranges } from './ranges.ts'
import { replicas } from './replicas.ts'
import { thresholds } from './thresholds.ts'
import { types } from './types.ts'
import type { World } from './world.ts'

/** A check of queries, as data. */
export interface CheckOfQueries {
  /** The name of its file. */
  readonly id: string
  /** What holds where it finds nothing. */
  readonly what: string
  /** What to do where it finds something. */
  readonly fix: string
  readonly faults: QueryCheck
}

export const queryChecks: readonly CheckOfQueries[] = [
  {
    id: 'types',
    what: 'functions, aggregations and operators are given what they take, also in the texts of alerts and on dashboards, which promtool does not read',
    fix: 'give it what it takes: https://prometheus.io/docs/prometheus/latest/querying/functions/',
    faults: types,
  },
  {
    id: 'portable',
    what: 'nothing is used that Prometheus 2.42 lacks, and no calendar by `hour()`, which no test reaches',
    fix: 'use what 2.42 has; for hours read `odoo_business_window_active`',
    faults: portable,
  },
  {
    id: 'declared',
    what: 'every metric, label and closed value that is read is declared',
    fix: 'write the name as docs/metrics.md has it; of another exporter’s metrics say `--foreign NAME`',
    faults: declared,
  },
  {
    id: 'buckets',
    what: 'a bucket that is picked exists, and is found as Prometheus 2 writes it (`le="5"`) and as 3 does (`le="5.0"`)',
    fix: 'match both: `le=~"5([.]0)?"`',
    faults: buckets,
  },
  {
    id: 'joins',
    what: 'every label of `on` stands, non-empty, on both sides, and the one side of a join is unique, also with two replicas',
    fix: 'fold the one side by the labels of the join: `max by (…) (…)`; keep the empty out: `{label!=""}`',
    faults: joins,
  },
  {
    id: 'replicas',
    what: 'what two replicas of the exporter both tell is not counted twice',
    fix: 'fold the replicas before adding up: `sum by (tenant) (max by (tenant, state) (…))`',
    faults: replicas,
  },
  {
    id: 'ranges',
    what: 'a range holds four readings of what it reads, by polling and by scraping, and a subquery as many steps on Prometheus 2 as on 3',
    fix: 'make the range longer; write `[14m30s:1m]`, not `[15m:1m]`; on a dashboard give the panel its least interval',
    faults: ranges,
  },
  {
    id: 'divisors',
    what: 'what is divided by is above 0: 0/0 is no number, and spoils every average it gets into',
    fix: 'write `a / (b > 0)`',
    faults: divisors,
  },
  {
    id: 'thresholds',
    what: 'a comparison can come true: what it compares can reach the threshold, whatever a tenant’s objective',
    fix: 'lower the threshold, or hold what is worked out below the most there can be: `clamp_max(…, 0.9)`',
    faults: thresholds,
  },
]

/** A query as it stands somewhere; offsets of what is parsed are those of the text. */
export interface PlacedQuery {
  readonly text: string
  readonly parsed: Parsed
  readonly place: Place
  readonly use: Query['use']
}

export const findingsOf = (
  { id, faults }: CheckOfQueries,
  { text, parsed, place, use }: PlacedQuery,
  world: World,
): readonly Finding[] =>
  parsed.ok
    ? faults({ expr: parsed.expr, world, use }).map(({ at, message }) => findingAt(id, place, text, at, message))
    : []

export const unparsed = ({ text, parsed, place }: PlacedQuery): readonly Finding[] =>
  parsed.ok ? [] : parsed.faults.map(({ at, message }) => findingAt('syntax', place, text, at, message))

/** Of a panel, an annotation or a variable of a dashboard, with Grafana's variables in it; `scrape`: its least interval. */
export const panelQuery = (text: string, place: Place, scrape?: Duration): PlacedQuery => ({
  text,
  parsed: parse(withoutVariables(text, scrape)),
  place,
  use: 'panel',
})

/** Everything that is wrong with one query. Places are given back as they were passed. */
export const lintQuery = (
  text: string,
  place: Place,
  world: World,
  use: Query['use'] = 'panel',
): readonly Finding[] => {
  const query = use === 'panel' ? panelQuery(text, place) : { text, parsed: parse(text), place, use }
  return [...unparsed(query), ...queryChecks.flatMap((check) => findingsOf(check, query, world))]
}
