/** What a moment names. */
import { allOf, type Condition, pathsIn } from '../condition/condition.ts'
import type { Moment } from './spec.ts'

/** Every field path a moment reads. */
export const pathsOfMoment = (moment: Moment): readonly string[] => {
  if (typeof moment === 'string') return [moment]
  if ('latest' in moment) return moment.latest.flatMap(pathsOfMoment)
  if ('first' in moment) return moment.first.flatMap(pathsOfMoment)
  return [...moment.when.flatMap(pathsIn), ...pathsOfMoment(moment.use), ...pathsOfMoment(moment.else)]
}

/** Every condition a moment asks. */
export const conditionsOfMoment = (moment: Moment): readonly Condition[] => {
  if (typeof moment === 'string') return []
  if ('latest' in moment) return moment.latest.flatMap(conditionsOfMoment)
  if ('first' in moment) return moment.first.flatMap(conditionsOfMoment)
  return [allOf(moment.when), ...conditionsOfMoment(moment.use), ...conditionsOfMoment(moment.else)]
}
