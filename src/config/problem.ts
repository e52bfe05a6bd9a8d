/** What is wrong with a configuration, as values: where it stands, what it is, what to do. */
import { closest, distance } from 'fastest-levenshtein'

/** A key or value in a configuration file; line and column from 1, absent where the file as a whole is meant. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
  readonly path: Path
}

/** The message never holds a value: what is mistyped may be a password. */
export interface Problem extends Place {
  readonly message: string
}

export type Path = readonly (string | number)[]

const LISTED = 12
// Both bound the work on a hostile or generated file.
const COMPARED = 1000
const LONGEST = 100

/** In quotes; what cannot be seen, or turns the text round it, as an escape. */
const quoted = (key: string): string =>
  JSON.stringify(key).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`)

/** `tenants["L'Été"].databases[0]`. */
export const pathText = (path: Path): string =>
  path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`
      if (key.length > LONGEST) return `[${quoted(`${key.slice(0, LONGEST)}…`)}]`
      if (!/^[\p{L}\p{N}_-]+$/u.test(key)) return `[${quoted(key)}]`
      return i === 0 ? key : `.${key}`
    })
    .join('')

/** `odoo-pulse.yaml:12:5 servers.pg-main.postgres.prot: unknown key; did you mean "port"?` */
export const formatProblem = ({ file, line, column, path, message }: Problem): string => {
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`
  return path.length === 0 ? `${place}: ${message}` : `${place} ${pathText(path)}: ${message}`
}

const near = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > LONGEST || known.length === 0) return undefined
  const lower = word.toLowerCase()
  const best = closest(
    lower,
    known.slice(0, COMPARED).map((k) => k.toLowerCase()),
  )
  const found = known.find((k) => k.toLowerCase() === best)
  // Two of four letters exchanged (prot, port) count as 2.
  const allowed = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))
  return distance(lower, best) <= allowed ? found : undefined
}

/** `did you mean "port"?`, else the list of what is known, else the advice for an empty list. */
export const suggestion = (word: string, known: readonly string[], ifNone: string): string => {
  const found = near(word, known)
  if (found !== undefined) return `did you mean ${JSON.stringify(found)}?`
  if (known.length === 0) return ifNone
  const more = known.length > LISTED ? `, and ${known.length - LISTED} more` : ''
  return `known here: ${known
    .slice(0, LISTED)
    .map((k) => JSON.stringify(k))
    .join(', ')}${more}`
}
