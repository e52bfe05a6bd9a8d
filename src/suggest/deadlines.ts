/** Deadlines on a calendar, a million times over. Pure. */
import { floorHour, floorMinute, HOUR, MINUTE } from '../flow/ledger/counts.ts'
import type { Deadline } from '../flow/ledger/verdict.ts'
import type { Target } from '../flow/spec/tenant_flow.ts'
import type { Instant } from '../metric.ts'

/** The values at whole steps, each worked out once. */
const memo = (of: (at: Instant) => Instant) => {
  const known = new Map<Instant, Instant>()
  return (at: Instant): Instant => {
    const before = known.get(at)
    if (before !== undefined) return before
    const value = of(at)
    known.set(at, value)
    return value
  }
}

/**
 * The same deadlines with far fewer questions to the calendar. A later start is never due earlier, so a start between
 * two that are due alike is due then too; and where a minute later is due a minute later, no window begins or ends
 * between, as windows do so on whole minutes.
 */
const remembered = (deadline: Deadline<Target>, target: Target): ((start: Instant) => Instant) => {
  const due = memo((at) => deadline(at, target))
  return (start) => {
    const hour = floorHour(start)
    const byHour = due(hour)
    if (due(hour + HOUR) === byHour) return byHour
    const minute = floorMinute(start)
    const byMinute = due(minute)
    const next = due(minute + MINUTE)
    if (next === byMinute) return byMinute
    return next - byMinute === MINUTE ? byMinute + (start - minute) : deadline(start, target)
  }
}

/** As quick for open hours as for the clock's; `deadline` is that of the flow. */
export const quick = (deadline: Deadline<Target>): Deadline<Target> => {
  const byTarget = new Map<Target, (start: Instant) => Instant>()
  return (start, target) => {
    if ('within' in target) return deadline(start, target)
    let of = byTarget.get(target)
    if (of === undefined) {
      of = remembered(deadline, target)
      byTarget.set(target, of)
    }
    return of(start)
  }
}
