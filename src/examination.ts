/** What an examination is made of: questions under a deadline each and one for all, and what came of them. */
import { type ConnectContext, type Failure, Unsupported } from './collector.ts'
import { failureOf, within } from './deadline.ts'
import type { Finding } from './doctor_report.ts'
import { type Duration, seconds } from './metric.ts'
import type { Secrets } from './secret.ts'

export const CONNECT_DEADLINE: Duration = seconds(5)
/** With less time left nothing more is asked. */
const SHORTEST: Duration = 5

/** What came of a question, where it was asked at all. */
export type Verdict = Pick<Finding, 'status' | 'reason' | 'message' | 'series' | 'rows'>

/** What a good answer says of itself. */
export type Answer = Partial<Pick<Verdict, 'message' | 'series' | 'rows'>>

const NOTHING = { reason: undefined, message: undefined, series: undefined, rows: undefined } as const

export const works = (answer: Answer = {}): Verdict => ({ ...NOTHING, status: 'works', ...answer })

/** `reason` undefined: it was answered, and what was answered will not do. */
export const failed = (reason: Failure | undefined, message: string): Verdict => ({
  ...NOTHING,
  status: 'failed',
  reason,
  message,
})

export const unsupported = (message: string): Verdict => ({ ...NOTHING, status: 'unsupported', message })

export const off = (message: string): Verdict => ({ ...NOTHING, status: 'off', message })

const verdictOn = (error: unknown, redact: Secrets['redact']): Verdict => {
  const { reason, message } = failureOf(error)
  return error instanceof Unsupported ? unsupported(redact(message)) : failed(reason, redact(message))
}

/** After these the connection is worth nothing, and nothing was learnt about the other questions. */
export const isNoAnswer = (reason: Failure | undefined): boolean =>
  reason === 'connect' || reason === 'auth' || reason === 'timeout'

export interface ExamineDeps extends Pick<ConnectContext, 'secret'> {
  readonly redact: Secrets['redact']
  /** For all of it. */
  readonly deadline: Duration
  /** Told which question comes next. */
  readonly asking: (probe: string) => void
}

export interface Examination {
  readonly finding: (probe: string, verdict: Verdict, duration?: Duration) => Finding
  /** Never rejects; ends at its deadline, or when all of the time is used up. */
  readonly ask: (probe: string, deadline: Duration, work: (signal: AbortSignal) => Promise<Answer>) => Promise<Finding>
  /** What is to be said of the questions not asked for want of time; undefined while there is some. */
  readonly timeUp: () => Verdict | undefined
}

/** Its time runs from now. */
export const beginExamination = (
  of: Pick<Finding, 'target' | 'collector'>,
  { redact, deadline: all, asking }: ExamineDeps,
): Examination => {
  const end = performance.now() + all
  const finding: Examination['finding'] = (probe, verdict, duration) => ({ ...of, probe, duration, ...verdict })
  return {
    finding,
    ask: async (probe, deadline, work) => {
      asking(probe)
      const begun = performance.now()
      const bounded = Math.ceil(Math.min(deadline, end - begun))
      const asked = within(bounded, new AbortController(), probe, work)
      const verdict = await asked.then(works, (error: unknown) => verdictOn(error, redact))
      return finding(probe, verdict, performance.now() - begun)
    },
    timeUp: () =>
      end - performance.now() < SHORTEST
        ? failed('timeout', `not asked: ${all / 1000} s for one target were used up`)
        : undefined,
  }
}
