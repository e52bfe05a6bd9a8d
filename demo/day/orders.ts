/** What an order is in Odoo's tables, and which of the companies takes it. */
import type { ClientBase } from 'pg'
import { CUSTOMERS, type Order } from './plan.ts'
import { insert, type NewRow, type Tables } from './tables.ts'

/** A company with what belongs to it. */
export interface House {
  readonly company: number
  readonly currency: number
  readonly warehouse: number
  readonly deliveries: number
  readonly journal: number
  readonly provider: number
}

/** Each customer buys from one of three companies, most from the first. Ids as `createOdooDatabase` gives them. */
export const houseOf = (customer: number): House => {
  const company = customer <= 0.7 * CUSTOMERS ? 1 : customer <= 0.9 * CUSTOMERS ? 2 : 3
  return {
    company,
    currency: company === 3 ? 2 : 1,
    warehouse: company,
    deliveries: 3 * (company - 1) + 2,
    journal: 3 * (company - 1) + 1,
    provider: 2 * (company - 1) + 1,
  }
}

/** Net, in the company's currency. */
const netOf = ({ lines }: Order): number =>
  Math.round(lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0) * 100) / 100

const taxOf = (order: Order): number => Math.round(netOf(order) * 19) / 100

/** What the customer pays. */
export const totalOf = (order: Order): number => Math.round((netOf(order) + taxOf(order)) * 100) / 100

const orderRow = (order: Order, at: Date): NewRow => {
  const { reference, customer } = order
  const untaxed = netOf(order)
  const { company, warehouse, currency } = houseOf(customer)
  return {
    name: reference.replace('WEB-', 'S'),
    client_order_ref: reference,
    origin: 'Marketplace',
    state: 'draft',
    company_id: company,
    warehouse_id: warehouse,
    partner_id: customer,
    partner_invoice_id: customer,
    partner_shipping_id: customer,
    currency_id: currency,
    currency_rate: 1,
    user_id: 2,
    team_id: 3,
    carrier_id: 1,
    picking_policy: 'direct',
    invoice_status: 'no',
    amount_untaxed: untaxed,
    amount_tax: taxOf(order),
    amount_total: totalOf(order),
    locked: false,
    create_uid: 2,
    date_order: at,
    create_date: at,
    write_date: at,
  }
}

/** Draft orders with their lines, all new. Gives their ids, in turn. */
export const newOrders = async (
  client: ClientBase,
  tables: Tables,
  orders: readonly Order[],
  at: Date,
): Promise<readonly number[]> => {
  const ids = await insert(
    client,
    tables,
    'sale_order',
    orders.map((one) => orderRow(one, at)),
  )
  const lines = orders.flatMap(({ lines, customer }, i) =>
    lines.map(({ product, quantity, price }) => ({
      order_id: ids[i],
      company_id: houseOf(customer).company,
      currency_id: houseOf(customer).currency,
      product_id: product,
      state: 'draft',
      name: `Article ${product}`,
      product_uom_qty: quantity,
      price_unit: price,
      price_total: quantity * price,
      qty_delivered: 0,
      qty_invoiced: 0,
      customer_lead: 0,
      create_date: at,
      write_date: at,
    })),
  )
  await insert(client, tables, 'sale_order_line', lines)
  return ids
}
