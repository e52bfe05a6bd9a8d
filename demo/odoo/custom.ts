/**
 * A model which no module of Odoo has, as Studio or a customer's developer would add it:
 *
 *     const repair: CustomModel = {
 *       name: 'x_repair',
 *       description: 'Repair',
 *       columns: { x_name: 'varchar', x_state: 'varchar', x_closed: 'timestamp', company_id: 'int4' },
 *       selections: { x_state: ['open', 'closed'] },
 *     }
 *     await createOdooDatabase(postgres, database, 18, [repair])
 *     const odoo = await startOdoo({ version: 18, postgres, database, custom: [repair] })
 *
 * Its table is there (`x_repair`), its fields are in ir_model_fields, and it answers by RPC like any other.
 */
import type { ModelFacts } from './model_facts.ts'

export interface CustomModel extends ModelFacts {
  /** Column → PostgreSQL's type, ` not null` where it demands a value; `id`, `create_date` and the like come by themselves. */
  readonly columns: Readonly<Record<string, string>>
  /** Column → the model it points to, where its name alone (`company_id`) does not say so. */
  readonly relations?: Readonly<Record<string, string>>
  /** Column → its choices. */
  readonly selections?: Readonly<Record<string, readonly string[]>>
}

const standing = {
  id: 'int4 not null',
  create_uid: 'int4',
  write_uid: 'int4',
  create_date: 'timestamp',
  write_date: 'timestamp',
} as const

/** Of its table. */
export const columnsOf = ({ columns }: CustomModel): Readonly<Record<string, string>> => ({ ...standing, ...columns })
