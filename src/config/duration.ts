/** Durations as Prometheus writes them: `15s`, `5m`, `1h30m`. */
import { z } from 'zod'
import type { Duration } from '../metric.ts'

// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#duration
const PATTERN =
  /^(?=[0-9])(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/

const UNITS = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Undefined if the text is no duration. */
export const parseDuration = (text: string): Duration | undefined => {
  const parts = PATTERN.exec(text)?.slice(1)
  const ms = parts?.reduce((sum, digits, i) => sum + Number(digits ?? 0) * (UNITS[i]?.[1] ?? 0), 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** The shortest way to write it, without years and weeks: `90_000` → `1m30s`. */
export const formatDuration = (duration: Duration): string => {
  let rest = Math.round(duration)
  let text = ''
  for (const [unit, size] of UNITS.slice(2)) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

const ADVICE = 'write a duration such as 15s, 5m or 1h30m'

/** A duration within bounds, in the configuration text, in milliseconds once parsed. */
export const durationBetween = (min: Duration, max: Duration, tooLong = ''): z.ZodType<Duration, string> =>
  z
    .string({ error: ADVICE })
    .regex(PATTERN, { error: ADVICE })
    .transform((text, context) => {
      const duration = parseDuration(text)
      if (duration !== undefined && duration >= min && duration <= max) return duration
      const problem =
        duration === undefined
          ? ADVICE
          : duration < min
            ? `too short: at least ${formatDuration(min)}`
            : `too long: at most ${formatDuration(max)}${tooLong}`
      context.issues.push({ code: 'custom', message: problem, input: text })
      return z.NEVER
    })
