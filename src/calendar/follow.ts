/** The calendar in service: every window's state is put on the page each minute, and at each edge. */
import type { Logger } from 'pino'
import { type Duration, type Instant, minutes, type Sample, sample } from '../metric.ts'
import { calendarLastSuccess, calendarSuccess, windowSamples } from './metrics.ts'
import { stateAt, type WindowState } from './state.ts'
import type { BusinessWindow } from './window.ts'

const EVERY = minutes(1)
/** Windows that are no longer worked out vanish; absent means normal sensitivity. */
const LIFETIME = minutes(3)

export interface CalendarDeps {
  readonly now: () => Instant
  readonly log: Logger
  /** Replaces what was said before under `part`, for so long. */
  readonly put: (part: 'windows' | 'health', samples: readonly Sample[], lifetime: Duration) => Promise<void>
  readonly stateAt?: (window: BusinessWindow, at: Instant) => WindowState
}

export interface FollowedCalendar {
  /** These windows from now on; they are on the page when it resolves. */
  readonly follow: (windows: readonly BusinessWindow[]) => Promise<void>
  readonly stop: () => void
}

interface Known extends WindowState {
  readonly since: Instant
}

/** Never throws, and nothing it does can fail a scrape: what can't be worked out is absent, and said to be. */
export const followCalendar = ({ now, log, put, stateAt: stateOf = stateAt }: CalendarDeps): FollowedCalendar => {
  let windows: readonly BusinessWindow[] = []
  let known = new Map<BusinessWindow, Known>()
  let failing = new Map<BusinessWindow, string>()
  let lastSuccess: Instant | undefined
  let timer: NodeJS.Timeout | undefined

  /** What stood before stands until its edge, unless the clock went back. */
  const lookAt = (window: BusinessWindow, at: Instant): Known => {
    const before = known.get(window)
    return before && before.since <= at && at < before.changesAt ? before : { ...stateOf(window, at), since: at }
  }

  const look = (at: Instant): void => {
    const found = new Map<BusinessWindow, Known>()
    const failed = new Map<BusinessWindow, string>()
    for (const window of windows) {
      try {
        found.set(window, lookAt(window, at))
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        failed.set(window, message)
        if (failing.get(window) !== message) log.warn({ window: window.name }, `calendar failed: ${message}`)
      }
    }
    known = found
    failing = failed
    if (failed.size === 0) lastSuccess = at
  }

  const publish = async (): Promise<void> => {
    try {
      await put(
        'windows',
        [...known].flatMap(([window, state]) => windowSamples(window, state)),
        LIFETIME,
      )
      const health = [
        ...sample(calendarSuccess, {}, failing.size === 0 ? 1 : 0),
        ...sample(calendarLastSuccess, {}, lastSuccess === undefined ? undefined : lastSuccess / 1000),
      ]
      // It stays for ever: a calendar that stands still is to be seen to.
      await put('health', windows.length === 0 ? [] : health, Number.POSITIVE_INFINITY)
    } catch (err) {
      log.error({ err }, 'the calendar could not be shown')
    }
  }

  const tick = (): Promise<void> => {
    const at = now()
    look(at)
    const edge = Math.min(...known.values().map(({ changesAt }) => changesAt))
    clearTimeout(timer)
    timer = windows.length === 0 ? undefined : setTimeout(tick, Math.max(1, Math.min(EVERY, edge - at)))
    timer?.unref()
    return publish()
  }

  return {
    follow: (next) => {
      windows = next
      lastSuccess = undefined
      return tick()
    },
    stop: () => clearTimeout(timer),
  }
}
