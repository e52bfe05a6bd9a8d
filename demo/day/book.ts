/** What the day remembers of its orders, and how a step is written for those that are ready for it. */
import type { ClientBase } from 'pg'
import type { Conditions } from './conditions.ts'
import type { Order } from './plan.ts'
import type { Tables } from './tables.ts'

/** What an order has become. */
export interface Records {
  readonly order: number
  readonly picking?: number | undefined
  readonly invoice?: number | undefined
}

/** By the order's reference, while it is on its way. */
export type Book = Map<string, Records>

export interface Business {
  readonly client: ClientBase
  readonly tables: Tables
  readonly book: Book
  readonly conditions: Conditions
}

/** Orders by an id of theirs. */
export type Known = ReadonlyMap<number, Order>

/** Gives the orders to which it happened; the others have to wait. */
export type Write = (business: Business, orders: readonly Order[]) => Promise<readonly Order[]>

export const known = (book: Book, orders: readonly Order[], what: keyof Records): Known =>
  new Map(
    orders.flatMap((order) => {
      const id = book.get(order.reference)?.[what]
      return id === undefined ? [] : [[id, order] as const]
    }),
  )

/** Runs a statement whose first parameter is the ids and which returns those it changed or found. */
export const ofIds = async (
  { client, book }: Business,
  orders: readonly Order[],
  what: keyof Records,
  sql: string,
): Promise<Known> => {
  const candidates = known(book, orders, what)
  if (candidates.size === 0) return candidates
  const { rows } = await client.query<{ id: number }>(sql, [[...candidates.keys()]])
  const found = new Set(rows.map(({ id }) => id))
  return new Map([...candidates].filter(([id]) => found.has(id)))
}

export const remember = (book: Book, { reference }: Order, more: Partial<Records>): void => {
  const before = book.get(reference)
  if (before !== undefined) book.set(reference, { ...before, ...more })
}
