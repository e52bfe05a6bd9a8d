/** When today's cut-off ends: by when what is due today has to be done. */
import { type Duration, hours, type Instant } from '../metric.ts'
import { stateAt, type WindowState } from './state.ts'
import type { BusinessWindow } from './window.ts'

/** A later one is another day's. */
const TODAY: Duration = hours(24)

interface Known {
  readonly end: Instant | undefined
  readonly from: Instant
  readonly until: Instant
}

/** A window that can't be worked out says nothing; that it can't is the calendar's to tell. */
const tried = (window: BusinessWindow, at: Instant): readonly WindowState[] => {
  try {
    return [stateAt(window, at)]
  } catch {
    return []
  }
}

/**
 * When the next cut-off that concerns a process ends, of these windows; undefined where none does within a day. What was
 * worked out stands until the next edge: it is asked for each flow each minute.
 */
export const createCutOffs = (windows: readonly BusinessWindow[]) => {
  const cutOffs = windows.filter(({ kind }) => kind === 'cut-off')
  const known = new Map<string, Known>()
  const lookAt = (process: string, at: Instant): Known => {
    const concerned = cutOffs.filter((window) => window.process === '' || window.process === process)
    const states = concerned.flatMap((window) => tried(window, at))
    const ends = states.flatMap(({ end }) => end ?? [])
    return {
      end: ends.length === 0 ? undefined : Math.min(...ends),
      from: at,
      until: Math.min(...states.map(({ changesAt }) => changesAt), ...ends, at + TODAY),
    }
  }
  return (process: string, at: Instant): Instant | undefined => {
    if (cutOffs.length === 0) return undefined
    const before = known.get(process)
    const now = before && before.from <= at && at < before.until ? before : lookAt(process, at)
    known.set(process, now)
    return now.end !== undefined && now.end - at <= TODAY ? now.end : undefined
  }
}
