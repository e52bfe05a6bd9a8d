/**
 * One target: when each probe is asked, and what came of it.
 *
 * The probes of a target share a grid of instants, so that those due together travel down one pipelined
 * connection; the grids of targets are shifted against each other. After one unanswered question the
 * circuit opens: all in flight fail with that reason, all that fall due fail at once.
 */
import type { Logger } from 'pino'
import { CollectError, type ConnectContext, type Target, Unsupported } from './collector.ts'
import { failureOf, until, within } from './deadline.ts'
import { type DropReason, type Exposition, vet } from './exposition.ts'
import { busyRatio, type Load, stretch } from './governor.ts'
import { healthMetrics, healthOf } from './health.ts'
import { createLending, type Lend } from './lend.ts'
import { createLink } from './link.ts'
import { type Duration, type Instant, sample, seconds } from './metric.ts'
import {
  type AnyProbe,
  costOf,
  costsWith,
  dueAfter,
  logChange,
  type Outcome,
  type Slot,
  slotOf,
  stateAfter,
} from './slot.ts'
import type { TargetState } from './state.ts'

export interface RunnerDeps {
  readonly secret: ConnectContext['secret']
  readonly redact: (text: string) => string
  readonly log: Logger
  readonly exposition: Exposition
  /** Share of a target's time its probes may take together, 0–1. */
  readonly share: number
  readonly onDropped: (target: string, collector: string, probe: string, reason: DropReason) => void
  /** Runs one collection under a trace span. */
  readonly traced: <T>(name: string, attributes: Readonly<Record<string, string>>, run: () => Promise<T>) => Promise<T>
}

export interface Runner {
  readonly target: Target
  readonly state: () => TargetState
  /** Asks every probe whose snapshot is older than its interval, or joins the flight under way. */
  readonly refresh: () => Promise<void>
  /** Lends the one connection for work that is no probe. */
  readonly lend: Lend
  readonly stop: () => Promise<void>
}

const PROBE_DEADLINE = seconds(5)
const FIRST_ROUND_WITHIN = seconds(1)
/** The grids of targets are shifted against each other by up to this. */
const PHASES = seconds(15)
/** A snapshot past this many of its intervals is dropped: its series vanish, never freeze. */
const STALE_AFTER = 3

export const startRunner = (target: Target, deps: RunnerDeps): Runner => {
  const { collector, config } = target
  const { exposition, redact } = deps
  const log = deps.log.child({ target: target.name, collector: collector.name })
  const phase = Date.now() + Math.random() * PHASES
  const firstDue = Date.now() + Math.random() * FIRST_ROUND_WITHIN
  const isWanted = (p: AnyProbe): boolean => !p.metrics.every((m) => collector.leavesOut?.(config, m))
  const slots = collector.probes
    .filter(isWanted)
    .map((p: AnyProbe) => slotOf(p, target.intervals[p.name] ?? p.interval, firstDue))
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let lastSettled: Instant = 0

  const source = (part: string) => ({ target: target.name, collector: collector.name, part })

  const sayHealth = (slot: Slot): void => {
    const { samples } = vet(healthOf(target.name, collector.name, slot.state), {}, healthMetrics)
    void exposition.put(source(`health of ${slot.probe.name}`), samples, Number.POSITIVE_INFINITY)
  }

  const link = createLink(target, {
    ...deps,
    log,
    onUp: (up) => {
      const { samples } = vet(sample(collector.up, {}, Number(up)), target.labels, [collector.up])
      void exposition.put(source('up'), samples, Number.POSITIVE_INFINITY)
    },
    onOpen: (reason, message) => {
      for (const slot of slots) slot.flight?.abort.abort(new CollectError(reason, message))
      lending.recall(new CollectError(reason, message))
    },
    onClose: () => {
      for (const slot of slots) slot.due = Date.now()
      tick()
    },
  })

  /** Answers come in the order asked, so the time since the last one is this question's own. */
  const ownTime = (begun: Instant): Duration => {
    const ended = Date.now()
    const own = ended - Math.max(begun, lastSettled)
    lastSettled = ended
    return own
  }

  const lending = createLending({
    link,
    redact,
    took: ownTime,
    traced: (name, work) => deps.traced(name, { target: target.name, collector: collector.name }, work),
  })

  /** Brings the samples onto the page; throws what `connect`, `read` and `map` throw. */
  const collect = async (slot: Slot, abort: AbortController): Promise<Instant> => {
    const { probe } = slot
    const client = await until(abort.signal, link.client())
    const deadline = probe.deadline ?? Math.min(probe.interval, PROBE_DEADLINE)
    const raw = await within(deadline, abort, probe.name, (signal) => probe.read(client, signal))
    const at = Date.now()
    const wanted = probe.map(raw, at).filter((s) => !collector.leavesOut?.(config, s.metric))
    const { samples, dropped } = vet(wanted, target.labels, probe.metrics)
    for (const reason of dropped) deps.onDropped(target.name, collector.name, probe.name, reason)
    await exposition.put(source(probe.name), samples, at + STALE_AFTER * slot.state.interval)
    return at
  }

  const ask = async (slot: Slot, abort: AbortController): Promise<Outcome> => {
    const circuit = link.circuit()
    if (circuit.open) {
      return { kind: 'failed', reason: 'circuit_open', message: `not asked: ${circuit.message}`, isAnswer: false }
    }
    try {
      return { kind: 'answered', at: await collect(slot, abort) }
    } catch (error) {
      const failure = failureOf(error)
      const message = redact(failure.message)
      if (error instanceof Unsupported) {
        if (!slot.everWorked) return { kind: 'unsupported', message }
        return {
          kind: 'failed',
          reason: 'query',
          message: `worked before and no longer does: ${message}`,
          isAnswer: true,
        }
      }
      // the target is at fault, not the question, where it is gone or left us without an answer
      const { reason } = failure
      const isAnswer = reason !== 'connect' && reason !== 'auth' && error !== abort.signal.reason
      if (!isAnswer) link.open(reason, message)
      return { kind: 'failed', reason, message, isAnswer }
    }
  }

  const settle = (slot: Slot, outcome: Outcome, begun: Instant): void => {
    const own = ownTime(begun)
    const ended = Date.now()
    // what was never answered tells nothing of what an answer takes
    if (outcome.kind !== 'failed' || outcome.isAnswer) slot.costs = costsWith(slot, own)
    if (outcome.kind === 'answered') slot.everWorked = true
    const before = slot.state
    slot.state = stateAfter(before, outcome, ended - begun)
    if (before.supported === false && slot.state.supported) {
      slot.due = dueAfter(ended, slot, phase)
      schedule()
    }
    logChange(log, before, slot.state)
    sayHealth(slot)
  }

  const run = (slot: Slot): Promise<void> => {
    if (slot.flight) return slot.flight.done
    const abort = new AbortController()
    const begun = Date.now()
    slot.lastAttempt = begun
    const attributes = { target: target.name, collector: collector.name, probe: slot.probe.name }
    const done = deps
      .traced(`collect ${slot.probe.name}`, attributes, () => ask(slot, abort))
      .then((outcome) => {
        if (!stopped) settle(slot, outcome, begun)
      })
      .finally(() => {
        slot.flight = undefined
      })
    slot.flight = { done, abort }
    return done
  }

  const govern = (): void => {
    const loads = slots.map((slot) => ({
      interval: slot.interval,
      priority: slot.probe.priority ?? 'normal',
      cost: costOf(slot),
    }))
    const intervals = stretch([...loads, lending.loads().share], deps.share)
    slots.forEach((slot, i) => {
      slot.state = { ...slot.state, interval: intervals[i] ?? slot.interval }
    })
  }

  const schedule = (): void => {
    clearTimeout(timer)
    if (stopped || slots.length === 0) return
    timer = setTimeout(tick, Math.max(10, Math.min(...slots.map((s) => s.due)) - Date.now()))
  }

  const tick = (): void => {
    if (stopped) return
    const now = Date.now()
    govern()
    for (const slot of slots.filter((s) => s.due <= now)) {
      slot.due = dueAfter(now, slot, phase)
      void run(slot)
    }
    schedule()
  }

  for (const slot of slots) sayHealth(slot)
  schedule()

  return {
    target,
    state: () => ({
      target,
      circuit: link.circuit(),
      busyRatio: busyRatio([
        ...slots.map((slot): Load => ({ interval: slot.state.interval, priority: 'normal', cost: costOf(slot) })),
        lending.loads().all,
      ]),
      probes: slots.map((s) => s.state),
    }),
    refresh: async () => {
      const now = Date.now()
      const stale = slots.filter((s) => s.flight || now - s.lastAttempt >= s.state.interval)
      await Promise.all(stale.map(run))
    },
    lend: lending.lend,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      link.stop()
      const why = new CollectError('connect', 'the exporter is stopping')
      for (const slot of slots) slot.flight?.abort.abort(why)
      lending.recall(why)
      await Promise.all(slots.map((slot) => slot.flight?.done))
      exposition.drop(target.name, collector.name)
    },
  }
}
