/** Overdue documents for people: asked when people ask, one question a flow at a time, each answer kept for a while. */
import type { Logger } from 'pino'
import { CollectError, Unsupported } from './collector.ts'
import { within } from './deadline.ts'
import type { Documents } from './flow/api.ts'
import type { AskOverdue } from './flow/report.ts'
import { type Duration, seconds } from './metric.ts'

const DEADLINE = seconds(5)
const KEEP = seconds(30)
/** More nobody reads; how many there are is told anyway. */
const MOST = 100

export interface DocumentsDeps {
  readonly ask: AskOverdue
  readonly redact: (text: string) => string
  readonly log: Pick<Logger, 'warn'>
  readonly deadline?: Duration
  readonly keep?: Duration
}

/** Never rejects, and never waits longer than the deadline. Only for flows that exist: each is remembered. */
export type FindDocuments = (tenant: string, flow: string) => Promise<Documents>

export const createDocuments = (deps: DocumentsDeps): FindDocuments => {
  const { ask, redact, log, deadline = DEADLINE, keep = KEEP } = deps
  const kept = new Map<string, { readonly answer: Promise<Documents>; readonly until: number }>()
  /** Questions not answered yet, those nobody waits for any longer among them. */
  const open = new Set<string>()

  const failure = (error: unknown, flow: string): Documents => {
    const message = redact(error instanceof Error ? error.message : String(error))
    log.warn({ flow }, `overdue documents can't be read: ${message}`)
    // Only these messages are written for people.
    const isForPeople = error instanceof CollectError || error instanceof Unsupported
    return { failed: isForPeople ? message : 'they could not be read; the log says more' }
  }

  const question = async (key: string, tenant: string, flow: string): Promise<Documents> => {
    if (open.has(key)) return { failed: 'the last question for them has not been answered yet; try again' }
    const answered = async (signal: AbortSignal) => {
      open.add(key)
      try {
        return await ask(tenant, flow, MOST, signal)
      } finally {
        open.delete(key)
      }
    }
    try {
      return { found: await within(deadline, new AbortController(), 'the question for them', answered), at: Date.now() }
    } catch (error) {
      return failure(error, flow)
    }
  }

  return (tenant, flow) => {
    const now = performance.now()
    for (const [key, { until }] of kept) if (until <= now) kept.delete(key)
    const key = JSON.stringify([tenant, flow])
    const answer = kept.get(key)?.answer ?? question(key, tenant, flow)
    if (!kept.has(key)) kept.set(key, { answer, until: now + keep })
    return answer
  }
}
