/** YAML, and so JSON, of which every text still knows where it stands. Pure, never throws. */
import { pathText } from '../../config/problem.ts'
import { type Located, readYaml, type Source, type YamlFile } from '../../config/yaml.ts'
import type { Finding, Place } from './finding.ts'

/** A text in a file, and where in the file each of its letters stands. */
export interface PlacedText {
  readonly text: string
  readonly place: Place
}

export interface YamlText extends YamlFile {
  readonly text: string
}

export const readYamlText = (source: Source): YamlText => ({ ...readYaml(source), text: source.text })

/** What keeps it from being read. */
export const unreadable = ({ problems }: YamlFile): readonly Finding[] =>
  problems.map(({ path, ...problem }) => ({
    ...problem,
    check: 'syntax',
    path: path.length === 0 ? [] : [pathText(path)],
  }))

/** Exact in a block of lines and in what stands as it is; within escapes and folds only the line is told. */
const positionIn = ({ at, data }: Located, { text, lineOf }: YamlText): NonNullable<Place['position']> => {
  const start = lineOf(at)
  const value = String(data ?? '')
  if (/^\|[-+]?\d*[-+]?[ \t]*(#.*)?$/m.test(text.slice(at, at + 40).split('\n')[0] ?? '')) {
    const below = text.slice(text.indexOf('\n', at) + 1)
    const indent = /^( *)\S/m.exec(below)?.[1]?.length ?? 0
    return (offset) => {
      const before = value.slice(0, offset).split('\n')
      return { line: start.line + before.length, column: indent + (before.at(-1)?.length ?? 0) + 1 }
    }
  }
  const quote = /["']/.test(text[at] ?? '') ? 1 : 0
  const isAsWritten = text.startsWith(value, at + quote)
  return (offset) => (isAsWritten ? { line: start.line, column: start.column + quote + offset } : { line: start.line })
}

/** The beginning of a value. */
export const placeAt = ({ file, lineOf }: YamlText, { at }: Located, path: readonly string[]): Place => ({
  file,
  path,
  position: () => ({ line: lineOf(at).line }),
})

/** A value that is a text, or a number or a word taken for one; undefined where there is none. */
export const textOf = (yaml: YamlText, value: Located | undefined, path: readonly string[]): PlacedText | undefined =>
  value === undefined || value.data === undefined || value.entries !== undefined || value.items !== undefined
    ? undefined
    : { text: String(value.data), place: { file: yaml.file, path, position: positionIn(value, yaml) } }

export const entryOf = (value: Located | undefined, key: string): Located | undefined => value?.entries?.get(key)?.value

export const keysOf = (value: Located | undefined): readonly string[] => [...(value?.entries?.keys() ?? [])]

/** A scalar as text, or undefined. */
export const wordOf = (value: Located | undefined): string | undefined =>
  value?.data === undefined || typeof value.data === 'object' ? undefined : String(value.data)

/** Of a list; one value alone counts as a list of it. */
export const wordsOf = (value: Located | undefined): readonly string[] =>
  (value?.items ?? (value === undefined ? [] : [value])).flatMap((item) => wordOf(item) ?? [])
