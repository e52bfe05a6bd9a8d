/** What `odoo-pulse generate` writes for one installation: paths and texts. Pure. */
import { posix } from 'node:path'
import type { Source } from '../config/yaml.ts'
import type { Config } from '../config.ts'
import type { Flow } from '../flow/spec/spec_file.ts'
import { TEMPLATE_FILE, templateText } from './alertmanager/receivers.ts'
import { renderAlertmanager, renderPart } from './alertmanager/render.ts'
import { flowTests } from './flow_tests.ts'
import { type Links, RELATIVE, renderRuleFile } from './render.ts'
import type { RuleFile } from './rule.ts'
import { runbookSkeleton } from './runbook_skeleton.ts'

export interface GeneratedFile {
  /** Below the folder that is written to. */
  readonly path: string
  readonly text: string
  /** A beginning that people go on writing: it is written once, and then left alone. */
  readonly isSkeleton?: true
}

const ended = (url: string | undefined, end: string, otherwise: string): string =>
  url === undefined ? otherwise : `${url.replace(/\/+$/, '')}${end}`

/** Without a base of one's own, as shipped. */
export const linksOf = ({ links }: Pick<Config, 'links'>): Links => ({
  runbooks: ended(links?.runbooks, '/', RELATIVE.runbooks),
  dashboards: ended(links?.grafana, '', RELATIVE.dashboards),
  pages: ended(links?.pulse, '', RELATIVE.pages),
})

export interface InstallationOptions {
  readonly config: Pick<Config, 'oncall' | 'links'>
  /** The configuration's name, as comments tell it. */
  readonly file: string
  readonly ruleFiles: readonly RuleFile[]
  /** Only the part to merge into an Alertmanager configuration there is. */
  readonly part: boolean
}

export const installationFiles = ({ config, file, ruleFiles, part }: InstallationOptions): readonly GeneratedFile[] => {
  const { oncall } = config
  const links = linksOf(config)
  return [
    ...ruleFiles.map((rules) => ({ path: `rules/${rules.subject}.yaml`, text: renderRuleFile(rules, links) })),
    ...(oncall === undefined
      ? []
      : [
          part
            ? { path: 'alertmanager.part.yml', text: renderPart(oncall, file) }
            : { path: 'alertmanager.yml', text: renderAlertmanager(oncall, file) },
          { path: TEMPLATE_FILE, text: templateText },
        ]),
  ]
}

/** Of a dashboard in Grafana's JSON: what is changed in it. */
interface WithVariables {
  readonly templating: { readonly list: readonly { readonly name: string; readonly query?: unknown }[] }
}

/** A dashboard as shipped, but that its links to runbooks lead to where they stand. */
const dashboardFile = ({ file, text }: Source, { runbooks }: Links): GeneratedFile => {
  const dashboard: WithVariables = JSON.parse(text)
  const list = dashboard.templating.list.map((variable) =>
    variable.name === 'runbooks'
      ? { ...variable, query: runbooks, current: { selected: false, text: runbooks, value: runbooks } }
      : variable,
  )
  const templating = { ...dashboard.templating, list }
  return {
    path: `dashboards/${posix.basename(file)}`,
    text: `${JSON.stringify({ ...dashboard, templating }, null, 2)}\n`,
  }
}

export const dashboardFiles = (shipped: readonly Source[], config: Pick<Config, 'links'>): readonly GeneratedFile[] =>
  shipped.map((source) => dashboardFile(source, linksOf(config)))

/** For each flow of the operator's own: a runbook to go on writing, and tests of its alerts for promtool. */
export const ownFlowFiles = (flows: readonly Flow[], ruleFiles: readonly RuleFile[]): readonly GeneratedFile[] =>
  flows.flatMap((flow) => [
    { path: `runbooks/flows/${flow.name}.md`, text: runbookSkeleton(flow), isSkeleton: true as const },
    { path: `tests/${flow.name}.yaml`, text: flowTests(flow, ruleFiles, (subject) => `../rules/${subject}.yaml`) },
  ])
