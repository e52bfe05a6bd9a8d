/** PromQL text → expression, by Prometheus' own grammar; what is wrong with the text, by offset. Pure, never throws. */
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { parseDuration } from '../../config/duration.ts'
import type { Aggregation, Binary, Expr, Label, Lasting, Matcher, Matching, Selector, Span, Subquery } from './ast.ts'
import { unquote } from './quote.ts'

/** What is wrong, and where in the expression. */
export interface Fault {
  readonly at: number
  readonly message: string
}

export type Parsed =
  | { readonly ok: true; readonly expr: Expr }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Thrown by `convert`, caught by `parse`. */
class Refused extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

interface Tree {
  readonly text: string
  readonly node: SyntaxNode
}

const spanOf = ({ node }: Tree): Span => ({ from: node.from, to: node.to })
const textOf = ({ text, node }: Tree): string => text.slice(node.from, node.to)
const childrenOf = ({ text, node }: Tree): readonly Tree[] => {
  const children: Tree[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push({ text, node: child })
  return children
}
const child = (tree: Tree, ...names: readonly string[]): Tree | undefined =>
  childrenOf(tree).find(({ node }) => names.includes(node.name))
const must = (tree: Tree, ...names: readonly string[]): Tree => {
  const found = child(tree, ...names)
  if (found === undefined) throw new Refused(tree.node.from, `not understood: ${textOf(tree)}`)
  return found
}

const EXPRESSIONS = new Set(
  `AggregateExpr BinaryExpr FunctionCall MatrixSelector NumberDurationLiteral OffsetExpr ParenExpr StringLiteral
   SubqueryExpr UnaryExpr VectorSelector StepInvariantExpr AnchoredExpr SmoothedExpr`.split(/\s+/),
)
const expressionsIn = (tree: Tree): readonly Tree[] => childrenOf(tree).filter(({ node }) => EXPRESSIONS.has(node.name))
const convertOnly = (tree: Tree): Expr => {
  const [only] = expressionsIn(tree)
  if (only === undefined) throw new Refused(tree.node.from, 'an expression is missing')
  return convert(only)
}

const newer = (tree: Tree, what: string): Refused =>
  new Refused(tree.node.from, `${what}: not on every Prometheus from 2.42 on`)

const lastingOf = (tree: Tree): Lasting => {
  const value = parseDuration(textOf(tree).trim())
  if (value === undefined) throw newer(tree, `a span of time that is computed, or not written like 5m or 1h30m`)
  return { ...spanOf(tree), value }
}

const matcherOf = (tree: Tree): Matcher => {
  if (tree.node.name !== 'UnquotedLabelMatcher') throw newer(tree, 'a name in quotes')
  return {
    ...spanOf(tree),
    label: textOf(must(tree, 'LabelName')),
    op: textOf(must(tree, 'MatchOp')) as Matcher['op'],
    value: unquote(textOf(must(tree, 'StringLiteral'))),
  }
}

const selectorOf = (tree: Tree): Selector => {
  const name = child(tree, 'Identifier')
  const braces = child(tree, 'LabelMatchers')
  const matchers = braces === undefined ? [] : childrenOf(braces).map(matcherOf)
  const written = matchers.find(({ label, op }) => label === '__name__' && op === '=')
  const metric = name === undefined ? written?.value : textOf(name)
  return {
    kind: 'selector',
    ...spanOf(tree),
    ...(metric === undefined ? {} : { metric }),
    matchers: matchers.filter((m) => m !== written),
  }
}

const labelsOf = (tree: Tree): readonly Label[] =>
  childrenOf(tree).map((label) => {
    if (label.node.name !== 'LabelName') throw newer(label, 'a name in quotes')
    return { ...spanOf(label), name: textOf(label) }
  })

const aggregationOf = (tree: Tree): Aggregation => {
  const op = must(tree, 'AggregateOp')
  const modifier = child(tree, 'AggregateModifier')
  const args = expressionsIn(must(tree, 'FunctionCallBody')).map(convert)
  const of = args.at(-1)
  if (of === undefined || args.length > 2) throw new Refused(tree.node.from, `${textOf(op)} takes one vector`)
  const how = modifier && child(modifier, 'By') ? 'by' : 'without'
  return {
    kind: 'aggregation',
    ...spanOf(tree),
    op: textOf(op).toLowerCase(),
    opAt: spanOf(op),
    ...(modifier === undefined ? {} : { grouping: { how, labels: labelsOf(must(modifier, 'GroupingLabels')) } }),
    ...(args.length === 2 && args[0] !== undefined ? { parameter: args[0] } : {}),
    of,
  }
}

const matchingOf = (tree: Tree): Matching => {
  const parts = childrenOf(tree)
  const lists = parts.filter(({ node }) => node.name === 'GroupingLabels').map(labelsOf)
  const side = child(tree, 'GroupLeft') ? 'left' : child(tree, 'GroupRight') ? 'right' : undefined
  return {
    ...spanOf(tree),
    how: child(tree, 'On') ? 'on' : 'ignoring',
    labels: lists[0] ?? [],
    ...(side === undefined ? {} : { group: { side, labels: lists[1] ?? [] } }),
  }
}

const binaryOf = (tree: Tree): Binary => {
  const [left, right] = expressionsIn(tree)
  const op = childrenOf(tree).find(({ node }) => !EXPRESSIONS.has(node.name))
  if (left === undefined || right === undefined || op === undefined)
    throw new Refused(tree.node.from, 'a side is missing')
  const fill = child(tree, 'FillModifier')
  if (fill !== undefined) throw newer(fill, 'fill')
  if (op.node.name.startsWith('Trim')) throw newer(op, textOf(op))
  const matching = child(tree, 'MatchingModifierClause')
  return {
    kind: 'binary',
    ...spanOf(tree),
    op: textOf(op).toLowerCase(),
    opAt: spanOf(op),
    bool: child(tree, 'BoolModifier') !== undefined,
    ...(matching === undefined ? {} : { matching: matchingOf(matching) }),
    left: convert(left),
    right: convert(right),
  }
}

const subqueryOf = (tree: Tree): Subquery => {
  const [range, step] = childrenOf(tree).filter(({ node }) => node.name === 'DurationExpr')
  if (range === undefined) throw new Refused(tree.node.from, 'a subquery lacks its range')
  return {
    kind: 'subquery',
    ...spanOf(tree),
    of: convertOnly(tree),
    range: lastingOf(range),
    ...(step === undefined ? {} : { step: lastingOf(step) }),
  }
}

const numberOf = (text: string): number => {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text.replaceAll('_', ''))
}

const offsetOf = (tree: Tree): Expr => {
  const of = convertOnly(tree)
  const offset = { ...spanOf(must(tree, 'OffsetDurationExpr')) }
  const value = parseDuration(textOf(must(tree, 'OffsetDurationExpr')).replace(/^-\s*/, ''))
  return of.kind === 'selector' ? { ...of, offset: { ...offset, ...(value === undefined ? {} : { value }) } } : of
}

const rangeOf = (tree: Tree): Expr => {
  const of = convertOnly(tree)
  const range = lastingOf(must(tree, 'DurationExpr'))
  if (of.kind !== 'selector')
    throw new Refused(range.from, 'a range stands after a metric: write [5m:1m] after what is computed')
  return { ...of, to: tree.node.to, range }
}

const converters: Readonly<Record<string, (tree: Tree) => Expr>> = {
  VectorSelector: selectorOf,
  MatrixSelector: rangeOf,
  OffsetExpr: offsetOf,
  AggregateExpr: aggregationOf,
  BinaryExpr: binaryOf,
  SubqueryExpr: subqueryOf,
  ParenExpr: convertOnly,
  StepInvariantExpr: convertOnly,
  StringLiteral: (tree) => ({ kind: 'string', ...spanOf(tree), value: unquote(textOf(tree)) }),
  NumberDurationLiteral: (tree) => ({ kind: 'number', ...spanOf(tree), value: numberOf(textOf(tree)) }),
  UnaryExpr: (tree) => ({ kind: 'unary', ...spanOf(tree), op: textOf(must(tree, 'UnaryOp')), of: convertOnly(tree) }),
  FunctionCall: (tree) => ({
    kind: 'call',
    ...spanOf(tree),
    name: textOf(must(tree, 'FunctionIdentifier')),
    args: expressionsIn(must(tree, 'FunctionCallBody')).map(convert),
  }),
}

const convert = (tree: Tree): Expr => {
  const converter = converters[tree.node.name]
  if (converter === undefined) throw newer(tree, textOf(tree))
  return converter(tree)
}

/** Only the first: the rest follow from it. */
const syntaxFault = (text: string, root: SyntaxNode): Fault | undefined => {
  let at: number | undefined
  root.cursor().iterate((node) => {
    if (node.type.isError) at ??= node.from
  })
  if (at === undefined) return undefined
  const called = /([A-Za-z_]\w*)\s*$/.exec(text.slice(0, at))
  if (text[at] === '(' && called !== null) {
    return { at: called.index, message: `${called[1]} is no function on every Prometheus from 2.42 on` }
  }
  const rest = text.slice(at).trim()
  return { at, message: rest === '' ? 'it ends too soon' : `not understood from here: ${rest.slice(0, 20)}` }
}

export const parse = (text: string): Parsed => {
  const root = parser.parse(text).topNode
  const fault = syntaxFault(text, root)
  if (fault !== undefined) return { ok: false, faults: [fault] }
  try {
    return { ok: true, expr: convertOnly({ text, node: root }) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, faults: [{ at: error.at, message: error.message }] }
    throw error
  }
}
