/** One tenant: its flows one after the other, each read and studied, or the reason why not. */
import { type Target, Unsupported } from '../collector.ts'
import type { Config, Tenant } from '../config.ts'
import { failureOf } from '../deadline.ts'
import { promiseOf } from '../flow/promise.ts'
import type { FlowAccess } from '../flow/read/access.ts'
import { resolveFlow } from '../flow/spec/resolve.ts'
import type { TenantFlow } from '../flow/spec/tenant_flow.ts'
import { nextTurn } from '../flow/turn.ts'
import type { Secrets } from '../secret.ts'
import { openWay, wayOf } from './open.ts'
import { type PaceOptions, paced } from './pace.ts'
import { readPast } from './read.ts'
import { type Study, studyOf, triedFor } from './study.ts'

export type FlowFinding =
  | { readonly status: 'studied'; readonly flow: TenantFlow; readonly study: Study; readonly isCut: boolean }
  /** off, unsupported: as it is to be; withheld, failed: it ought to be possible. */
  | {
      readonly status: 'off' | 'unsupported' | 'withheld' | 'failed'
      readonly flow: TenantFlow
      /** For people, redacted. */
      readonly reason: string
    }

export interface TenantFinding {
  readonly tenant: string
  readonly via: FlowAccess['via'] | undefined
  readonly flows: readonly FlowFinding[]
}

export interface TenantOptions extends PaceOptions {
  readonly config: Pick<Config, 'calendar' | 'timezone'>
  readonly targets: readonly Target[]
  /** Names of flows; none: all. */
  readonly flows: readonly string[]
  readonly secrets: Pick<Secrets, 'read' | 'redact'>
  /** Told what is under way. */
  readonly progress: (line: string) => void
}

const notJudged = (
  status: 'off' | 'unsupported' | 'withheld' | 'failed',
  reason: string,
  flow: TenantFlow,
): FlowFinding => ({ status, reason, flow })

/** After these the connection is worth nothing: the flows that come would fail alike, each after its deadline. */
const isNoAnswer = (error: unknown): boolean => ['connect', 'auth', 'timeout'].includes(failureOf(error).reason)

const failedBy = (error: unknown, flow: TenantFlow, { signal, secrets }: TenantOptions): FlowFinding => {
  if (signal.aborted) return notJudged('failed', 'not read: time was up, or it was interrupted', flow)
  const { reason, message } = failureOf(error)
  if (error instanceof Unsupported) return notJudged('unsupported', secrets.redact(message), flow)
  return notJudged('failed', secrets.redact(`${reason}: ${message}`), flow)
}

const studied = async (
  tenant: Tenant,
  flow: TenantFlow,
  access: FlowAccess,
  options: TenantOptions,
): Promise<FlowFinding> => {
  if (access.withheld !== undefined) return notJudged('withheld', access.withheld, flow)
  const resolved = resolveFlow(flow.flow, access.odoo, flow)
  if ('unsupported' in resolved) return notJudged('unsupported', resolved.unsupported.join('; '), flow)
  const now = access.now()
  const context = { ...options.config, tenant: tenant.name, now }
  const terms = promiseOf(flow, resolved.flow, context)
  if ('unsupported' in terms) return notJudged('unsupported', terms.unsupported, flow)
  const tried = triedFor((flow.targets.at(-1) ?? flow.targets[0]).target, terms.promise.evidence)
  const [first, ...later] = flow.targets
  const targets = [first, ...later, ...tried.map((target) => ({ since: now, target }))] as const
  // Deadlines are worked out for the targets given, and none else.
  const all = promiseOf({ ...flow, targets }, resolved.flow, context)
  if ('unsupported' in all) return notJudged('unsupported', all.unsupported, flow)
  const past = await readPast({
    reader: access.reader,
    flow: resolved.flow,
    now,
    ask: paced(options),
    signal: options.signal,
    progress: (items, from) => options.progress(`${items} items, back to ${new Date(from).toISOString().slice(0, 10)}`),
  })
  options.progress(`replaying ${past.history.size()} items`)
  await nextTurn()
  if (past.isCut && past.history.size() === 0) return failedBy(undefined, flow, options)
  const study = studyOf(past.history, flow, { ...terms, deadline: all.deadline }, tried, past.period)
  return { status: 'studied', flow, study, isCut: past.isCut }
}

/** Never throws: what can't be read is a finding. */
export const suggestFor = async (tenant: Tenant, options: TenantOptions): Promise<TenantFinding> => {
  const asked =
    options.flows.length === 0 ? tenant.flows : tenant.flows.filter((f) => options.flows.includes(f.flow.name))
  const off = asked.flatMap((flow) => (flow.off === undefined ? [] : [notJudged('off', flow.off, flow)]))
  const wanted = asked.filter((flow) => flow.off === undefined)
  const nothing = (status: 'unsupported' | 'failed', reason: string): TenantFinding => ({
    tenant: tenant.name,
    via: undefined,
    flows: [...wanted.map((flow) => notJudged(status, reason, flow)), ...off],
  })
  if (wanted.length === 0) return nothing('unsupported', '')
  const way = wayOf(tenant, options.targets)
  if (way === undefined) return nothing('failed', 'nothing reads its flows: its collector is missing, or switched off')
  const found: FlowFinding[] = []
  let via: FlowAccess['via'] | undefined
  try {
    options.progress('connecting')
    const { access, close } = await openWay(way, wanted, paced(options), options.secrets.read)
    via = access.via
    try {
      for (const flow of wanted) {
        const progress = (line: string) => options.progress(`${flow.flow.name}: ${line}`)
        const finding = studied(tenant, flow, access, { ...options, progress })
        found.push(
          await finding.catch((error: unknown) => {
            if (isNoAnswer(error)) throw error
            return failedBy(error, flow, options)
          }),
        )
      }
    } finally {
      await close()
    }
  } catch (error) {
    for (const flow of wanted.slice(found.length)) found.push(failedBy(error, flow, options))
  }
  return { tenant: tenant.name, via, flows: [...found, ...off] }
}
