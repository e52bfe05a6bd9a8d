/** The generated rules, and which of them reach which: by what is recorded, and by what fires. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { isSelector, type Matcher, partsOf, type Selector } from '../../src/alerting/promql/ast.ts'
import { parse } from '../../src/alerting/promql/parse.ts'

/** As promtool reads it. */
export interface RuleNode {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly keep_firing_for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface Rule {
  /** `OdooUnreachable`; `odoo:flow_bad:count{window="1h"}`. No two have one. */
  readonly name: string
  readonly group: string
  readonly node: RuleNode
}

const nameOf = ({ alert, record = '', labels = {} }: RuleNode): string => {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return alert ?? (own.length === 0 ? record : `${record}{${own.join(',')}}`)
}

interface File {
  readonly groups: readonly { readonly name: string; readonly rules: readonly RuleNode[] }[]
}

/** In the order of the files, their groups and their rules. */
export const rulesIn = (folder: string): readonly Rule[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => (parseYaml(readFileSync(join(folder, file), 'utf8')) as File).groups)
    .flatMap(({ name: group, rules }) => rules.map((node) => ({ name: nameOf(node), group, node })))

export const selectorsIn = (expr: string): readonly Selector[] => {
  const parsed = parse(expr)
  return parsed.ok ? partsOf(parsed.expr).filter(isSelector) : []
}

/** Labels that are not known fit. */
export const fits = (labels: Readonly<Record<string, string>>, { label, op, value }: Matcher): boolean => {
  const own = labels[label]
  if (own === undefined) return true
  const isSame = op.endsWith('~') ? new RegExp(`^(?:${value})$`).test(own) : own === value
  return isSame === !op.startsWith('!')
}

const records = ({ node: { record, labels = {} } }: Rule, { metric, matchers }: Selector): boolean =>
  record !== undefined && record === metric && matchers.every((matcher) => fits(labels, matcher))

/** What its expression and its text read. What fires is left out: who is named by a test is there anyway. */
const readBy = ({ node: { expr, annotations = {} } }: Rule, rules: readonly Rule[]): readonly Rule[] => {
  const selectors = selectorsIn(expr)
  const texts = Object.values(annotations).join('\n')
  return rules.filter(
    (rule) =>
      selectors.some((selector) => records(rule, selector)) ||
      (rule.node.record !== undefined && texts.includes(rule.node.record)),
  )
}

/** Each with all it is worked out from, itself first. */
export const reaching = (rules: readonly Rule[]): ReadonlyMap<string, readonly Rule[]> => {
  const direct = new Map(rules.map((rule) => [rule.name, readBy(rule, rules)]))
  const closure = (rule: Rule): readonly Rule[] => {
    const found = new Set([rule])
    for (const next of found) for (const read of direct.get(next.name) ?? []) found.add(read)
    return [...found]
  }
  return new Map(rules.map((rule) => [rule.name, closure(rule)]))
}
