/**
 * The flows of one tenant, kept judged: one question at a time down its one connection, looks before backfill. Nothing
 * here rejects; a target that hangs costs a deadline, one that lies fails the flow that was lied about.
 */
import type { Logger } from 'pino'
import { type Duration, type Instant, seconds } from '../../metric.ts'
import type { FlowReport } from '../report.ts'
import { MODES } from '../spec/spec.ts'
import { abandon } from './ask.ts'
import type { Clock } from './clock.ts'
import { type Connection, createConnection, type Way } from './connection.ts'
import { isLook, recovered, type Wish, wishesOf } from './course.ts'
import { type Followed, freed, refuse, reportOf, type Situation, troubleOf } from './followed.ts'
import { createJudging, type One } from './judging.ts'
import type { MethodContext } from './method.ts'
import { askNames, namesDue } from './names.ts'
import { createPace, type Gate } from './share.ts'
import { createTelling } from './telling.ts'
import { chooseTurn, type Turn } from './turns.ts'

export interface TenantDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly redact: (text: string) => string
  /** Of all tenants together: how many backfills are under way at once. */
  readonly gate: Gate
  /** Told of every look and every change; `all` are the tenant's. */
  readonly publish: (changed: readonly FlowReport[], all: readonly FlowReport[]) => void
}

export interface TenantPlan {
  readonly tier: string
  /** Undefined: none is configured. */
  readonly way: Way | undefined
  readonly context: MethodContext
}

export interface FollowedTenant {
  readonly flows: readonly Followed[]
  readonly reports: () => readonly FlowReport[]
  /** Undefined where there is no way. */
  readonly connection: Connection | undefined
  readonly odooNow: () => Instant
  /** Leaves what is under way; resolves when nothing is. */
  readonly stop: () => Promise<void>
}

/** Nobody: the tenant itself. */
type Asker = One | undefined

/** How soon an open circuit is looked at again, and a gate that is full. */
const SOON: Duration = seconds(1)
const LONGEST_SLEEP: Duration = seconds(15)
/** Tenants begin within so long of each other. */
const FIRST_WITHIN: Duration = seconds(2)

const NO_WAY = 'no way to its Odoo is configured: give the tenant `odoo`, or `odoo_sql`'

export const followTenant = (plan: TenantPlan, flows: readonly Followed[], deps: TenantDeps): FollowedTenant => {
  const { way, context } = plan
  const { clock, redact, gate } = deps
  const log = deps.log.child({ tenant: context.tenant })
  const wanted = flows.filter(({ flow }) => flow.off === undefined)
  const leaving = new AbortController()
  const connection =
    way &&
    createConnection({
      way,
      wanted: wanted.map(({ flow }) => flow),
      clock,
      firstAt: clock.now() + context.random() * FIRST_WITHIN,
      interval: context.cadence.fast,
      leaving: leaving.signal,
    })
  /** Why nothing is asked, and since when. */
  let held: { readonly why: string; readonly since: Instant; readonly byCircuit: boolean } | undefined
  const pace = createPace()
  let wake = (): void => {}

  const odooNow = (): Instant => clock.now() + (connection?.skew() ?? 0)
  const hold = (why: string, byCircuit: boolean): void => {
    held = { why, since: held?.since ?? clock.now(), byCircuit }
    for (const flow of wanted) flow.heldBy = why
  }
  /** A circuit that opens and closes again is no news of what was read a minute ago. */
  const obstacle = (): string | undefined => {
    if (way === undefined) return NO_WAY
    return held !== undefined && clock.now() - held.since >= context.cadence.fast ? held.why : undefined
  }
  const situation = (): Situation => ({
    tenant: context.tenant,
    tier: plan.tier,
    via: way?.via,
    withheld: connection?.access()?.withheld,
    obstacle: obstacle(),
    skew: connection?.skew(),
    now: clock.now(),
    odooNow: odooNow(),
  })
  const reports = (): readonly FlowReport[] => {
    const now = situation()
    return flows.map((flow) => reportOf(flow, now))
  }
  const telling = createTelling(log, deps.publish)
  const judging =
    connection &&
    createJudging({
      context,
      connection,
      isCut: () => way?.circuit()?.open !== false,
      isLeaving: () => leaving.signal.aborted,
      clock,
      odooNow,
      redact,
      log,
      onReading: telling.looked,
    })

  const openFlows = async (to: Connection): Promise<void> => {
    try {
      const access = await to.open()
      held = undefined
      judging?.settle(wanted, access)
      for (const flow of wanted) freed(flow, clock.now())
    } catch (error) {
      const { message, isRefusal } = troubleOf(error, redact)
      if (isRefusal) for (const flow of wanted) refuse(flow, message)
      else if (to.access() === undefined) hold(message, false)
    }
  }

  const askOne = async (one: One, purpose: Wish['purpose']): Promise<void> => {
    const clockOf = connection?.access()?.waited ?? performance.now.bind(performance)
    const begun = clockOf()
    const kind = await judging?.ask(one, purpose)
    if (kind !== undefined) pace.asked(purpose, kind, clockOf() - begun, clock.now())
  }

  const nameMembers = async (to: Connection, flow: Followed): Promise<void> => {
    if (flow.method === undefined) return
    flow.names = await askNames(flow.names, flow.method.resolved, flow.reading, to.call('apart'), clock.now)
    telling.looked(flow)
  }

  const take = async (to: Connection, { asker, purpose, depth }: Turn<Asker>): Promise<void> => {
    if (asker === undefined || purpose === 'open') return openFlows(to)
    if (purpose === 'names') return asker.flows[0] && nameMembers(to, asker.flows[0])
    if (isLook(purpose)) return askOne(asker, purpose)
    const leave = gate.enter(context.tenant, depth, clock.now())
    if (leave === undefined) {
      pace.restUntil(clock.now() + SOON)
      return
    }
    try {
      await askOne(asker, purpose)
    } finally {
      leave()
    }
  }

  const courses = (): readonly One[] => {
    const asking = wanted.flatMap((flow) =>
      flow.untold === undefined ? (flow.method?.own ?? []).map(({ course }) => ({ flow, course })) : [],
    )
    return [...Map.groupBy(asking, ({ course }) => course)].map(([course, of]) => ({
      course,
      flows: of.map(({ flow }) => flow),
    }))
  }

  const namesWanted = (): readonly Turn<One>[] =>
    wanted.flatMap((flow) => {
      const due = namesDue(flow.names, flow.reading)
      const course = flow.method?.own[0]?.course
      return due === undefined || course === undefined
        ? []
        : [{ asker: { course, flows: [flow] }, purpose: 'names', due, depth: 0, urgency: 0 }]
    })

  const turnsAt = (to: Connection, now: Instant): readonly Turn<Asker>[] => {
    const opening = { asker: undefined, purpose: 'open', due: to.dueAt(), depth: 0, urgency: 0 } as const
    const access = to.access()
    if (access === undefined || access.withheld !== undefined) return [opening]
    const asking = courses().flatMap((one) => {
      const urgency = Math.min(...one.flows.map(({ flow }) => MODES.length - MODES.indexOf(flow.mode)))
      return wishesOf(one.course, now, odooNow()).map((wish) => ({ ...wish, asker: one, urgency }))
    })
    return [opening, ...asking, ...namesWanted()]
  }

  /** Does what is due; gives when to come again. */
  const round = async (): Promise<Instant> => {
    const now = clock.now()
    if (way === undefined || connection === undefined || wanted.length === 0) return Number.POSITIVE_INFINITY
    const circuit = way.circuit()
    if (circuit === undefined || circuit.open) {
      hold(circuit ? redact(circuit.message) : 'its target is being exchanged', true)
      return now + SOON
    }
    if (held?.byCircuit) {
      held = undefined
      for (const { course } of courses()) recovered(course, now)
      connection.retryAt(now)
    }
    const { turn, wakeAt } = chooseTurn(turnsAt(connection, now), now, pace.rests())
    if (turn === undefined) return wakeAt
    await take(connection, turn)
    return now
  }

  const pause = (wait: Duration): Promise<void> =>
    new Promise((resolve) => {
      if (leaving.signal.aborted) resolve()
      // Others have their turn on the event loop, too.
      else if (wait <= 0) setImmediate(resolve)
      else {
        const off = clock.after(Math.min(wait, LONGEST_SLEEP), resolve)
        wake = () => {
          off()
          resolve()
        }
      }
    })

  const run = async (): Promise<void> => {
    telling.tell(flows, reports())
    while (!leaving.signal.aborted) {
      let next = clock.now() + SOON
      try {
        next = await round()
      } catch (err) {
        log.error({ err }, 'flows: a round failed')
      }
      if (leaving.signal.aborted) return
      telling.tell(flows, reports())
      await pause(next - clock.now())
    }
  }

  const running = run()
  return {
    flows,
    reports,
    connection,
    odooNow,
    stop: async () => {
      leaving.abort()
      wake()
      await running
      for (const { course } of courses()) abandon(course, odooNow())
    },
  }
}
