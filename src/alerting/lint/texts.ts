/** What an alert says, and by what it is told from others: its labels, its texts, their templates. Pure. */
import { LAYERS, SEVERITIES } from '../rule.ts'
import { labelsOfAlert } from './alert_forms.ts'
import { type Check, type Found, foundAt, overAlerts } from './check.ts'
import type { LintRule } from './rule_yaml.ts'
import { actionsOf, asked, asks, blocksOf, VERB } from './template.ts'

const listed = (names: readonly string[]): string => names.join(', ')

const labels = overAlerts((alert, { world }) => {
  const fromExpr = labelsOfAlert(alert, world)?.certain
  const oneOf = (label: string, values: readonly string[]): readonly Found[] => {
    const written = alert.labels[label]
    const place = alert.labelTexts.get(label)?.place ?? alert.place
    if (written === undefined) {
      const isThere = fromExpr === undefined ? alert.expr === undefined : fromExpr.has(label)
      return isThere ? [] : [foundAt(place, `it has no label ${label}: write one of ${listed(values)}`)]
    }
    return values.includes(written) ? [] : [foundAt(place, `${label} is one of ${listed(values)}`)]
  }
  const isOfAProcess = 'process' in alert.labels || (fromExpr?.has('process') ?? true)
  return [
    ...oneOf('severity', SEVERITIES),
    ...oneOf('layer', LAYERS),
    ...(isOfAProcess ? [] : [foundAt(alert.place, 'it has no label process: write platform, or the business process')]),
  ]
})

const identity = overAlerts(({ labelTexts }) =>
  [...labelTexts.values()].flatMap(({ text, place }) =>
    actionsOf(text)
      .filter((action) => asks(action) || /\$value\b|\.Value\b/.test(action.code))
      .map(({ from }) =>
        foundAt(
          place,
          'what changes from one evaluation to the next makes another alert each time: say it in an annotation',
          text,
          from,
        ),
      ),
  ),
)

const TEXTS = ['summary', 'description', 'impact']

const annotations = overAlerts((alert) => {
  const summary = alert.annotations.get('summary')
  const missing = TEXTS.filter((name) => !alert.annotations.get(name)?.text.trim()).map((name) =>
    foundAt(alert.place, `it has no annotation ${name}`),
  )
  const isSentence = summary === undefined || /\.\s*$/.test(summary.text)
  return [
    ...missing,
    ...(isSentence ? [] : [foundAt(summary.place, 'the summary is one sentence: end it with a period')]),
  ]
})

const formatFaults = (text: string): readonly { readonly at: number; readonly message: string }[] =>
  asked(text).flatMap(({ format, isPrinted, values, action }) => {
    const { text: written, origin } = format
    if (!isPrinted)
      return /\$labels|\.Labels/.test(written)
        ? [{ at: action.from, message: 'labels in a query are put in by printf and %q' }]
        : []
    const verbs = [...written.matchAll(VERB)].filter(({ 0: verb }) => verb !== '%%')
    const quoted = [...written.matchAll(/(["'])%[sv]\1|[=~]\s*%[sv]/g)].map(({ 0: found, index }) => ({
      at: origin(index),
      message: `${found.trim()} breaks on a name with a quote in it: write %q, without quotes`,
    }))
    const count =
      verbs.length === values
        ? []
        : [{ at: action.from, message: `${verbs.length} values are to be put in, and ${values} are given` }]
    return [...quoted, ...count]
  })

const templateFaults = (text: string): readonly { readonly at: number; readonly message: string }[] => {
  const actions = actionsOf(text)
  const { blocks, open, stray } = blocksOf(actions)
  return [
    ...blocks
      .filter(({ opened, hasElse }) => opened.keyword === 'with' && asks(opened) && !hasElse)
      .map(({ opened }) => ({
        at: opened.from,
        message: 'Prometheus may have no answer: add {{ else }} and what is said then',
      })),
    ...actions
      .filter((action) => action.keyword === undefined && asks(action) && /\bfirst\b/.test(action.code))
      .map(({ from }) => ({
        at: from,
        message: 'first fails where there is no answer: ask with {{ with … | query }} … {{ else }} … {{ end }}',
      })),
    ...open.map(({ from, keyword }) => ({ at: from, message: `{{ ${keyword} }} is never ended` })),
    ...stray.map(({ from, keyword }) => ({ at: from, message: `{{ ${keyword} }} belongs to nothing` })),
    ...formatFaults(text),
  ]
}

const templates = overAlerts(({ annotations: texts }: LintRule) =>
  [...texts.values()].flatMap(({ text, place }) =>
    templateFaults(text).map(({ at, message }) => foundAt(place, message, text, at)),
  ),
)

const names: Check['find'] = ({ rules }) =>
  rules.flatMap(({ kind, name, place }) => {
    if (kind === 'alert')
      return /^[A-Z][A-Za-z0-9]+$/.test(name) ? [] : [foundAt(place, 'an alert is called in CamelCase')]
    return /^\w+:\w+:\w+$/.test(name) ? [] : [foundAt(place, 'a recording is called level:metric:operation')]
  })

export const textChecks: readonly Check[] = [
  {
    id: 'labels',
    what: 'every alert has a severity, a layer and a process, by which it is routed',
    fix: 'set the label in the rule, or have the expression bring it, never empty',
    find: labels,
  },
  {
    id: 'identity',
    what: 'no value and no cause stands in a label: it would be another alert each time it changes',
    fix: 'say it in an annotation',
    find: identity,
  },
  {
    id: 'annotations',
    what: 'every alert says what is wrong in one sentence that ends in a period, describes it, and says what it means for the business',
    fix: 'write summary, description and impact',
    find: annotations,
  },
  {
    id: 'templates',
    what: 'what a text asks of Prometheus may have no answer, and names may hold quotes',
    fix: '`{{ with printf "…{tenant=%q}" $labels.tenant | query }}…{{ else }}…{{ end }}`',
    find: templates,
  },
  {
    id: 'names',
    what: 'alerts are called in CamelCase, recordings level:metric:operation',
    fix: 'rename it, and its runbook and tests with it',
    find: names,
  },
]
