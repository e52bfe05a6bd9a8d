/** A tenant's narrowing of a flow: whether it is one, and what is wrong with it on one Odoo. Pure. */
import { type Condition, pathsIn } from '../condition/condition.ts'
import { type Catalogue, find } from './catalogue.ts'
import type { FlowFile } from './spec.ts'

type Narrowed = Pick<FlowFile, 'model' | 'narrow_by' | 'further'>

const isAsked = (narrow: readonly Condition[], fields: readonly string[]): boolean =>
  narrow.flatMap(pathsIn).some((path) => fields.some((field) => path === field || path.startsWith(`${field}.`)))

const named = (fields: readonly string[]): string => fields.join(' or ')

/** The fields a flow is narrowed by, whichever of its variants applies; none: it needs no narrowing. */
export const narrowFields = ({ narrow_by = [], variants }: FlowFile): readonly string[] => [
  ...new Set([...narrow_by, ...variants.flatMap((variant) => variant.narrow_by ?? [])]),
]

/** Why a flow that needs narrowing is off; undefined where it is narrowed, or needs none. */
export const notNarrowed = (flow: FlowFile, narrow: readonly Condition[]): string | undefined => {
  const fields = narrowFields(flow)
  if (fields.length === 0 || isAsked(narrow, fields)) return undefined
  return `not narrowed yet: only you know which rows it is for; add a condition on ${named(fields)} to its \`narrow\``
}

/** A value that may not be chosen matches no row, in silence: what the tenant wrote must all be there. */
const unknownValues = (condition: Condition, model: string, catalogue: Catalogue): readonly string[] => {
  if (condition.kind === 'not') return unknownValues(condition.condition, model, catalogue)
  if (condition.kind !== 'field') return condition.conditions.flatMap((inner) => unknownValues(inner, model, catalogue))
  const { field, test } = condition
  const found = find(catalogue, model, field)
  if ('problem' in found || found.field.selection === undefined) return []
  const asked = 'values' in test ? test.values : 'value' in test && typeof test.value !== 'object' ? [test.value] : []
  const unknown = asked.filter((value) => !found.field.selection?.includes(String(value)))
  return unknown.length === 0 ? [] : [`${field} has no value ${unknown.join(', ')} here`]
}

/** `flow`: with its variants applied. */
export const narrowingProblems = (
  { model, narrow_by, further }: Narrowed,
  catalogue: Catalogue,
  narrow: readonly Condition[],
): readonly string[] => [
  ...(narrow_by && !isAsked(narrow, narrow_by)
    ? [`here it is read from ${model}: narrow it by ${named(narrow_by)}`]
    : []),
  ...(further && narrow.length > 0 ? [`it can't be narrowed: rows of ${further.model} belong to it too`] : []),
  ...narrow.flatMap((condition) => unknownValues(condition, model, catalogue)),
]
