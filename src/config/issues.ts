/** zod's issues → problems: in words for operators, at their place in the file, with the nearest known key. */
import type { z } from 'zod'
import { type Path, type Problem, suggestion } from './problem.ts'
import type { JsonSchema } from './schema.ts'
import { placeOf, valueAt, type YamlFile } from './yaml.ts'

type Issue = z.core.$ZodIssue
type Node = boolean | JsonSchema

const textPath = (path: readonly PropertyKey[]): Path =>
  path.map((key) => (typeof key === 'number' ? key : String(key)))

/** The schema itself and every alternative within it. */
const alternatives = (root: JsonSchema, node: Node): readonly JsonSchema[] => {
  if (typeof node === 'boolean') return []
  const name = node.$ref?.replace('#/$defs/', '')
  const target = name === undefined ? undefined : root.$defs?.[name]
  const within = [...(target ? [target] : []), ...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]
  return [node, ...within.flatMap((inner) => alternatives(root, inner))]
}

const childOf = (node: JsonSchema, key: string | number): Node | undefined => {
  if (typeof key === 'number') return Array.isArray(node.items) ? node.items[key] : node.items
  if (node.properties && Object.hasOwn(node.properties, key)) return node.properties[key]
  return node.additionalProperties
}

/** What the schema says of a path: the keys known there, and the description. */
export const schemaAt = (root: JsonSchema, path: Path) => {
  const nodes = path.reduce<readonly JsonSchema[]>(
    (here, key) => here.flatMap((node) => alternatives(root, childOf(node, key) ?? false)),
    alternatives(root, root),
  )
  return {
    keys: [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))],
    description: nodes.find((node) => node.description !== undefined)?.description,
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
}

const nameOfType = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a mapping' : (NAMES[typeof value] ?? 'nothing')

const wrongType = (expected: string, value: unknown): string => {
  const isQuotable = expected === 'string' && typeof value !== 'object'
  return `expected ${NAMES[expected] ?? expected}, got ${nameOfType(value)}${isQuotable ? ': put it in quotes' : ''}`
}

const SIZES: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' }

/** A message the schema itself gave stays; zod's own are put in words for operators. */
const wordsOf = (issue: Issue, value: unknown): string => {
  if (!/^(Invalid|Too|Unrecognized)\b/.test(issue.message)) return issue.message
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value)
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${SIZES[issue.origin] ?? ''}`
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${SIZES[issue.origin] ?? ''}`
  if (issue.code !== 'invalid_value') return `${issue.message[0]?.toLowerCase()}${issue.message.slice(1)}`
  const known = issue.values.map(String)
  return `unknown value; ${suggestion(typeof value === 'string' ? value : '', known, '')}`
}

export interface IssueContext {
  readonly yaml: YamlFile
  /** Asked for only where it helps: making it takes longer than all else. */
  readonly schema: () => JsonSchema
  /** Better advice than the nearest key, where there is some. */
  readonly adviseKey: (path: Path, key: string) => string | undefined
}

const missing = ({ schema, yaml }: IssueContext, path: Path): Problem => {
  const parent = valueAt(yaml.root, path.slice(0, -1))
  const key = path.at(-1)
  const what = typeof key === 'string' && parent?.entries?.has(key) ? 'nothing is written here' : 'missing'
  const { description } = schemaAt(schema(), path)
  return { ...placeOf(yaml, path, 'key'), message: description === undefined ? what : `${what}: ${description}` }
}

const unknownKey = (context: IssueContext, path: Path, key: string): Problem => {
  const advice =
    context.adviseKey(path, key) ??
    suggestion(key, schemaAt(context.schema(), path).keys, 'none is known here: remove it')
  return { ...placeOf(context.yaml, [...path, key], 'key'), message: `unknown key; ${advice}` }
}

/** Made when it is first asked for, and kept. */
export const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Of a union's alternatives the one that came furthest: what was probably meant. */
const likeliest = (branches: readonly (readonly Issue[])[]): readonly Issue[] => {
  const depth = (branch: readonly Issue[]) => Math.max(0, ...branch.map((issue) => issue.path.length))
  return branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? []
}

export const problemsOf = (context: IssueContext, issue: Issue, above: Path = []): readonly Problem[] => {
  const path = [...above, ...textPath(issue.path)]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(context, path, key))
  if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message
    return [{ ...placeOf(context.yaml, path, 'key'), message }]
  }
  const value = valueAt(context.yaml.root, path)
  if (value?.data === undefined) return [missing(context, path)]
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const inner = likeliest(issue.errors).flatMap((nested) => problemsOf(context, nested, path))
    if (inner.length > 0) return inner
  }
  return [{ ...placeOf(context.yaml, path), message: wordsOf(issue, value.data) }]
}
