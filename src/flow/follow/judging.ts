/** What comes of a question of one flow: how it is followed on this Odoo, a new reading, or a failure of its own. */
import type { Logger } from 'pino'
import { createCutOffs } from '../../calendar/cut_off.ts'
import { type Duration, type Instant, minutes } from '../../metric.ts'
import type { FlowAccess } from '../read/access.ts'
import { ask } from './ask.ts'
import type { Clock } from './clock.ts'
import type { Connection } from './connection.ts'
import { askedAtOnce, type Course, failedAt, isLook, looked, unasked, type Wish } from './course.ts'
import { type Followed, refuse, troubleOf } from './followed.ts'
import { type MethodContext, methodOf, readMethod } from './method.ts'

export interface One {
  readonly flow: Followed
  readonly course: Course
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
  readonly settle: (flow: Followed, access: FlowAccess) => void
  /** Puts one question; never rejects. Gives what kind it was, for what it took is told from others of its kind. */
  readonly ask: (one: One, purpose: Wish['purpose']) => Promise<string>
}

/** A count that takes longer is asked for less often. */
const HEAVY: Duration = 300
const HEAVY_INTERVAL: Duration = minutes(5)

export const createJudging = (deps: JudgingDeps): Judging => {
  const { context, connection, isCut, clock, odooNow, redact, log } = deps
  const skew = (): Duration => connection.skew() ?? 0
  const cutOffAt = createCutOffs(context.calendar)

  /** What is known now, once every course has been looked at. */
  const read = (flow: Followed): void => {
    const { method } = flow
    const lookedAt = method?.courses.map((each) => each.lookedAt ?? Number.NEGATIVE_INFINITY) ?? []
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

  const lookDone = ({ flow, course }: One): void => {
    looked(course, clock.now(), skew())
    read(flow)
  }

  const fail = ({ flow, course }: One, purpose: Wish['purpose'], error: unknown): void => {
    // The connection was made anew beneath it: nobody's fault.
    if (!isCut() && connection.access() === undefined) return
    const trouble = troubleOf(error, redact)
    if (isLook(purpose)) {
      if (!isCut()) flow.heldBy = undefined
      if (trouble.isRefusal) refuse(flow, trouble.message)
    } else if (course.backgroundFailed === undefined) {
      log.warn({ flow: flow.flow.flow.name }, `${purpose}: ${trouble.message}`)
    }
    failedAt(course, purpose, { ...trouble, isLoss: isCut() }, clock.now())
  }

  const settle: Judging['settle'] = (flow, { odoo }) => {
    const now = clock.now()
    const found = methodOf(flow.flow, odoo, context, flow.method ?? flow.former, now, odooNow())
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
    if (wasUntold) for (const course of found.courses) askedAtOnce(course, now)
    if (flow.reading === undefined) read(flow)
  }

  return {
    settle: (flow, access) => {
      try {
        settle(flow, access)
      } catch (error) {
        // What can't be worked out for one flow is that flow's trouble.
        refuse(flow, troubleOf(error, redact).message)
      }
    },
    ask: async (one, purpose) => {
      const { course } = one
      const isLooking = isLook(purpose)
      const call = connection.call(purpose === 'look' ? 'share' : 'apart')
      const begun = performance.now()
      try {
        const asked = await ask(course, { call, odooNow, purpose: isLooking ? 'look' : purpose })
        if (course.work.kind === 'present')
          course.interval = performance.now() - begun > HEAVY ? HEAVY_INTERVAL : minutes(1)
        if (asked.kind === 'none') unasked(course, purpose, clock.now(), skew())
        else if (!isLooking) course.backgroundFailed = undefined
        if (asked.isLookDone) lookDone(one)
        return asked.kind
      } catch (error) {
        if (!deps.isLeaving()) fail(one, purpose, error)
        return 'failed'
      }
    },
  }
}
