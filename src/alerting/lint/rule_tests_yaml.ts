/** Files for `promtool test rules` → which alerts they hold to fire and to be silent. Pure, never throws. */
import { posix } from 'node:path'
import type { Source } from '../../config/yaml.ts'
import type { Finding, Place } from './finding.ts'
import { entryOf, keysOf, placeAt, readYamlText, unreadable, wordOf, wordsOf } from './yaml_text.ts'

/** One look at one alert. */
export interface AlertCase {
  readonly alert: string
  readonly fires: boolean
  /** How many replicas of the exporter the series are from: values of `instance`. */
  readonly replicas: number
  readonly place: Place
}

export interface LintTests {
  readonly file: string
  /** Paths, as this file's own is told. */
  readonly ruleFiles: readonly string[]
  readonly groupOrder: readonly string[] | undefined
  readonly keys: readonly string[]
  readonly cases: readonly AlertCase[]
  readonly findings: readonly Finding[]
}

export const readRuleTests = (source: Source): LintTests => {
  const yaml = readYamlText(source)
  const { file, root } = yaml
  const cases = (entryOf(root, 'tests')?.items ?? []).flatMap((test) => {
    const name = wordOf(entryOf(test, 'name')) ?? 'test without a name'
    const series = (entryOf(test, 'input_series')?.items ?? []).map((s) => wordOf(entryOf(s, 'series')) ?? '')
    const replicas = new Set(series.flatMap((s) => /\binstance="([^"]*)"/.exec(s)?.[1] ?? [])).size
    return (entryOf(test, 'alert_rule_test')?.items ?? []).map((each): AlertCase => {
      const alert = wordOf(entryOf(each, 'alertname')) ?? ''
      const fires = (entryOf(each, 'exp_alerts')?.items ?? []).length > 0
      return { alert, fires, replicas, place: placeAt(yaml, each, [name, alert]) }
    })
  })
  const order = entryOf(root, 'group_eval_order')
  return {
    file,
    ruleFiles: wordsOf(entryOf(root, 'rule_files')).map((path) =>
      posix.isAbsolute(path) ? path : posix.join(posix.dirname(file), path),
    ),
    groupOrder: order && wordsOf(order),
    keys: keysOf(root),
    cases,
    findings: unreadable(yaml),
  }
}
