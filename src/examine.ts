/** One target, asked everything once: what came of each question. */
import { type AnyCollector, type ConnectContext, type Failure, type Target, Unsupported } from './collector.ts'
import { failureOf, within } from './deadline.ts'
import type { Finding } from './doctor_report.ts'
import { vet } from './exposition.ts'
import { type Duration, seconds } from './metric.ts'
import type { Secrets } from './secret.ts'

const CONNECT_DEADLINE = seconds(5)
const PROBE_DEADLINE = seconds(5)
const CLOSE_DEADLINE = seconds(1)
/** With less time left nothing more is asked. */
const SHORTEST: Duration = 5

type AnyProbe = AnyCollector['probes'][number]
type Verdict = Pick<Finding, 'status' | 'reason' | 'message' | 'series'>

const works = (series?: number): Verdict => ({ status: 'works', reason: undefined, message: undefined, series })

const failed = (reason: Failure | undefined, message: string): Verdict => ({
  status: 'failed',
  reason,
  message,
  series: undefined,
})

const verdictOn = (error: unknown, redact: Secrets['redact']): Verdict => {
  const { reason, message } = failureOf(error)
  const verdict = failed(reason, redact(message))
  return error instanceof Unsupported ? { ...verdict, status: 'unsupported', reason: undefined } : verdict
}

/** After these the connection is worth nothing, and nothing was learnt about the other questions. */
const isNoAnswer = (reason: Failure | undefined): boolean =>
  reason === 'connect' || reason === 'auth' || reason === 'timeout'

/** One connection at a time, made when it is wanted. */
const createSession = ({ collector, config }: Target, secret: ConnectContext['secret']) => {
  let client: unknown
  return {
    isOpen: () => client !== undefined,
    use: async <T>(signal: AbortSignal, work: (client: unknown) => Promise<T>): Promise<T> => {
      client ??= await collector.connect(config, { secret, signal })
      return work(client)
    },
    close: async (): Promise<void> => {
      const old = client
      client = undefined
      if (old === undefined) return
      await within(CLOSE_DEADLINE, new AbortController(), 'close', () => collector.close(old)).catch(() => undefined)
    },
  }
}

/** How many series it gives. */
const collect = async (
  { collector, config, labels }: Target,
  probe: AnyProbe,
  client: unknown,
  signal: AbortSignal,
) => {
  const samples = probe.map(await probe.read(client, signal), Date.now())
  const wanted = samples.filter(({ metric }) => !collector.leavesOut?.(config, metric))
  return vet(wanted, labels, probe.metrics).samples.length
}

export interface ExamineDeps extends Pick<ConnectContext, 'secret'> {
  readonly redact: Secrets['redact']
  /** For all of it. */
  readonly deadline: Duration
  /** Told which question comes next. */
  readonly asking: (probe: string) => void
}

/**
 * One question after the other, on one connection: a sick system is not to be burdened by its examination. Never throws;
 * ends at the deadline.
 */
export const examine = async (target: Target, deps: ExamineDeps): Promise<readonly Finding[]> => {
  const { name, collector, config } = target
  const end = performance.now() + deps.deadline
  const session = createSession(target, deps.secret)
  const finding = (probe: string, verdict: Verdict, duration?: Duration): Finding => ({
    target: name,
    collector: collector.name,
    probe,
    duration,
    ...verdict,
  })
  const ask = async (probe: string, deadline: Duration, work: (signal: AbortSignal) => Promise<number | undefined>) => {
    deps.asking(probe)
    const begun = performance.now()
    const bounded = Math.ceil(Math.min(deadline, end - begun))
    const asked = within(bounded, new AbortController(), probe, work)
    const verdict = await asked.then(works, (error: unknown) => verdictOn(error, deps.redact))
    return finding(probe, verdict, performance.now() - begun)
  }

  const findings = [await ask('connect', CONNECT_DEADLINE, (signal) => session.use(signal, async () => undefined))]
  if (!session.isOpen()) return findings
  let unasked: Verdict | undefined
  for (const probe of collector.probes.filter((p) => !p.metrics.every((m) => collector.leavesOut?.(config, m)))) {
    if (end - performance.now() < SHORTEST)
      unasked ??= failed('timeout', `not asked: ${deps.deadline / 1000} s for one target were used up`)
    if (unasked !== undefined) {
      findings.push(finding(probe.name, unasked))
      continue
    }
    const deadline = probe.deadline ?? Math.min(probe.interval, PROBE_DEADLINE)
    const work = (signal: AbortSignal) => session.use(signal, (client) => collect(target, probe, client, signal))
    const found = await ask(probe.name, deadline, work)
    findings.push(found)
    if (!isNoAnswer(found.reason)) continue
    if (!session.isOpen()) unasked = failed(found.reason, `not asked: ${found.message}`)
    await session.close()
  }
  await session.close()
  return findings
}
