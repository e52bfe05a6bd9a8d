/** What fields_get says of a model's fields, as a catalogue has it. */
import { CollectError, Unsupported } from '../../src/collector.ts'
import { type Field, kindOf } from '../../src/flow/spec/catalogue.ts'
import type { AskFields, Described } from '../../src/flow/spec/gather.ts'
import { type Duration, seconds } from '../../src/metric.ts'
import type { FieldInfo, OdooClient } from './client.ts'

const ATTRIBUTES = ['type', 'relation', 'store', 'searchable', 'selection'] as const

const malformed = (model: string, name: string, attribute: string): CollectError =>
  new CollectError('decode', `${model}.fields_get gave no proper ${attribute} of ${name}`)

const isChoice = (choice: unknown): choice is readonly [string, string] =>
  Array.isArray(choice) && typeof choice[0] === 'string'

/** Undefined where the choices are not a plain list of texts. */
const choicesOf = (model: string, name: string, { selection }: FieldInfo): readonly string[] | undefined => {
  if (selection === undefined) return undefined
  if (!Array.isArray(selection)) throw malformed(model, name, 'selection')
  return selection.every(isChoice) ? selection.map(([value]) => value) : undefined
}

/**
 * Only what is stored counts: 17 and 18 take an unsearchable field in a domain for true, and one that is computed has no
 * checksum. Throws CollectError where the answer is none of fields_get's.
 */
export const describedBy = (model: string, name: string, info: FieldInfo): Described => {
  const { type, relation, store, searchable } = info
  if (typeof type !== 'string') throw malformed(model, name, 'type')
  if (typeof store !== 'boolean') throw malformed(model, name, 'store')
  if (typeof searchable !== 'boolean') throw malformed(model, name, 'searchable')
  if (!store || !searchable) return { problem: `${model}.${name} is computed, not stored: nothing can be judged by it` }
  const kind = kindOf(type)
  if (kind === undefined) return { problem: `${model}.${name} is of type ${type}: nothing can be judged by it` }
  const base: Field = { kind }
  if (kind === 'many2one' || kind === 'many') {
    if (typeof relation !== 'string') throw malformed(model, name, 'relation')
    return { ...base, relation }
  }
  const selection = kind === 'selection' ? choicesOf(model, name, info) : undefined
  return selection ? { ...base, selection } : base
}

type Asked = Pick<OdooClient, 'fieldsGet' | 'searchCount' | 'uid'>

/** For what is asked of one model: a probe may wait behind it. */
const PATIENCE: Duration = seconds(4)

const fieldsOf = async (client: Asked, model: string, names: readonly string[], signal: AbortSignal) => {
  const fields = await client.fieldsGet(model, names, ATTRIBUTES, signal)
  // No row has this id: the right is checked, and no row looked for.
  await client.searchCount(model, [['id', '=', 0]], 1, signal)
  const own = Object.entries(fields).filter(([name]) => names.includes(name))
  return new Map(own.map(([name, info]) => [name, describedBy(model, name, info)]))
}

/** Whether Odoo answers to what it always answers: then what went wrong is the model's own affair. */
const isWell = ({ searchCount, uid }: Asked, signal: AbortSignal): Promise<boolean> =>
  searchCount('res.users', [['id', '=', uid]], 1, signal).then(
    () => true,
    () => false,
  )

/** Two calls a model: fields_get answers to anyone, so whether its rows may be read is asked as well. */
export const askFields =
  (client: Asked, signal: AbortSignal): AskFields =>
  async (model, names) => {
    const late = AbortSignal.timeout(PATIENCE)
    try {
      return await fieldsOf(client, model, names, AbortSignal.any([signal, late]))
    } catch (error) {
      if (error instanceof Unsupported) return { unreadable: error.message }
      const answer = error instanceof CollectError ? error.message : undefined
      const why = late.aborted ? `no answer within ${PATIENCE / seconds(1)} s` : answer
      if (signal.aborted || why === undefined || !(await isWell(client, signal))) throw error
      return { untold: `${model} could not be asked for its fields: ${why}` }
    }
  }
