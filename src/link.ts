/**
 * The way to one target: a single connection, and the circuit that breaks it.
 *
 * Open, nothing is asked; a cheap call on a connection of its own is tried with growing pauses until it is
 * answered, and closes the circuit again.
 */
import type { Logger } from 'pino'
import { CollectError, type ConnectContext, type Failure, type Target } from './collector.ts'
import { failureOf, within } from './deadline.ts'
import { type Duration, seconds } from './metric.ts'
import type { CircuitState } from './state.ts'

const CONNECT_DEADLINE = seconds(4)
const FIRST_CHECK_AFTER: Duration = 250
const LONGEST_CHECK_PAUSE = seconds(15)

export interface LinkDeps {
  readonly secret: ConnectContext['secret']
  readonly redact: (text: string) => string
  readonly log: Logger
  /** The target began to answer (true) or stopped answering (false). */
  readonly onUp: (up: boolean) => void
  /** Fails what is in flight. */
  readonly onOpen: (reason: Failure, message: string) => void
  readonly onClose: () => void
}

export interface Link {
  readonly circuit: () => CircuitState
  /** The one client, connected on first use. A failure to connect opens the circuit. */
  readonly client: () => Promise<unknown>
  /** `message` is for people, already redacted. */
  readonly open: (reason: Failure, message: string) => void
  readonly stop: () => void
}

export const createLink = ({ collector, config }: Target, deps: LinkDeps): Link => {
  const { log } = deps
  let circuit: CircuitState = { open: false }
  let stopped = false
  let connection: { readonly opening: Promise<unknown>; readonly abort: AbortController } | undefined
  let checking: { readonly abort: AbortController; timer: NodeJS.Timeout } | undefined

  const attempt = <T>(
    abort: AbortController,
    what: string,
    how: (config: unknown, context: ConnectContext) => Promise<T>,
  ): Promise<T> => within(CONNECT_DEADLINE, abort, what, (signal) => how(config, { secret: deps.secret, signal }))

  const disconnect = (): void => {
    const old = connection
    connection = undefined
    old?.abort.abort(new CollectError('connect', 'the connection was given up'))
    old?.opening.then((client) => collector.close(client)).catch((err) => log.debug({ err }, 'nothing to close'))
  }

  const check = async (pause: Duration, abort: AbortController): Promise<void> => {
    try {
      await attempt(abort, 'a health check', collector.check)
    } catch (error) {
      if (stopped || !circuit.open) return
      const { reason, message } = failureOf(error)
      circuit = { ...circuit, reason, message: deps.redact(message) }
      scheduleCheck(Math.min(pause * 2, LONGEST_CHECK_PAUSE))
      return
    }
    if (stopped || !circuit.open) return
    log.info(`circuit closed after ${Math.round((Date.now() - circuit.since) / 1000)} s`)
    circuit = { open: false }
    deps.onClose()
  }

  const scheduleCheck = (pause: Duration): void => {
    const abort = new AbortController()
    const jittered = pause * (0.8 + Math.random() * 0.4)
    checking = { abort, timer: setTimeout(() => void check(pause, abort), jittered) }
  }

  const open = (reason: Failure, message: string): void => {
    if (stopped || circuit.open) return
    circuit = { open: true, since: Date.now(), reason, message }
    log.warn({ reason }, `circuit open: ${message}`)
    disconnect()
    deps.onUp(false)
    deps.onOpen(reason, message)
    scheduleCheck(FIRST_CHECK_AFTER)
  }

  const connect = (): Promise<unknown> => {
    const abort = new AbortController()
    const opening = attempt(abort, 'a connection attempt', collector.connect)
    connection = { opening, abort }
    opening.then(
      () => deps.onUp(true),
      (error) => {
        const { reason, message } = failureOf(error)
        open(reason === 'query' ? 'connect' : reason, deps.redact(message))
      },
    )
    return opening
  }

  return {
    circuit: () => circuit,
    client: () => connection?.opening ?? connect(),
    open,
    stop: () => {
      stopped = true
      clearTimeout(checking?.timer)
      checking?.abort.abort(new CollectError('connect', 'the exporter is stopping'))
      disconnect()
    },
  }
}
