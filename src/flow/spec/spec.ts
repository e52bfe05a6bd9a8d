/** The shape of a flow's file, once: validation, defaults and the JSON schema for editors come from here. */
import { z } from 'zod'
import { durationBetween } from '../../config/duration.ts'
import { BUILT_IN_TIERS, isBuiltInTier } from '../../config/tiers.ts'
import { hours, minutes } from '../../metric.ts'
import { type Condition, condition, fieldPath } from '../condition/condition.ts'

export const KINDS = ['journey', 'outcome', 'backlog', 'heartbeat'] as const
export const EVIDENCE = ['ledger', 'at-deadline', 'slice'] as const
export const MODES = ['observe', 'ticket', 'page'] as const
/** The oldest Odoo known here, and the newest. */
export const SERIES = { oldest: 14, newest: 19 } as const

const text = (description: string) => z.string().regex(/\S/, { error: 'write some words' }).meta({ description })
const day = hours(24)
const span = durationBetween(minutes(1), 30 * day)
const conditions = z.array(condition)
const model = z
  .string()
  .regex(/^[a-z_][a-z0-9_.]*$/, { error: 'a model as Odoo calls it, such as sale.order' })
  .meta({ description: 'The Odoo model whose rows are the items.' })

/** A time read off a row: a field, the latest of some, the first that is set, or one of two by a condition. */
export type Moment =
  | string
  | { readonly latest: readonly Moment[] }
  | { readonly first: readonly Moment[] }
  | { readonly when: readonly Condition[]; readonly use: Moment; readonly else: Moment }

const moment: z.ZodType<Moment> = z.lazy(() =>
  z.union([
    fieldPath,
    z.strictObject({ latest: z.array(moment).min(2) }),
    z.strictObject({ first: z.array(moment).min(2) }),
    z.strictObject({ when: conditions, use: moment, else: moment }),
  ]),
)

const stateOf = (description: string) =>
  z
    .strictObject({
      when: conditions.meta({ description: 'All must hold; none: always.' }),
      at: moment.optional().meta({ description: 'When it came to be so; absent where Odoo does not store it.' }),
    })
    .meta({ description })

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/
const BY = 'write a time such as "16:00" in quotes, or end_of_day'
const calendar = z.string().min(1).optional().meta({
  description: "A window of kind open. Default: those of the flow's process, else those of no process.",
})

export const target = z
  .union([
    z.strictObject({ within: span.meta({ description: 'So long after its start, round the clock.' }) }),
    z.strictObject({ within_open_hours: span.meta({ description: 'So much open time after its start.' }), calendar }),
    z.strictObject({
      by: z
        .union([z.literal('end_of_day'), z.string({ error: BY }).regex(TIME, { error: BY })])
        .meta({ description: 'A time of an open day, or when its open time is over.' }),
      after_open_days: z.int().min(0).max(30).default(0).meta({
        description:
          '0: of the open day it starts on, or if that is over, of the next; 1: of the next open day after the date it starts on.',
      }),
      calendar,
    }),
    z.strictObject({
      periods: z.number().positive().max(100).meta({ description: 'Of the job: the longest gap between two beats.' }),
    }),
    z.strictObject({ at_most: z.int().min(0).meta({ description: 'So many items.' }) }),
  ])
  .meta({
    description:
      'within, within_open_hours or by: when an item is due after its start; periods: the longest gap of a heartbeat; at_most: items of a backlog.',
  })

/** Nothing is promised below; above no miss would be allowed for. */
export const OBJECTIVE_RANGE = [0.5, 0.9999] as const
export const objective = z.number().min(OBJECTIVE_RANGE[0]).max(OBJECTIVE_RANGE[1])
/** Of a flow whose file says none. */
export const OBJECTIVES = { shared: 0.95, segmented: 0.97, dedicated: 0.99 } as const

const objectives = z
  .partialRecord(z.enum(BUILT_IN_TIERS), objective)
  .meta({ description: 'The share of items due that must be good, by tier.' })

export const group = z
  .strictObject({
    dimension: z
      .string()
      .regex(/^[a-z_]+$/, { error: 'lower-case letters and _' })
      .meta({ description: 'What the members are: the label `dimension`.' }),
    field: fieldPath.meta({ description: 'The field that says the member.' }),
  })
  .meta({ description: 'What verdicts are also counted by.' })

const worth = z
  .strictObject({
    field: fieldPath,
    currency: z.union([z.literal('company'), fieldPath]).meta({ description: "A field, or company: the company's." }),
  })
  .meta({ description: 'What an item is worth. Currencies are never added up.' })

const slot = z
  .strictObject({
    field: fieldPath,
    floor: z
      .literal('id')
      .optional()
      .meta({ description: 'No index: rows are bounded by the smallest id in the span.' }),
  })
  .meta({ description: 'The time that partitions the rows into hours.' })

const only = z
  .strictObject({
    one: fieldPath.meta({ description: 'A relation to many that must have exactly one record.' }),
    covers: z.strictObject({ amount: fieldPath, total: fieldPath }).optional(),
  })
  .meta({ description: 'Rows to which the promise applies, where no condition can say it.' })

const further = z
  .strictObject({ model, base: conditions, start: moment, done: stateOf('When it is done.'), slot })
  .meta({ description: 'Rows of another model that belong to the flow: where Odoo keeps the good ones elsewhere.' })

/** Written for `visible` and `company` where the model has no such field. */
export const NONE = 'none'

/** What may differ by version and module. */
const parts = {
  model,
  evidence: z.enum(EVIDENCE).meta({
    description: 'ledger: start and end are stored; at-deadline: the end is not; slice: only a present count exists.',
  }),
  base: conditions.meta({ description: 'Which rows are items.' }),
  only: only.optional(),
  start: moment.optional().meta({ description: 'When the promise begins to run.' }),
  due: moment.optional().meta({ description: "The row's own due date; it stands before the target." }),
  visible: fieldPath.default('create_date').meta({
    description: 'When the row was first there. Default create_date; none where the model has none.',
  }),
  open: conditions.optional().meta({ description: 'When an item is still to be done.' }),
  done: stateOf('When an item is done.').optional(),
  failed: stateOf('When it has failed for good.').optional(),
  cancelled: stateOf('When nothing is owed any longer.').optional(),
  further: further.optional(),
  slot: slot.optional(),
  group: group.optional(),
  value: worth.optional(),
  company: fieldPath.default('company_id').meta({
    description: "The row's company. Default company_id; none where it has none.",
  }),
  horizon: durationBetween(hours(1), 30 * day)
    .optional()
    .meta({
      description: 'The oldest age at which good and bad items both still exist. Absent: only the present is known.',
    }),
  narrow_by: z
    .array(fieldPath)
    .min(1)
    .optional()
    .meta({ description: 'Off until the tenant adds a condition on one of these.' }),
  requires: z
    .strictObject({ modules: z.array(z.string().min(1)).default([]) })
    .prefault({})
    .meta({ description: 'Modules without which the flow is unsupported.' }),
} as const

const series = z.int().min(SERIES.oldest).max(SERIES.newest)

const variant = z
  .strictObject({
    for: z
      .strictObject({
        from: series.optional(),
        to: series.optional(),
        modules: z.array(z.string().min(1)).optional(),
      })
      .meta({ description: 'Series of Odoo, both ends included, and modules, all of which are installed.' }),
    ...z.strictObject(parts).partial().shape,
    visible: fieldPath.optional(),
    company: fieldPath.optional(),
    requires: z.strictObject({ modules: z.array(z.string().min(1)) }).optional(),
  })
  .meta({ description: 'What is different there: each key given takes the place of the one above.' })

export const flowSchema = z
  .strictObject({
    title: text('What is promised, in one line.'),
    process: text('The business process it is part of.'),
    owner: text('Who answers for it.'),
    kind: z.enum(KINDS).meta({
      description: 'journey: from start to done; outcome: judged as it happens; backlog: a count; heartbeat: a gap.',
    }),
    ...parts,
    target,
    objective: objectives.default(OBJECTIVES),
    mode: z.enum(MODES).default('observe').meta({ description: 'observe, ticket or page. Default observe.' }),
    unknowable: text("What can't be known."),
    series: z
      .strictObject({ from: series.optional(), to: series.optional() })
      .prefault({})
      .meta({ description: 'The series of Odoo it can be judged on, both ends included.' }),
    variants: z.array(variant).default([]),
  })
  .meta({ title: 'A business flow of Odoo Pulse', description: 'slo/<flow>.yaml' })

/** One flow, as its file says. */
export type FlowFile = z.output<typeof flowSchema>
export type Variant = FlowFile['variants'][number]
export type State = NonNullable<FlowFile['done']>

/** What a tenant of this tier is promised; a tier of one's own as a shared one. */
export const objectiveOf = ({ objective: byTier }: FlowFile, tier: string): number => {
  const known = isBuiltInTier(tier) ? tier : 'shared'
  return byTier[known] ?? byTier.shared ?? OBJECTIVES[known]
}
