/** A tenant's way to its Odoo as it is open now: the catalogue of its models, its reader, its clock. */
import { CollectError } from '../../collector.ts'
import type { Lend, Loan } from '../../lend.ts'
import { type Duration, type Instant, minutes, seconds } from '../../metric.ts'
import type { CircuitState } from '../../state.ts'
import type { FlowAccess, OpenFlows, Wanted } from '../read/access.ts'
import type { Call } from './ask.ts'
import { type Clock, skewWith } from './clock.ts'
import { backoff } from './turns.ts'

export interface Way {
  readonly via: FlowAccess['via']
  readonly open: OpenFlows<unknown>
  readonly lend: Lend
  /** Undefined while its target is being exchanged. */
  readonly circuit: () => CircuitState | undefined
}

export interface Connection {
  /** Undefined until it has been opened, and once the connection beneath was made anew. */
  readonly access: () => FlowAccess | undefined
  /** When it is to be opened, or opened anew: a module may have been installed, or rights lost. */
  readonly dueAt: () => Instant
  /** Rejects with CollectError or Unsupported; what was open before then stays so. */
  readonly open: () => Promise<FlowAccess>
  readonly retryAt: (at: Instant) => void
  readonly call: (load: Loan['load'], signal?: AbortSignal) => Call
  /** Odoo's clock less ours, undefined until it is known. */
  readonly skew: () => Duration | undefined
}

/**
 * By RPC shorter than a probe's: Odoo answers one call at a time, and a probe that waits behind a longer one would take
 * the target for gone. By SQL on a connection of its own, and longer than its statement_timeout (10 s): PostgreSQL gives
 * up before the connection has to be dropped.
 */
export const DEADLINES: Readonly<Record<FlowAccess['via'], Duration>> = { rpc: seconds(4), sql: seconds(15) }
/** Some dozens of calls, which a slow Odoo takes a second each for; between them probes have their turn. */
export const OPEN_DEADLINE: Duration = seconds(60)
const REOPEN_AFTER: Duration = minutes(60)
/** Nothing may be judged, or not all of it: see whether that was mended. */
const PARTLY_AGAIN: Duration = minutes(5)
const LONGEST_BACKOFF: Duration = minutes(10)

interface Opened {
  readonly client: unknown
  readonly access: FlowAccess
}

export interface ConnectionDeps {
  readonly way: Way
  readonly wanted: readonly Wanted[]
  readonly clock: Clock
  /** Of the first opening, of failures' first pause. */
  readonly firstAt: Instant
  readonly interval: Duration
  /** Aborts when all is to be left. */
  readonly leaving: AbortSignal
}

export const createConnection = (deps: ConnectionDeps): Connection => {
  const { way, wanted, clock, leaving, interval } = deps
  let opened: Opened | undefined
  let dueAt = deps.firstAt
  let failures = 0
  /** Openings in a row that left models untold. */
  let partly = 0
  let skew: Duration | undefined

  const open = async (): Promise<FlowAccess> => {
    try {
      const loan: Loan = { name: 'flows: what this Odoo has', deadline: OPEN_DEADLINE, load: 'apart', signal: leaving }
      opened = await way.lend(loan, async (client, signal) => ({
        client,
        access: await way.open(client, wanted, signal),
      }))
    } catch (error) {
      failures += 1
      dueAt = clock.now() + backoff(failures, interval, LONGEST_BACKOFF)
      throw error
    }
    failures = 0
    const { odoo, withheld } = opened.access
    partly = odoo.catalogue.untold?.size ? partly + 1 : 0
    const again = partly > 0 ? backoff(partly, interval, PARTLY_AGAIN) : REOPEN_AFTER
    dueAt = clock.now() + (withheld === undefined ? again : PARTLY_AGAIN)
    skew = skewWith(skew, opened.access.now(), Date.now())
    return opened.access
  }

  const call =
    (load: Loan['load'], signal: AbortSignal = leaving): Call =>
    async (what, work) => {
      const answer = await way.lend(
        { name: what, deadline: DEADLINES[way.via], load, signal },
        async (client, within) =>
          client === opened?.client && opened ? { is: await work(opened.access, within) } : undefined,
      )
      if (answer === undefined || opened === undefined) {
        opened = undefined
        dueAt = clock.now()
        throw new CollectError('connect', 'the connection was made anew')
      }
      skew = skewWith(skew, opened.access.now(), Date.now())
      return answer.is
    }

  return {
    access: () => opened?.access,
    dueAt: () => dueAt,
    open,
    retryAt: (at) => {
      failures = 0
      dueAt = Math.min(dueAt, at)
    },
    call,
    skew: () => skew,
  }
}
