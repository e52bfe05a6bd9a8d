/** Writes the plan's steps into Odoo's tables, each only where what comes before it has happened. */
import type { Business, Write } from './book.ts'
import { invoiced, paid, posted } from './invoicing.ts'
import { STAGES, type Stage, type Step } from './plan.ts'
import { cancelled, confirmed, imported, prepaid } from './sales.ts'
import { labelled, picked, reserved, shipped } from './warehouse.ts'

const WRITES: Readonly<Record<Stage, Write>> = {
  imported,
  prepaid,
  cancelled,
  confirmed,
  reserved,
  picked,
  labelled,
  shipped,
  invoiced,
  posted,
  paid,
}

/** So that a backlog is worked off in portions. */
const AT_ONCE = 500

/** Writes what can happen, in one transaction. Gives the steps that could not happen yet; throws having written nothing. */
export const write = async (business: Business, steps: readonly Step[]): Promise<readonly Step[]> => {
  const { client, book } = business
  const waiting: Step[] = []
  const over: Step[] = []
  await client.query('BEGIN')
  try {
    for (const stage of STAGES) {
      const now = steps.filter((step) => step.stage === stage)
      const first = now.slice(0, AT_ONCE)
      const happened = new Set(
        first.length > 0
          ? await WRITES[stage](
              business,
              first.map(({ order }) => order),
            )
          : [],
      )
      waiting.push(...first.filter(({ order }) => !happened.has(order)), ...now.slice(AT_ONCE))
      over.push(...first.filter(({ order, last }) => last && happened.has(order)))
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  for (const { order } of over) book.delete(order.reference)
  return waiting
}
