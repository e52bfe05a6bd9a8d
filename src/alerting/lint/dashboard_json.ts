/** Dashboards in Grafana's classic JSON → the queries in them, each with the place it stands at. Pure, never throws. */
import { parseDuration } from '../../config/duration.ts'
import type { Located, Source } from '../../config/yaml.ts'
import type { Finding } from './finding.ts'
import { type PlacedQuery, panelQuery } from './query.ts'
import { entryOf, readYamlText, textOf, unreadable, wordOf, type YamlText } from './yaml_text.ts'

export interface LintDashboard {
  readonly file: string
  /** By which Grafana tells it from others. */
  readonly uid: string | undefined
  readonly queries: readonly PlacedQuery[]
  readonly findings: readonly Finding[]
}

/** Where JSON.parse stopped, as far as it says; of an unexpected token it shows the text round it. */
const AT = / in JSON at position \d+(?: \(line (\d+) column (\d+)\))?| is not valid JSON$/

const faultOf = ({ file, text }: Source): Finding | undefined => {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const said = error instanceof Error ? error.message : ''
    const [, line, column] = AT.exec(said) ?? []
    const place = line === undefined ? {} : { line: Number(line), column: Number(column) }
    const message = `no JSON: ${said.replace(AT, '').replace(/\s+/g, ' ')}`
    return { check: 'syntax', file, ...place, path: [], message }
  }
}

const itemsAt = (value: Located | undefined, ...keys: readonly string[]): readonly Located[] =>
  keys.reduce(entryOf, value)?.items ?? []

/** Of another kind of data source, Loki for one, queries are none of ours. */
const isPrometheus = (value: Located | undefined): boolean =>
  ['prometheus', undefined].includes(wordOf(entryOf(entryOf(value, 'datasource'), 'type')))

const ofPanel = (yaml: YamlText, panel: Located, above: readonly string[]): readonly PlacedQuery[] => {
  const path = [...above, wordOf(entryOf(panel, 'title')) || 'panel without a title']
  const least = wordOf(entryOf(panel, 'interval'))
  const targets = itemsAt(panel, 'targets').flatMap((target) => {
    const letter = wordOf(entryOf(target, 'refId'))
    const text = textOf(yaml, entryOf(target, 'expr'), letter === undefined ? path : [...path, letter])
    const interval = parseDuration(wordOf(entryOf(target, 'interval')) ?? least ?? '')
    return text === undefined || !isPrometheus(target) ? [] : [panelQuery(text.text, text.place, interval)]
  })
  return [
    ...(isPrometheus(panel) ? targets : []),
    ...itemsAt(panel, 'panels').flatMap((inner) => ofPanel(yaml, inner, path)),
  ]
}

// https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
const OF_VARIABLE = /^\s*(?:label_values\((.+),\s*[^,()]+\)|query_result\((.+)\))\s*$/s

const ofVariable = (yaml: YamlText, variable: Located, above: readonly string[]): readonly PlacedQuery[] => {
  const query = entryOf(variable, 'query')
  const path = [...above, `variable ${wordOf(entryOf(variable, 'name')) ?? ''}`]
  const written = textOf(yaml, query?.entries ? entryOf(query, 'query') : query, path)
  if (wordOf(entryOf(variable, 'type')) !== 'query' || written === undefined) return []
  const [, values, result] = OF_VARIABLE.exec(written.text) ?? []
  const expr = values ?? result
  return expr === undefined ? [] : [panelQuery(expr, { ...written.place })]
}

const ofAnnotation = (yaml: YamlText, annotation: Located, above: readonly string[]): readonly PlacedQuery[] => {
  const path = [...above, `annotation ${wordOf(entryOf(annotation, 'name')) ?? ''}`]
  const text = textOf(yaml, entryOf(annotation, 'expr'), path)
  return text === undefined || !isPrometheus(annotation) ? [] : [panelQuery(text.text, text.place)]
}

export const readDashboard = (source: Source): LintDashboard => {
  const { file } = source
  const fault = faultOf(source)
  if (fault !== undefined) return { file, uid: undefined, queries: [], findings: [fault] }
  const yaml = readYamlText(source)
  // As Grafana's API gives it, it stands in an envelope.
  const dashboard = entryOf(yaml.root, 'dashboard') ?? yaml.root
  const title = [wordOf(entryOf(dashboard, 'title')) ?? 'dashboard without a title']
  return {
    file,
    uid: wordOf(entryOf(dashboard, 'uid')),
    queries: [
      ...itemsAt(dashboard, 'templating', 'list').flatMap((variable) => ofVariable(yaml, variable, title)),
      ...itemsAt(dashboard, 'annotations', 'list').flatMap((annotation) => ofAnnotation(yaml, annotation, title)),
      ...itemsAt(dashboard, 'panels').flatMap((panel) => ofPanel(yaml, panel, title)),
    ],
    findings: unreadable(yaml),
  }
}
