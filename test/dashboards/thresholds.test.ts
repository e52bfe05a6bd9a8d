/** Where a panel changes its colour an alert about it begins: the numbers are the same. */
import type { Panel, Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { expect, test } from 'vitest'
import { ruleFiles } from '../../alert-rules/index.ts'
import { budgetLeft } from '../../dashboards/parts/thresholds.ts'
import { alertsOf, recordingsOf } from '../../src/alerting/rule.ts'
import { panelsOf } from '../../tools/dashboards/queries.ts'
import { generated } from './support.ts'

const recordings = recordingsOf(ruleFiles).map(({ record, expr }) => ({ name: record.name, text: expr.text }))
/** With the expressions of what it reads. */
const readBy = (text: string, above: readonly string[] = []): string => {
  const read = recordings.filter(({ name }) => text.includes(name) && !above.includes(name))
  const names = [...above, ...read.map(({ name }) => name)]
  return [text, ...read.map((recording) => readBy(recording.text, names))].join('\n')
}
const texts = new Map(alertsOf(ruleFiles).map(({ name, expr }) => [name, readBy(expr.text)]))

/** Any, none, all: they speak for themselves. What is left of a budget no alert reads. */
const PLAIN = [0, 1, ...budgetLeft.map(({ value }) => value)]
const stepsOf = ({ fieldConfig }: Panel): readonly number[] => {
  const own: readonly Threshold[] = fieldConfig?.defaults.thresholds?.steps ?? []
  const columns: readonly Threshold[] = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === 'thresholds' ? value.steps : [])),
  )
  return [...own, ...columns].flatMap(({ value }) => (value === null || PLAIN.includes(value) ? [] : [value]))
}
const alertsShown = ({ links = [] }: Panel): readonly string[] =>
  links.flatMap(({ url = '' }) => /^\$\{runbooks\}(\w+)\.md$/.exec(url)?.[1] ?? [])

test('every threshold is a number of an alert that the panel leads to', () => {
  const panels = generated.flatMap(panelsOf).filter((panel) => stepsOf(panel).length > 0)
  expect(panels.length).toBeGreaterThan(20)
  const strange = panels.flatMap((panel) => {
    const read = alertsShown(panel)
      .map((name) => texts.get(name))
      .join('\n')
    const numbers = new Set(read.match(/(?<![\w.])\d+(\.\d+)?(?![\w.])/g)?.map(Number))
    return stepsOf(panel)
      .filter((step) => !numbers.has(step))
      .map((step) => `${panel.title}: ${step}`)
  })
  expect(strange).toEqual([])
})
