/** Conditions as the domain somebody would type, for people: without a catalogue, and so without regard to versions. Pure. */
import type { Condition, Operand, Test, Value } from './condition.ts'

const literal = (value: Value): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value)
/** The time of asking stands there as NOW, to be put in. */
const operand = (value: Operand): string => (typeof value === 'object' ? '"NOW"' : literal(value))

const testText = (test: Test): string => {
  switch (test.operator) {
    case 'set':
      return '"!=", False'
    case 'unset':
      return '"=", False'
    case 'in':
    case 'not_in':
      return `"${test.operator.replace('_', ' ')}", [${test.values.map(literal).join(', ')}]`
    default:
      return `"${test.operator}", ${operand(test.value)}`
  }
}

/** Prefix notation, as Odoo's domains have it. */
const terms = (condition: Condition): readonly string[] => {
  if (condition.kind === 'field') return [`("${condition.field}", ${testText(condition.test)})`]
  if (condition.kind === 'not') return ['"!"', ...terms(condition.condition)]
  const { kind, conditions } = condition
  const sign = kind === 'and' ? '"&"' : '"|"'
  return [...conditions.slice(1).map(() => sign), ...conditions.flatMap(terms)]
}

/** `[("state", "in", ["new", "sent"])]`: all of the conditions hold. */
export const domainText = (conditions: readonly Condition[]): string => `[${conditions.flatMap(terms).join(', ')}]`
