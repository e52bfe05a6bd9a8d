/** Rule files as Prometheus reads them. Pure. */
import { Document } from 'yaml'
import { formatDuration } from '../config/duration.ts'
import { type Alert, isAlert, PLATFORM, type Recording, type RuleFile } from './rule.ts'

/** Where a reader is sent: each is prepended to a path. */
export interface Links {
  /** To `<Alert>.md` and `flows/<flow>.md`. */
  readonly runbooks: string
  /** To `/d/<uid>`. */
  readonly dashboards: string
  /** To the service's own pages, `/flows/<tenant>/<flow>`. */
  readonly pages: string
}

/** As shipped: paths in the repository, of Grafana and of the service. */
export const RELATIVE: Links = { runbooks: 'alert-rules/runbooks/', dashboards: '', pages: '' }

export const runbookUrl = ({ runbooks }: Links, alert: Pick<Alert, 'name'>): string => `${runbooks}${alert.name}.md`

const TENANT = '?var-tenant={{ $labels.tenant | urlquery }}'
/** A part of a path, where + is not a blank. */
const part = (label: string): string => `{{ $labels.${label} | urlquery | reReplaceAll "[+]" "%20" }}`

const urlsOf = (alert: Alert, links: Links): Readonly<Record<string, string>> => {
  const { dashboards, pages, runbooks } = links
  const runbook = { runbook_url: runbookUrl(links, alert) }
  const dashboard = (usual: string, variable: string) => ({
    dashboard_url: `${dashboards}/d/odoo-pulse-${alert.dashboard ?? usual}${variable}`,
  })
  switch (alert.about) {
    case 'flow':
      return {
        ...runbook,
        flow_runbook_url: `${runbooks}flows/{{ $labels.flow }}.md`,
        ...dashboard('flows', TENANT),
        page_url: `${pages}/flows/${part('tenant')}/${part('flow')}`,
      }
    case 'tenant':
      return { ...runbook, ...dashboard('tenant', TENANT) }
    case 'server':
      return { ...runbook, ...dashboard('databases', '?var-server={{ $labels.server | urlquery }}') }
    case 'cluster':
      return { ...runbook, ...dashboard('databases', '') }
    case 'pulse':
      return { ...runbook, ...dashboard('pulse', '') }
  }
}

const labelsOf = ({ about, severity, layer }: Alert): Readonly<Record<string, string>> => ({
  ...(severity === 'mode' ? {} : { severity }),
  layer,
  ...(about === 'flow' ? {} : { process: PLATFORM }),
})

const alertNode = (alert: Alert, links: Links) => ({
  alert: alert.name,
  expr: alert.expr.text,
  ...(alert.for > 0 ? { for: formatDuration(alert.for) } : {}),
  ...(alert.keepFiringFor ? { keep_firing_for: formatDuration(alert.keepFiringFor) } : {}),
  labels: labelsOf(alert),
  annotations: {
    summary: alert.summary,
    description: alert.description,
    impact: alert.impact,
    ...(alert.probableCause === undefined ? {} : { probable_cause: alert.probableCause }),
    ...urlsOf(alert, links),
  },
})

const recordingNode = ({ record, labels, expr }: Recording) => ({
  record: record.name,
  expr: expr.text,
  ...(labels && { labels }),
})

/** The file's text; the same input gives the same bytes. */
export const renderRuleFile = (file: RuleFile, links: Links): string => {
  const document = new Document({
    groups: file.groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((r) => (isAlert(r) ? alertNode(r, links) : recordingNode(r))),
    })),
  })
  document.commentBefore = ` Generated from alert-rules/${file.subject}.ts by \`npm run generate\`; edits here are lost.`
  return document.toString({ lineWidth: 0, blockQuote: 'literal' })
}
