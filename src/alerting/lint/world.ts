/** What a query may speak of: metrics, what is recorded, and the alerts themselves. Pure. */
import { type Duration, type MetricDescriptor, seconds } from '../../metric.ts'
import type { Selector } from '../promql/ast.ts'
import { ANY, type Bounds, type BoundsLookup, between, boundsOf, NOT_NEGATIVE } from '../promql/bounds.ts'
import { isSame, NOTHING, narrowed, SCRAPED, type Series, type Shape, series, UNKNOWN } from '../promql/series.ts'
import { type Lookup, shapeOf } from '../promql/shape.ts'
import type { LintRule } from './rule_yaml.ts'

/** A metric, and how it comes to the page. */
export interface Polled {
  readonly metric: MetricDescriptor
  /** How often its probe asks; absent where it changes with the scrape. */
  readonly interval?: Duration
  /** Said of the exporter's own process: of two replicas each tells something else. */
  readonly ofProcess?: boolean
}

/** What a name in a query stands for. */
export interface Known {
  readonly shape: Shape
  readonly bounds: Bounds
  readonly interval: Duration
  readonly ofProcess: boolean
  readonly isRecorded: boolean
  readonly values: Readonly<Record<string, readonly string[] | undefined>>
  /** Of a histogram's `_bucket`, where they are ours to set. */
  readonly buckets?: readonly number[]
}

interface KnownAlert {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly shape: Shape
}

export interface World {
  readonly known: ReadonlyMap<string, Known>
  readonly alerts: ReadonlyMap<string, KnownAlert>
  readonly shape: Lookup
  readonly bounds: BoundsLookup
  /** Names that a mistyped one may have meant. */
  readonly names: readonly string[]
}

/** As in the configuration of Prometheus that is shipped, doubled: an installation may be less keen. */
export const SCRAPE: Duration = seconds(30)
export const ALERT_SERIES: readonly string[] = ['ALERTS', 'ALERTS_FOR_STATE']

const boundsOfUnit = ({ unit, type, range }: MetricDescriptor): Bounds => {
  if (range !== undefined) return between(...range)
  if (type !== 'gauge') return NOT_NEGATIVE
  if (unit === 'bool' || unit === 'ratio') return between(0, 1)
  if (unit === 'info') return between(1, 1)
  return unit === 'timestamp' || unit === 'count' ? NOT_NEGATIVE : ANY
}

/** What both say; where they contradict each other, what is declared. */
const within = (declared: Bounds, found: Bounds): Bounds => {
  const [min, max] = [Math.max(declared.min, found.min), Math.min(declared.max, found.max)]
  return min <= max ? between(min, max) : declared
}

const certainOf = ({ labels, mayBeEmpty = [] }: MetricDescriptor): readonly string[] =>
  labels.filter((label) => !mayBeEmpty.includes(label))

const polled = ({ metric, interval = SCRAPE, ofProcess = false }: Polled): readonly (readonly [string, Known])[] => {
  const withLabels = (...more: readonly string[]): Known => {
    const all = [...metric.labels, ...SCRAPED, ...more]
    return {
      shape: series(all, [...certainOf(metric), ...SCRAPED, ...more], [all]),
      bounds: boundsOfUnit(metric),
      interval: Math.max(interval, SCRAPE),
      ofProcess,
      isRecorded: false,
      values: metric.values ?? {},
    }
  }
  if (metric.type !== 'histogram') return [[metric.name, withLabels()]]
  const bucket = withLabels('le')
  return [
    [`${metric.name}_bucket`, metric.buckets === undefined ? bucket : { ...bucket, buckets: metric.buckets }],
    [`${metric.name}_count`, withLabels()],
    [`${metric.name}_sum`, withLabels()],
  ]
}

const withStatic = (shape: Shape, labels: Readonly<Record<string, string>>): Shape => {
  if (shape.kind === 'unknown' || shape.kind === 'nothing') return shape
  const of: Series = shape.kind === 'series' ? shape : series([], [], [[]])
  const added = Object.keys(labels).filter((label) => labels[label] !== '')
  return series(of.labels.union(new Set(added)), of.certain.union(new Set(added)), of.keys)
}

/** `ALERTS` of all alerts that a selector's matchers can mean. */
const alertSeries = (selector: Selector, alerts: Iterable<KnownAlert>): Shape => {
  const isMeant = ({ name, labels }: KnownAlert): boolean =>
    selector.matchers.every(({ label, op, value }) => {
      const own = label === 'alertname' ? name : labels[label]
      return own === undefined || op !== '=' || own.includes('{{') || own === value
    })
  const meant = [...alerts].filter(isMeant)
  const shapes = meant.map((a) => a.shape).filter((shape) => shape.kind !== 'nothing')
  if (meant.length > 0 && shapes.length === 0) return NOTHING
  const known = shapes.filter((shape): shape is Series => shape.kind === 'series')
  if (known.length === 0 || known.length < shapes.length) return { kind: 'unknown' }
  const own = ['alertname', ...(selector.metric === 'ALERTS' ? ['alertstate'] : [])]
  const labels = known.reduce((all, { labels }) => all.union(labels), new Set(own))
  const certain = known.reduce((all, { certain }) => all.intersection(certain), known[0]?.certain ?? new Set<string>())
  // A firing and a pending series of one alert do not stand at once.
  const key = known.reduce((all, { keys }) => all.union(keys[0] ?? labels), new Set<string>(['alertname']))
  return series(labels, certain.union(new Set(own)), [key])
}

const UNKNOWN_RECORDING: Omit<Known, 'shape' | 'bounds'> = {
  interval: SCRAPE,
  ofProcess: false,
  isRecorded: true,
  values: {},
}

/** How often rules are gone through: those that read themselves settle within a few. */
const ROUNDS = 8

/**
 * Recordings may read each other and themselves: they begin as nothing, and each round finds what follows from the one
 * before, until no more does. `declared` says between which values a recording lies, by its unit; `isForeign` which names
 * are those of other exporters, of which nothing is known.
 */
export const worldOf = (
  metrics: readonly Polled[],
  rules: readonly LintRule[],
  declared: readonly MetricDescriptor[] = [],
  isForeign: (metric: string) => boolean = () => false,
): World => {
  const units = new Map(declared.map((d) => [d.name, d]))
  const recordings = rules.filter((r) => r.kind === 'recording')
  const known = new Map(metrics.flatMap(polled))
  for (const { name } of recordings) known.set(name, { ...UNKNOWN_RECORDING, shape: NOTHING, bounds: ANY })
  const alerts = new Map<string, KnownAlert>()
  for (const { kind, name, labels } of rules) if (kind === 'alert') alerts.set(name, { name, labels, shape: NOTHING })
  const shape: Lookup = (selector) =>
    ALERT_SERIES.includes(selector.metric ?? '')
      ? alertSeries(selector, alerts.values())
      : (known.get(selector.metric ?? '')?.shape ?? (isForeign(selector.metric ?? '') ? UNKNOWN : undefined))
  const bounds: BoundsLookup = (selector) => known.get(selector.metric ?? '')?.bounds
  const settle = (rule: LintRule): boolean => {
    const found: Shape = rule.expr === undefined ? { kind: 'unknown' } : shapeOf(rule.expr, shape)
    const now = rule.kind === 'recording' && found.kind === 'scalar' ? series([], [], [[]]) : found
    const before = (rule.kind === 'alert' ? alerts : known).get(rule.name)?.shape ?? NOTHING
    const after = withStatic(now, rule.labels)
    if (rule.kind === 'alert') alerts.set(rule.name, { name: rule.name, labels: rule.labels, shape: after })
    else {
      const unit = units.get(rule.name)
      const lies = within(unit ? boundsOfUnit(unit) : ANY, rule.expr ? boundsOf(rule.expr, bounds) : ANY)
      known.set(rule.name, { ...UNKNOWN_RECORDING, values: unit?.values ?? {}, shape: after, bounds: lies })
    }
    return isSame(before, after)
  }
  for (let round = 0; round < ROUNDS; round++) if (rules.map(settle).every(Boolean)) break
  return { known, alerts, shape, bounds, names: [...known.keys(), ...ALERT_SERIES] }
}

/** Of a selector, its matchers counted in. */
export const seriesOf = (selector: Selector, world: World): Shape =>
  narrowed(world.shape(selector) ?? { kind: 'unknown' }, selector.matchers)
