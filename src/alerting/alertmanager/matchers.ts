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

const FORM = /^([a-zA-Z_]\w*)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"$/s

/** Whether labels fit; a label that is not there is an empty one. Throws at what is no matcher of ours. */
export const fits = (matcher: Matcher, labels: Labels): boolean => {
  const [, label = '', operator, text = ''] = FORM.exec(matcher) ?? []
  if (operator === undefined) throw new Error(`not a matcher: ${matcher}`)
  const wanted = text.replace(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c))
  const value = labels[label] ?? ''
  if (operator === '=') return value === wanted
  if (operator === '!=') return value !== wanted
  const isMatch = new RegExp(`^(?:${wanted})$`, 's').test(value)
  return operator === '=~' ? isMatch : !isMatch
}

export const fitsAll = (matchers: readonly Matcher[], labels: Labels): boolean =>
  matchers.every((matcher) => fits(matcher, labels))

/** The label a matcher is about. */
export const labelOf = (matcher: Matcher): string => FORM.exec(matcher)?.[1] ?? ''
