/** YAML text → plain data of which every key and value still knows where it stands. Pure, bounded, never throws. */
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml'
import type { Path, Place, Problem } from './problem.ts'

export interface Source {
  /** As shown to people. */
  readonly file: string
  readonly text: string
}

/** A value and the offset it stands at; `data` is the plain JavaScript of it, with null (nothing written) as undefined. */
export interface Located {
  readonly at: number
  readonly data: unknown
  readonly entries?: ReadonlyMap<string, Entry>
  readonly items?: readonly Located[]
  /** Values within, aliases expanded. */
  readonly weight: number
  readonly depth: number
}

interface Entry {
  readonly keyAt: number
  readonly value: Located
}

export interface YamlFile {
  readonly file: string
  /** Undefined where the text is not YAML. */
  readonly root: Located | undefined
  readonly problems: readonly Problem[]
  readonly lineOf: (offset: number) => { readonly line: number; readonly column: number }
}

const MAX_WEIGHT = 200_000
const MAX_DEPTH = 100
const MAX_SYNTAX_PROBLEMS = 5

// Other messages of the parser quote the text, which may be a password.
const QUOTES_NOTHING = new Set([
  'MISSING_CHAR',
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'BLOCK_IN_FLOW',
  'TAB_AS_INDENT',
])
const OWN_WORDS: Readonly<Record<string, string>> = {
  BAD_SCALAR_START: 'a value cannot begin with this character: put it in quotes',
  BAD_DQ_ESCAPE: 'unknown escape in double quotes: double the backslash, or use single quotes',
  MULTIPLE_DOCS: 'a second document (---) in one file: put it into a file of its own',
  NON_STRING_KEY: 'a key must be plain text',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAG_RESOLVE_FAILED: 'tags (!name) have no meaning here: leave the tag out',
  UNEXPECTED_TOKEN: 'unexpected text: check indentation, quotes and brackets here and just before',
}

interface Walk {
  readonly anchors: Map<string, Located | 'open'>
  readonly lineOf: YamlFile['lineOf']
  readonly report: (offset: number, path: Path, message: string) => void
}

const measure = (within: readonly Located[]): Pick<Located, 'weight' | 'depth'> => ({
  weight: within.reduce((sum, v) => sum + v.weight, 1),
  depth: within.reduce((deepest, v) => Math.max(deepest, v.depth), 0) + 1,
})

const scalar = (value: unknown, at: number): Located => ({ at, data: value ?? undefined, weight: 1, depth: 1 })

const sequence = (nodes: readonly unknown[], at: number, path: Path, walk: Walk): Located => {
  const items = nodes.map((item, i) => locate(item, at, [...path, i], walk))
  return { at, data: items.map((item) => item.data), items, ...measure(items) }
}

const mapping = (node: YAMLMap, at: number, path: Path, walk: Walk): Located => {
  const entries = new Map<string, Entry>()
  const merged: Located[] = []
  for (const { key, value } of node.items) {
    if (!isScalar(key)) {
      walk.report(at, path, 'a key must be plain text')
      continue
    }
    const keyAt = key.range?.[0] ?? at
    const name = String(key.value ?? '')
    const here = [...path, name]
    const located = locate(value, keyAt, here, walk)
    if (key.anchor !== undefined) walk.anchors.set(key.anchor, scalar(name, keyAt))
    const before = entries.get(name)
    if (name === '<<' && key.type === 'PLAIN') merged.push(...(located.items ?? [located]))
    else if (name === '__proto__') walk.report(keyAt, path, '"__proto__" is a reserved word: choose another name')
    else if (before === undefined) entries.set(name, { keyAt, value: located })
    else walk.report(keyAt, here, `key given twice: keep this or the one on line ${walk.lineOf(before.keyAt).line}`)
  }
  for (const source of merged) {
    if (source.entries === undefined)
      walk.report(at, path, '<< merges a mapping: give an alias of one, or a list of such')
    for (const [key, entry] of source.entries ?? []) if (!entries.has(key)) entries.set(key, entry)
  }
  const data = Object.fromEntries([...entries].map(([key, { value }]) => [key, value.data]))
  return { at, data, entries, ...measure([...entries.values()].map((e) => e.value)) }
}

const aliased = (name: string, at: number, path: Path, walk: Walk): Located => {
  const target = walk.anchors.get(name)
  if (target !== undefined && target !== 'open') return { ...target, at }
  const problem = target === 'open' ? 'this alias stands within what it repeats' : 'this alias has no anchor before it'
  walk.report(at, path, `${problem}: write the value out`)
  return scalar(undefined, at)
}

/** In the order of the document, so that an alias means the last anchor of its name before it. */
const locate = (node: unknown, parentAt: number, path: Path, walk: Walk): Located => {
  if (isAlias(node)) return aliased(node.source, node.range?.[0] ?? parentAt, path, walk)
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return scalar(undefined, parentAt)
  const at = node.range?.[0] ?? parentAt
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, 'open')
  const located = isMap(node)
    ? mapping(node, at, path, walk)
    : isSeq(node)
      ? sequence(node.items, at, path, walk)
      : scalar(node.value, at)
  if (node.anchor !== undefined) walk.anchors.set(node.anchor, located)
  return located
}

const syntaxProblems = (document: Document.Parsed): readonly (readonly [number, string])[] => {
  const all = [...document.errors, ...document.warnings]
  const exhausted = all.filter((e) => e.code === 'RESOURCE_EXHAUSTION')
  // What follows the first of a kind is mostly its consequence.
  const firstOfEach = new Map((exhausted.length > 0 ? exhausted : all).reverse().map((e) => [e.code, e] as const))
  return [...firstOfEach.values()]
    .sort((a, b) => a.pos[0] - b.pos[0])
    .slice(0, MAX_SYNTAX_PROBLEMS)
    .map((e) => {
      const text = QUOTES_NOTHING.has(e.code) ? e.message : OWN_WORDS[e.code]
      return [e.pos[0], `not valid YAML: ${text ?? 'the parser stops here'}`] as const
    })
}

/** Line and column, from 1. The parser's own LineCounter counts lines twice after some errors. */
const linesOf = (text: string): YamlFile['lineOf'] => {
  const starts = [0, ...text.matchAll(/\n/g).map((found) => found.index + 1)]
  return (offset) => {
    const at = Math.min(offset, text.length)
    let [first, last] = [0, starts.length - 1]
    while (first < last) {
      const middle = Math.ceil((first + last) / 2)
      if ((starts[middle] ?? 0) <= at) first = middle
      else last = middle - 1
    }
    return { line: first + 1, column: at - (starts[first] ?? 0) + 1 }
  }
}

export const readYaml = ({ file, text }: Source): YamlFile => {
  const lineOf = linesOf(text)
  const found: Problem[] = []
  const report = (offset: number, path: Path, message: string) => {
    found.push({ file, ...lineOf(offset), path, message })
  }
  const unreadable = { file, root: undefined, problems: found, lineOf }
  try {
    // Doubled keys are found by `mapping`: the parser's own check is quadratic.
    const options = { uniqueKeys: false, prettyErrors: false, stringKeys: true, logLevel: 'error' } as const
    const document = parseDocument(text, options)
    for (const [offset, message] of syntaxProblems(document)) report(offset, [], message)
    if (found.length > 0) return unreadable
    const root = locate(document.contents, 0, [], { anchors: new Map(), lineOf, report })
    const problems = found.map((problem) => ({ ...problem, path: existing(root, problem.path) }))
    if (root.depth <= MAX_DEPTH && root.weight <= MAX_WEIGHT) return { file, root, problems, lineOf }
    const bound = root.depth > MAX_DEPTH ? `${MAX_DEPTH} levels deep` : `${MAX_WEIGHT} values, aliases written out`
    report(0, [], `too large: more than ${bound}`)
  } catch {
    report(0, [], 'not valid YAML: the parser gives up')
  }
  return unreadable
}

/** The value at a path, if it is there. */
export const valueAt = (root: Located | undefined, path: Path): Located | undefined =>
  path.reduce<Located | undefined>(
    (value, key) => (typeof key === 'number' ? value?.items?.[key] : value?.entries?.get(key)?.value),
    root,
  )

/** Where a path stands: its value, or its key; what is not there is shown at the nearest key above it. */
export const placeOf = (yaml: YamlFile, path: Path, part: 'key' | 'value' = 'value'): Place => {
  const at = (length: number): number => {
    const parent = valueAt(yaml.root, path.slice(0, length - 1))
    const key = path[length - 1]
    const entry = typeof key === 'string' ? parent?.entries?.get(key) : undefined
    const value = entry?.value ?? valueAt(yaml.root, path.slice(0, length))
    if (length === 0) return yaml.root?.at ?? 0
    if (value === undefined) return at(length - 1)
    const isWhole = length === path.length && part === 'value' && value.data !== undefined
    return isWhole ? value.at : (entry?.keyAt ?? value.at)
  }
  return { file: yaml.file, ...yaml.lineOf(at(path.length)), path }
}

/** The part of a path that is there: what stands under a doubled key, or in a literal `<<`, has no path of its own. */
const existing = (root: Located, path: Path): Path =>
  path.length === 0 || valueAt(root, path) !== undefined ? path : existing(root, path.slice(0, -1))
