/** A flow's file → its specification, or all that is wrong with it, each at its line. Pure. */
import { lazily, problemsOf } from '../../config/issues.ts'
import type { Path, Problem } from '../../config/problem.ts'
import { type JsonSchema, jsonSchema } from '../../config/schema.ts'
import { placeOf, readYaml, type Source } from '../../config/yaml.ts'
import { type Condition, misplacedOptional } from '../condition/condition.ts'
import { type FlowFile, flowSchema } from './spec.ts'

export interface Flow extends FlowFile {
  /** The file's name, without its ending: the label `flow`. */
  readonly name: string
}

export interface ParsedFlow {
  /** Undefined where there are problems. */
  readonly flow: Flow | undefined
  readonly problems: readonly Problem[]
}

/** `order-confirmation` of `slo/order-confirmation.yaml`; undefined where a flow can't be named so. */
export const flowNameOf = (file: string): string | undefined => NAME.exec(file)?.[1]
const NAME = /^(?:.*\/)?([a-z][a-z0-9-]{0,62})\.yaml$/

type Complaint = readonly [path: Path, message: string]
type Part = Pick<FlowFile, 'kind' | 'evidence' | 'start' | 'done' | 'open' | 'slot' | 'further' | 'horizon'>

/** What a kind needs, of the flow itself and of each of its variants. */
const partComplaints = (part: Part, above: Path): readonly Complaint[] => {
  const { kind, evidence, done } = part
  const judged = kind === 'journey' || kind === 'outcome'
  const need = (key: keyof Part, why: string): readonly Complaint[] =>
    part[key] === undefined ? [[[...above, key], `missing: ${why}`]] : []
  return [
    ...(judged ? need('start', `a ${kind} is judged from its start`) : []),
    ...(judged && part.further === undefined ? need('done', `a ${kind} needs to know what is done`) : []),
    ...(kind === 'journey' ? need('open', 'a journey needs to know what is open') : []),
    ...(judged && evidence !== 'slice' ? need('slot', 'the ledger is kept by the hours of a field') : []),
    ...(judged && evidence !== 'slice' ? need('horizon', 'windows end where Odoo forgets') : []),
    ...(evidence === 'slice' && part.horizon !== undefined
      ? [[[...above, 'horizon'], 'a slice knows only the present: remove it, or change the evidence'] as const]
      : []),
    ...(kind === 'journey' && evidence === 'ledger' && done !== undefined && done.at === undefined
      ? [[[...above, 'done'], 'missing: `at`; where its time is not stored, write `evidence: at-deadline`'] as const]
      : []),
    ...(kind === 'journey' && evidence === 'at-deadline' && done?.at !== undefined
      ? [[[...above, 'done', 'at'], 'its time is stored: write `evidence: ledger`'] as const]
      : []),
  ]
}

/** What is wrong with a target for flows of this kind. */
export const targetComplaint = (kind: FlowFile['kind'], target: FlowFile['target']): string | undefined => {
  const fitting = { journey: 'within', outcome: 'within', backlog: 'at_most', heartbeat: 'periods' }[kind]
  const isTimed = 'within' in target || 'within_open_hours' in target || 'by' in target
  const fits = fitting === 'within' ? isTimed : fitting in target || (kind === 'heartbeat' && 'within' in target)
  return fits ? undefined : `a ${kind} takes ${fitting === 'within' ? 'within, within_open_hours or by' : fitting}`
}

const targetComplaints = ({ kind, target }: FlowFile): readonly Complaint[] => {
  const complaint = targetComplaint(kind, target)
  return complaint === undefined ? [] : [[['target'], complaint]]
}

const lists = (part: Partial<FlowFile>): readonly (readonly [Path, readonly Condition[]])[] =>
  (
    [
      [['base'], part.base],
      [['open'], part.open],
      [['done', 'when'], part.done?.when],
      [['failed', 'when'], part.failed?.when],
      [['cancelled', 'when'], part.cancelled?.when],
      [['further', 'base'], part.further?.base],
      [['further', 'done', 'when'], part.further?.done.when],
    ] as const
  ).flatMap(([path, conditions]) => (conditions ? [[path, conditions] as const] : []))

const optionalComplaints = (part: Partial<FlowFile>, above: Path): readonly Complaint[] =>
  lists(part).flatMap(([path, conditions]) =>
    misplacedOptional(conditions).map(
      (field): Complaint => [
        [...above, ...path],
        `${field} is optional within \`or\` or \`not\`: leaving it out would change the meaning`,
      ],
    ),
  )

const complaintsOf = (file: FlowFile): readonly Complaint[] => [
  ...partComplaints(file, []),
  ...targetComplaints(file),
  ...optionalComplaints(file, []),
  ...file.variants.flatMap((variant, i) => {
    const { for: _, ...own } = variant
    const above = ['variants', i]
    // What the flow itself lacks is said once, there.
    const before = new Set(partComplaints(file, []).map(([path]) => path.join('.')))
    const complaints = partComplaints({ ...file, ...defined(own) }, above)
    return [
      ...complaints.filter(([path]) => !before.has(path.slice(2).join('.'))),
      ...optionalComplaints(defined(own), above),
    ]
  }),
]

/** Only what is said. */
export const defined = <T extends object>(part: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

const shape = (): JsonSchema => jsonSchema(flowSchema)

/** The text of slo/schema.json, for editors. */
export const flowSchemaText = (): string => `${JSON.stringify(shape(), null, 2)}\n`

/** All problems at once; the message never holds a value. */
export const parseFlow = (source: Source): ParsedFlow => {
  const yaml = readYaml(source)
  const name = flowNameOf(source.file)
  const naming: readonly Problem[] =
    name === undefined
      ? [{ file: source.file, path: [], message: 'name the file <flow>.yaml: lower-case letters, digits and -' }]
      : []
  if (yaml.root === undefined || yaml.problems.length > 0)
    return { flow: undefined, problems: [...naming, ...yaml.problems] }
  const parsed = flowSchema.safeParse(yaml.root.data ?? {})
  if (!parsed.success) {
    const context = { yaml, schema: lazily(shape), adviseKey: () => undefined }
    return {
      flow: undefined,
      problems: [...naming, ...parsed.error.issues.flatMap((issue) => problemsOf(context, issue))],
    }
  }
  const own = complaintsOf(parsed.data).map(([path, message]) => ({ ...placeOf(yaml, path), path, message }))
  const problems = [...naming, ...own]
  return { flow: problems.length > 0 || name === undefined ? undefined : { ...parsed.data, name }, problems }
}
