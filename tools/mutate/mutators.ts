/** Small changes of a rule, each of which some test should notice. Pure. */
import { type Binary, type Expr, partsOf, type Span } from '../../src/alerting/promql/ast.ts'
import { parse } from '../../src/alerting/promql/parse.ts'
import { formatDuration, parseDuration } from '../../src/config/duration.ts'
import { minutes } from '../../src/metric.ts'

export const KINDS = ['comparison', 'number', 'range', 'join', 'label', 'for', 'keep_firing_for'] as const
export type Kind = (typeof KINDS)[number]

/** What is there and what stands there instead, with a little of what is around it. */
export interface Change {
  readonly kind: Kind
  /** `count by (tenant) (x) ⟦>= → >⟧ 3`: tells it from the others of its rule, wherever it stands in it. */
  readonly place: string
  readonly text: string
}

interface Edit extends Span {
  readonly kind: Kind
  readonly text: string
}

const AROUND = 28
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')
/** Of what is left out, the ends. */
const short = (text: string): string => (text.length > 70 ? `${text.slice(0, 45)}…${text.slice(-20)}` : text)

const applied = (expr: string, { kind, from, to, text }: Edit): Change => ({
  kind,
  place: oneLine(
    `${from > AROUND ? '…' : ''}${expr.slice(Math.max(0, from - AROUND), from)}⟦${short(expr.slice(from, to))} → ${text}⟧${expr.slice(to, to + AROUND)}${to + AROUND < expr.length ? '…' : ''}`,
  ),
  text: expr.slice(0, from) + text + expr.slice(to),
})

/** The bound moved to its other side, and all of it turned round. */
const COMPARED: Readonly<Record<string, readonly string[]>> = {
  '>': ['>=', '<'],
  '>=': ['>', '<'],
  '<': ['<=', '>'],
  '<=': ['<', '>'],
  '==': ['!='],
  '!=': ['=='],
}
const JOINED: Readonly<Record<string, readonly string[]>> = { and: ['unless'], unless: ['and'], or: ['and'] }

const compared = ({ op, opAt }: Binary): readonly Edit[] =>
  (COMPARED[op] ?? []).map((text) => ({ ...opAt, kind: 'comparison', text }))

/** Another operator, and each side by itself. */
const joined = (expr: string, { op, opAt, matching, from, to }: Binary): readonly Edit[] => {
  const end = (text: string): number => text.trimEnd().length
  const right = matching?.to ?? opAt.to
  const begin = right + (expr.slice(right).length - expr.slice(right).trimStart().length)
  return (JOINED[op] ?? []).flatMap((text): readonly Edit[] => [
    { ...opAt, kind: 'join', text },
    { from: end(expr.slice(0, opAt.from)), to, kind: 'join', text: '' },
    ...(op === 'or' ? [{ from, to: begin, kind: 'join' as const, text: '' }] : []),
  ])
}

/** `a, b, c` without one of them. */
const without = (labels: readonly (Span & { readonly name: string })[]): readonly Edit[] => {
  const [first, last] = [labels[0], labels.at(-1)]
  if (first === undefined || last === undefined) return []
  return labels.map(({ name }) => ({
    from: first.from,
    to: last.to,
    kind: 'label',
    text: labels
      .filter((label) => label.name !== name)
      .map((label) => label.name)
      .join(', '),
  }))
}

const GROUPED = /\s*\bgroup_(left|right)\s*\([^)]*\)/

const matched = (expr: string, { matching }: Binary): readonly Edit[] => {
  if (matching === undefined) return []
  const { from, to, labels, group } = matching
  const text = expr.slice(from, to)
  return [
    ...without(labels),
    ...(group === undefined
      ? []
      : [...without(group.labels), { from, to, kind: 'label' as const, text: text.replace(GROUPED, '') }]),
  ]
}

/** A tenth more or less of what is large, one of what is small. */
const numbersNear = (value: number): readonly number[] => {
  if (value === 0) return [1]
  if (Number.isInteger(value) && Math.abs(value) < 10) return [value - 1, value + 1]
  return [value * 0.9, value * 1.1].map((near) => Number(near.toPrecision(12)))
}

const editsOf = (text: string, part: Expr): readonly Edit[] => {
  switch (part.kind) {
    case 'binary':
      return [...compared(part), ...joined(text, part), ...matched(text, part)]
    case 'aggregation':
      return without(part.grouping?.labels ?? [])
    case 'number':
      return numbersNear(part.value).map((value) => ({ ...part, kind: 'number', text: String(value) }))
    case 'selector':
    case 'subquery': {
      const range = part.range
      if (range?.value === undefined) return []
      return [range.value / 2, range.value * 2].map((value) => ({
        from: range.from,
        to: range.to,
        kind: 'range',
        text: text.slice(range.from, range.to).replace(/[^[\]:\s]+/, formatDuration(value)),
      }))
    }
    default:
      return []
  }
}

const isChange = (text: string, edit: Edit): boolean => text.slice(edit.from, edit.to) !== edit.text

/** Each once; not all of them mean something to Prometheus. */
export const changesOf = (text: string): readonly Change[] => {
  const parsed = parse(text)
  if (!parsed.ok) throw new Error(`not PromQL: ${parsed.faults.map(({ message }) => message).join('; ')}`)
  const changes = partsOf(parsed.expr)
    .flatMap((part) => editsOf(text, part))
    .filter((edit) => isChange(text, edit))
    .map((edit) => applied(text, edit))
  return [...new Map(changes.map((change) => [change.text, change])).values()]
}

const BY = minutes(1)

/** A minute less and a minute more; of a span that is not there, more alone. */
export const lastingChanges = (kind: 'for' | 'keep_firing_for', written: string | undefined): readonly Change[] => {
  const now = written === undefined ? 0 : (parseDuration(written) ?? 0)
  return [now - BY, now + BY]
    .filter((value) => value >= 0)
    .map((value) => ({
      kind,
      place: `⟦${kind}: ${formatDuration(now)} → ${formatDuration(value)}⟧`,
      text: formatDuration(value),
    }))
}
