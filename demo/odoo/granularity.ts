/** Intervals of time by which groups are made, and how they are labelled in en_US. */

const lengths = { hour: 0, day: 0, week: 0, month: 1, quarter: 3, year: 12 } as const
export type Granularity = keyof typeof lengths

export const isGranularity = (text: string): text is Granularity => Object.hasOwn(lengths, text)

const milliseconds = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const

const text = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ')
const parse = (second: string): Date => new Date(`${second.slice(0, 10)}T${second.slice(11, 19) || '00:00:00'}Z`)

/** From its first second to the first of the next one. */
export const intervalOf = (granularity: Granularity, first: string): { readonly from: string; readonly to: string } => {
  const from = parse(first)
  const to =
    granularity === 'hour' || granularity === 'day' || granularity === 'week'
      ? new Date(from.getTime() + milliseconds[granularity])
      : new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + lengths[granularity], 1))
  return { from: text(from), to: text(to) }
}

const format = (date: Date, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options }).format(date)

const weekOf = (date: Date): string => {
  const thursday = new Date(date.getTime() + 3 * 86_400_000)
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return `W${Math.floor((thursday.getTime() - start) / 604_800_000) + 1} ${thursday.getUTCFullYear()}`
}

/** Odoo's labels; hours are given in twelve, without AM and PM. */
export const labelOf = (granularity: Granularity, first: string): string => {
  const date = parse(first)
  const day = format(date, { day: '2-digit' })
  const month = format(date, { month: 'short' }).slice(0, 3)
  switch (granularity) {
    case 'hour':
      return `${String(date.getUTCHours() % 12 || 12).padStart(2, '0')}:00 ${day} ${month}`
    case 'day':
      return `${day} ${month} ${date.getUTCFullYear()}`
    case 'week':
      return weekOf(date)
    case 'month':
      return `${format(date, { month: 'long' })} ${date.getUTCFullYear()}`
    case 'quarter':
      return `Q${Math.floor(date.getUTCMonth() / 3) + 1} ${date.getUTCFullYear()}`
    case 'year':
      return String(date.getUTCFullYear())
  }
}
