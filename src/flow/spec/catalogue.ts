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

/** By Odoo's name for the type; others can't be judged by. */
const KINDS: ReadonlyMap<string, FieldKind> = new Map([
  ['char', 'text'],
  ['text', 'text'],
  ['html', 'text'],
  ['selection', 'selection'],
  ['integer', 'integer'],
  ['many2one_reference', 'integer'],
  ['float', 'number'],
  ['monetary', 'number'],
  ['boolean', 'boolean'],
  ['date', 'date'],
  ['datetime', 'datetime'],
  ['many2one', 'many2one'],
  ['one2many', 'many'],
  ['many2many', 'many'],
])
export const kindOf = (type: string): FieldKind | undefined => KINDS.get(type)

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
  /** Why a field that may well be there can't be used, and what would mend it; undefined where there is none such. */
  readonly why?: (model: string, name: string) => string | undefined
  /** Models that could not be asked this time, and why: of them nothing is known. */
  readonly untold?: ReadonlyMap<string, string>
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

export interface NotFound {
  readonly problem: string
  /** It may well be there: we can't read it. */
  readonly isHidden: boolean
  /** It could not be asked this time. */
  readonly isUntold: boolean
}

const notFound = (problem: string): NotFound => ({ problem, isHidden: false, isUntold: false })

/** Where a path leads, or what is wrong with it. */
export const find = (catalogue: Catalogue, model: string, path: string): Found | NotFound => {
  const names = path.split('.')
  const steps: Step[] = []
  let here = model
  for (const [i, name] of names.entries()) {
    const field = catalogue.field(here, name)
    if (field === undefined) {
      const why = catalogue.why?.(here, name)
      return {
        problem: why ?? `${here} has no stored field ${name}, or it is not readable`,
        isHidden: why !== undefined,
        isUntold: catalogue.untold?.has(here) ?? false,
      }
    }
    if (i === names.length - 1) return { steps, model: here, name, field }
    if (field.relation === undefined) return notFound(`${here}.${name} is no relation: nothing can follow it`)
    steps.push({ name, field, relation: field.relation })
    here = field.relation
  }
  return notFound(`"${path}" names no field`)
}

export const tableOf = (model: string): string => model.replaceAll('.', '_')
