/** Puts a dashboard's queries to a Prometheus and says which gave nothing, and which failed. */
import { z } from 'zod'
import type { Instant } from '../../src/metric.ts'
import type { DashboardQuery } from './queries.ts'

/** A series' labels and its last value; of a variable each value it offers. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Outcome {
  readonly query: DashboardQuery
  /** Those with any value that is a number. */
  readonly series: readonly Series[]
  readonly error?: string
}

const VALUE = z.tuple([z.number(), z.string()])
const REPLY = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z
    .union([
      z.array(z.string()),
      z.object({
        result: z.array(
          z.object({
            metric: z.record(z.string(), z.string()),
            value: VALUE.optional(),
            values: z.array(VALUE).optional(),
          }),
        ),
      }),
    ])
    .optional(),
})

/** Both ends on whole steps, as Grafana asks. */
const addressOf = ({ how, sent, over, step, label = '' }: DashboardQuery, now: Instant): string => {
  if (how === 'label') {
    const params = new URLSearchParams({ 'match[]': sent, start: String((now - over) / 1000), end: String(now / 1000) })
    return `/api/v1/label/${label}/values?${params}`
  }
  if (how === 'instant') return `/api/v1/query?${new URLSearchParams({ query: sent, time: String(now / 1000) })}`
  const end = Math.floor(now / step) * step
  const start = Math.floor((now - over) / step) * step
  const params = { query: sent, start: String(start / 1000), end: String(end / 1000), step: String(step / 1000) }
  return `/api/v1/query_range?${new URLSearchParams(params)}`
}

const seriesOf = ({ data }: z.infer<typeof REPLY>): readonly Series[] => {
  if (data === undefined) return []
  if (Array.isArray(data)) return data.map((value) => ({ labels: { value }, value: 1 }))
  return data.result.flatMap(({ metric, value, values = [] }) => {
    const numbers = [...values, ...(value === undefined ? [] : [value])]
      .map(([, text]) => Number(text))
      .filter((number) => !Number.isNaN(number))
    const last = numbers.at(-1)
    return last === undefined ? [] : [{ labels: metric, value: last }]
  })
}

/** Never rejects: what goes wrong is the outcome's error. */
export const evaluate = async (prometheus: string, query: DashboardQuery, now: Instant): Promise<Outcome> => {
  try {
    const response = await fetch(`${prometheus}${addressOf(query, now)}`, { signal: AbortSignal.timeout(30_000) })
    const reply = REPLY.parse(await response.json())
    if (reply.status !== 'success') return { query, series: [], error: reply.error ?? reply.status }
    return { query, series: seriesOf(reply) }
  } catch (error) {
    return { query, series: [], error: error instanceof Error ? error.message : String(error) }
  }
}

/** A few at a time, as a browser does. */
export const evaluateAll = async (
  prometheus: string,
  queries: readonly DashboardQuery[],
  now: Instant,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = []
  for (let i = 0; i < queries.length; i += 6) {
    outcomes.push(...(await Promise.all(queries.slice(i, i + 6).map((query) => evaluate(prometheus, query, now)))))
  }
  return outcomes
}

export const isEmpty = ({ series, error }: Outcome): boolean => error === undefined && series.length === 0
/** Gives nothing though it says no reason why it might. */
export const isUnexplained = (outcome: Outcome): boolean => isEmpty(outcome) && outcome.query.mayBeEmpty === undefined
