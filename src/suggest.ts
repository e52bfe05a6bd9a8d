/** `odoo-pulse suggest`: replays the last 30 days of each flow; what was, and what to promise and whom to call from it. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { check } from './check.ts'
import { type AnyCollector, CollectError } from './collector.ts'
import { TENANTS_DIR } from './config/files.ts'
import { type Config, loadConfig, type Tenant, targetsOf } from './config.ts'
import { type Duration, seconds } from './metric.ts'
import type { Secrets } from './secret.ts'
import { fragmentOf } from './suggest/fragment.ts'
import { suggestionsJson } from './suggest/json.ts'
import { formatSuggestions } from './suggest/report.ts'
import { suggestFor, type TenantFinding } from './suggest/tenant.ts'

const PROGRESS_EVERY: Duration = seconds(3)
const TAKEN = 'it is there already; --force replaces it, or name another'

export interface SuggestOptions {
  readonly file: string
  readonly collectors: readonly AnyCollector[]
  readonly secrets: Secrets
  readonly json: boolean
  /** Names; none: all. */
  readonly tenants: readonly string[]
  readonly flows: readonly string[]
  /** Where the YAML goes; undefined: nowhere. */
  readonly write: string | undefined
  /** Whether a file that is there may be replaced. */
  readonly force: boolean
  /** For all of it; what was read by then is used. */
  readonly timeout: Duration
  /** 0–1: of a tenant's time that may be spent on answering. */
  readonly share: number
  /** Aborts when the user has had enough; what was read by then is used. */
  readonly interrupted: AbortSignal
  /** Told what is under way, every few seconds. */
  readonly progress: (line: string) => void
}

export interface SuggestResult {
  readonly out: string
  readonly err: string
  /** 1: a tenant could not be read, or not whole; 2: the configuration, a name or the file to write is at fault. */
  readonly code: 0 | 1 | 2
}

const unknown = (what: string, asked: readonly string[], known: readonly string[]): readonly string[] =>
  asked
    .filter((name) => !known.includes(name))
    .map((name) => `no ${what} ${name} in the configuration; there are: ${known.join(', ') || 'none'}\n`)

const wrongNames = ({ tenants, flows }: SuggestOptions, config: Config, watched: readonly Tenant[]): string =>
  [
    ...unknown(
      'tenant with flows',
      tenants,
      watched.map(({ name }) => name),
    ),
    ...unknown(
      'flow',
      flows,
      config.flows.map(({ name }) => name),
    ),
  ].join('')

const isWhole = (finding: TenantFinding): boolean =>
  finding.flows.every((f) => (f.status === 'studied' ? !f.isCut : f.status === 'off' || f.status === 'unsupported'))

const studyAll = async (
  tenants: readonly Tenant[],
  config: Config,
  options: SuggestOptions,
  signal: AbortSignal,
): Promise<readonly TenantFinding[]> => {
  const { collectors, secrets, share, flows } = options
  const targets = targetsOf(config, collectors)
  const found: TenantFinding[] = []
  let under = 'beginning'
  const timer = setInterval(
    () => options.progress(`${found.length} of ${tenants.length} tenants done; ${under}`),
    PROGRESS_EVERY,
  )
  try {
    // One after the other: tenants share database servers.
    for (const tenant of tenants) {
      const progress = (line: string) => {
        under = `${tenant.name}: ${line}`
      }
      found.push(await suggestFor(tenant, { config, targets, flows, secrets, share, signal, progress }))
    }
    return found
  } finally {
    clearInterval(timer)
  }
}

/** Why it may not be written there; asked before anything is read. */
const whyNot = ({ write, force, file }: SuggestOptions, files: readonly string[]): string | undefined => {
  if (write === undefined) return undefined
  const [path, beside] = [resolve(write), dirname(resolve(file))]
  if (dirname(path) === join(beside, TENANTS_DIR) || files.some((each) => resolve(beside, each) === path))
    return 'it belongs to the configuration, and what is written is to be pasted: name another file'
  if (path === resolve(file)) return 'it is the configuration itself: name another file'
  return !force && existsSync(path) ? TAKEN : undefined
}

/** Says what became of it; `wx` fails where the file is there. */
const written = async ({ write, force }: SuggestOptions, found: readonly TenantFinding[]) => {
  if (write === undefined) return { err: '', failed: false }
  const text = fragmentOf(found)
  if (text === undefined) return { err: `${write} is not written: nothing is proposed\n`, failed: false }
  try {
    await writeFile(write, text, { flag: force ? 'w' : 'wx' })
    return { err: `${write} is written: paste from it beneath the tenants it names\n`, failed: false }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    const why = code === 'EEXIST' ? TAKEN : code
    return { err: `${write} is not written: ${why}\n`, failed: true }
  }
}

/** Never throws and never hangs: what does not answer is a finding. */
export const suggest = async (options: SuggestOptions): Promise<SuggestResult> => {
  const { file, collectors, secrets, json, timeout, interrupted } = options
  const loaded = await loadConfig({ file, collectors, secrets })
  if (!loaded.ok) return { ...(await check({ file, collectors, json, secrets, webConfigFile: undefined })), code: 2 }
  const watched = loaded.config.tenants.filter(({ flows }) => flows.length > 0)
  const wrong = wrongNames(options, loaded.config, watched)
  if (wrong !== '') return { out: '', err: wrong, code: 2 }
  const why = whyNot(options, loaded.files)
  if (why !== undefined) return { out: '', err: `${options.write} is not written: ${why}\n`, code: 2 }
  const tenants = watched.filter(({ name }) => options.tenants.length === 0 || options.tenants.includes(name))
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new CollectError('timeout', 'time was up')), timeout)
  const found = await studyAll(tenants, loaded.config, options, AbortSignal.any([late.signal, interrupted])).finally(
    () => clearTimeout(timer),
  )
  const { err, failed } = await written(options, found)
  const out = json ? suggestionsJson(found) : formatSuggestions(found)
  return { out, err, code: failed ? 2 : found.every(isWhole) ? 0 : 1 }
}
