/** `odoo-pulse lint`: whether alerts, dashboards and Alertmanager's configuration can do what they are there for. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { dashboardFiles, type GeneratedFile, installationFiles } from './alerting/installation.ts'
import { checks, lint } from './alerting/lint/checks.ts'
import { type Finding, formatFinding } from './alerting/lint/finding.ts'
import { type Estate, type Material, materialOf } from './alerting/lint/material.ts'
import { polledMetrics } from './alerting/lint/metrics.ts'
import { RELATIVE, renderRuleFile } from './alerting/render.ts'
import { PLATFORM, type RuleFile, recordingsOf } from './alerting/rule.ts'
import type { AnyCollector } from './collector.ts'
import { readShippedDashboards } from './config/files.ts'
import type { Source } from './config/yaml.ts'
import { type Config, formatProblem, loadConfig, type Problem, pathText } from './config.ts'
import { type Read, readPaths, readRunbooks } from './lint_files.ts'
import type { ExitCode } from './serve.ts'

const EXAMPLES = `
What is checked: the rules, dashboards, routes and inhibitions that \`odoo-pulse generate\` writes for the configuration, and the files
given. Without a configuration (none is named, and there is no odoo-pulse.yaml) the files given alone.

Examples:
  $ odoo-pulse lint                                      what is generated for ./odoo-pulse.yaml
  $ odoo-pulse lint --rules /etc/prometheus/rules        and rules of your own, which may read ours
  $ odoo-pulse lint --alertmanager /etc/alertmanager/alertmanager.yml
  $ odoo-pulse lint --rules own.yaml --foreign 'node_*' --tests tests/*.yaml --runbooks runbooks

Exit codes: 0 nothing is found, 1 something is, 2 wrong command line or configuration, or a file that can't be read.`

interface Flags {
  readonly config: string
  readonly rules?: readonly string[]
  readonly dashboards?: readonly string[]
  readonly alertmanager?: string
  readonly runbooks?: readonly string[]
  readonly tests?: readonly string[]
  readonly foreign?: readonly string[]
  readonly json?: boolean
}

export interface LintDeps {
  readonly collectors: readonly AnyCollector[]
  readonly ruleFiles: readonly RuleFile[]
  /** Of flows of the operator's own. */
  readonly flowFiles: (config: Config) => readonly GeneratedFile[]
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const distinct = (names: readonly string[]): readonly string[] => [...new Set(names)]

/** As the alerts of this configuration can be labelled; without one nothing is known. */
const estateOf = (config: Config | undefined): Estate => ({
  tenants: (config?.tenants ?? []).map(({ name }) => name),
  tiers: distinct((config?.tenants ?? []).map(({ tier }) => tier)),
  clusters: distinct([...(config?.tenants ?? []), ...(config?.servers ?? [])].map(({ dbCluster }) => dbCluster)),
  processes: config && distinct([...config.flows.map(({ process }) => process), PLATFORM]),
  flows: config?.flows.map(({ name }) => name),
  alertmanager: config?.oncall?.alertmanager_version ?? '0.25',
})

/** What `odoo-pulse generate` would write; without a configuration what it begins with. */
const generatedFor = (
  config: Config | undefined,
  { file, dashboards }: { readonly file: string; readonly dashboards: readonly Source[] },
  { ruleFiles, flowFiles }: LintDeps,
): readonly GeneratedFile[] =>
  config === undefined
    ? ruleFiles.map((each) => ({ path: `rules/${each.subject}.yaml`, text: renderRuleFile(each, RELATIVE) }))
    : [
        ...installationFiles({ config, file: basename(file), ruleFiles, part: false }),
        ...dashboardFiles(dashboards, config),
        ...flowFiles(config),
      ]

const below = (files: readonly GeneratedFile[], folder: string): readonly Source[] =>
  files.filter(({ path }) => path.startsWith(folder)).map(({ path, text }) => ({ file: path, text }))

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

const lookedAt = ({ files, rules, dashboards, queries, alertmanager, runbooks, tests }: Material): string =>
  [
    count(files.length, 'rule file'),
    count(rules.length, 'rule'),
    count(dashboards.length, 'dashboard'),
    count(queries.length, 'query', 'queries'),
    count(runbooks.length, 'runbook'),
    ...(alertmanager ? [alertmanager.file] : []),
    ...(tests ? [count(tests.length, 'file of tests', 'files of tests')] : []),
  ].join(', ')

const fixOf = (id: string): string => checks.find((check) => check.id === id)?.fix ?? ''

const asText = (findings: readonly Finding[]): string => {
  const by = distinct(findings.map(({ check }) => check))
  return [
    ...findings.map(formatFinding),
    '',
    ...by.map((id) => `${id}: ${fixOf(id)}`),
    `FAILED: ${count(findings.length, 'finding')} by ${count(by.length, 'check')}`,
    '',
  ].join('\n')
}

const asJson = (findings: readonly Finding[], problems: readonly Problem[] = []): string => {
  const found = findings.map((finding) => ({ ...finding, fix: fixOf(finding.check) }))
  const wrong = problems.map((problem) => ({ ...problem, path: pathText(problem.path) }))
  return `${JSON.stringify({ valid: wrong.length === 0, problems: wrong, findings: found }, null, 2)}\n`
}

const YAML = ['.yaml', '.yml']
const NOTHING: Read = { sources: [], problems: [] }

/** All that is read from files. */
const readAll = async (
  { rules = [], dashboards = [], alertmanager, runbooks = [], tests = [] }: Flags,
  isInstallation: boolean,
) => ({
  rules: await readPaths(rules, YAML),
  dashboards: await readPaths(dashboards, ['.json']),
  alertmanager: await readPaths(alertmanager === undefined ? [] : [alertmanager], YAML),
  runbooks: await readRunbooks(runbooks),
  tests: await readPaths(tests, YAML),
  shipped: isInstallation ? await readShippedDashboards() : NOTHING,
})

type ReadAll = Awaited<ReturnType<typeof readAll>>

/** What the checks are given. `config`: undefined where the files given are checked alone. */
const materialFor = (flags: Flags, config: Config | undefined, read: ReadAll, deps: LintDeps): Material => {
  const generated = generatedFor(config, { file: flags.config, dashboards: read.shipped.sources }, deps)
  const written = new Set(read.runbooks.sources.map((source) => basename(source.file)))
  return materialOf({
    rules: read.rules.sources,
    dashboards: read.dashboards.sources,
    generated: { rules: below(generated, 'rules/'), dashboards: below(generated, 'dashboards/') },
    isInstallation: config !== undefined,
    alertmanager: read.alertmanager.sources[0] ?? below(generated, 'alertmanager.yml')[0],
    // What has been written stands before its beginning.
    runbooks: [
      ...read.runbooks.sources,
      ...below(generated, 'runbooks/').filter((source) => !written.has(basename(source.file))),
    ],
    tests: flags.tests && read.tests.sources,
    estate: estateOf(config),
    metrics: polledMetrics(deps.collectors),
    recordings: recordingsOf(deps.ruleFiles).map(({ record }) => record),
    foreign: flags.foreign ?? [],
  })
}

export const runLint = async (flags: Flags, isConfigNamed: boolean, deps: LintDeps): Promise<ExitCode> => {
  const { config: file, rules, dashboards, alertmanager, json } = flags
  const isGiven = rules !== undefined || dashboards !== undefined || alertmanager !== undefined
  const isInstallation = isConfigNamed || existsSync(file) || !isGiven
  const loaded = isInstallation ? await loadConfig({ file, collectors: deps.collectors }) : undefined
  const read = await readAll(flags, isInstallation)
  const problems = [
    ...(loaded?.ok === false ? loaded.problems : []),
    ...Object.values(read).flatMap((each) => each.problems),
  ]
  if (problems.length > 0) {
    if (json) deps.out(asJson([], problems))
    else deps.err(problems.map((problem) => `  ${formatProblem(problem)}\n`).join(''))
    return 2
  }
  const material = materialFor(flags, loaded?.ok ? loaded.config : undefined, read, deps)
  const findings = lint(material)
  if (json) deps.out(asJson(findings))
  else if (findings.length > 0) deps.out(asText(findings))
  else deps.out(`SUCCESS: ${lookedAt(material)}: nothing is found by ${count(checks.length, 'check')}\n`)
  return findings.length > 0 ? 1 : 0
}

export interface LintCommand extends LintDeps {
  readonly configOption: () => Parameters<Command['addOption']>[0]
  readonly settle: (code: ExitCode) => void
}

export const addLint = (program: Command, { configOption, settle, ...deps }: LintCommand): void => {
  program
    .command('lint')
    .description('check rules, dashboards and routes: that they can fire, tell the right ones, and never fail')
    .addOption(configOption())
    .option('--rules <paths...>', 'rule files of your own, or folders of them')
    .option('--dashboards <paths...>', 'dashboards of Grafana as JSON, or folders of them')
    .option('--alertmanager <file>', 'Alertmanager’s configuration, in place of what would be generated')
    .option('--runbooks <folders...>', 'runbooks of your own alerts, and in flows/ of your own flows')
    .option('--tests <paths...>', 'tests for promtool: every alert has to have some')
    .option('--foreign <names...>', "metrics of other exporters, such as 'node_*': of them nothing is known")
    .option('--json', 'the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags, command: Command) =>
      settle(await runLint(flags, command.getOptionValueSource('config') !== 'default', deps)),
    )
}
