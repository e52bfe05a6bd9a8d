/** One target, asked everything once: what came of each question. */
import type { AnyCollector, ConnectContext, Target } from './collector.ts'
import { within } from './deadline.ts'
import type { Finding } from './doctor_report.ts'
import {
  beginExamination,
  CONNECT_DEADLINE,
  type ExamineDeps,
  failed,
  isNoAnswer,
  type Verdict,
} from './examination.ts'
import { vet } from './exposition.ts'
import { seconds } from './metric.ts'

const PROBE_DEADLINE = seconds(5)
const CLOSE_DEADLINE = seconds(1)

type AnyProbe = AnyCollector['probes'][number]

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
  return { series: vet(wanted, labels, probe.metrics).samples.length }
}

/**
 * One question after the other, on one connection: a sick system is not to be burdened by its examination. Never throws;
 * ends at the deadline.
 */
export const examine = async (target: Target, deps: ExamineDeps): Promise<readonly Finding[]> => {
  const { name, collector, config } = target
  const session = createSession(target, deps.secret)
  const { ask, finding, timeUp } = beginExamination({ target: name, collector: collector.name }, deps)
  const findings = [await ask('connect', CONNECT_DEADLINE, (signal) => session.use(signal, () => Promise.resolve({})))]
  if (!session.isOpen()) return findings
  let unasked: Verdict | undefined
  for (const probe of collector.probes.filter((p) => !p.metrics.every((m) => collector.leavesOut?.(config, m)))) {
    unasked ??= timeUp()
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
