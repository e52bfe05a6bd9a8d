/** One line of Prometheus text: a name, labels, a value. Linear in its length. */

export interface Series {
  /** As on the line: of a histogram `…_bucket`, `…_sum`, `…_count`. */
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  /** May be NaN or infinite. */
  readonly value: number
  /** Of the labels but `le`: one and the same for all lines of one histogram. */
  readonly key: string
}

/** Each bounds what a reply can make us hold or do. */
export interface Limits {
  readonly lines: number
  /** Of one line, in UTF-16 units. */
  readonly lineLength: number
  readonly labels: number
  readonly nameLength: number
  readonly valueLength: number
}

export const LIMITS: Limits = {
  lines: 500_000,
  lineLength: 64 * 1024,
  labels: 64,
  nameLength: 256,
  // The names on a certificate are one label.
  valueLength: 32 * 1024,
}

const METRIC_NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const BLANKS = /[ \t]*/y
const PLAIN = /[^"\\]*/y
const VALUE = /[^ \t]+/y
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/
const TIMESTAMP = /^-?\d{1,18}$/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' }

const numberOf = (text: string): number | undefined => {
  if (!NUMBER.test(text)) return undefined
  if (text.endsWith('Inf')) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

/** What is wrong with a line; nothing of its text, which may be anything. */
export class Malformed extends Error {}

/** Where what the sticky pattern matches from `at` ends; `at`, where it doesn't. */
const endOf = (pattern: RegExp, line: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(line) ? pattern.lastIndex : at
}

export const skipBlanks = (line: string, at: number): number => endOf(BLANKS, line, at)

/** A quoted label value from the character after its first quote; gives the position after its last. */
const quoted = (line: string, from: number, limits: Limits): readonly [value: string, after: number] => {
  let value = ''
  let at = from
  for (;;) {
    const plain = endOf(PLAIN, line, at)
    value += line.slice(at, plain)
    if (value.length > limits.valueLength) throw new Malformed(`a label value over ${limits.valueLength} characters`)
    at = plain
    if (at === line.length) throw new Malformed('a label value without its closing quote')
    if (line[at] === '"') return [value, at + 1]
    const escaped = ESCAPES[line[at + 1] ?? '']
    if (escaped === undefined) throw new Malformed('an unknown escape in a label value')
    value += escaped
    at += 2
  }
}

const NO_LABELS: ReadonlyMap<string, string> = new Map()

/** From the character after `{`; gives the position after `}`. */
const labelsAt = (line: string, from: number, limits: Limits): readonly [ReadonlyMap<string, string>, number] => {
  const labels = new Map<string, string>()
  let at = skipBlanks(line, from)
  while (line[at] !== '}') {
    const nameEnd = endOf(LABEL_NAME, line, at)
    if (nameEnd === at) throw new Malformed('no label name where one is due')
    if (nameEnd - at > limits.nameLength) throw new Malformed(`a label name over ${limits.nameLength} characters`)
    const name = line.slice(at, nameEnd)
    at = skipBlanks(line, nameEnd)
    if (line[at] !== '=') throw new Malformed('no = after a label name')
    at = skipBlanks(line, at + 1)
    if (line[at] !== '"') throw new Malformed('a label value without quotes')
    const [value, after] = quoted(line, at + 1, limits)
    if (labels.has(name)) throw new Malformed('a label given twice')
    labels.set(name, value)
    if (labels.size > limits.labels) throw new Malformed(`more than ${limits.labels} labels`)
    at = skipBlanks(line, after)
    if (line[at] === ',') at = skipBlanks(line, at + 1)
    else if (line[at] !== '}') throw new Malformed('neither , nor } after a label')
  }
  return [labels, at + 1]
}

/** A line that is no comment and not blank. Throws Malformed. */
export const seriesOf = (line: string, limits: Limits): Series => {
  const nameEnd = endOf(METRIC_NAME, line, 0)
  if (nameEnd === 0) throw new Malformed('no metric name where one is due')
  if (nameEnd > limits.nameLength) throw new Malformed(`a metric name over ${limits.nameLength} characters`)
  const afterName = skipBlanks(line, nameEnd)
  const hasLabels = line[afterName] === '{'
  const [labels, after] = hasLabels ? labelsAt(line, afterName + 1, limits) : ([NO_LABELS, afterName] as const)
  if (!hasLabels && afterName === nameEnd) throw new Malformed('no value after a metric name')
  const start = skipBlanks(line, after)
  const end = endOf(VALUE, line, start)
  const value = numberOf(line.slice(start, end))
  if (value === undefined) throw new Malformed('a value that is no number')
  const timestampStart = skipBlanks(line, end)
  const timestampEnd = endOf(VALUE, line, timestampStart)
  if (timestampEnd > timestampStart && !TIMESTAMP.test(line.slice(timestampStart, timestampEnd))) {
    throw new Malformed('a timestamp that is no whole number')
  }
  if (skipBlanks(line, timestampEnd) !== line.length) throw new Malformed('text after the timestamp')
  return { name: line.slice(0, nameEnd), labels, value, key: keyOf(labels) }
}

/** The same for the same labels in any order, and for no others: lengths keep values apart. */
const keyOf = (labels: ReadonlyMap<string, string>): string => {
  let key = ''
  let last = ''
  for (const [name, value] of labels) {
    if (name === 'le') continue
    // written in order, mostly
    if (name < last) return keyOf(new Map([...labels].sort(([a], [b]) => (a < b ? -1 : 1))))
    last = name
    key += `${name}=${value.length}:${value}`
  }
  return key
}

export const isMetricName = (text: string, { nameLength }: Limits): boolean =>
  text !== '' && text.length <= nameLength && endOf(METRIC_NAME, text, 0) === text.length
