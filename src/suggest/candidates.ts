/** The targets a flow could have instead: round ones, in its own unit. Pure. */
import { formatDuration } from '../config/duration.ts'
import type { Target } from '../flow/spec/tenant_flow.ts'
import { type Duration, hours, minutes } from '../metric.ts'

const CLOCK: readonly Duration[] = [...[5, 10, 15, 30].map(minutes), ...[1, 2, 4, 8, 24, 48, 72, 168].map(hours)]
/** 16, 24 and 40 hours are two, three and five days of eight. */
const OPEN: readonly Duration[] = [...[15, 30].map(minutes), ...[1, 2, 4, 8, 16, 24, 40].map(hours)]
const OPEN_DAYS = [0, 1, 2, 3, 5, 10]
/** A promise so many times as long is another promise: the people concerned have to say it. */
const LONGEST = 4

/** A day of open hours is no day of 24: always in hours. */
export const openText = (duration: Duration): string => {
  const whole = Math.floor(duration / hours(1))
  const rest = duration % hours(1)
  return whole === 0 || rest > 0 ? `${whole > 0 ? `${whole}h` : ''}${formatDuration(rest)}` : `${whole}h`
}

const sorted = (durations: readonly Duration[], own: Duration): readonly Duration[] =>
  [...new Set([...durations, own])].sort((a, b) => a - b)

const sameDayFirst = (own: number): readonly number[] => [...new Set([...OPEN_DAYS, own])].sort((a, b) => a - b)

/** The shortest first, the flow's own among them; none where it has no deadline. */
export const candidatesFor = (own: Target): readonly Target[] => {
  if ('within' in own) return sorted(CLOCK, own.within).map((within) => ({ within }))
  if ('within_open_hours' in own)
    return sorted(OPEN, own.within_open_hours).map((within_open_hours) => ({ ...own, within_open_hours }))
  if ('by' in own) return sameDayFirst(own.after_open_days).map((after_open_days) => ({ ...own, after_open_days }))
  return []
}

export const isSame = (a: Target, b: Target): boolean => targetText(a) === targetText(b)

/** Whether it is still much the same promise. */
export const isNear = (candidate: Target, own: Target): boolean => {
  if ('within' in candidate && 'within' in own) return candidate.within <= LONGEST * own.within
  if ('within_open_hours' in candidate && 'within_open_hours' in own)
    return candidate.within_open_hours <= LONGEST * own.within_open_hours
  if ('by' in candidate && 'by' in own) return candidate.after_open_days <= own.after_open_days + 1
  return false
}

/** For a column: `15m`, `4h open`, `by 16:00 +1d`. */
export const targetText = (target: Target): string => {
  if ('within' in target) return formatDuration(target.within)
  if ('within_open_hours' in target) return `${openText(target.within_open_hours)} open`
  if ('by' in target) {
    const time = target.by === 'end_of_day' ? 'end of day' : `by ${target.by}`
    return target.after_open_days === 0 ? time : `${time} +${target.after_open_days}d`
  }
  return 'periods' in target ? `${target.periods} periods` : `at most ${target.at_most}`
}
