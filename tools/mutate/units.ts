/** The tests of the rules, taken apart: what one case checks of one rule, with the rules it needs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { parseDuration } from '../../src/config/duration.ts'
import { fits, type Rule, selectorsIn } from './rules.ts'

interface Check {
  readonly eval_time: string
  readonly alertname?: string
  readonly expr?: string
}

interface Case {
  readonly name: string
  readonly interval: string
  readonly input_series: readonly unknown[]
  readonly alert_rule_test?: readonly Check[]
  readonly promql_expr_test?: readonly Check[]
}

interface TestFile {
  readonly evaluation_interval: string
  readonly tests: readonly Case[]
}

export interface Unit {
  /** `odoo.yaml: silent while it answers (OdooUnreachable)` */
  readonly name: string
  /** The rule whose behaviour it checks. */
  readonly of: string
  /** In the order they are evaluated in. */
  readonly rules: readonly Rule[]
  /** About how many expressions are evaluated. */
  readonly cost: number
  /** Between two evaluations. */
  readonly interval: string
  /** The case, as JSON. */
  readonly test: string
}

export interface Estate {
  readonly rules: readonly Rule[]
  /** Of each rule by its name, what it is worked out from, itself first. */
  readonly reads: ReadonlyMap<string, readonly Rule[]>
}

/** promtool takes `1h 5m` no more than we do, and `0` as no time. */
const timeOf = ({ eval_time }: Check): number => parseDuration(eval_time) ?? 0

/** The rules whose results a check looks at. */
export const subjectsOf = (
  { alertname, expr }: Pick<Check, 'alertname' | 'expr'>,
  rules: readonly Rule[],
): readonly Rule[] => {
  if (alertname !== undefined) return rules.filter(({ node }) => node.alert === alertname)
  const selectors = selectorsIn(expr ?? '')
  return rules.filter(({ node: { alert, record, labels = {} } }) =>
    selectors.some(({ metric, matchers }) =>
      alert === undefined
        ? metric === record && matchers.every((matcher) => fits(labels, matcher))
        : metric?.startsWith('ALERTS') &&
          matchers.some(({ label }) => label === 'alertname') &&
          matchers.filter(({ label }) => label === 'alertname').every((matcher) => fits({ alertname: alert }, matcher)),
    ),
  )
}

const unitsOfCase = (file: string, head: TestFile, each: Case, estate: Estate): readonly Unit[] => {
  const { rules, reads } = estate
  const { alert_rule_test: ofAlerts = [], promql_expr_test: ofExpressions = [] } = each
  const subjects = new Map([...ofAlerts, ...ofExpressions].map((check) => [check, new Set(subjectsOf(check, rules))]))
  const interval = parseDuration(head.evaluation_interval) ?? 60_000
  return [...new Set([...subjects.values()].flatMap((of) => [...of]))].map((subject) => {
    const isOf = (check: Check): boolean => subjects.get(check)?.has(subject) ?? false
    const checks = { alert_rule_test: ofAlerts.filter(isOf), promql_expr_test: ofExpressions.filter(isOf) }
    const test = JSON.stringify({ ...each, ...checks })
    // Another alert matters where it is named: as a cause, or as what fires.
    const named = rules.filter(({ node: { alert } }) => alert !== undefined && test.includes(alert))
    const beside = [...subjects].flatMap(([check, of]) => (isOf(check) ? [...of] : []))
    const needed = new Set([...beside, ...named].flatMap((rule) => reads.get(rule.name) ?? []))
    const needs = rules.filter((rule) => needed.has(rule))
    const last = Math.max(...[...checks.alert_rule_test, ...checks.promql_expr_test].map(timeOf))
    return {
      name: `${file}: ${each.name} (${subject.name})`,
      of: subject.name,
      rules: needs,
      cost: Math.ceil(last / interval) * needs.length,
      interval: head.evaluation_interval,
      test,
    }
  })
}

export const unitsIn = (folder: string, estate: Estate): readonly Unit[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      const file = parseYaml(readFileSync(join(folder, name), 'utf8')) as TestFile
      return file.tests.flatMap((each) => unitsOfCase(name, file, each, estate))
    })

/** Its files for promtool; JSON is YAML too. `instead`: for the rule of that name. */
export const filesOf = (
  { rules, interval, test }: Pick<Unit, 'rules' | 'interval' | 'test'>,
  rulesPath: string,
  instead?: Rule,
) => {
  const groups = Map.groupBy(rules, ({ group }) => group)
  return {
    rules: JSON.stringify({
      groups: [...groups].map(([name, all]) => ({
        name,
        rules: all.map((rule) => (rule.name === instead?.name ? instead : rule).node),
      })),
    }),
    test: `{"rule_files":${JSON.stringify([rulesPath])},"evaluation_interval":"${interval}","group_eval_order":${JSON.stringify([...groups.keys()])},"tests":[${test}]}`,
  }
}
