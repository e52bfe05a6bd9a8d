/** Rule files as Prometheus reads them. Pure. */
import { Document } from 'yaml'
import { formatDuration } from '../config/duration.ts'
import { type Alert, isAlert, type Recording, type RuleFile } from './rule.ts'

/** Where a reader finds what to do: `base` is prepended to the file's name. */
export const runbookUrl = (base: string, alert: Alert): string => `${base}${alert.name}.md`

const alertNode = (alert: Alert, runbookBase: string) => ({
  alert: alert.name,
  expr: alert.expr.text,
  for: formatDuration(alert.for),
  ...(alert.keepFiringFor ? { keep_firing_for: formatDuration(alert.keepFiringFor) } : {}),
  labels: { severity: alert.severity, layer: alert.layer },
  annotations: {
    summary: alert.summary,
    description: alert.description,
    impact: alert.impact,
    runbook_url: runbookUrl(runbookBase, alert),
  },
})

const recordingNode = ({ record, expr }: Recording) => ({ record, expr: expr.text })

/** The file's text; the same input gives the same bytes. */
export const renderRuleFile = (file: RuleFile, runbookBase: string): string => {
  const document = new Document({
    groups: file.groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((r) => (isAlert(r) ? alertNode(r, runbookBase) : recordingNode(r))),
    })),
  })
  document.commentBefore = ` Generated from alert-rules/${file.subject}.ts by \`npm run generate\`; edits here are lost.`
  return document.toString({ lineWidth: 0, blockQuote: 'literal' })
}
