/** What a stand-in says of its own models in ir_model_fields is what it answers by fields_get, and what is in its tables. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { versions } from '../../demo/odoo/columns.ts'
import type { CustomModel } from '../../demo/odoo/custom.ts'
import { createOdooDatabase } from '../../demo/odoo/database.ts'
import { registryOf } from '../../demo/odoo/models.ts'
import { type OdooServer, startOdoo } from '../../demo/odoo/server.ts'
import { type PostgresServer, startPostgres } from '../../demo/postgres.ts'
import { methodCall } from './odoo_call.ts'

const repair: CustomModel = {
  name: 'x_repair',
  description: 'Repair',
  columns: { x_name: 'varchar', x_state: 'varchar', x_order: 'int4', x_closed: 'timestamp', company_id: 'int4' },
  relations: { x_order: 'sale.order' },
  selections: { x_state: ['open', 'closed'] },
}

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres?.stop())

describe.each(versions)('%i', (version) => {
  const database = `reflected_${version}`
  const query = (sql: string) => postgres.query(sql, undefined, database)
  let odoo: OdooServer
  beforeAll(async () => {
    await createOdooDatabase(postgres, database, version, [repair])
    odoo = await startOdoo({ version, postgres, database, authenticateMs: 0, custom: [repair] })
  })
  afterAll(() => odoo?.stop())

  test('each model with its fields, their types, relations and choices', async () => {
    const told = await query(
      `SELECT f.model || '.' || f.name AS field, f.ttype AS type, f.relation,
        array(SELECT s.value FROM ir_model_fields_selection s WHERE s.field_id = f.id ORDER BY sequence) AS choices
      FROM ir_model_fields f JOIN ir_model m ON m.id = f.model_id AND m.model = f.model ORDER BY f.id`,
    )
    const registered = registryOf(version, [repair]).models.flatMap((model) =>
      [...model.fields.values()].map(({ name, type, relation = null, selection = [] }) => ({
        field: `${model.name}.${name}`,
        type,
        relation,
        choices: selection.map(([value]) => value),
      })),
    )
    expect(told).toEqual(registered)
  })

  test('what is stored in a column has one, what is linked has its table', async () => {
    const lacking = await query(
      `SELECT f.model, f.name FROM ir_model_fields f
      WHERE f.store AND f.ttype NOT IN ('one2many', 'many2many') AND NOT EXISTS (
        SELECT FROM information_schema.columns c
        WHERE c.table_name = replace(f.model, '.', '_') AND c.column_name = f.name)
      UNION ALL
      SELECT f.model, f.name FROM ir_model_fields f WHERE f.ttype = 'many2many' AND (
        SELECT count(*) FROM information_schema.columns c
        WHERE c.table_name = f.relation_table AND c.column_name IN (f.column1, f.column2)) <> 2
      UNION ALL
      SELECT f.model, f.name FROM ir_model_fields f WHERE f.ttype = 'one2many' AND NOT EXISTS (
        SELECT FROM information_schema.columns c
        WHERE c.table_name = replace(f.relation, '.', '_') AND c.column_name = f.relation_field)`,
    )
    expect(lacking).toEqual([])
  })

  test('the same by RPC', async () => {
    const [field] = await methodCall<readonly object[]>(odoo, 'ir.model.fields', 'search_read', [
      [
        ['model', '=', 'payment.transaction'],
        ['name', '=', 'sale_order_ids'],
      ],
      ['ttype', 'relation', 'relation_table', 'column1', 'column2', 'store'],
    ])
    expect(field).toMatchObject({
      ttype: 'many2many',
      relation: 'sale.order',
      relation_table: 'sale_order_transaction_rel',
      column1: 'transaction_id',
      column2: 'sale_order_id',
      store: true,
    })
  })

  test('a model of its own answers like any other', async () => {
    await query(
      `INSERT INTO x_repair (x_name, x_state, x_order, company_id) VALUES ('R1', 'open', NULL, 1), ('R2', 'closed', NULL, 9)`,
    )
    const fields = await methodCall<object>(odoo, 'x_repair', 'fields_get', [
      ['x_state', 'x_order'],
      ['type', 'relation', 'selection'],
    ])
    expect(fields).toMatchObject({
      x_state: {
        type: 'selection',
        selection: [
          ['open', 'open'],
          ['closed', 'closed'],
        ],
      },
      x_order: { type: 'many2one', relation: 'sale.order' },
    })
    // The second belongs to a company that the user has not.
    expect(await methodCall(odoo, 'x_repair', 'search_read', [[], ['x_name', 'x_state']])).toMatchObject([
      { x_name: 'R1', x_state: 'open' },
    ])
    expect(await query("SELECT state FROM ir_model WHERE model = 'x_repair'")).toEqual([{ state: 'manual' }])
  })

  test('a notification leads to its message', async () => {
    await query(`INSERT INTO mail_message (id, message_type, subject, create_date) VALUES (7, 'email', 'Invoice', '2026-03-02 10:00:00.5');
      INSERT INTO mail_notification (mail_message_id, notification_type, notification_status) VALUES (7, 'email', 'sent')`)
    const domain = [['mail_message_id.create_date', '>=', '2026-03-02 10:00:00']]
    const sent = await methodCall(odoo, 'mail.notification', 'search_read', [
      domain,
      ['notification_status', 'mail_message_id'],
    ])
    expect(sent).toMatchObject([{ notification_status: 'sent', mail_message_id: [7, 'Invoice'] }])
  })
})
