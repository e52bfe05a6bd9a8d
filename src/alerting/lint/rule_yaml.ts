/** Rule files as Prometheus reads them → rules of which every text still knows where it stands. Pure, never throws. */
import { parseDuration } from '../../config/duration.ts'
import type { Located, Source } from '../../config/yaml.ts'
import type { Duration } from '../../metric.ts'
import type { Expr } from '../promql/ast.ts'
import { type Fault, parse } from '../promql/parse.ts'
import type { Finding, Place } from './finding.ts'
import {
  entryOf,
  keysOf,
  type PlacedText,
  placeAt,
  readYamlText,
  textOf,
  unreadable,
  wordOf,
  type YamlText,
} from './yaml_text.ts'

export interface LintRule {
  readonly kind: 'alert' | 'recording'
  readonly name: string
  readonly group: string
  /** Of the rule itself. */
  readonly place: Place
  readonly source: PlacedText
  /** Undefined where it could not be parsed: then `faults` say why. */
  readonly expr: Expr | undefined
  readonly faults: readonly Fault[]
  readonly for: Duration
  readonly keepFiringFor: Duration
  readonly labels: Readonly<Record<string, string>>
  /** The same, with their places. */
  readonly labelTexts: ReadonlyMap<string, PlacedText>
  readonly annotations: ReadonlyMap<string, PlacedText>
}

/** A key of a group, and where it stands: some came later than the oldest Prometheus there may be. */
export interface GroupKey {
  readonly key: string
  readonly place: Place
}

export interface LintFile {
  readonly file: string
  readonly rules: readonly LintRule[]
  /** The names of its groups. */
  readonly groups: readonly string[]
  readonly groupKeys: readonly GroupKey[]
  /** What keeps it, or a rule of it, from being read. */
  readonly findings: readonly Finding[]
}

const textsIn = (
  yaml: YamlText,
  value: Located | undefined,
  path: readonly string[],
): ReadonlyMap<string, PlacedText> =>
  new Map(
    keysOf(value).flatMap((key) => {
      const text = textOf(yaml, entryOf(value, key), [...path, key])
      return text === undefined ? [] : [[key, text] as const]
    }),
  )

const spanOf = (rule: Located, key: string): Duration => parseDuration(wordOf(entryOf(rule, key)) ?? '0s') ?? 0

const ruleOf = (yaml: YamlText, rule: Located, group: string): LintRule | undefined => {
  const alert = wordOf(entryOf(rule, 'alert'))
  const name = alert ?? wordOf(entryOf(rule, 'record')) ?? ''
  const path = [group, name]
  const source = textOf(yaml, entryOf(rule, 'expr'), [...path, 'expr'])
  if (name === '' || source === undefined) return undefined
  const parsed = parse(source.text)
  const labelTexts = textsIn(yaml, entryOf(rule, 'labels'), [...path, 'labels'])
  return {
    kind: alert === undefined ? 'recording' : 'alert',
    name,
    group,
    place: placeAt(yaml, rule, path),
    source,
    expr: parsed.ok ? parsed.expr : undefined,
    faults: parsed.ok ? [] : parsed.faults,
    for: spanOf(rule, 'for'),
    keepFiringFor: spanOf(rule, 'keep_firing_for'),
    labels: Object.fromEntries([...labelTexts].map(([label, { text }]) => [label, text])),
    labelTexts,
    annotations: textsIn(yaml, entryOf(rule, 'annotations'), [...path, 'annotations']),
  }
}

/** What Prometheus itself would refuse in the rest of the file is promtool's to say. */
export const readRuleFile = (source: Source): LintFile => {
  const yaml = readYamlText(source)
  const { file, root } = yaml
  const nothing: LintFile = { file, rules: [], groups: [], groupKeys: [], findings: unreadable(yaml) }
  if (root === undefined) return nothing
  const refuse = (value: Located, path: readonly string[], message: string): Finding => {
    const { line } = yaml.lineOf(value.at)
    return { check: 'syntax', file, line, path, message }
  }
  const groups = entryOf(root, 'groups')?.items
  if (groups === undefined) return { ...nothing, findings: [refuse(root, [], 'no rule file: write a list `groups`')] }
  const all = groups.map((group) => {
    const name = wordOf(entryOf(group, 'name')) ?? ''
    const rules = (entryOf(group, 'rules')?.items ?? []).map((rule) => ({ rule, read: ruleOf(yaml, rule, name) }))
    return {
      name,
      keys: keysOf(group).map((key) => ({ key, place: placeAt(yaml, entryOf(group, key) ?? group, [name]) })),
      rules: rules.flatMap(({ read }) => read ?? []),
      findings: rules.flatMap(({ rule, read }) =>
        read === undefined ? [refuse(rule, [name], 'no rule: write `alert` or `record`, and `expr`')] : [],
      ),
    }
  })
  return {
    file,
    rules: all.flatMap(({ rules }) => rules),
    groups: all.map(({ name }) => name),
    groupKeys: all.flatMap(({ keys }) => keys),
    findings: [...nothing.findings, ...all.flatMap(({ findings }) => findings)],
  }
}
