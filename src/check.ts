/** `odoo-pulse check`: what is wrong with a configuration, for people or as JSON. */
import type { AnyCollector } from './collector.ts'
import { formatProblem, type Loaded, loadConfig, type Problem, pathText, targetsOf } from './config.ts'
import type { Secrets } from './secret.ts'
import { loadWebConfig } from './web_config.ts'

export interface CheckOptions {
  readonly file: string
  readonly collectors: readonly AnyCollector[]
  readonly json: boolean
  /** Absent: secrets are not read. */
  readonly secrets: Secrets | undefined
  readonly webConfigFile: string | undefined
}

export interface CheckResult {
  readonly out: string
  readonly err: string
  readonly code: 0 | 2
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

const failedLines = (files: readonly string[], problems: readonly Problem[]): string => {
  const faulty = new Set(problems.map((p) => p.file)).size
  const lines = problems.map((p) => `  ${formatProblem(p)}\n`).join('')
  return `${lines}FAILED: ${count(problems.length, 'problem')} in ${faulty} of ${count(Math.max(files.length, faulty), 'file')}\n`
}

const successLines = (loaded: Loaded & { ok: true }, { collectors, secrets }: CheckOptions): string => {
  const { config } = loaded
  const targets = targetsOf(config, collectors)
  const probes = targets.reduce((sum, target) => sum + target.collector.probes.length, 0)
  const read = config.tenants.filter(({ flows }) => flows.length > 0)
  const secretsRead = secrets === undefined ? 'not read (--skip-secrets)' : 'readable'
  return [
    ...loaded.files.map((file) => `SUCCESS: ${file} is valid`),
    `SUCCESS: ${count(config.servers.length, 'server')}, ${count(config.tenants.length, 'tenant')}`,
    `SUCCESS: ${count(config.flows.length, 'flow')}, read for ${count(read.length, 'tenant')}`,
    `SUCCESS: ${count(targets.length, 'target')} with ${count(probes, 'probe')}`,
    `SUCCESS: ${count(loaded.secrets, 'reference')} to secrets, ${secretsRead}`,
    '',
  ].join('\n')
}

/** The web configuration's own checks, as one more file of the result. */
const withWebConfig = (loaded: Loaded, file: string | undefined): Loaded => {
  if (file === undefined) return loaded
  const web = loadWebConfig(file)
  const files = [...loaded.files, file]
  if (web.ok) return { ...loaded, files }
  const found = web.problems.map((message): Problem => ({ file, path: [], message: message.slice(`${file}: `.length) }))
  return { ok: false, files, problems: [...(loaded.ok ? [] : loaded.problems), ...found] }
}

const asJson = (loaded: Loaded): string => {
  const problems = loaded.ok ? [] : loaded.problems.map((p) => ({ ...p, path: pathText(p.path) }))
  return `${JSON.stringify({ valid: loaded.ok, files: loaded.files, problems }, null, 2)}\n`
}

/** What to print, and the exit code. As promtool: what is well on stdout, what is not on stderr. */
export const check = async (options: CheckOptions): Promise<CheckResult> => {
  const loaded = withWebConfig(await loadConfig(options), options.webConfigFile)
  const code = loaded.ok ? 0 : 2
  if (options.json) return { out: asJson(loaded), err: '', code }
  if (loaded.ok) return { out: successLines(loaded, options), err: '', code }
  return { out: '', err: failedLines(loaded.files, loaded.problems), code }
}
