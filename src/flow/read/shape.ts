/** What is read of a table's rows, and of the rows of other tables they lead to. Pure. */
import { type Catalogue, find } from '../spec/catalogue.ts'

export interface Shape {
  readonly model: string
  /** Of the row itself: `id` first, and the relations below as ids. */
  readonly fields: readonly string[]
  readonly related: readonly Related[]
}

export interface Related {
  /** The field of the row that leads there. */
  readonly name: string
  readonly many: boolean
  readonly shape: Shape
}

/** What these dotted paths need. What the catalogue does not know is left out: the flow was held against it before. */
export const shapeOf = (catalogue: Catalogue, model: string, paths: readonly string[]): Shape => {
  const heads = Map.groupBy(paths, (path) => path.split('.')[0] ?? '')
  const related = [...heads].flatMap(([name, all]): readonly Related[] => {
    const field = catalogue.field(model, name)
    const rests = all.filter((path) => path !== name).map((path) => path.slice(name.length + 1))
    if (rests.length === 0 || field?.relation === undefined) return []
    return [{ name, many: field.kind === 'many', shape: shapeOf(catalogue, field.relation, rests) }]
  })
  return { model, fields: [...new Set(['id', ...heads.keys()])], related }
}

/** Each relation some path goes through, as a path of its own. */
export const relationsIn = (paths: readonly string[]): readonly string[] => {
  const through = paths.flatMap((path) => {
    const names = path.split('.').slice(0, -1)
    return names.map((_, i) => names.slice(0, i + 1).join('.'))
  })
  return [...new Set(through)]
}

/** The datetime stamped by Odoo at each write of the records a relation leads to; undefined where they have none. */
export const stampPath = (catalogue: Catalogue, model: string, relation: string): string | undefined => {
  const path = `${relation}.write_date`
  return 'problem' in find(catalogue, model, path) ? undefined : path
}
