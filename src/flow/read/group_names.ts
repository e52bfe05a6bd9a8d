/** What Odoo calls the members of a flow's group: carriers, journals, teams. Never people. */
import { allOf } from '../condition/condition.ts'
import { type Catalogue, find } from '../spec/catalogue.ts'
import type { ResolvedFlow } from '../spec/resolve.ts'
import { idOf, type Source } from './source.ts'

/** However many are asked for. */
const MOST = 50

/** Their members stay ids, here as on the page. */
const PEOPLE: ReadonlySet<string> = new Set(['res.users', 'res.partner', 'hr.employee', 'hr.employee.public'])

const NAME = 'name'

/** Of whose records the members are ids; undefined where they are texts, or people. */
const relationOf = ({ model, group }: ResolvedFlow, catalogue: Catalogue): string | undefined => {
  const found = group && find(catalogue, model, group.field)
  if (found === undefined || 'problem' in found) return undefined
  const { kind, relation } = found.field
  return kind === 'many2one' && relation !== undefined && !PEOPLE.has(relation) ? relation : undefined
}

/** A name by languages is the one Odoo was written in: its tables are read as they are. */
const nameOf = (value: unknown): string | undefined => {
  const name = typeof value === 'object' && value !== null && 'en_US' in value ? value.en_US : value
  return typeof name === 'string' && name.trim() !== '' ? name : undefined
}

const isId = (id: number): boolean => Number.isSafeInteger(id) && id > 0

/**
 * One question at most, archived ones among them; a record that has gone, or has no name, is left out. No flow needs names
 * to be judged, so the catalogue does not have them: where they may not be read this rejects, with Unsupported.
 */
export const groupNamesAt = async (
  source: Source,
  flow: ResolvedFlow,
  members: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> => {
  const model = relationOf(flow, source.catalogue)
  const ids = members.map(Number).filter(isId).slice(0, MOST)
  if (model === undefined || ids.length === 0) return new Map()
  const selection = { model, where: allOf([]), atLeast: 0, ids }
  const rows = await source.rows(selection, ['id', NAME], 'id', ids.length, signal)
  return new Map(
    rows.flatMap((row) => {
      const name = nameOf(row[NAME])
      return name === undefined ? [] : [[String(idOf(row)), name] as const]
    }),
  )
}
