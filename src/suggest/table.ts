/** Text for people at a terminal, in at most 120 columns. Pure. */
import { formatDuration } from '../config/duration.ts'
import { type Duration, type Instant, minutes, seconds } from '../metric.ts'

export const WIDTH = 120
const GAPS = [3, 2, 1]

/** Columns as kubectl prints them: as wide as their widest cell, with less between them where the line would be too long. */
export const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)))
  const text = widths.reduce((sum, width) => sum + width, 0)
  const gap = GAPS.find((each) => text + each * (columns - 1) <= WIDTH) ?? 1
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd((widths[i] ?? 0) + gap))
      .join('')
      .trimEnd()
      .slice(0, WIDTH),
  )
}

/** Between words that stay on one line. */
export const TIED = '\u00a0'

/** Words in lines of at most 120 columns, those after the first under its first word. */
export const wrapped = (label: string, text: string): readonly string[] => {
  const lines: string[] = []
  let line = label
  for (const word of text.split(/ +/)) {
    const longer = line === label ? `${line}${word}` : `${line} ${word}`
    if (longer.length > WIDTH && line !== label) {
      lines.push(line)
      line = `${' '.repeat(label.length)}${word}`
    } else line = longer
  }
  return [...lines, line].map((each) => each.replaceAll(TIED, ' '))
}

/** Its two greatest parts: `3d4h`, `2h3m`, `14s`, `0.4s`. */
export const about = (duration: Duration): string => {
  if (duration < seconds(10)) return `${Number((duration / 1000).toFixed(1))}s`
  const unit = duration < minutes(10) ? seconds(1) : minutes(1)
  const whole = formatDuration(Math.round(duration / unit) * unit)
  return /^(?:\d+[a-z]+){1,2}/.exec(whole)?.[0] ?? whole
}

/** `2026-11-03 14:00`, UTC. */
export const time = (at: Instant): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

/** `33k` where the digits would say more than is known. */
export const amount = (n: number): string => {
  if (n >= 1e6) return `${(n / 1e6).toPrecision(3)}M`
  if (n >= 1e4) return `${Math.round(n / 1e3)}k`
  return n >= 10 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1)
}
