/** What comes of a question of some flows: how they are followed on this Odoo, new readings, or a failure of their own. */
import type { Logger } from 'pino'
import { createCutOffs } from '../../calendar/cut_off.ts'
import type { Failure } from '../../collector.ts'
import { type Duration, type Instant, minutes } from '../../metric.ts'
import type { FlowAccess } from '../read/access.ts'
import { nextTurn } from '../turn.ts'
import { type Asked, abandon, ask } from './ask.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import { askedAtOnce, type Course, failedAt, isLook, looked, unasked, type Wish } from './course.ts'
import { type Followed, refuse, troubleOf } from './followed.ts'
import { type Method, type MethodContext, type NoMethod, readMethod } from './method.ts'
import { apart, methodsOf } from './together.ts'

/** A course, and the flows it is for. */
export interface One {
  readonly course: Course
  readonly flows: readonly Followed[]
}

export interface JudgingDeps {
  readonly context: MethodContext
  readonly connection: Connection
  /** Whether the target is being left alone. */
  readonly isCut: () => boolean
  /** Whether all is being left: nothing is then said to have failed. */
  readonly isLeaving: () => boolean
  readonly clock: Clock
  readonly odooNow: () => Instant
  readonly redact: (text: string) => string
  readonly log: Logger
  /** It has a new reading. */
  readonly onReading: (flow: Followed) => void
}

export interface Judging {
  /** On an Odoo that has just been opened. */
  readonly settle: (flows: readonly Followed[], access: FlowAccess) => void
  /** Puts one question; never rejects. Gives what kind it was, for what it took is told from others of its kind. */
  readonly ask: (one: One, purpose: Wish['purpose']) => Promise<string>
}

/** A count that takes longer is asked for less often. */
const HEAVY: Duration = 300
const HEAVY_INTERVAL: Duration = minutes(5)

/** Whether it may be the fault of what is asked, and so of one flow; not of the target. */
const isOfOne = (reason: Failure): boolean => reason === 'query' || reason === 'decode'

export const createJudging = (deps: JudgingDeps): Judging => {
  const { context, connection, isCut, clock, odooNow, redact, log } = deps
  const skew = (): Duration => connection.skew() ?? 0
  const cutOffAt = createCutOffs(context.calendar)

  /** What is known now, once all of it has been looked at. */
  const read = (flow: Followed): void => {
    const { method } = flow
    const lookedAt = method?.own.map(({ part }) => part.lookedAt ?? Number.NEGATIVE_INFINITY) ?? []
    if (method === undefined || !lookedAt.every(Number.isFinite)) return
    const now = odooNow()
    flow.reading = readMethod(method, flow.flow, now, cutOffAt(flow.flow.flow.process, now))
    if (flow.reading === undefined) return
    flow.readAt = Math.min(...lookedAt)
    flow.wasJudged = true
    flow.lost = undefined
    flow.heldBy = undefined
    deps.onReading(flow)
  }

  const take = async ({ course, flows }: One, purpose: Wish['purpose'], asked: Asked): Promise<void> => {
    const now = clock.now()
    if (asked.kind === 'none') unasked(course, purpose, now, skew())
    else if (!isLook(purpose)) course.backgroundFailed = undefined
    if (asked.isLookDone) looked(course, now, skew())
    for (const part of asked.looked) part.lookedAt = now
    const parts = new Set(asked.looked)
    for (const flow of flows.filter(({ method }) => method?.own.some(({ part }) => parts.has(part)))) {
      // A month of a busy flow takes some milliseconds to add up: others have their turn between two of them.
      await nextTurn()
      read(flow)
    }
  }

  /** Each of its flows by itself from now on: the question that failed may be one of them alone. */
  const split = ({ course, flows }: One): void => {
    const now = clock.now()
    abandon(course, odooNow())
    for (const flow of flows) {
      if (flow.method === undefined) continue
      const own = flow.method.own.map((each) => (each.course === course ? apart(each, context, now) : each))
      flow.method = { ...flow.method, own }
    }
    log.info({ flows: flows.map(({ flow }) => flow.flow.name) }, 'flows that were read together are read apart')
  }

  const fail = (one: One, purpose: Wish['purpose'], error: unknown): void => {
    const { course, flows } = one
    // The connection was made anew beneath it: nobody's fault.
    if (!isCut() && connection.access() === undefined) return
    const trouble = troubleOf(error, redact)
    const isAgain = course.failed !== undefined || course.backgroundFailed !== undefined
    if (course.flows.length > 1 && !isCut() && isOfOne(trouble.reason) && (isAgain || trouble.isRefusal)) {
      split(one)
      return
    }
    if (isLook(purpose)) {
      for (const flow of flows) {
        if (!isCut()) flow.heldBy = undefined
        if (trouble.isRefusal) refuse(flow, trouble.message)
      }
    } else if (course.backgroundFailed === undefined) {
      log.warn({ flows: flows.map(({ flow }) => flow.flow.name) }, `${purpose}: ${trouble.message}`)
    }
    failedAt(course, purpose, { ...trouble, isLoss: isCut() }, clock.now())
  }

  const settleOne = (flow: Followed, found: Method | NoMethod): void => {
    const wasUntold = flow.untold !== undefined
    flow.untold = undefined
    if ('unsupported' in found) {
      const why = redact(found.unsupported)
      if (found.isUntold) flow.untold = why
      else {
        flow.method = undefined
        refuse(flow, why)
      }
      return
    }
    if (flow.method === undefined) flow.lost = undefined
    flow.method = found
    flow.former = undefined
    flow.unsupported = undefined
    if (wasUntold) for (const { course } of found.own) askedAtOnce(course, clock.now())
    if (flow.reading === undefined) read(flow)
  }

  return {
    settle: (flows, { odoo }) => {
      const wanted = flows.map((each) => ({ flow: each.flow, before: each.method ?? each.former }))
      const found = methodsOf(wanted, odoo, context, { now: clock.now(), odooNow: odooNow() })
      for (const [i, flow] of flows.entries()) {
        const method = found[i]
        if (method) settleOne(flow, method)
      }
    },
    ask: async (one, purpose) => {
      const { course } = one
      const call = connection.call(purpose === 'look' ? 'share' : 'apart')
      const begun = performance.now()
      try {
        const asked = await ask(course, { call, odooNow, purpose })
        if (course.work.kind === 'present')
          course.interval = performance.now() - begun > HEAVY ? HEAVY_INTERVAL : minutes(1)
        await take(one, purpose, asked)
        return asked.kind
      } catch (error) {
        if (!deps.isLeaving()) fail(one, purpose, error)
        return 'failed'
      }
    },
  }
}
