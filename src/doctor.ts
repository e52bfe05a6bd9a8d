/** `odoo-pulse doctor`: asks every target every question once; what works, what does not, and what would mend it. */
import { check } from './check.ts'
import type { AnyCollector, Target } from './collector.ts'
import { loadConfig, targetsOf } from './config.ts'
import { type Finding, formatFindings, jsonOf } from './doctor_report.ts'
import { examine } from './examine.ts'
import { type Duration, minutes, seconds } from './metric.ts'
import type { Secrets } from './secret.ts'

/** A target that answers nothing costs so much at most; what was not asked by then is said so. */
const TARGET_DEADLINE = minutes(1)
const AT_ONCE = 4
const PROGRESS_EVERY = seconds(3)

export interface DoctorOptions {
  readonly file: string
  readonly collectors: readonly AnyCollector[]
  readonly secrets: Secrets
  readonly json: boolean
  /** Names of servers and tenants; none: all. */
  readonly targets: readonly string[]
  /** Told what is being asked, every few seconds. */
  readonly progress: (line: string) => void
  /** For one target; default a minute. */
  readonly deadline?: Duration
}

export interface DoctorResult {
  readonly out: string
  readonly err: string
  /** 1: something fails; 2: the configuration or a target's name is at fault. */
  readonly code: 0 | 1 | 2
}

const eachOf = async <T, R>(items: readonly T[], atOnce: number, run: (item: T) => Promise<R>): Promise<R[]> => {
  const queue = items.entries()
  const results: R[] = []
  const work = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await run(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work))
  return results
}

const nameOf = ({ name, collector }: Target): string => `${name} ${collector.name}`

const examineAll = async (targets: readonly Target[], options: DoctorOptions): Promise<readonly Finding[]> => {
  const { secrets, deadline = TARGET_DEADLINE } = options
  const { redact } = secrets
  const asking = new Map<Target, string>()
  let done = 0
  const timer = setInterval(() => {
    const now = [...asking].map(([target, probe]) => `${nameOf(target)} ${probe}`).join(', ')
    options.progress(`${done} of ${targets.length} targets done; asking ${now}`)
  }, PROGRESS_EVERY)
  try {
    const found = await eachOf(targets, AT_ONCE, async (target) => {
      const findings = await examine(target, {
        secret: secrets.read,
        redact,
        deadline,
        asking: (probe) => asking.set(target, probe),
      })
      asking.delete(target)
      done += 1
      return findings
    })
    return found.flat()
  } finally {
    clearInterval(timer)
  }
}

const unknownTargets = (asked: readonly string[], targets: readonly Target[]): string | undefined => {
  const names = [...new Set(targets.map(({ name }) => name))]
  const unknown = asked.filter((name) => !names.includes(name))
  if (unknown.length === 0) return undefined
  return `no collector watches ${unknown.join(', ')}; there are: ${names.join(', ') || 'none'}\n`
}

/** Never throws and never hangs: what does not answer is a finding. */
export const doctor = async (options: DoctorOptions): Promise<DoctorResult> => {
  const { file, collectors, secrets, json } = options
  const loaded = await loadConfig({ file, collectors, secrets })
  if (!loaded.ok) return { ...(await check({ file, collectors, json, secrets, webConfigFile: undefined })), code: 2 }
  const all = targetsOf(loaded.config, collectors)
  const err = unknownTargets(options.targets, all)
  if (err !== undefined) return { out: '', err, code: 2 }
  const targets = options.targets.length === 0 ? all : all.filter(({ name }) => options.targets.includes(name))
  const findings = await examineAll(targets, options)
  const code = findings.some(({ status }) => status === 'failed') ? 1 : 0
  return { out: json ? jsonOf(findings) : formatFindings(findings), err: '', code }
}
