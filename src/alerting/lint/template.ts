/**
 * The templates of alerts, as Prometheus writes them out: their actions, and what they ask of it.
 * https://prometheus.io/docs/prometheus/latest/configuration/template_reference/ · https://pkg.go.dev/text/template
 * Pure, never throws.
 */
import { unquote } from '../promql/quote.ts'
import { ANYTHING } from '../promql/series.ts'
import { type Mapped, mappedPart, replaced } from './mapped.ts'

/** A literal text within an action; offsets are those of the template. */
export interface Literal {
  readonly from: number
  readonly to: number
}

export interface Action {
  readonly from: number
  readonly keyword: 'if' | 'with' | 'range' | 'else' | 'end' | 'define' | 'block' | undefined
  /** Without its braces, with its literals blanked, so that nothing in them is taken for a word. */
  readonly code: string
  readonly literals: readonly Literal[]
}

const LITERAL = /"(?:\\.|[^"\\])*"|`[^`]*`/g
const ACTION =
  /\{\{-?\s*(?:\/\*[\s\S]*?\*\/\s*|((?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'|[^"`'}]|\}(?!\}))*?))-?\}\}/dg

export const actionsOf = (template: string): readonly Action[] =>
  [...template.matchAll(ACTION)].flatMap((found) => {
    const [from, to] = found.indices?.[1] ?? []
    if (from === undefined || to === undefined) return []
    const inner = template.slice(from, to)
    const literals = [...inner.matchAll(LITERAL)].map(({ 0: text, index }) => ({
      from: from + index,
      to: from + index + text.length,
    }))
    const code = inner.replace(LITERAL, (text) => `"${' '.repeat(text.length - 2)}"`)
    const keyword = /^(if|with|range|else|end|define|block)\b/.exec(code)?.[1] as Action['keyword']
    return [{ from: found.index, keyword, code, literals }]
  })

export const asks = ({ code }: Action): boolean => /(^|[\s(|])query\b/.test(code)

/** A `with`, `if` or `range`, and whether there is an else for what it does not find. */
export interface Block {
  readonly opened: Action
  readonly hasElse: boolean
}

export interface Blocks {
  readonly blocks: readonly Block[]
  /** Left open. */
  readonly open: readonly Action[]
  /** An else or end with nothing before it. */
  readonly stray: readonly Action[]
}

export const blocksOf = (actions: readonly Action[]): Blocks => {
  const stack: { readonly opened: Action; hasElse: boolean }[] = []
  const blocks: Block[] = []
  const stray: Action[] = []
  for (const action of actions) {
    const top = stack.at(-1)
    if (action.keyword === undefined) continue
    if (action.keyword === 'else' || action.keyword === 'end') {
      if (top === undefined) stray.push(action)
      else if (action.keyword === 'else') top.hasElse = true
      else blocks.push(stack.pop() ?? top)
    } else stack.push({ opened: action, hasElse: false })
  }
  return { blocks, open: stack.map(({ opened }) => opened), stray }
}

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S])/g
export const VERB = /%[-+# 0]*\d*(?:\.\d+)?[a-zA-Z%]/g

/** The letters a literal stands for. */
export const contentOf = (template: string, { from, to }: Literal): Mapped => {
  const inner = mappedPart(template, from + 1, to - 1)
  if (template[from] === '`') return inner
  return replaced(inner, ESCAPE, (code) => unquote(`"${code}"`))
}

const STAND_IN: Readonly<Record<string, string>> = { q: `"${ANYTHING}"`, s: ANYTHING, v: ANYTHING, '%': '%' }

export interface AskedOf {
  readonly action: Action
  /** The first literal: the query itself, or what printf makes it of. */
  readonly format: Mapped
  readonly isPrinted: boolean
  /** How many values are put into it. */
  readonly values: number
  /** With something in the place of each value. */
  readonly query: Mapped
}

/** The arguments of the printf, up to the next pipe: each a word, or what stands in brackets. */
const valuesAfter = (code: string, at: number): number => {
  const rest = /^[^|)]*/.exec(code.slice(at).replace(/\([^()]*\)/g, 'v'))?.[0] ?? ''
  return rest.trim() === '' ? 0 : rest.trim().split(/\s+/).length
}

/** Every query in a template that is written out in it. */
export const asked = (template: string): readonly AskedOf[] =>
  actionsOf(template)
    .filter(asks)
    .flatMap((action) => {
      const [literal] = action.literals
      if (literal === undefined) return []
      const isPrinted = /\bprintf\s*"/.test(action.code)
      const format = contentOf(template, literal)
      const begin = action.code.indexOf('"')
      const values = valuesAfter(action.code, begin + (literal.to - literal.from))
      const query = isPrinted ? replaced(format, VERB, (verb) => STAND_IN[verb.at(-1) ?? ''] ?? '1') : format
      return [{ action, format, isPrinted, values, query }]
    })
