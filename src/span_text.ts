/** Times as people read them. Pure. */
import type { Duration, Instant } from './metric.ts'

/** 340 ms · 1.2 s · 42 s · 5 min · 3 h 20 min · 2 d 4 h */
export const spanText = (ms: Duration): string => {
  const two = (n: number, unit: string, small: number, smallUnit: string): string =>
    small > 0 ? `${n} ${unit} ${small} ${smallUnit}` : `${n} ${unit}`
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const s = Math.round(ms / 1000)
  if (ms < 9_950) return `${(ms / 1000).toFixed(1).replace('.0', '')} s`
  if (s < 60) return `${s} s`
  if (s < 3_600) return two(Math.floor(s / 60), 'min', s < 600 ? s % 60 : 0, 's')
  if (s < 86_400) return two(Math.floor(s / 3_600), 'h', Math.floor((s % 3_600) / 60), 'min')
  return two(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3_600), 'h')
}

export const utc = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
