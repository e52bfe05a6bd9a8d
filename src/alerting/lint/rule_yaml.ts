/** Rule files as Prometheus reads them → rules of which every text still knows where it stands. Pure, never throws. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Scalar, type YAMLMap } from 'yaml'
import { parseDuration } from '../../config/duration.ts'
import type { Duration } from '../../metric.ts'
import type { Expr } from '../promql/ast.ts'
import { type Fault, parse } from '../promql/parse.ts'
import type { Finding, Place } from './finding.ts'

export interface RuleText {
  /** As shown to people. */
  readonly file: string
  readonly text: string
}

export interface LintText {
  readonly text: string
  readonly place: Place
}

export interface LintRule {
  readonly kind: 'alert' | 'recording'
  readonly name: string
  readonly group: string
  /** Of the rule itself. */
  readonly place: Place
  readonly source: LintText
  /** Undefined where it could not be parsed: then `faults` say why. */
  readonly expr: Expr | undefined
  readonly faults: readonly Fault[]
  readonly for: Duration
  readonly keepFiringFor: Duration
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: ReadonlyMap<string, LintText>
}

export interface LintFile {
  readonly file: string
  readonly rules: readonly LintRule[]
  /** What is wrong with it as YAML. */
  readonly findings: readonly Finding[]
}

type Lines = (offset: number) => { readonly line: number; readonly column: number }

/** Exact in plain texts and blocks; within escapes the line alone can be told. */
const positionIn = (node: Scalar, text: string, lines: Lines): NonNullable<Place['position']> => {
  const start = node.range?.[0] ?? 0
  const { line, column } = lines(start)
  if (node.type === 'BLOCK_LITERAL') {
    const source = node.srcToken
    const indent = source?.type === 'block-scalar' ? (/^( *)\S/m.exec(source.source)?.[1]?.length ?? 0) : 0
    return (offset) => {
      const before = text.slice(0, offset).split('\n')
      return { line: line + before.length, column: indent + (before.at(-1)?.length ?? 0) + 1 }
    }
  }
  const isPlain = node.type === 'PLAIN' && !text.includes('\n') && (node.range?.[1] ?? 0) - start === text.length
  return (offset) => (isPlain ? { line, column: column + offset } : { line })
}

interface Reading {
  readonly file: string
  readonly lines: Lines
}

const textOf = (map: YAMLMap, key: string, path: readonly string[], { file, lines }: Reading): LintText | undefined => {
  const node = map.get(key, true)
  if (!isScalar(node) || node.value === null) return undefined
  const text = String(node.value)
  return { text, place: { file, path, position: positionIn(node, text, lines) } }
}

const textsOf = (
  map: YAMLMap,
  key: string,
  path: readonly string[],
  reading: Reading,
): ReadonlyMap<string, LintText> => {
  const within = map.get(key)
  if (!isMap(within)) return new Map()
  return new Map(
    within.items.flatMap(({ key: name }) => {
      const label = String(isScalar(name) ? name.value : name)
      const text = textOf(within, label, [...path, key, label], reading)
      return text === undefined ? [] : [[label, text] as const]
    }),
  )
}

const spanOf = (map: YAMLMap, key: string): Duration => parseDuration(String(map.get(key) ?? '0s')) ?? 0

const ruleOf = (node: unknown, group: string, reading: Reading): LintRule | undefined => {
  if (!isMap(node)) return undefined
  const alert = node.get('alert')
  const name = String(alert ?? node.get('record') ?? '')
  const path = [group, name]
  const source = textOf(node, 'expr', [...path, 'expr'], reading)
  if (name === '' || source === undefined) return undefined
  const parsed = parse(source.text)
  const { line } = reading.lines(node.range?.[0] ?? 0)
  return {
    kind: alert === undefined ? 'recording' : 'alert',
    name,
    group,
    place: { file: reading.file, path, position: () => ({ line }) },
    source,
    expr: parsed.ok ? parsed.expr : undefined,
    faults: parsed.ok ? [] : parsed.faults,
    for: spanOf(node, 'for'),
    keepFiringFor: spanOf(node, 'keep_firing_for'),
    labels: Object.fromEntries([...textsOf(node, 'labels', path, reading)].map(([label, { text }]) => [label, text])),
    annotations: textsOf(node, 'annotations', path, reading),
  }
}

/** What Prometheus itself would refuse in the rest of the file is promtool's to say. */
export const readRuleFile = ({ file, text }: RuleText): LintFile => {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, keepSourceTokens: true })
  const lines: Lines = (offset) => {
    const { line, col } = counter.linePos(offset)
    return { line, column: col }
  }
  const refuse = (at: number, message: string): Finding => ({ check: 'syntax', file, ...lines(at), path: [], message })
  const [error] = document.errors
  if (error !== undefined) return { file, rules: [], findings: [refuse(error.pos[0], `no YAML: ${error.code}`)] }
  const groups = document.get('groups')
  if (!isSeq(groups)) return { file, rules: [], findings: [refuse(0, 'no rule file: a list "groups" is wanted')] }
  const findings: Finding[] = []
  const rules: LintRule[] = []
  for (const group of groups.items) {
    const name = isMap(group) ? String(group.get('name') ?? '') : ''
    const nodes = isMap(group) ? group.get('rules') : undefined
    for (const node of isSeq(nodes) ? nodes.items : []) {
      const rule = ruleOf(node, name, { file, lines })
      if (rule === undefined)
        findings.push(refuse(isMap(node) ? (node.range?.[0] ?? 0) : 0, 'a rule has alert or record, and expr'))
      else rules.push(rule)
    }
  }
  return { file, rules, findings }
}
