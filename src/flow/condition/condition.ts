/**
 * The one condition language of flows, as data: which rows are meant. Compiled to an Odoo domain and to SQL
 * (`domain.ts`, `sql.ts`), and evaluated in memory (`evaluate.ts`), always with one meaning:
 *
 * - Nothing (null, False) equals no value. For a number it is 0, for a text it is '', for true/false it is false:
 *   RPC can't tell them apart.
 * - Datetimes are compared on whole seconds, as RPC gives them.
 * - `!=` and `not_in` hold of nothing too. Through a relation they need its other end to be there; `not` does not.
 * - Through a relation to many, a test holds if it holds of some record.
 */
import { z } from 'zod'

export type Value = string | number | boolean
/** `now`: the whole second at which rows are judged, given when the condition is compiled or evaluated. */
export type Operand = Value | { readonly parameter: 'now' }

export const ORDERS = ['<', '<=', '>', '>='] as const
export type Order = (typeof ORDERS)[number]

export type Test =
  | { readonly operator: '=' | '!='; readonly value: Value }
  | { readonly operator: Order; readonly value: Operand }
  | { readonly operator: 'in' | 'not_in'; readonly values: readonly Value[] }
  | { readonly operator: 'set' | 'unset' }

export interface FieldCondition {
  readonly kind: 'field'
  /** A field, or a dotted path through relations. */
  readonly field: string
  readonly test: Test
  /** Left out (true) on an Odoo without the field; only among conditions that must all hold. */
  readonly optional: boolean
}

export type Condition =
  | FieldCondition
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }

export const allOf = (conditions: readonly Condition[]): Condition => ({ kind: 'and', conditions })

const PATH = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/
export const fieldPath = z
  .string({ error: 'write a field, or a dotted path such as picking_type_id.code' })
  .regex(PATH, { error: 'a field is lower-case letters, digits and _; a path through relations has dots' })

const value = z.union([z.string(), z.number(), z.boolean()])
const parameter = z.strictObject({ parameter: z.literal('now') })
const values = z.array(value).min(1)
const NONE = 'say what is asked of the field: in, not_in, is, =, !=, <, <=, > or >='
const MANY = 'one test at a time: put several into `and`'

interface Written {
  readonly field?: string | undefined
  readonly optional?: true | undefined
  readonly is?: 'set' | 'unset' | undefined
  readonly in?: readonly Value[] | undefined
  readonly not_in?: readonly Value[] | undefined
  readonly '='?: Value | undefined
  readonly '!='?: Value | undefined
  readonly '<'?: Operand | undefined
  readonly '<='?: Operand | undefined
  readonly '>'?: Operand | undefined
  readonly '>='?: Operand | undefined
  readonly and?: readonly Condition[] | undefined
  readonly or?: readonly Condition[] | undefined
  readonly not?: Condition | undefined
}

const testsOf = (w: Written): readonly Test[] => [
  ...(w.is === undefined ? [] : [{ operator: w.is }]),
  ...(w.in === undefined ? [] : [{ operator: 'in' as const, values: w.in }]),
  ...(w.not_in === undefined ? [] : [{ operator: 'not_in' as const, values: w.not_in }]),
  ...(['=', '!='] as const).flatMap((operator) => {
    const value = w[operator]
    return value === undefined ? [] : [{ operator, value }]
  }),
  ...ORDERS.flatMap((operator) => {
    const value = w[operator]
    return value === undefined ? [] : [{ operator, value }]
  }),
]

const problemIn = (w: Written): string | undefined => {
  const shapes = [w.field, w.and, w.or, w.not].filter((part) => part !== undefined).length
  if (shapes !== 1) return 'a condition has exactly one of field, and, or, not'
  const tests = testsOf(w).length
  if (w.field === undefined) return tests > 0 || w.optional ? 'a test needs its field' : undefined
  if (tests === 0) return NONE
  return tests > 1 ? MANY : undefined
}

const conditionOf = (w: Written): Condition | undefined => {
  const [test] = testsOf(w)
  if (w.and) return { kind: 'and', conditions: w.and }
  if (w.or) return { kind: 'or', conditions: w.or }
  if (w.not) return { kind: 'not', condition: w.not }
  if (w.field === undefined || test === undefined) return undefined
  return { kind: 'field', field: w.field, test, optional: w.optional === true }
}

const ordered = (description: string) => z.union([z.string(), z.number(), parameter]).optional().meta({ description })

/** A condition as written in a flow's file. */
export const condition: z.ZodType<Condition> = z
  .lazy(() =>
    z
      .strictObject({
        field: fieldPath.optional().meta({ description: 'A field, or a dotted path through relations.' }),
        in: values.optional().meta({ description: 'The value is one of these.' }),
        not_in: values.optional().meta({ description: 'The value is none of these, or there is none.' }),
        is: z.enum(['set', 'unset']).optional().meta({ description: 'Whether there is a value.' }),
        '=': value.optional().meta({ description: 'The value is this; datetimes are asked with < and >.' }),
        '!=': value.optional().meta({ description: 'The value is not this, or there is none.' }),
        '<': ordered('The number or time is before this.'),
        '<=': ordered('The number or time is this, or before.'),
        '>': ordered('The number or time is after this.'),
        '>=': ordered('The number or time is this, or after.'),
        optional: z.literal(true).optional().meta({ description: 'Left out on an Odoo that has no such field.' }),
        and: z.array(condition).min(1).optional().meta({ description: 'All of these hold.' }),
        or: z.array(condition).min(1).optional().meta({ description: 'One of these holds.' }),
        not: condition.optional().meta({ description: 'This does not hold.' }),
      })
      .transform((written, context) => {
        const problem = problemIn(written)
        const found = conditionOf(written)
        if (problem === undefined && found !== undefined) return found
        context.issues.push({ code: 'custom', message: problem ?? NONE, input: written })
        return z.NEVER
      }),
  )
  .meta({ id: 'Condition', description: 'A test of a field, or and, or, not of such.' })

/** The optional ones that stand where leaving one out would not mean true. */
export const misplacedOptional = (conditions: readonly Condition[]): readonly string[] => {
  const below = (c: Condition, allowed: boolean): readonly string[] => {
    if (c.kind === 'field') return c.optional && !allowed ? [c.field] : []
    if (c.kind === 'not') return below(c.condition, false)
    return c.conditions.flatMap((inner) => below(inner, allowed && c.kind === 'and'))
  }
  return conditions.flatMap((c) => below(c, true))
}

/** Every field path a condition names. */
export const pathsIn = (c: Condition): readonly string[] => {
  if (c.kind === 'field') return [c.field]
  return c.kind === 'not' ? pathsIn(c.condition) : c.conditions.flatMap(pathsIn)
}

/** Without the optional ones of whose field `isKnown` says no. */
export const applicable = (
  conditions: readonly Condition[],
  isKnown: (path: string) => boolean,
): readonly Condition[] =>
  conditions.flatMap((c): readonly Condition[] => {
    if (c.kind === 'field') return c.optional && !isKnown(c.field) ? [] : [c]
    return c.kind === 'and' ? [allOf(applicable(c.conditions, isKnown))] : [c]
  })
