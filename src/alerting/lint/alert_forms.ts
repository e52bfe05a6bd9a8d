/** Every form in which alerts can come to Alertmanager, as far as its matchers tell them apart. Pure. */
import { BUILT_IN_TIERS } from '../../config/tiers.ts'
import { conditionOf, fits, type Labels } from '../alertmanager/matchers.ts'
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

/** Of a flow's alert the mode says which. */
const BY_MODE: readonly string[] = ['page', 'ticket']

/** All values the alerts of this estate may have there; undefined where that is not known. */
const valuesOf = (label: string, estate: Estate): readonly string[] | undefined => {
  switch (label) {
    case 'severity':
      return BY_MODE
    case 'tier':
      return [...new Set([...BUILT_IN_TIERS, ...estate.tiers])]
    case 'process':
      return estate.processes
    case 'tenant':
      return [...estate.tenants, ANOTHER]
    case 'db_cluster':
      return [...estate.clusters, ANOTHER]
    default:
      return undefined
  }
}

/** What a matcher of an unknown label may have been written for. */
const meantBy = (matchers: readonly Matcher[]): readonly string[] => [
  ...matchers.flatMap((matcher) => conditionOf(matcher)?.value.split('|') ?? []),
  ANOTHER,
]

/** Which of the matchers a value fits: values of one signature are told apart by none. */
const signature = (label: string, value: string, matchers: readonly Matcher[]): string =>
  matchers.map((matcher) => (fits(matcher, { [label]: value }) ? '1' : '0')).join('')

/** The labels an alert may have, and those it has for certain; undefined where its expression can't be understood. */
export const labelsOfAlert = ({ name }: LintRule, { alerts }: World) => {
  const shape = alerts.get(name)?.shape
  return shape?.kind === 'series' ? shape : undefined
}

const isFixed = (text: string | undefined): text is string => text !== undefined && !text.includes('{{')

/** The values a label may have on an alert; an empty one where it may be missing. */
const domainOf = (
  alert: LintRule,
  label: string,
  matchers: readonly Matcher[],
  { world, estate }: Known,
): readonly string[] => {
  const fixed = label === 'alertname' ? alert.name : alert.labels[label]
  if (isFixed(fixed)) return [fixed]
  const shape = labelsOfAlert(alert, world)
  if (shape?.labels.has(label) === false) return ['']
  const values = valuesOf(label, estate) ?? meantBy(matchers)
  return shape?.certain.has(label) ? values : [...values, '']
}

type Domains = readonly (readonly [label: string, values: ReadonlyMap<string, string>])[]

const product = (domains: Domains): readonly Labels[] =>
  domains.reduce<readonly Labels[]>(
    (all, [label, values]) =>
      all.flatMap((labels) =>
        [...values.values()].map((value) => (value === '' ? labels : { ...labels, [label]: value })),
      ),
    [{}],
  )

/** Of all forms that the matchers do not tell apart one, by the labels they ask for and `alertname`. */
export const formsOf = (alerts: readonly LintRule[], matchers: readonly Matcher[], known: Known): readonly Labels[] => {
  const byLabel = new Map([['alertname', []], ...Map.groupBy(matchers, (matcher) => conditionOf(matcher)?.label ?? '')])
  const distinct = new Map<string, Domains>()
  for (const alert of alerts) {
    const domains: Domains = [...byLabel].map(([label, own]) => [
      label,
      new Map(domainOf(alert, label, own, known).map((value) => [signature(label, value, own), value])),
    ])
    distinct.set(JSON.stringify(domains.map(([, values]) => [...values.keys()].sort())), domains)
  }
  return [...distinct.values()].flatMap(product)
}
