/**
 * `odoo-pulse doctor`: asks every target every question once, and one of each business flow; what works, what does not,
 * and what would mend it.
 */
import { check } from './check.ts'
import type { AnyCollector, Target } from './collector.ts'
import { type Config, loadConfig, type Tenant, targetsOf } from './config.ts'
import { type Finding, formatFindings, jsonOf } from './doctor_report.ts'
import type { ExamineDeps } from './examination.ts'
import { examine } from './examine.ts'
import { examineFlows } from './examine_flows.ts'
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
  /** For one target, and as much for a tenant's flows; default a minute. */
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

/** A target, or the flows of a tenant. */
interface Examined {
  readonly name: string
  readonly kind: 'target' | 'tenant'
  readonly run: (deps: ExamineDeps) => Promise<readonly Finding[]>
}

const examinedTarget = (target: Target): Examined => ({
  name: `${target.name} ${target.collector.name}`,
  kind: 'target',
  run: (deps) => examine(target, deps),
})

const examinedFlows = (tenant: Tenant, config: Config, targets: readonly Target[]): Examined => ({
  name: tenant.name,
  kind: 'tenant',
  run: (deps) => examineFlows(tenant, { config, targets }, deps),
})

/** How far it is: told every few seconds until it is called off. */
const tellProgress = (all: readonly Examined[], tell: DoctorOptions['progress']) => {
  const asking = new Map<Examined, string>()
  const done = new Set<Examined>()
  const share = (kind: Examined['kind']): string => {
    const [some, of] = [[...done], all].map((list) => list.filter((each) => each.kind === kind).length)
    return `${some} of ${of} ${kind === 'target' ? 'targets' : "tenants' flows"} done`
  }
  const timer = setInterval(() => {
    const now = [...asking].map(([{ name }, probe]) => `${name} ${probe}`).join(', ')
    tell(`${share(asking.keys().next().value?.kind ?? 'target')}; asking ${now}`)
  }, PROGRESS_EVERY)
  return {
    asks: (one: Examined, probe: string) => asking.set(one, probe),
    isDone: (one: Examined) => asking.delete(one) && done.add(one),
    stop: () => clearInterval(timer),
  }
}

const examineAll = async (groups: readonly (readonly Examined[])[], options: DoctorOptions) => {
  const { secrets, deadline = TARGET_DEADLINE } = options
  const progress = tellProgress(groups.flat(), options.progress)
  const found: Finding[] = []
  try {
    for (const group of groups) {
      const findings = await eachOf(group, AT_ONCE, async (one) => {
        const asking = (probe: string) => void progress.asks(one, probe)
        const own = await one.run({ secret: secrets.read, redact: secrets.redact, deadline, asking })
        progress.isDone(one)
        return own
      })
      found.push(...findings.flat())
    }
    return found
  } finally {
    progress.stop()
  }
}

type Named = { readonly name: string }

const unknownTargets = (asked: readonly string[], watched: readonly Named[]): string | undefined => {
  const names = [...new Set(watched.map(({ name }) => name))]
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
  const withFlows = loaded.config.tenants.filter(({ flows }) => flows.length > 0)
  const err = unknownTargets(options.targets, [...all, ...withFlows])
  if (err !== undefined) return { out: '', err, code: 2 }
  const isAsked = ({ name }: Named) => options.targets.length === 0 || options.targets.includes(name)
  const targets = all.filter(isAsked).map(examinedTarget)
  const flows = withFlows.filter(isAsked).map((tenant) => examinedFlows(tenant, loaded.config, all))
  const findings = await examineAll([targets, flows], options)
  const code = findings.some(({ status }) => status === 'failed') ? 1 : 0
  return { out: json ? jsonOf(findings) : formatFindings(findings), err: '', code }
}
