/** What can't be read off the columns: descriptions, orders, names, relations, computed fields. */
import type { FieldType, Link } from './models.ts'

export interface ExtraField {
  readonly name: string
  readonly type: FieldType
  readonly relation?: string
  readonly link?: Link
  readonly related?: string
  readonly computed?: string
  readonly groups?: string
  readonly since?: number
  readonly until?: number
}

export interface ModelFacts {
  readonly name: string
  readonly description: string
  readonly order?: string
  readonly displayName?: (alias: string) => string
  readonly groups?: readonly string[]
  readonly groups19?: readonly string[]
  readonly extra?: readonly ExtraField[]
}

const plain = (column: string) => (alias: string) => `${alias}."${column}"`
const translated = (column: string) => (alias: string) => `${alias}."${column}"->>'en_US'`
const typeName = (alias: string) =>
  `coalesce((SELECT w.name || ': ' FROM stock_warehouse w WHERE w.id = ${alias}.warehouse_id), '') || (${alias}.name->>'en_US')`
const partnerName = (alias: string) => `(SELECT p.name FROM res_partner p WHERE p.id = ${alias}.partner_id)`

const administrators = { groups: ['Administration/Settings'], groups19: ['Role / Administrator'] }
const sales = ['Sales/Administrator', 'Sales/User: Own Documents Only']
const stock = ['Inventory/Administrator', 'Inventory/User']
const accounting = ['Invoicing/Billing Administrator', 'Invoicing/Invoicing']
const jobs = { groups: ['Job Queue/Job Queue Manager'], groups19: ['Job Queue Manager'] }

const transactions: Link = { table: 'sale_order_transaction_rel', own: 'sale_order_id', other: 'transaction_id' }

/** A model is there where its table is. */
export const catalogue: readonly ModelFacts[] = [
  {
    name: 'ir.cron',
    description: 'Scheduled Actions',
    order: 'cron_name, id',
    displayName: plain('cron_name'),
    ...administrators,
  },
  { name: 'ir.cron.progress', description: 'Progress of Scheduled Actions', ...administrators },
  { name: 'ir.cron.trigger', description: 'Triggered actions', ...administrators },
  {
    name: 'ir.model',
    description: 'Models',
    order: 'model',
    displayName: translated('name'),
    ...administrators,
  },
  {
    name: 'ir.model.fields',
    description: 'Fields',
    order: 'name',
    displayName: translated('field_description'),
    ...administrators,
  },
  {
    name: 'ir.model.fields.selection',
    description: 'Fields Selection',
    order: 'sequence, id',
    displayName: translated('name'),
    ...administrators,
  },
  { name: 'ir.logging', description: 'Logging', order: 'id DESC', displayName: plain('name'), ...administrators },
  {
    name: 'ir.module.module',
    description: 'Module',
    order: 'application desc, sequence, name',
    displayName: plain('name'),
  },
  {
    name: 'queue.job',
    description: 'Queue Job',
    order: 'date_created DESC, date_done DESC',
    displayName: plain('name'),
    ...jobs,
  },
  { name: 'queue.job.channel', description: 'Job Channels', displayName: plain('complete_name'), ...jobs },
  { name: 'queue.job.function', description: 'Job Functions', displayName: plain('name'), ...jobs },
  { name: 'res.company', description: 'Companies', order: 'sequence, name', displayName: plain('name') },
  { name: 'res.currency', description: 'Currency', order: 'active desc, name', displayName: plain('name') },
  { name: 'res.partner', description: 'Contact', order: 'name, id', displayName: plain('name') },
  {
    name: 'res.users',
    description: 'User',
    order: 'login',
    displayName: partnerName,
    extra: [
      { name: 'name', type: 'char', related: 'partner_id.name' },
      {
        name: 'company_ids',
        type: 'many2many',
        relation: 'res.company',
        link: { table: 'res_company_users_rel', own: 'user_id', other: 'cid' },
      },
      { name: 'companies_count', type: 'integer', computed: '(SELECT count(*) FROM res_company c WHERE c.active)' },
    ],
  },
  { name: 'res.users.apikeys', description: 'Users API Keys', displayName: plain('name') },
  { name: 'res.users.log', description: 'Users Log', order: 'id desc', ...administrators },
  {
    name: 'sale.order',
    description: 'Sales Order',
    order: 'date_order desc, id desc',
    displayName: plain('name'),
    groups: sales,
    extra: [
      { name: 'transaction_ids', type: 'many2many', relation: 'payment.transaction', link: transactions, until: 18 },
      {
        name: 'transaction_ids',
        type: 'many2many',
        relation: 'payment.transaction',
        link: transactions,
        since: 19,
        groups: 'Accounting / Invoicing',
      },
      {
        name: 'order_line',
        type: 'one2many',
        relation: 'sale.order.line',
        link: { table: 'sale_order_line', own: 'order_id', other: 'id' },
      },
      {
        name: 'picking_ids',
        type: 'one2many',
        relation: 'stock.picking',
        link: { table: 'stock_picking', own: 'sale_id', other: 'id' },
      },
      { name: 'is_expired', type: 'boolean' },
    ],
  },
  { name: 'sale.order.line', description: 'Sales Order Line', displayName: plain('name'), groups: sales },
  {
    name: 'payment.transaction',
    description: 'Payment Transaction',
    order: 'id desc',
    displayName: plain('reference'),
    ...administrators,
    extra: [
      {
        name: 'sale_order_ids',
        type: 'many2many',
        relation: 'sale.order',
        link: { table: 'sale_order_transaction_rel', own: 'transaction_id', other: 'sale_order_id' },
      },
      { name: 'provider_code', type: 'selection', related: 'provider_id.code' },
    ],
  },
  {
    name: 'payment.provider',
    description: 'Payment Provider',
    displayName: translated('name'),
    ...administrators,
  },
  {
    name: 'stock.picking',
    description: 'Transfer',
    order: 'priority desc, scheduled_date asc, id desc',
    displayName: plain('name'),
    groups: stock,
    extra: [
      {
        name: 'move_ids',
        type: 'one2many',
        relation: 'stock.move',
        link: { table: 'stock_move', own: 'picking_id', other: 'id' },
      },
      { name: 'picking_type_code', type: 'selection', related: 'picking_type_id.code' },
      { name: 'products_availability_state', type: 'selection' },
    ],
  },
  { name: 'stock.picking.type', description: 'Picking Type', order: 'sequence, id', displayName: typeName },
  {
    name: 'stock.move',
    description: 'Stock Move',
    order: 'sequence, id',
    displayName: (alias) => `coalesce(${alias}.reference, 'stock.move,' || ${alias}.id)`,
    groups: stock,
    extra: [{ name: 'forecast_availability', type: 'float' }],
  },
  { name: 'stock.move.line', description: 'Product Moves (Stock Move Line)', groups: stock },
  { name: 'stock.warehouse', description: 'Warehouse', order: 'sequence,id', displayName: plain('name') },
  {
    name: 'delivery.carrier',
    description: 'Shipping Methods',
    order: 'sequence, id',
    displayName: translated('name'),
    groups: ['Inventory/Administrator', 'Sales/Administrator'],
  },
  {
    name: 'account.move',
    description: 'Journal Entry',
    order: 'date desc, name desc, invoice_date desc, id desc',
    displayName: (alias) => `coalesce(${alias}.name, '/')`,
    groups: accounting,
    extra: [{ name: 'edi_error_count', type: 'integer' }],
  },
  { name: 'account.journal', description: 'Journal', order: 'sequence, type, code', displayName: translated('name') },
  { name: 'account.edi.document', description: 'Electronic Document for an account.move' },
  { name: 'account.edi.format', description: 'EDI format', displayName: plain('name') },
  { name: 'crm.team', description: 'Sales Team', order: 'sequence, id', displayName: translated('name') },
  { name: 'mail.mail', description: 'Outgoing Mails', order: 'id desc', ...administrators },
  { name: 'mail.message', description: 'Message', order: 'id desc', displayName: plain('subject') },
  { name: 'mail.notification', description: 'Message Notifications' },
  { name: 'mail.activity', description: 'Activity', order: 'date_deadline ASC, id ASC' },
  {
    name: 'pos.order',
    description: 'Point of Sale Orders',
    order: 'date_order desc, name desc, id desc',
    displayName: plain('name'),
    groups: ['Point of Sale/User'],
  },
  {
    name: 'pos.session',
    description: 'Point of Sale Session',
    order: 'id desc',
    displayName: plain('name'),
    groups: ['Point of Sale/User'],
  },
  {
    name: 'pos.config',
    description: 'Point of Sale Configuration',
    displayName: plain('name'),
    groups: ['Point of Sale/User'],
  },
]
