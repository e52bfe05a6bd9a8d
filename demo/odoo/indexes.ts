/** The indexes that matter to what is asked, named as Odoo names them (read on 18.0). */
import type { Tables } from './columns.ts'

const indexed: Readonly<Record<string, readonly string[]>> = {
  account_edi_document: ['move_id'],
  account_move: ['company_id', 'date', 'invoice_date', 'invoice_date_due', 'move_type', 'partner_id'],
  ir_cron_progress: ['cron_id'],
  ir_cron_trigger: ['call_at', 'cron_id'],
  ir_model_fields: ['complete_name', 'model', 'model_id', 'name', 'state'],
  ir_model_fields_selection: ['field_id'],
  mail_mail: ['mail_message_id'],
  mail_notification: ['mail_mail_id', 'mail_message_id', 'notification_status', 'notification_type', 'res_partner_id'],
  payment_transaction: ['company_id', 'operation', 'state'],
  pos_order: ['company_id', 'date_order', 'session_id', 'state'],
  pos_session: ['config_id', 'state', 'user_id'],
  queue_job: ['channel', 'company_id', 'graph_uuid', 'state', 'uuid'],
  sale_order: ['company_id', 'create_date', 'partner_id', 'state', 'user_id'],
  stock_move: ['company_id', 'date', 'picking_id', 'product_id', 'sale_line_id', 'state'],
  stock_picking: ['company_id', 'partner_id', 'picking_type_id', 'sale_id', 'scheduled_date', 'state'],
}

const others: readonly (readonly [table: string, sql: string])[] = [
  ['sale_order', 'CREATE INDEX sale_order_date_order_id_idx ON sale_order (date_order DESC, id DESC)'],
  ['stock_picking', 'CREATE UNIQUE INDEX stock_picking_name_uniq ON stock_picking (name, company_id)'],
  ['payment_transaction', 'CREATE UNIQUE INDEX payment_transaction_reference_uniq ON payment_transaction (reference)'],
  [
    'account_move',
    'CREATE INDEX account_move_payment_idx ON account_move (journal_id, state, payment_state, move_type, date)',
  ],
  ['sale_order_transaction_rel', 'CREATE INDEX ON sale_order_transaction_rel (sale_order_id)'],
  ['sale_order_transaction_rel', 'CREATE INDEX ON sale_order_transaction_rel (transaction_id)'],
  ['res_company_users_rel', 'CREATE UNIQUE INDEX ON res_company_users_rel (user_id, cid)'],
]

export const indexes = (tables: Tables): readonly string[] => [
  ...Object.entries(indexed).flatMap(([table, columns]) =>
    columns
      .filter((column) => tables.get(table)?.has(column))
      .map((column) => `CREATE INDEX "${table}__${column}_index" ON "${table}" ("${column}")`),
  ),
  ...others.filter(([table]) => tables.has(table)).map(([, sql]) => sql),
]
