/** Where the secrets stand. Pure. */
import type { SecretRef } from '../secret.ts'
import type { Path, Place } from './problem.ts'
import { type Located, placeOf, valueAt, type YamlFile } from './yaml.ts'

/** Every value with its path, the whole first. */
export const everyValue = function* (value: Located, path: Path): Generator<readonly [Path, Located]> {
  yield [path, value]
  for (const [key, entry] of value.entries ?? []) yield* everyValue(entry.value, [...path, key])
  for (const [i, item] of (value.items ?? []).entries()) yield* everyValue(item, [...path, i])
}

export interface SecretPlace {
  readonly ref: SecretRef
  readonly place: Place
}

const secretOf = ({ data, entries }: Located): SecretRef | undefined => {
  if (entries?.size !== 1 || typeof data !== 'object' || data === null) return undefined
  if ('file' in data && typeof data.file === 'string' && data.file !== '') return { file: data.file }
  if ('env' in data && typeof data.env === 'string' && data.env !== '') return { env: data.env }
  return undefined
}

/** Every secret referred to in the blocks of these collectors. */
export const secretsIn = (files: readonly YamlFile[], collectors: readonly string[]): readonly SecretPlace[] =>
  files.flatMap((yaml) =>
    ['servers', 'tenants'].flatMap((group) =>
      [...(valueAt(yaml.root, [group])?.entries?.keys() ?? [])].flatMap((name) =>
        collectors.flatMap((collector) => {
          const path = [group, name, collector]
          const block = valueAt(yaml.root, path)
          return [...(block === undefined ? [] : everyValue(block, path))].flatMap(([at, value]) => {
            const ref = secretOf(value)
            return ref === undefined ? [] : [{ ref, place: placeOf(yaml, at) }]
          })
        }),
      ),
    ),
  )
