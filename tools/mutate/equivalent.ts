/** Mutants that mean the same as the rule, by construction: listed with the reason, so that no test is missed. Pure. */
import { z } from 'zod'
import type { Mutant } from './kill.ts'

/** `*` stands for anything, in both. */
const entry = z.strictObject({ rule: z.string().min(1), place: z.string().min(1), reason: z.string().min(1) })
export type Equivalent = z.infer<typeof entry>
export const equivalents = z.array(entry)

const patternOf = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`)

/** Those listed; and the entries that no mutant is like any more. */
export const listed = (mutants: readonly Mutant[], entries: readonly Equivalent[]) => {
  const known = entries.map((each) => ({ each, rule: patternOf(each.rule), place: patternOf(each.place) }))
  const isLike = ({ rule, change }: Mutant, k: (typeof known)[number]) =>
    k.rule.test(rule) && k.place.test(change.place)
  return {
    equivalent: new Set(mutants.filter((mutant) => known.some((k) => isLike(mutant, k)))),
    stale: known.filter((k) => !mutants.some((mutant) => isLike(mutant, k))).map(({ each }) => each),
  }
}
