/** Every metric, label and closed value that is read is declared; a mistyped one would be silence. */
import { suggestion } from '../../config/problem.ts'
import {
  type Aggregation,
  type Call,
  isAggregation,
  isCall,
  isSelector,
  type Matcher,
  partsOf,
  type Selector,
} from '../promql/ast.ts'
import type { Fault } from '../promql/parse.ts'
import { ANYTHING, regexOf, SCRAPED } from '../promql/series.ts'
import { shapeOf } from '../promql/shape.ts'
import { OF_PROMETHEUS } from './metrics.ts'
import { listed, type Query, type QueryCheck } from './query_check.ts'
import { ALERT_SERIES, type World } from './world.ts'

const unknownMetric = (name: string, { known, names }: World): string =>
  known.has(`${name}_bucket`)
    ? `${name} is a histogram: write ${name}_bucket, _count or _sum`
    : `no metric ${name} is declared or recorded; ${suggestion(name, names, 'none is known')}`

const valuesOf = (selector: Selector, label: string, { known, alerts }: World): readonly string[] | undefined => {
  if (!ALERT_SERIES.includes(selector.metric ?? '')) return known.get(selector.metric ?? '')?.values[label]
  if (label === 'alertname') return [...alerts.keys()]
  return label === 'alertstate' ? ['firing', 'pending'] : undefined
}

const plainAlternatives = (regex: string): readonly string[] | undefined =>
  /^[\w|-]+$/.test(regex) ? regex.split('|') : undefined

/** A value that never stands there: the matcher finds nothing, or keeps nothing out. */
const impossible = ({ op, value }: Matcher, values: readonly string[]): string | undefined => {
  if (value.includes(ANYTHING)) return undefined
  if (op === '=' || op === '!=') return value === '' || values.includes(value) ? undefined : value
  const alternatives = plainAlternatives(value)
  if (alternatives !== undefined) return alternatives.find((v) => v !== '' && !values.includes(v))
  const regex = regexOf(value)
  return regex === undefined || values.some((v) => regex.test(v)) ? undefined : value
}

const ofMatcher = (
  selector: Selector,
  matcher: Matcher,
  labels: ReadonlySet<string>,
  query: Query,
): readonly Fault[] => {
  const { label, from } = matcher
  const refuse = (message: string) => [{ at: from, message }]
  if (!labels.has(label)) {
    const own = [...labels].filter((l) => !SCRAPED.includes(l))
    return refuse(`${selector.metric} has no label ${label}; ${suggestion(label, own, 'it has none')}`)
  }
  if (SCRAPED.includes(label) && query.use !== 'panel' && !OF_PROMETHEUS.includes(selector.metric ?? ''))
    return refuse(`${label} is the scrape's: fold over it instead`)
  const values = valuesOf(selector, label, query.world)
  const wrong = values && impossible(matcher, values)
  return wrong === undefined
    ? []
    : refuse(`${label} is never ${JSON.stringify(wrong)}; ${suggestion(wrong, values ?? [], '')}`)
}

const ofSelector = (selector: Selector, query: Query): readonly Fault[] => {
  const { metric, matchers, from } = selector
  if (metric === undefined) return [{ at: from, message: 'a selector without the name of its metric reads everything' }]
  const shape = query.world.shape({ ...selector, matchers: [] })
  if (shape === undefined) return [{ at: from, message: unknownMetric(metric, query.world) }]
  if (shape.kind === 'nothing') return [{ at: from, message: `${metric} reads only itself: it never has a series` }]
  return shape.kind === 'series' ? matchers.flatMap((matcher) => ofMatcher(selector, matcher, shape.labels, query)) : []
}

const ofGrouping = ({ grouping, of }: Aggregation, { world }: Query): readonly Fault[] => {
  const shape = shapeOf(of, world.shape)
  if (shape.kind !== 'series') return []
  return (grouping?.labels ?? [])
    .filter(({ name }) => !shape.labels.has(name))
    .map(({ name, from }) => ({
      at: from,
      message: `no series here has a label ${name}; they have ${listed(shape.labels)}`,
    }))
}

const SOURCES: Readonly<Record<string, number>> = { label_replace: 3, label_join: 3 }

const ofLabels = ({ name, args }: Call, { world }: Query): readonly Fault[] => {
  const first = SOURCES[name]
  const of = args[0]
  if (first === undefined || of === undefined) return []
  const shape = shapeOf(of, world.shape)
  if (shape.kind !== 'series') return []
  return args.slice(first, name === 'label_replace' ? first + 1 : undefined).flatMap((source) =>
    source.kind !== 'string' || source.value === '' || shape.labels.has(source.value)
      ? []
      : [
          {
            at: source.from,
            message: `no series here has a label ${source.value}; they have ${listed(shape.labels)}`,
          },
        ],
  )
}

export const declared: QueryCheck = (query) => {
  const parts = partsOf(query.expr)
  return [
    ...parts.filter(isSelector).flatMap((selector) => ofSelector(selector, query)),
    ...parts.filter(isAggregation).flatMap((aggregation) => ofGrouping(aggregation, query)),
    ...parts.filter(isCall).flatMap((call) => ofLabels(call, query)),
  ]
}
