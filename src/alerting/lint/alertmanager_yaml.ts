/** Alertmanager's configuration → its routes and inhibitions, each with the place it stands at. Pure, never throws. */
import type { Located, Source } from '../../config/yaml.ts'
import { conditionOf, fits, is, matchersIn } from '../alertmanager/matchers.ts'
import type { InhibitRule, Matcher, Route } from '../alertmanager/types.ts'
import type { Finding, Place } from './finding.ts'
import { entryOf, keysOf, placeAt, readYamlText, unreadable, wordOf, wordsOf, type YamlText } from './yaml_text.ts'

/** A key under `receivers` or `global`, and where it stands. */
export interface ReceiverKey {
  /** `slack_configs`; of `global` that. */
  readonly kind: string
  readonly key: string
  readonly place: Place
}

export interface LintAlertmanager {
  readonly file: string
  readonly route: Route
  readonly inhibitions: readonly InhibitRule[]
  /** Of each route and inhibition. */
  readonly places: ReadonlyMap<object, Place>
  /** Those that tell somebody. */
  readonly telling: ReadonlySet<string>
  readonly receiverKeys: readonly ReceiverKey[]
  readonly findings: readonly Finding[]
}

type Refuse = (value: Located, path: readonly string[], message: string) => void

interface Reading {
  readonly yaml: YamlText
  readonly places: Map<object, Place>
  readonly refuse: Refuse
}

const isRegex = (value: string): boolean => {
  try {
    fits(`x=~${JSON.stringify(value)}`, {})
    return true
  } catch {
    return false
  }
}

/** `matchers`, and the older `match` and `match_re`, under their names with `prefix`. */
const matchersOf = (
  node: Located,
  prefix: string,
  path: readonly string[],
  { refuse }: Reading,
): readonly Matcher[] => {
  const list = wordsOf(entryOf(node, `${prefix}matchers`)).flatMap(matchersIn)
  const older = (key: string, matcher: (label: string, value: string) => Matcher): readonly Matcher[] => {
    const map = entryOf(node, `${prefix}${key}`)
    return keysOf(map).map((label) => matcher(label, wordOf(entryOf(map, label)) ?? ''))
  }
  const all = [
    ...list,
    ...older('match', is),
    ...older('match_re', (label, value) => is(label, value).replace('=', '=~')),
  ]
  return all.filter((matcher) => {
    const condition = conditionOf(matcher)
    const isRead = condition !== undefined && (!condition.op.includes('~') || isRegex(condition.value))
    if (!isRead) refuse(node, path, `no matcher: ${matcher}; write LABEL="VALUE"`)
    return isRead
  })
}

const listIn = (node: Located, key: string): Readonly<Record<string, readonly string[]>> => {
  const names = wordsOf(entryOf(node, key))
  return names.length === 0 ? {} : { [key]: names }
}

const routeOf = (node: Located, path: string, reading: Reading): Route => {
  const receiver = wordOf(entryOf(node, 'receiver'))
  const route: Route = {
    ...(receiver === undefined ? {} : { receiver }),
    matchers: matchersOf(node, '', [path], reading),
    ...listIn(node, 'active_time_intervals'),
    ...listIn(node, 'mute_time_intervals'),
    continue: entryOf(node, 'continue')?.data === true,
    routes: (entryOf(node, 'routes')?.items ?? []).map((child, i) => routeOf(child, `${path}.routes[${i}]`, reading)),
  }
  reading.places.set(route, placeAt(reading.yaml, node, [path]))
  return route
}

const inhibitionOf = (node: Located, i: number, reading: Reading): InhibitRule => {
  const path = `inhibit_rules[${i}]`
  const rule: InhibitRule = {
    source_matchers: matchersOf(node, 'source_', [path], reading),
    target_matchers: matchersOf(node, 'target_', [path], reading),
    equal: wordsOf(entryOf(node, 'equal')),
  }
  reading.places.set(rule, placeAt(reading.yaml, node, [path]))
  return rule
}

/** Every key within, however deep. */
const keysWithin = (yaml: YamlText, value: Located | undefined, kind: string, path: string): readonly ReceiverKey[] => [
  ...keysOf(value).flatMap((key) => {
    const entry = entryOf(value, key)
    const there = entry === undefined ? [] : [{ kind, key, place: placeAt(yaml, entry, [path]) }]
    return [...there, ...keysWithin(yaml, entry, kind, path)]
  }),
  ...(value?.items ?? []).flatMap((item) => keysWithin(yaml, item, kind, path)),
]

export const readAlertmanager = (source: Source): LintAlertmanager => {
  const yaml = readYamlText(source)
  const { file, root } = yaml
  const findings: Finding[] = [...unreadable(yaml)]
  const refuse: Refuse = ({ at }, path, message) => {
    findings.push({ check: 'syntax', file, line: yaml.lineOf(at).line, path, message })
  }
  const reading: Reading = { yaml, places: new Map(), refuse }
  const node = entryOf(root, 'route')
  if (root !== undefined && node === undefined)
    refuse(root, [], 'no configuration of Alertmanager: write a mapping `route`')
  const receivers = entryOf(root, 'receivers')?.items ?? []
  const nameOf = (receiver: Located): string => wordOf(entryOf(receiver, 'name')) ?? ''
  const kindsOf = (receiver: Located): readonly string[] => keysOf(receiver).filter((key) => key.endsWith('_configs'))
  return {
    file,
    route: node === undefined ? {} : routeOf(node, 'route', reading),
    inhibitions: (entryOf(root, 'inhibit_rules')?.items ?? []).map((rule, i) => inhibitionOf(rule, i, reading)),
    places: reading.places,
    telling: new Set(receivers.filter((receiver) => kindsOf(receiver).length > 0).map(nameOf)),
    receiverKeys: [
      ...keysWithin(yaml, entryOf(root, 'global'), 'global', 'global'),
      ...receivers.flatMap((receiver) =>
        kindsOf(receiver).flatMap((kind) => {
          const value = entryOf(receiver, kind)
          const at = value && { kind, key: kind, place: placeAt(yaml, value, [nameOf(receiver)]) }
          return [...(at ? [at] : []), ...keysWithin(yaml, value, kind, nameOf(receiver))]
        }),
      ),
    ],
    findings,
  }
}
