/** What the expression of an alert has to be like, beyond what holds of every query. Pure. */
import { flowGroupVerdicts, flowVerdicts } from '../../flow/metrics.ts'
import {
  type Binary,
  COMPARISONS,
  childrenOf,
  type Expr,
  isAggregation,
  isBinary,
  isCall,
  isSelector,
  partsOf,
  type Selector,
} from '../promql/ast.ts'
import { regexMatches } from '../promql/series.ts'
import { type Check, foundAt, overAlerts } from './check.ts'
import type { LintRule } from './rule_yaml.ts'
import { ALERT_SERIES } from './world.ts'

const partsOfRule = ({ expr }: LintRule): readonly Expr[] => (expr === undefined ? [] : partsOf(expr))

const isOfAlert = ({ metric = '', matchers }: Selector, name: string): boolean =>
  ALERT_SERIES.includes(metric) &&
  matchers.some(
    ({ label, op, value }) =>
      label === 'alertname' && (op === '=' ? value === name : op === '=~' && regexMatches(value, name)),
  )

/** That it is there is all it says: nothing in it is compared, and it is no alert that has waited already. */
const isMerelyThere = (expr: Expr): boolean =>
  partsOf(expr).every(
    (part) =>
      !(isBinary(part) && COMPARISONS.includes(part.op)) &&
      !(isSelector(part) && ALERT_SERIES.includes(part.metric ?? '')),
  )

const isAbsence = (part: Expr): boolean =>
  (isCall(part) && part.name.startsWith('absent')) ||
  (isBinary(part) && part.op === 'unless' && isMerelyThere(part.left))

/** All but what keeps it from firing. */
const makingItFire = (expr: Expr): readonly Expr[] => [
  expr,
  ...(isBinary(expr) && expr.op === 'unless' ? [expr.left] : childrenOf(expr)).flatMap(makingItFire),
]

const absence = overAlerts((alert) => {
  const at = alert.expr && makingItFire(alert.expr).find(isAbsence)
  if (at === undefined || alert.for > 0) return []
  const message = 'what is not there may be missing for one scrape: give it a `for`'
  return [foundAt(alert.source.place, message, alert.source.text, at.from)]
})

const picked = overAlerts((alert) =>
  partsOfRule(alert)
    .filter(isAggregation)
    .filter(({ op }) => ['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(op))
    .map(({ op, opAt }) =>
      foundAt(
        alert.source.place,
        `${op} picks others from one evaluation to the next, and each is a new alert: compare with a threshold`,
        alert.source.text,
        opAt.from,
      ),
    ),
)

const held = overAlerts((alert) => {
  const isHeld = partsOfRule(alert).some((part) => isSelector(part) && isOfAlert(part, alert.name))
  if (alert.expr === undefined || alert.labels.layer !== 'symptom' || isHeld) return []
  const message = `it resolves when its series vanish: or … ALERTS{alertname="${alert.name}",alertstate="firing"} unless … what it reads`
  return [foundAt(alert.source.place, message, alert.source.text)]
})

/** Things that happened within a time: increases, and the verdicts of flows. */
const EVENTS: readonly string[] = [flowVerdicts.name, flowGroupVerdicts.name]
const COUNTING: readonly string[] = ['rate', 'irate', 'increase']

type Recordings = ReadonlyMap<string, LintRule>

const recordingsOf = (known: readonly LintRule[]): Recordings =>
  new Map(known.filter(({ kind }) => kind === 'recording').map((rule) => [rule.name, rule]))

/** The rules something reads, each once. */
const recordingsIn = (expr: Expr, recordings: Recordings, seen = new Set<string>()): readonly Expr[] =>
  partsOf(expr).flatMap((part) => {
    const name = isSelector(part) ? (part.metric ?? '') : ''
    const read = recordings.get(name)?.expr
    if (read === undefined || seen.has(name)) return [part]
    seen.add(name)
    return [part, ...recordingsIn(read, recordings, seen)]
  })

const readsEvents = (expr: Expr, recordings: Recordings): boolean =>
  recordingsIn(expr, recordings).some(
    (part) =>
      (isCall(part) && COUNTING.includes(part.name)) || (isSelector(part) && EVENTS.includes(part.metric ?? '')),
  )

/** A share of events: of one that happened it is all or nothing. */
const isShare = (expr: Expr, recordings: Recordings): boolean =>
  recordingsIn(expr, recordings).some(
    (part) =>
      (isBinary(part) && part.op === '/' && [part.left, part.right].every((side) => readsEvents(side, recordings))) ||
      (isCall(part) && part.name === 'histogram_quantile'),
  )

const isAbove = (part: Expr): part is Binary => isBinary(part) && ['>', '>='].includes(part.op)

const floors = overAlerts((alert, { known }) => {
  const recordings = recordingsOf(known)
  const compared = partsOfRule(alert).filter(isAbove)
  const share = compared.find(({ left }) => isShare(left, recordings))
  const hasFloor = compared.some(
    ({ left, right }) =>
      right.kind === 'number' && right.value >= 1 && readsEvents(left, recordings) && !isShare(left, recordings),
  )
  if (share === undefined || hasFloor) return []
  const message = 'one failure of one is all there was: add a floor, … and on (…) the count of them >= 5'
  return [foundAt(alert.source.place, message, alert.source.text, share.opAt.from)]
})

const averages: Check['find'] = ({ rules, known }) => {
  const recordings = recordingsOf(known)
  return rules.flatMap((rule) =>
    partsOfRule(rule)
      .filter(
        (part) =>
          (isAggregation(part) && part.op === 'avg' && isShare(part.of, recordings)) ||
          (isCall(part) && part.name === 'avg_over_time' && part.args.some((arg) => isShare(arg, recordings))),
      )
      .map(({ from }) =>
        foundAt(
          rule.source.place,
          'the average of shares counts an hour of one item like one of a thousand: divide sums of counts',
          rule.source.text,
          from,
        ),
      ),
  )
}

const flapping = overAlerts((alert) => {
  const { severity } = alert.labels
  const mayPage = severity === 'page' || severity === undefined
  return mayPage && alert.keepFiringFor === 0
    ? [foundAt(alert.place, 'it may page, and one gap makes two of it: give it `keep_firing_for`, 5m for one')]
    : []
})

export const expressionChecks: readonly Check[] = [
  {
    id: 'absence',
    what: 'an alert on what is not there waits: it has a `for`',
    fix: 'give it a `for`, two scrapes at least',
    find: absence,
  },
  {
    id: 'flapping',
    what: 'what pages goes on firing over a short gap, so that one disturbance is one notification',
    fix: 'give it `keep_firing_for`',
    find: flapping,
  },
  {
    id: 'topk',
    what: 'no alert picks its series by rank: which they are changes, and each is a new alert',
    fix: 'compare with a threshold',
    find: picked,
  },
  {
    id: 'held',
    what: 'a symptom is held until data say that it is over: that its series vanish is no recovery',
    fix: 'add, by `or`, the alert itself while what it reads is not there: `max by (…) (ALERTS{alertname="…",alertstate="firing"}) unless on (…) …`',
    find: held,
  },
  {
    id: 'floors',
    what: 'where an alert compares a share or a quantile of what happened, so many must have happened',
    fix: 'add `and on (…) … >= 5` over the count',
    find: floors,
  },
  {
    id: 'averages',
    what: 'no rule averages shares: under uneven traffic that misjudges tenfold',
    fix: 'add up counts over the range, then divide',
    find: averages,
  },
]
