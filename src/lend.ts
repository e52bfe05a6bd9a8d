/**
 * A target's one connection, lent for work that is no probe: under a deadline, given up when the circuit opens.
 *
 * A loan that runs out of time has failed alone: whether the target is gone, the probes and the health check find out.
 */
import { CollectError } from './collector.ts'
import { failureOf, until, within } from './deadline.ts'
import type { Load } from './governor.ts'
import type { Link } from './link.ts'
import { type Duration, type Instant, minutes } from './metric.ts'

export interface Loan {
  /** For the trace, and for who reads of a deadline missed. */
  readonly name: string
  /** For the work, the connection being there. */
  readonly deadline: Duration
  /** `share`: essential load within the target's share; `apart`: the lender's own affair. */
  readonly load: 'share' | 'apart'
  /** Who asks no longer waits. */
  readonly signal?: AbortSignal
}

/**
 * Rejects as `work` does; with `circuit_open` where nothing is asked at present, `timeout` at the deadline, `connect`
 * where the target is being left.
 */
export type Lend = <T>(loan: Loan, work: (client: unknown, signal: AbortSignal) => Promise<T>) => Promise<T>

export interface LendingDeps {
  readonly link: Link
  readonly redact: (text: string) => string
  readonly traced: <T>(name: string, run: () => Promise<T>) => Promise<T>
  /** The target's time of what began then and ended now. */
  readonly took: (begun: Instant) => Duration
}

export interface Lending {
  readonly lend: Lend
  /** What loans take, as the governor counts it: those within the share, and all of them. */
  readonly loads: () => { readonly share: Load; readonly all: Load }
  /** Ends what is lent. */
  readonly recall: (why: CollectError) => void
}

/** What a loan cost is spread over so long. */
const REMEMBERED: Duration = minutes(5)

interface Cost {
  readonly at: Instant
  readonly cost: Duration
  readonly load: Loan['load']
}

export const createLending = ({ link, redact, traced, took }: LendingDeps): Lending => {
  const lent = new Set<AbortController>()
  let costs: readonly Cost[] = []

  const loadOf = (of: readonly Cost[]): Load => ({
    interval: REMEMBERED,
    priority: 'essential',
    cost: of.reduce((sum, { cost }) => sum + cost, 0),
  })

  const run = async <T>(
    { name, deadline, load }: Loan,
    abort: AbortController,
    work: (client: unknown, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const client = await until(abort.signal, link.client())
    const begun = Date.now()
    try {
      return await within(deadline, abort, name, (signal) => work(client, signal))
    } finally {
      const at = Date.now()
      costs = [...costs.filter((known) => known.at > at - REMEMBERED), { at, cost: took(begun), load }]
    }
  }

  return {
    lend: async (loan, work) => {
      const circuit = link.circuit()
      if (circuit.open) throw new CollectError('circuit_open', `not asked: ${circuit.message}`)
      const abort = new AbortController()
      const leave = (): void => abort.abort(new CollectError('timeout', `${loan.name}: nobody waits any more`))
      if (loan.signal?.aborted) leave()
      loan.signal?.addEventListener('abort', leave, { once: true })
      lent.add(abort)
      try {
        return await traced(loan.name, () => run(loan, abort, work))
      } catch (error) {
        const { reason, message } = failureOf(error)
        const isTarget = (reason === 'connect' || reason === 'auth') && error !== abort.signal.reason
        if (isTarget) link.open(reason, redact(message))
        throw error
      } finally {
        lent.delete(abort)
        loan.signal?.removeEventListener('abort', leave)
      }
    },
    loads: () => {
      const since = Date.now() - REMEMBERED
      costs = costs.filter(({ at }) => at > since)
      return { share: loadOf(costs.filter(({ load }) => load === 'share')), all: loadOf(costs) }
    },
    recall: (why) => {
      for (const abort of lent) abort.abort(why)
    },
  }
}
