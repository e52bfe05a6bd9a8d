/** All that is checked, read and understood: what the checks are given. Pure. */
import type { Source } from '../../config/yaml.ts'
import type { MetricDescriptor } from '../../metric.ts'
import type { Fault } from '../promql/parse.ts'
import { parse } from '../promql/parse.ts'
import { type LintAlertmanager, readAlertmanager } from './alertmanager_yaml.ts'
import { type LintDashboard, readDashboard } from './dashboard_json.ts'
import type { Finding, Place } from './finding.ts'
import type { PlacedQuery } from './query.ts'
import { unparsed } from './query.ts'
import { type LintTests, readRuleTests } from './rule_tests_yaml.ts'
import { type LintFile, type LintRule, readRuleFile } from './rule_yaml.ts'
import { type Runbook, readRunbook } from './runbook_md.ts'
import { asked } from './template.ts'
import { type Polled, type World, worldOf } from './world.ts'
import type { PlacedText } from './yaml_text.ts'

/** What the labels of alerts can be, in this estate; undefined where that is not known. */
export interface Estate {
  readonly tenants: readonly string[]
  readonly tiers: readonly string[]
  readonly clusters: readonly string[]
  readonly processes: readonly string[] | undefined
  /** Business flows, each of which has a runbook. */
  readonly flows: readonly string[] | undefined
  /** The Alertmanager that reads what is written for it. */
  readonly alertmanager: string
}

/** Texts, as they were read. */
export interface Sources {
  /** Rule files that are given. */
  readonly rules: readonly Source[]
  readonly dashboards: readonly Source[]
  /** Those that are written for an installation; a group or a dashboard that is given takes the place of its like. */
  readonly generated: { readonly rules: readonly Source[]; readonly dashboards: readonly Source[] }
  /** Whether what is generated is checked too, or only known. */
  readonly isInstallation: boolean
  readonly alertmanager: Source | undefined
  readonly runbooks: readonly Source[]
  /** Undefined: whether alerts have tests is not asked. */
  readonly tests: readonly Source[] | undefined
  readonly estate: Estate
  readonly metrics: readonly Polled[]
  /** What the recordings of the generated files are. */
  readonly recordings: readonly MetricDescriptor[]
  /** Metrics of other exporters: names, `*` for any letters. */
  readonly foreign: readonly string[]
}

export interface Material {
  readonly world: World
  /** Those that are checked. */
  readonly files: readonly LintFile[]
  readonly rules: readonly LintRule[]
  /** Those there are, also where they are not checked. */
  readonly known: readonly LintRule[]
  readonly dashboards: readonly LintDashboard[]
  readonly queries: readonly PlacedQuery[]
  readonly alertmanager: LintAlertmanager | undefined
  readonly runbooks: readonly Runbook[]
  readonly tests: readonly LintTests[] | undefined
  readonly estate: Estate
  /** What could not be read. */
  readonly unreadable: readonly Finding[]
}

const ofRule = ({ source, expr, faults }: LintRule): PlacedQuery => ({
  text: source.text,
  parsed: expr === undefined ? { ok: false, faults: faults as readonly Fault[] } : { ok: true, expr },
  place: source.place,
  use: 'rule',
})

/** The queries within the template of an annotation; each is placed where it stands in the file. */
export const queriesIn = ({ text, place }: PlacedText): readonly PlacedQuery[] =>
  asked(text).map(({ query }) => {
    const { position } = place
    const there: Place = position ? { ...place, position: (offset) => position(query.origin(offset)) } : place
    return { text: query.text, parsed: parse(query.text), place: there, use: 'text' }
  })

const isLike = (patterns: readonly string[]): ((name: string) => boolean) => {
  const forms = patterns.map((pattern) => new RegExp(`^${pattern.replace(/[^\w:*]/g, '').replaceAll('*', '.*')}$`))
  return (name) => forms.some((form) => form.test(name))
}

export const materialOf = (sources: Sources): Material => {
  const given = sources.rules.map(readRuleFile)
  const groups = new Set(given.flatMap((file) => file.groups))
  const generated = sources.generated.rules.map(readRuleFile).flatMap((file): readonly LintFile[] => {
    const rules = file.rules.filter(({ group }) => !groups.has(group))
    const groupKeys = file.groupKeys.filter(({ place }) => !groups.has(place.path[0] ?? ''))
    return rules.length === 0 ? [] : [{ ...file, rules, groupKeys }]
  })
  const files = [...(sources.isInstallation ? generated : []), ...given]
  const rules = files.flatMap((file) => file.rules)
  const known = [...generated, ...given].flatMap((file) => file.rules)
  const givenDashboards = sources.dashboards.map(readDashboard)
  const uids = new Set(givenDashboards.map(({ uid }) => uid))
  const dashboards = [
    ...(sources.isInstallation ? sources.generated.dashboards : [])
      .map(readDashboard)
      .filter(({ uid }) => uid === undefined || !uids.has(uid)),
    ...givenDashboards,
  ]
  const alertmanager = sources.alertmanager && readAlertmanager(sources.alertmanager)
  const tests = sources.tests?.map(readRuleTests)
  const queries = [
    ...rules.map(ofRule),
    ...rules.flatMap(({ annotations }) => [...annotations.values()].flatMap(queriesIn)),
    ...dashboards.flatMap((dashboard) => dashboard.queries),
  ]
  return {
    world: worldOf(sources.metrics, known, sources.recordings, isLike(sources.foreign)),
    files,
    rules,
    known,
    dashboards,
    queries,
    alertmanager,
    runbooks: sources.runbooks.map(readRunbook),
    tests,
    estate: sources.estate,
    unreadable: [
      ...[...files, ...dashboards, ...(alertmanager ? [alertmanager] : []), ...(tests ?? [])].flatMap(
        ({ findings }) => findings,
      ),
      ...queries.flatMap(unparsed),
    ],
  }
}
