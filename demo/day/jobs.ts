/** Background jobs as OCA's queue_job keeps them: rows of queue_job, and what performing one does to the business. */
import { randomUUID } from 'node:crypto'
import type { ClientBase } from 'pg'
import { z } from 'zod'
import { type Condition, type Conditions, cameIn } from './conditions.ts'
import type { Order } from './plan.ts'
import { insert, type NewRow, type Tables } from './tables.ts'

/** The channels, from `root` down; what a channel can do at once keeps the others from starving. */
export const CHANNELS = {
  import: 'root.sale',
  reserve: 'root.inventory',
  label: 'root.delivery',
  export: 'root.stock',
} as const

export type Channel = (typeof CHANNELS)[keyof typeof CHANNELS]

const order = z.object({
  reference: z.string(),
  customer: z.number(),
  lines: z.array(z.object({ product: z.number(), quantity: z.number(), price: z.number() })),
})

/** A row of queue_job as far as performing it needs it. */
export const job = z.object({
  id: z.number(),
  channel: z.enum(Object.values(CHANNELS)),
  retry: z.number(),
  max_retries: z.number(),
  records: z.object({ ids: z.array(z.number()) }),
  kwargs: z.object({ order: order.optional() }),
})

export type Job = z.infer<typeof job>

const WORK: Readonly<Record<Channel, { readonly model: string; readonly method: string; readonly title: string }>> = {
  [CHANNELS.import]: {
    model: 'marketplace.sale.order',
    method: 'import_record',
    title: 'Import an order of the marketplace',
  },
  [CHANNELS.reserve]: { model: 'stock.picking', method: 'action_assign', title: 'Reserve the stock of a transfer' },
  [CHANNELS.label]: { model: 'stock.picking', method: 'send_to_shipper', title: "Ask for the carrier's label" },
  [CHANNELS.export]: {
    model: 'product.product',
    method: 'export_stock',
    title: 'Tell the marketplace what is in stock',
  },
}

/** Where jobs are queued. */
export interface Queue {
  readonly client: ClientBase
  readonly tables: Tables
  readonly conditions: Conditions
}

export interface NewJob {
  readonly channel: Channel
  /** Ids of the model's records. */
  readonly records?: readonly number[]
  readonly order?: Order
}

const rowOf = ({ channel, records = [], order }: NewJob, created: Date): NewRow => {
  const { model, method, title } = WORK[channel]
  return {
    uuid: randomUUID(),
    name: title,
    model_name: model,
    method_name: method,
    func_string: `${model}(${records.join(', ')}).${method}()`,
    channel,
    state: 'pending',
    priority: 10,
    retry: 0,
    max_retries: 3,
    exec_time: 0,
    user_id: 2,
    company_id: 1,
    records: { _type: 'odoo_recordset', model, ids: records, uid: 2 },
    args: [],
    kwargs: order === undefined ? {} : { order },
    date_created: created,
  }
}

/** Queues jobs, pending. */
export const enqueue = async (
  { client, tables, conditions }: Queue,
  jobs: readonly NewJob[],
  held: readonly Condition[] = [],
): Promise<void> => {
  const created = cameIn(conditions, ['job-runner-dead', ...held])
  await insert(
    client,
    tables,
    'queue_job',
    jobs.map((one, i) => rowOf(one, created(i))),
  )
}

/** Reserves transfers: their moves get their quantity. */
export const reserve = async (client: ClientBase, pickings: readonly number[]): Promise<void> => {
  await client.query(
    `UPDATE stock_move SET state = 'assigned', quantity = product_uom_qty, write_date = now()
    WHERE picking_id = ANY ($1) AND state IN ('confirmed', 'partially_available')`,
    [pickings],
  )
  await client.query(
    "UPDATE stock_picking SET state = 'assigned', write_date = now() WHERE id = ANY ($1) AND state = 'confirmed'",
    [pickings],
  )
}

/** Gives transfers the carrier's tracking reference. */
export const label = async (client: ClientBase, pickings: readonly number[]): Promise<void> => {
  await client.query(
    `UPDATE stock_picking SET carrier_tracking_ref = '1Z' || lpad(id::text, 16, '0'), carrier_price = 6.9, write_date = now()
    WHERE id = ANY ($1) AND carrier_tracking_ref IS NULL`,
    [pickings],
  )
}
