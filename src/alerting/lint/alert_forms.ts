/** The forms in which alerts can come to Alertmanager, as far as its routes tell them apart. Pure. */
import { BUILT_IN_TIERS } from '../../config/tiers.ts'
import { conditionOf, fits, fitsAll, type Labels } from '../alertmanager/matchers.ts'
import type { Matcher } from '../alertmanager/types.ts'
import type { Estate } from './material.ts'
import type { LintRule } from './rule_yaml.ts'
import type { World } from './world.ts'

export interface Known {
  readonly world: World
  readonly estate: Estate
}

/** A name nobody has configured: tenants and machines come and go. */
const ANOTHER = 'another'

/** The values of a label of which all are known, and few; undefined of any other. */
const closedValues = (label: string, { tiers, processes }: Estate): readonly string[] | undefined => {
  switch (label) {
    case 'severity':
      // The mode of a flow says which.
      return ['page', 'ticket']
    case 'tier':
      return [...new Set([...BUILT_IN_TIERS, ...tiers])]
    case 'process':
      return processes
    default:
      return undefined
  }
}

/** Of a label with any values: those of this estate, else those that matchers may have been written for. */
const openValues = (label: string, matchers: readonly Matcher[], { tenants, clusters }: Estate): readonly string[] => {
  if (label === 'tenant' && tenants.length > 0) return [...tenants, ANOTHER]
  if (label === 'db_cluster' && clusters.length > 0) return [...clusters, ANOTHER]
  return [...matchers.flatMap((matcher) => conditionOf(matcher)?.value.split('|') ?? []), ANOTHER]
}

/** Which of the matchers a value fits: values of one signature are told apart by none. */
const signature = (label: string, value: string, matchers: readonly Matcher[]): string =>
  matchers.map((matcher) => (fits(matcher, { [label]: value }) ? '1' : '0')).join('')

/** What routes ask of a label, and one value of each kind that they tell apart. */
interface Asked {
  readonly label: string
  readonly matchers: readonly Matcher[]
  /** Whether a route may take an alert for a value that no route names: then it counts which of them it has. */
  readonly isTelling: boolean
  readonly values: readonly string[]
}

const askedOf = (label: string, matchers: readonly Matcher[], estate: Estate): Asked => {
  const closed = closedValues(label, estate)
  const all = closed ?? openValues(label, matchers, estate)
  const distinct = new Map(all.map((value) => [signature(label, value, matchers), value]))
  const fitsUnnamed = (matcher: Matcher) => fits(matcher, {}) || fits(matcher, { [label]: ANOTHER })
  const isTelling = closed !== undefined || matchers.some(fitsUnnamed)
  return { label, matchers, isTelling, values: [...distinct.values()] }
}

/** The labels an alert may have, and those it has for certain; undefined where its expression can't be understood. */
export const labelsOfAlert = ({ name }: LintRule, { alerts }: World) => {
  const shape = alerts.get(name)?.shape
  return shape?.kind === 'series' ? shape : undefined
}

/** What an alert has there: this value, one of several, or maybe none. */
type Has = { readonly value: string } | 'some' | 'maybe'

const hasOf = (alert: LintRule, label: string, world: World): Has => {
  const written = label === 'alertname' ? alert.name : alert.labels[label]
  if (written !== undefined && !written.includes('{{')) return { value: written }
  const shape = labelsOfAlert(alert, world)
  if (shape?.labels.has(label) === false) return { value: '' }
  return shape?.certain.has(label) ? 'some' : 'maybe'
}

/** By label; of alerts that no matcher tells apart one stands for all. */
type Kind = readonly (readonly [Asked, Has])[]

const kindsOf = (alerts: readonly LintRule[], asked: readonly Asked[], world: World): readonly Kind[] => {
  const kinds = new Map<string, Kind>()
  for (const alert of alerts) {
    const kind = asked.map((each) => [each, hasOf(alert, each.label, world)] as const)
    const key = kind.map(([{ label, matchers }, has]) =>
      typeof has === 'string' ? has : signature(label, has.value, matchers),
    )
    kinds.set(key.join(' '), kind)
  }
  return [...kinds.values()]
}

/** The values a label may have on the way; one that no route names where the way does not ask for it. */
const onTheWay = ({ label, isTelling, values }: Asked, has: Has, way: readonly Matcher[]): readonly string[] => {
  const own = way.filter((matcher) => conditionOf(matcher)?.label === label)
  const fitting = (all: readonly string[]) => all.filter((value) => fitsAll(own, { [label]: value }))
  if (typeof has === 'object') return fitting([has.value])
  const none = has === 'maybe' ? [''] : []
  return own.length === 0 && !isTelling ? [none[0] ?? ANOTHER] : fitting([...none, ...values])
}

const product = (domains: readonly (readonly [label: string, values: readonly string[]])[]): readonly Labels[] =>
  domains.reduce<readonly Labels[]>(
    (all, [label, values]) =>
      all.flatMap((labels) => values.map((value) => (value === '' ? labels : { ...labels, [label]: value }))),
    [{}],
  )

/** Forms of alerts that fit all that stands on the way to a route, for each of these ways. */
export const formsOf = (
  alerts: readonly LintRule[],
  ways: readonly (readonly Matcher[])[],
  { world, estate }: Known,
): readonly Labels[] => {
  const byLabel = Map.groupBy(new Set(ways.flat()), (matcher) => conditionOf(matcher)?.label ?? '')
  const asked = [...new Map([['alertname', []], ...byLabel])].map(([label, own]) => askedOf(label, own, estate))
  const kinds = kindsOf(alerts, asked, world)
  return ways.flatMap((way) =>
    kinds.flatMap((kind) => product(kind.map(([each, has]) => [each.label, onTheWay(each, has, way)]))),
  )
}
