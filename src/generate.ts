/** `odoo-pulse generate`: rules, dashboards, Alertmanager's configuration and texts for one installation, written or held against what is there. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Command } from 'commander'
import type { GeneratedFile } from './alerting/installation.ts'
import { dashboardFiles, installationFiles } from './alerting/installation.ts'
import type { RuleFile } from './alerting/rule.ts'
import type { AnyCollector } from './collector.ts'
import { readShippedDashboards } from './config/files.ts'
import { type Config, formatProblem, loadConfig, pathText } from './config.ts'
import type { ExitCode } from './serve.ts'

const EXAMPLES = `
Examples:
  $ odoo-pulse generate --out /etc/odoo-pulse/alerting      rules/*.yaml, dashboards/*.json, alertmanager.yml,
                                                            odoo-pulse.tmpl
  $ odoo-pulse generate --out alerting --part               alertmanager.part.yml, to be merged into yours
  $ odoo-pulse generate --out alerting --check              in CI: says what is not as it would be written

Exit codes: 0 as asked, 1 --check found files that are stale or missing, or they can't be written, 2 wrong command line
or configuration.`

interface Flags {
  readonly config: string
  readonly out: string
  readonly part?: boolean
  readonly check?: boolean
  readonly json?: boolean
}

/** fresh: as it would be written · stale: another text · missing: not there. */
type State = 'fresh' | 'stale' | 'missing'

const stateOf = (out: string, { path, text, isSkeleton }: GeneratedFile): State => {
  const file = join(out, path)
  if (!existsSync(file)) return 'missing'
  return isSkeleton || readFileSync(file, 'utf8') === text ? 'fresh' : 'stale'
}

/** Whole or not at all. */
const write = (out: string, { path, text }: GeneratedFile): void => {
  const file = join(out, path)
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.odoo-pulse-new`
  writeFileSync(draft, text)
  renameSync(draft, file)
}

export interface GenerateDeps {
  readonly collectors: readonly AnyCollector[]
  readonly ruleFiles: readonly RuleFile[]
  /** Of flows of the operator's own. */
  readonly flowFiles: (config: Config) => readonly GeneratedFile[]
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const told = (states: readonly (readonly [GeneratedFile, State])[], isCheck: boolean): string =>
  states
    .map(([{ path }, state]) =>
      state === 'fresh' ? `ok       ${path}` : `${isCheck ? state.padEnd(9) : 'wrote    '}${path}`,
    )
    .map((line) => `${line}\n`)
    .join('')

export const generate = async (
  { config: file, out, part = false, check = false, json = false }: Flags,
  deps: GenerateDeps,
): Promise<ExitCode> => {
  const loaded = await loadConfig({ file, collectors: deps.collectors })
  if (!loaded.ok) {
    const problems = loaded.problems.map((problem) => ({ ...problem, path: pathText(problem.path) }))
    if (json) deps.out(`${JSON.stringify({ valid: false, problems }, null, 2)}\n`)
    else deps.err(loaded.problems.map((problem) => `  ${formatProblem(problem)}\n`).join(''))
    return 2
  }
  const { config } = loaded
  const dashboards = await readShippedDashboards()
  if (dashboards.problems.length > 0) {
    deps.err(dashboards.problems.map((problem) => `  ${formatProblem(problem)}\n`).join(''))
    return 1
  }
  const files = [
    ...installationFiles({ config, file: basename(file), ruleFiles: deps.ruleFiles, part }),
    ...dashboardFiles(dashboards.sources, config),
    ...deps.flowFiles(config),
  ]
  const states = files.map((each) => [each, stateOf(out, each)] as const)
  const wanting = states.filter(([, state]) => state !== 'fresh')
  if (!check) {
    try {
      for (const [each] of wanting) write(out, each)
    } catch (error) {
      deps.err(`${out} can't be written: ${error instanceof Error ? error.message : String(error)}\n`)
      return 1
    }
  }
  if (json) {
    const told = states.map(([{ path }, state]) => ({ path, state: check || state === 'fresh' ? state : 'written' }))
    deps.out(`${JSON.stringify({ valid: true, out, files: told }, null, 2)}\n`)
  } else {
    deps.out(told(states, check))
    if (config.oncall === undefined) {
      deps.err(
        `${file} has no \`oncall\`: Alertmanager's configuration is left to you. With it this writes that too.\n`,
      )
    }
  }
  return check && wanting.length > 0 ? 1 : 0
}

export interface GenerateCommand extends GenerateDeps {
  readonly configOption: () => Parameters<Command['addOption']>[0]
  readonly settle: (code: ExitCode) => void
}

export const addGenerate = (program: Command, { configOption, settle, ...deps }: GenerateCommand): void => {
  program
    .command('generate')
    .description(
      'write rules, dashboards, and the Alertmanager configuration that `oncall` means, for this installation',
    )
    .addOption(configOption())
    .requiredOption('--out <folder>', 'where to; it is made if it is not there')
    .option('--part', 'only what is to be merged into an Alertmanager configuration there is')
    .option('--check', 'write nothing; exit code 1 if anything is stale or missing')
    .option('--json', 'the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: Flags) => settle(await generate(flags, deps)))
}
