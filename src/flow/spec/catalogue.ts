/** What is known of one Odoo's models: from fields_get, or from PostgreSQL's catalogue. */

export type FieldKind =
  | 'text'
  | 'selection'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'many2one'
  | 'many'

export interface Field {
  readonly kind: FieldKind
  /** The model at the other end of a many2one or many. */
  readonly relation?: string
  /** Of a many: rows of `table` whose `own` is the record and whose `other` is a record of the relation. */
  readonly link?: { readonly table: string; readonly own: string; readonly other: string }
  /** A jsonb of texts by language. */
  readonly translated?: boolean
  /** What may be chosen, where known. */
  readonly selection?: readonly string[]
}

export interface Catalogue {
  /** The series: 17, 18, 19. */
  readonly version: number
  /** A field that may stand in a condition and be read; unsearchable ones are not here (17 and 18 take them for true). */
  readonly field: (model: string, name: string) => Field | undefined
}

export interface Found {
  readonly steps: readonly Step[]
  readonly model: string
  readonly name: string
  readonly field: Field
}

/** A relation on the way to a field. */
export interface Step {
  readonly name: string
  readonly field: Field
  readonly relation: string
}

/** Where a path leads, or what is wrong with it. */
export const find = (catalogue: Catalogue, model: string, path: string): Found | { readonly problem: string } => {
  const names = path.split('.')
  const steps: Step[] = []
  let here = model
  for (const [i, name] of names.entries()) {
    const field = catalogue.field(here, name)
    if (field === undefined) return { problem: `${here} has no stored field ${name}, or it is not readable` }
    if (i === names.length - 1) return { steps, model: here, name, field }
    if (field.relation === undefined) return { problem: `${here}.${name} is no relation: nothing can follow it` }
    steps.push({ name, field, relation: field.relation })
    here = field.relation
  }
  return { problem: `"${path}" names no field` }
}

export const tableOf = (model: string): string => model.replaceAll('.', '_')
