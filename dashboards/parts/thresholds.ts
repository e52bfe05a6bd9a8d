/** From where on a value is drawn in another colour. The numbers are those of the alerts: alert-rules/thresholds.ts and src/flow/burn.ts. Pure. */
import type { Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { BURN_RATES } from '../../src/flow/burn.ts'

export const GOOD = 'green'
export const TICKET = 'orange'
export const PAGE = 'red'
/** Of what is neither good nor bad. */
export const PLAIN = 'blue'

export type Steps = readonly Threshold[]

/** No value of it is bad by itself. */
export const neutral: Steps = [{ value: null, color: PLAIN }]
/** Bad above. */
export const above = (value: number, color: string = PAGE): Steps => [
  { value: null, color: GOOD },
  { value, color },
]
/** Any is bad: of counts. */
export const anyIs = (color: string): Steps => above(1, color)
/** Bad below. */
export const below = (value: number, color: string = PAGE): Steps => [
  { value: null, color },
  { value, color: GOOD },
]
/** Bad below `ticket`, worse below `page`. */
export const runningOut = ({ ticket, page }: { readonly ticket: number; readonly page: number }): Steps => [
  { value: null, color: PAGE },
  { value: page, color: TICKET },
  { value: ticket, color: GOOD },
]

const factors = (severity: 'page' | 'ticket'): number =>
  Math.min(...BURN_RATES.filter((pair) => pair.severity === severity).map(({ factor }) => factor))
/** Of a burn rate: 1 uses the budget up in 30 days; where the least sensitive pair of each severity begins. */
export const burning: Steps = [
  { value: null, color: GOOD },
  { value: factors('ticket'), color: TICKET },
  { value: factors('page'), color: PAGE },
]
/** Of what is left of a budget: all, some, none. */
export const budgetLeft: Steps = [
  { value: null, color: PAGE },
  { value: 0, color: TICKET },
  { value: 0.25, color: GOOD },
]
