/** The business flows of one tenant: whether each can be judged on its Odoo, and what a cheap question about it gives. */
import type { ConnectContext, Target } from './collector.ts'
import { FLOW_COLLECTORS } from './config/flow_references.ts'
import type { Config, Tenant } from './config.ts'
import { failureOf, until, within } from './deadline.ts'
import type { Finding } from './doctor_report.ts'
import {
  type Answer,
  beginExamination,
  CONNECT_DEADLINE,
  type Examination,
  type ExamineDeps,
  failed,
  isNoAnswer,
  off,
  unsupported,
  type Verdict,
} from './examination.ts'
import { DEADLINES, OPEN_DEADLINE } from './flow/follow/connection.ts'
import type { Method, MethodContext } from './flow/follow/method.ts'
import { methodOf } from './flow/follow/together.ts'
import { defaultCadence } from './flow/ledger/ledger_state.ts'
import type { FlowAccess } from './flow/read/access.ts'
import type { TenantFlow } from './flow/spec/tenant_flow.ts'
import { hours } from './metric.ts'
import { openWay, type Session, wayOf } from './suggest/open.ts'
import type { Ask } from './suggest/pace.ts'

/** The opening: what this Odoo has of what the flows read, and whether all of it is seen. */
const OPENING = 'flows'

const NO_WAY = 'nothing reads its flows, for their reader is switched off'

const nameOf = ({ flow }: TenantFlow): string => `flow:${flow.name}`

/** What a connection costs at most is known sooner than what an opening does. */
const opening =
  (signal: AbortSignal): Ask =>
  (what, work) => {
    const asked = (own: AbortSignal) => work(AbortSignal.any([signal, own]))
    return until(
      signal,
      within(what === 'connect' ? CONNECT_DEADLINE : OPEN_DEADLINE, new AbortController(), what, asked),
    )
  }

/** One connection at a time, opened for these flows when it is wanted. */
const createSession = (way: Target, wanted: readonly TenantFlow[], secret: ConnectContext['secret']) => {
  let session: Session | undefined
  return {
    access: () => session?.access,
    use: async <T>(signal: AbortSignal, work: (access: FlowAccess) => Promise<T>): Promise<T> => {
      session ??= await openWay(way, wanted, opening(signal), secret)
      return work(session.access)
    },
    close: async (): Promise<void> => {
      const old = session
      session = undefined
      await old?.close()
    },
  }
}

/** Its rows of the last hour; where only a count exists, that. */
const count = async ({ own }: Method, { reader, now }: FlowAccess, signal: AbortSignal): Promise<Answer> => {
  const at = now()
  let rows = 0
  for (const { flow, part } of own) {
    if (part.kind === 'present') rows += (await reader.present(flow, signal)).count
    else for (const hour of await reader.checksums([flow], at - hours(1), at, signal)) rows += hour.count
  }
  return { rows }
}

/** How it would be judged there, or why it is not. */
const methodOn = (
  flow: TenantFlow,
  { odoo, now, withheld }: FlowAccess,
  context: MethodContext,
  redact: ExamineDeps['redact'],
): Method | Verdict => {
  try {
    const method = methodOf(flow, odoo, context, undefined, Date.now(), now())
    if ('unsupported' in method) {
      const why = redact(method.unsupported)
      return method.isUntold ? failed('query', why) : unsupported(why)
    }
    return withheld === undefined ? method : failed(undefined, withheld)
  } catch (error) {
    const { reason, message } = failureOf(error)
    return failed(reason, redact(message))
  }
}

/** Which of two ways is taken; undefined where there is one. */
const chosen = ({ name, flowReader }: Tenant, way: Target, targets: readonly Target[]): string | undefined => {
  const other = targets.find(
    ({ labels, collector }) => labels.tenant === name && collector !== way.collector && collector.flows !== undefined,
  )
  if (other === undefined) return undefined
  const why = flowReader === 'auto' ? 'SQL goes first where both are configured' : `flow_reader is ${flowReader}`
  return `read by ${way.collector.name}, not by ${other.collector.name}: ${why}`
}

export interface ExaminedEstate {
  readonly config: Pick<Config, 'calendar' | 'timezone'>
  readonly targets: readonly Target[]
}

type FlowsSession = ReturnType<typeof createSession>

/** One after the other: a sick system is not to be burdened by its examination. */
const askEach = async (
  wanted: readonly TenantFlow[],
  opened: FlowAccess,
  session: FlowsSession,
  { ask, finding, timeUp }: Examination,
  context: MethodContext,
  redact: ExamineDeps['redact'],
): Promise<readonly Finding[]> => {
  const findings: Finding[] = []
  let unasked: Verdict | undefined
  for (const flow of wanted) {
    const method = methodOn(flow, session.access() ?? opened, context, redact)
    if ('status' in method) {
      findings.push(finding(nameOf(flow), method))
      continue
    }
    unasked ??= timeUp()
    if (unasked !== undefined) {
      findings.push(finding(nameOf(flow), unasked))
      continue
    }
    const own = DEADLINES[opened.via]
    const deadline = session.access() === undefined ? OPEN_DEADLINE + own : own
    const work = (signal: AbortSignal) => session.use(signal, (access) => count(method, access, signal))
    const found = await ask(nameOf(flow), deadline, work)
    findings.push(found)
    if (!isNoAnswer(found.reason)) continue
    if (session.access() === undefined) unasked = failed(found.reason, `not asked: ${found.message}`)
    await session.close()
  }
  return findings
}

export interface ExaminedEstate {
  readonly config: Pick<Config, 'calendar' | 'timezone'>
  readonly targets: readonly Target[]
}

/** The opening, then each flow. Never throws; ends at the deadline. */
export const examineFlows = async (
  tenant: Tenant,
  { config, targets }: ExaminedEstate,
  deps: ExamineDeps,
): Promise<readonly Finding[]> => {
  const way = wayOf(tenant, targets)
  const collector = way?.collector.name ?? FLOW_COLLECTORS[tenant.flowReader === 'sql' ? 'sql' : 'rpc']
  const examination = beginExamination({ target: tenant.name, collector }, deps)
  const { ask, finding } = examination
  const rest = tenant.flows.flatMap((flow) => (flow.off === undefined ? [] : [finding(nameOf(flow), off(flow.off))]))
  const wanted = tenant.flows.filter((flow) => flow.off === undefined)
  if (wanted.length === 0) return rest
  if (way === undefined) return [finding(OPENING, failed(undefined, `${NO_WAY}: ${collector}`)), ...rest]
  const session = createSession(way, wanted, deps.secret)
  const message = chosen(tenant, way, targets)
  const opened = await ask(OPENING, OPEN_DEADLINE, (signal) => session.use(signal, async () => ({ message })))
  const access = session.access()
  if (access === undefined) return [opened, ...rest]
  const { withheld } = access
  const first = withheld === undefined ? opened : finding(OPENING, failed(undefined, withheld), opened.duration)
  const context = { ...config, tenant: tenant.name, cadence: defaultCadence, random: Math.random }
  const found = await askEach(wanted, access, session, examination, context, deps.redact)
  await session.close()
  return [first, ...found, ...rest]
}
