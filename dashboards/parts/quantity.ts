/**
 * What an expression's value is, worked out from the units of the metrics in it: seconds per second are a share, bytes by
 * bytes too, a timestamp less another are seconds. Adding, comparing or uniting what does not go together is refused. Pure.
 */

import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import type { MetricDescriptor, PromQL, Unit } from '../../src/metric.ts'

/** scalar: a bare number, which goes with anything; instant: a timestamp in milliseconds, as Grafana takes them. */
export type Kind = 'scalar' | 'count' | 'ratio' | 'bool' | 'info' | 'timestamp' | 'instant' | 'measure'

export interface Quantity {
  readonly kind: Kind
  /** Exponents of seconds and bytes; not 0 only in a measure. */
  readonly seconds: number
  readonly bytes: number
}

const of = (kind: Kind): Quantity => ({ kind, seconds: 0, bytes: 0 })
const measure = (seconds: number, bytes: number): Quantity => ({ kind: 'measure', seconds, bytes })
export const SECONDS = measure(1, 0)

const ofUnit = (unit: Unit): Quantity => (unit === 'seconds' ? SECONDS : unit === 'bytes' ? measure(0, 1) : of(unit))

/** For messages. */
export const quantityText = ({ kind, seconds, bytes }: Quantity): string => {
  if (kind !== 'measure') return kind
  const what = bytes !== 0 ? 'bytes' : seconds > 0 ? 'seconds' : 'count'
  return seconds < 0 ? `${what} per second` : what
}

const fail = (text: string, why: string): never => {
  throw new Error(`${why}, in: ${text}`)
}

/** Ones and noughts: by them nothing changes its unit. */
const isNeutral = ({ kind }: Quantity): boolean => kind === 'scalar' || kind === 'info' || kind === 'bool'
const isSame = (a: Quantity, b: Quantity): boolean =>
  a.kind === b.kind && a.seconds === b.seconds && a.bytes === b.bytes

const dimensions = (seconds: number, bytes: number, otherwise: Kind): Quantity =>
  seconds === 0 && bytes === 0 ? of(otherwise) : measure(seconds, bytes)

const product = (a: Quantity, b: Quantity): Quantity => {
  if (isNeutral(b)) return a
  if (isNeutral(a)) return b
  const both = a.kind === 'ratio' && b.kind === 'ratio'
  return dimensions(a.seconds + b.seconds, a.bytes + b.bytes, both ? 'ratio' : 'count')
}

const quotient = (a: Quantity, b: Quantity): Quantity => {
  if (b.kind === 'scalar' || b.kind === 'info') return a
  if (b.kind === 'ratio' && a.kind !== 'ratio') return a
  return dimensions(a.seconds - b.seconds, a.bytes - b.bytes, 'ratio')
}

const sum = (a: Quantity, b: Quantity, minus: boolean, text: string): Quantity => {
  if (a.kind === 'timestamp' && b.kind === 'timestamp' && minus) return SECONDS
  if (a.kind === 'timestamp' && isSame(b, SECONDS)) return a
  if (a.kind === 'scalar') return b
  if (b.kind === 'scalar' || isSame(a, b)) return a
  return fail(text, `${quantityText(a)} and ${quantityText(b)} can't be added or taken from each other`)
}

/** Of two that stand side by side: compared, or one where the other is not. */
const alike = (a: Quantity, b: Quantity, text: string): Quantity => {
  if (a.kind === 'scalar') return b
  if (b.kind === 'scalar' || isSame(a, b) || (isNeutral(a) && isNeutral(b))) return a
  return fail(text, `${quantityText(a)} and ${quantityText(b)} are not the same`)
}

/** Of what is 1 for each thing: how many. */
const counted = (a: Quantity): Quantity => (a.kind === 'info' || a.kind === 'bool' ? of('count') : a)
const averaged = (a: Quantity): Quantity => (a.kind === 'bool' ? of('ratio') : a)
const perSecond = (a: Quantity): Quantity => dimensions(a.seconds - 1, a.bytes, 'ratio')

const AGGREGATES: Readonly<Record<string, (a: Quantity) => Quantity>> = {
  sum: counted,
  count: () => of('count'),
  count_values: () => of('count'),
  group: () => of('info'),
  avg: averaged,
}
/** Those not named give what they are given. */
const FUNCTIONS: Readonly<Record<string, (a: Quantity) => Quantity>> = {
  rate: perSecond,
  irate: perSecond,
  deriv: perSecond,
  changes: () => of('count'),
  resets: () => of('count'),
  count_over_time: () => of('count'),
  sum_over_time: counted,
  avg_over_time: averaged,
  absent: () => of('bool'),
  absent_over_time: () => of('bool'),
  timestamp: () => of('timestamp'),
  time: () => of('timestamp'),
  hour: () => of('count'),
  day_of_week: () => of('count'),
}

interface Walk {
  readonly text: string
  readonly unitOf: (metric: string) => Quantity | undefined
}

const childrenOf = (node: SyntaxNode): readonly SyntaxNode[] => {
  const found: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child)
  return found
}
const textOf = (node: SyntaxNode, { text }: Walk): string => text.slice(node.from, node.to)
const bodyOf = (node: SyntaxNode): readonly SyntaxNode[] =>
  childrenOf(node).flatMap((child) => (child.name === 'FunctionCallBody' ? childrenOf(child) : []))

/** Of several arguments the one that has the values: topk's and quantile's is the last. */
const valuesOf = (node: SyntaxNode, walk: Walk): Quantity => {
  const known = bodyOf(node)
    .filter((child) => child.name !== 'StringLiteral')
    .map((child) => quantityAt(child, walk))
  return known.find(({ kind }) => kind !== 'scalar') ?? known[0] ?? of('scalar')
}

const callAt = (node: SyntaxNode, walk: Walk, table: typeof FUNCTIONS): Quantity => {
  const name = node.firstChild === null ? '' : textOf(node.firstChild, walk).toLowerCase()
  if (name === 'histogram_quantile') {
    const metric = /([a-zA-Z_:][\w:]*)_bucket\b/.exec(textOf(node, walk))?.[1] ?? ''
    return walk.unitOf(metric) ?? fail(walk.text, 'histogram_quantile of what is no histogram')
  }
  const values = valuesOf(node, walk)
  return table[name]?.(values) ?? values
}

const COMPARISONS = new Set(['Eql', 'Neq', 'Lte', 'Lss', 'Gte', 'Gtr'])

const binaryAt = (node: SyntaxNode, walk: Walk): Quantity => {
  const parts = childrenOf(node)
  const [left, operator, right] = [parts[0], parts[1], parts.at(-1)]
  if (left === undefined || operator === undefined || right === undefined) return fail(walk.text, 'half an operation')
  const [a, b] = [quantityAt(left, walk), quantityAt(right, walk)]
  const text = textOf(node, walk)
  if (COMPARISONS.has(operator.name)) {
    const same = alike(a, b, text)
    return parts.some((part) => part.name === 'BoolModifier') ? of('bool') : same
  }
  switch (operator.name) {
    case 'Add':
    case 'Sub':
      return sum(a, b, operator.name === 'Sub', text)
    case 'Mul':
      return a.kind === 'timestamp' && textOf(right, walk) === '1000' ? of('instant') : product(a, b)
    case 'Div':
      return quotient(a, b)
    case 'Pow':
      return textOf(right, walk) === '0' ? of('info') : a
    case 'Or':
      return alike(a, b, text)
    default:
      return a
  }
}

const quantityAt = (node: SyntaxNode, walk: Walk): Quantity => {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return of('scalar')
    case 'VectorSelector': {
      const name = childrenOf(node).find((child) => child.name === 'Identifier')
      const metric = name === undefined ? '' : textOf(name, walk)
      return walk.unitOf(metric) ?? fail(walk.text, `${metric} is no metric that the query was given`)
    }
    case 'AggregateExpr':
      return callAt(node, walk, AGGREGATES)
    case 'FunctionCall':
      return callAt(node, walk, FUNCTIONS)
    case 'BinaryExpr':
      return binaryAt(node, walk)
    case 'UnaryExpr': {
      const operand = node.lastChild
      return operand === null ? of('scalar') : quantityAt(operand, walk)
    }
    default: {
      const inner = node.firstChild
      return inner === null ? fail(walk.text, `what is ${node.name}`) : quantityAt(inner, walk)
    }
  }
}

const ofMetrics = (metrics: readonly MetricDescriptor[]): ReadonlyMap<string, Quantity> =>
  new Map([
    ...metrics.flatMap(({ name, type, unit }): readonly (readonly [string, Quantity])[] =>
      type === 'histogram'
        ? [
            [name, ofUnit(unit)],
            [`${name}_bucket`, of('count')],
            [`${name}_sum`, ofUnit(unit)],
            [`${name}_count`, of('count')],
          ]
        : [[name, ofUnit(unit)]],
    ),
    ['ALERTS', of('info')],
    ['ALERTS_FOR_STATE', of('timestamp')],
  ])

/** Grafana's own variables, where the grammar wants a duration or a number. */
const plain = (text: string): string =>
  text.replaceAll(/\$__(rate_interval|interval|range)\b/g, '1m').replaceAll('$__range_s', '60')

/** Throws an Error that says what does not go together. */
export const quantityOf = ({ text, metrics }: PromQL): Quantity => {
  const written = plain(text)
  const units = ofMetrics(metrics)
  const tree = parser.parse(written)
  const walk: Walk = { text: written, unitOf: (metric) => units.get(metric) }
  return quantityAt(tree.topNode, walk)
}
