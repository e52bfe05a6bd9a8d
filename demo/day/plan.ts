/** What happens in a distributor's business at which simulated minute: a pure function of the seed. */
import { type Instant, minutes } from '../../src/metric.ts'
import { busyness, workedUntil } from './clock.ts'
import { between, poisson, type Random, randomFrom } from './random.ts'

/** In the order in which an order goes through them. */
export const STAGES = [
  'imported',
  'prepaid',
  'cancelled',
  'confirmed',
  'reserved',
  'picked',
  'labelled',
  'shipped',
  'invoiced',
  'posted',
  'paid',
] as const

export type Stage = (typeof STAGES)[number]

export interface OrderLine {
  /** 1–PRODUCTS */
  readonly product: number
  readonly quantity: number
  readonly price: number
}

export interface Order {
  /** What the shop calls it; unique in the tenant. */
  readonly reference: string
  /** 1–CUSTOMERS */
  readonly customer: number
  readonly lines: readonly OrderLine[]
}

/** One thing that happens to one order. */
export interface Step {
  readonly at: Instant
  readonly stage: Stage
  readonly order: Order
  /** Nothing comes after it. */
  readonly last: boolean
}

/** What a tenant's trade is like. */
export interface Trade {
  readonly seed: number
  /** In the busiest hour of the week. */
  readonly ordersPerHour: number
}

export const PRODUCTS = 100
export const CUSTOMERS = 200

const MINUTE = minutes(1)
const DAY = minutes(24 * 60)

const pick = (random: Random, count: number): number => 1 + Math.floor(random() * count)

const lines = (random: Random): readonly OrderLine[] =>
  Array.from({ length: 1 + Math.min(poisson(random, 1.2), 9) }, () => ({
    product: pick(random, PRODUCTS),
    quantity: pick(random, 12),
    price: Math.round(between(random, 2, 180) * 100) / 100,
  }))

/** An order's way through the house. The warehouse works in its hours, machines round the clock. */
const way = (random: Random, imported: Instant): readonly (readonly [Stage, Instant])[] => {
  const prepaid = random() < 0.6
  const decided = imported + between(random, 1, 9) * MINUTE
  const start = [['imported', imported] as const, ...(prepaid ? [['prepaid', imported + MINUTE] as const] : [])]
  if (random() < 0.03) return [...start, ['cancelled', decided]]
  const reserved = decided + between(random, 0.5, 3) * MINUTE
  const picked = workedUntil(reserved, between(random, 15, 90) * MINUTE)
  const labelled = workedUntil(picked, between(random, 1, 8) * MINUTE)
  const shipped = workedUntil(labelled, between(random, 5, 45) * MINUTE)
  const invoiced = shipped + between(random, 1, 10) * MINUTE
  const posted = invoiced + between(random, 1, 30) * MINUTE
  return [
    ...start,
    ...([
      ['confirmed', decided],
      ['reserved', reserved],
      ['picked', picked],
      ['labelled', labelled],
    ] as const),
    ...([
      ['shipped', shipped],
      ['invoiced', invoiced],
      ['posted', posted],
    ] as const),
    ...(prepaid ? [] : [['paid', posted + between(random, 1, 7) * DAY] as const]),
  ]
}

/** The orders that come in within the minute that begins at `minute`, each with all its steps in turn. */
export const ordersOf = (trade: Trade, minute: Instant): readonly (readonly Step[])[] => {
  const random = randomFrom(trade.seed, minute / MINUTE)
  const count = poisson(random, (trade.ordersPerHour / 60) * busyness(minute))
  return Array.from({ length: count }, (_, i) => {
    const order = {
      reference: `WEB-${(minute / MINUTE).toString(36).toUpperCase()}-${i + 1}`,
      customer: pick(random, CUSTOMERS),
      lines: lines(random),
    }
    return way(random, minute + random() * MINUTE).map(([stage, at], n, all) => ({
      at,
      stage,
      order,
      last: n === all.length - 1,
    }))
  })
}

/** How far the plan has come, and what of it is still to happen. */
export interface Agenda {
  /** The next minute whose orders are not planned yet. */
  readonly minute: Instant
  readonly pending: readonly Step[]
}

export const agendaFrom = (start: Instant): Agenda => ({ minute: start - (start % MINUTE), pending: [] })

/** By time; what happens at the same time, by stage. */
const inTurn = (a: Step, b: Step): number => a.at - b.at || STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage)

/** Moves to an instant: the steps due by then, in turn, and the agenda without them. A step refused may be added again. */
export const advance = (
  trade: Trade,
  agenda: Agenda,
  to: Instant,
): { readonly due: readonly Step[]; readonly agenda: Agenda } => {
  const planned: Step[] = [...agenda.pending]
  let { minute } = agenda
  for (; minute <= to; minute += MINUTE) planned.push(...ordersOf(trade, minute).flat())
  return {
    due: planned.filter((step) => step.at <= to).sort(inTurn),
    agenda: { minute, pending: planned.filter((step) => step.at > to) },
  }
}
