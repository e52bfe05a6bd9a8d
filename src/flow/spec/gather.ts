/** Which fields have to be known to judge some flows on one Odoo, and the catalogue of them. Whom to ask is an argument. */
import type { Wanted } from '../read/access.ts'
import { alsoRead } from '../read/plan.ts'
import type { Catalogue, Field } from './catalogue.ts'
import { type Edition, fieldsOf, furtherOf, settle } from './resolve.ts'

/** A field, or why it can't be used and what would mend that, for people. */
export type Described = Field | { readonly problem: string }

/**
 * By name; a field the model does not have is absent. Or why the model can't be read at all, and what would mend it; or
 * why nothing was learnt of it this time, though the target answers.
 */
export type ModelFields = ReadonlyMap<string, Described> | { readonly unreadable: string } | { readonly untold: string }

/** At most once for a model and field. Rejects where it is the target that doesn't answer: then nothing is known. */
export type AskFields = (model: string, names: readonly string[]) => Promise<ModelFields>

type Path = readonly [model: string, path: string]

/** What one flow reads. */
const pathsOf = ({ flow, narrow, group }: Wanted, edition: Edition): readonly Path[] => {
  const settled = settle(flow, edition, { narrow, group })
  if ('unsupported' in settled) return []
  const further = furtherOf(settled.flow)
  return [settled.flow, ...(further ? [further] : [])].flatMap((part) => [
    ...fieldsOf(part),
    ...alsoRead(part).map((path): Path => [part.model, path]),
  ])
}

/** The modules that decide whether and how these flows can be judged. */
export const modulesNamed = (flows: readonly Pick<Wanted, 'flow'>[]): readonly string[] => [
  ...new Set(
    flows.flatMap(({ flow: { requires, variants } }) => [
      ...requires.modules,
      ...variants.flatMap((variant) => [...(variant.requires?.modules ?? []), ...(variant.for.modules ?? [])]),
    ]),
  ),
]

/** Every path, with its model, that has to be known for those of these flows that this edition allows. */
export const wanted = (flows: readonly Wanted[], edition: Edition): readonly Path[] => [
  ...new Map(flows.flatMap((flow) => pathsOf(flow, edition)).map((path) => [path.join(' '), path])).values(),
]

/** Step by step along the paths: a model is asked once for all that is wanted of it at that depth. */
export const gatherCatalogue = async (
  edition: Edition,
  flows: readonly Wanted[],
  ask: AskFields,
): Promise<Catalogue> => {
  const known = new Map<string, Map<string, Described>>()
  const unreadable = new Map<string, string>()
  const untold = new Map<string, string>()
  const asked = new Set<string>()
  const fieldOf = (model: string, name: string): Field | undefined => {
    const found = known.get(model)?.get(name)
    return found && 'kind' in found ? found : undefined
  }
  const next = ([model, path]: Path): readonly Path[] => {
    const [head = '', ...rest] = path.split('.')
    const relation = fieldOf(model, head)?.relation
    return rest.length > 0 && relation !== undefined ? [[relation, rest.join('.')]] : []
  }
  for (let paths = wanted(flows, edition); paths.length > 0; paths = paths.flatMap(next)) {
    for (const [model, names] of newHeads(paths, asked)) {
      if (unreadable.has(model) || untold.has(model)) continue
      const answer = await ask(model, names)
      if ('unreadable' in answer) unreadable.set(model, answer.unreadable)
      else if ('untold' in answer) untold.set(model, answer.untold)
      else known.set(model, new Map([...(known.get(model) ?? []), ...answer]))
    }
  }
  return {
    version: edition.version,
    field: fieldOf,
    why: (model, name) => {
      const found = known.get(model)?.get(name)
      return unreadable.get(model) ?? untold.get(model) ?? (found && 'problem' in found ? found.problem : undefined)
    },
    untold,
  }
}

/** The first fields of the paths that were not asked before, by model; from now on they were. */
const newHeads = (paths: readonly Path[], asked: Set<string>): ReadonlyMap<string, readonly string[]> => {
  const heads = new Map<string, string[]>()
  for (const [model, path] of paths) {
    const [head = ''] = path.split('.')
    const key = `${model} ${head}`
    if (asked.has(key)) continue
    asked.add(key)
    heads.set(model, [...(heads.get(model) ?? []), head])
  }
  return heads
}
