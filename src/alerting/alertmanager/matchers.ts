/** Matchers as data and as Alertmanager writes them. Pure. */
import type { Matcher } from './types.ts'

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`

export const is = (label: string, value: string): Matcher => `${label}=${quoted(value)}`
export const isNot = (label: string, value: string): Matcher => `${label}!=${quoted(value)}`

/** One of some values. */
export const isOneOf = (label: string, values: readonly string[]): Matcher => {
  const [first = '', ...rest] = values
  if (rest.length === 0) return is(label, first)
  return `${label}=~${quoted(values.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'))}`
}

/** There, and not empty. */
export const isThere = (label: string): Matcher => `${label}=~".+"`

export type Labels = Readonly<Record<string, string>>

/** What a matcher asks of one label. */
export interface Condition {
  readonly label: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

const FORM = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"{},\s]*))\s*$/s

/** As Alertmanager reads one: its value in quotes, or plain. Undefined where it is none. */
export const conditionOf = (matcher: Matcher): Condition | undefined => {
  const [, label, op, quoted, plain = ''] = FORM.exec(matcher) ?? []
  if (label === undefined) return undefined
  const value = quoted?.replace(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c)) ?? plain
  return { label, op: op as Condition['op'], value }
}

/** One text may hold several, in braces or not: https://prometheus.io/docs/alerting/latest/configuration/#matcher */
export const matchersIn = (text: string): readonly Matcher[] =>
  text
    .replace(/^\s*\{(.*)\}\s*$/s, '$1')
    .match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/gs)
    ?.map((matcher) => matcher.trim()) ?? []

/** As Go's RE2 reads it, which writes flags for the whole at the beginning. */
const regexOf = (text: string): RegExp => {
  const [flags = '', letters = ''] = /^\(\?([ims]+)\)/.exec(text) ?? []
  return new RegExp(`^(?:${text.slice(flags.length)})$`, [...new Set(`s${letters}`)].join(''))
}

/** Whether the value of its label fits; a label that is not there is an empty one. Throws at what is no matcher. */
export const fits = (matcher: Matcher, labels: Labels): boolean => {
  const condition = conditionOf(matcher)
  if (condition === undefined) throw new Error(`not a matcher: ${matcher}`)
  const { label, op, value: wanted } = condition
  const value = labels[label] ?? ''
  if (op === '=') return value === wanted
  if (op === '!=') return value !== wanted
  const isMatch = regexOf(wanted).test(value)
  return op === '=~' ? isMatch : !isMatch
}

export const fitsAll = (matchers: readonly Matcher[], labels: Labels): boolean =>
  matchers.every((matcher) => fits(matcher, labels))

/** The label a matcher is about. */
export const labelOf = (matcher: Matcher): string => conditionOf(matcher)?.label ?? ''
