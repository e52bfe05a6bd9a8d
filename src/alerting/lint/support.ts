/** What has to be there beside a rule: runbooks, tests, and what 2.42 reads. Pure. */
import { RUNBOOK_SECTIONS } from '../runbook_sections.ts'
import { type Check, type Found, foundAt, ofFile, overAlerts } from './check.ts'
import type { Material } from './material.ts'
import { listed } from './query_check.ts'
import type { LintTests } from './rule_tests_yaml.ts'
import type { LintRule } from './rule_yaml.ts'

const URL = 'runbook_url'

const ofAlert = overAlerts((alert, { runbooks }) => {
  const url = alert.annotations.get(URL)
  if (url === undefined) return [foundAt(alert.place, `it has no annotation ${URL}`)]
  const path = url.text.replace(/[?#].*$/, '')
  const wanted = `${alert.name}.md`
  // A wiki has names of its own.
  if (!path.endsWith('.md') && /^https?:\/\//.test(path)) return []
  if (path.split('/').at(-1) !== wanted) return [foundAt(url.place, `its runbook is called ${wanted}`)]
  return runbooks.some(({ name }) => name === alert.name)
    ? []
    : [foundAt(url.place, `there is no runbook ${wanted}: write it, and give its folder by --runbooks`)]
})

const folderOf = (name: string): keyof typeof RUNBOOK_SECTIONS | undefined => {
  if (!name.includes('/')) return 'alert'
  return name.startsWith('flows/') ? 'flow' : undefined
}

const ofRunbooks = ({ runbooks, known, estate }: Material): readonly Found[] => {
  const wanted = {
    alert: new Set(known.filter(({ kind }) => kind === 'alert').map(({ name }) => name)),
    flow: estate.flows && new Set(estate.flows.map((flow) => `flows/${flow}`)),
  }
  const lacking = [...(wanted.flow ?? [])]
    .filter((flow) => !runbooks.some(({ name }) => name === flow))
    .map((flow) => ofFile(`${flow}.md`, 'the flow has no runbook: `odoo-pulse generate` writes its beginning'))
  return [
    ...lacking,
    ...runbooks.flatMap(({ file, name, headings }) => {
      const of = folderOf(name)
      if (of === undefined) return []
      const orphan =
        (wanted[of]?.has(name) ?? true) ? [] : [ofFile(file, `there is no ${of} of this name: remove or rename it`)]
      const sections = [`# ${name.replace('flows/', '')}`, ...RUNBOOK_SECTIONS[of].map((section) => `## ${section}`)]
      const isWhole = headings.join('\n') === sections.join('\n')
      return [...orphan, ...(isWhole ? [] : [ofFile(file, `its sections are, in this order: ${sections.join(', ')}`)])]
    }),
  ]
}

/** What always fires has no silent case. */
const isConstant = ({ expr }: LintRule): boolean => expr?.kind === 'call' && expr.name === 'vector'

const tests: Check['find'] = ({ rules, known, tests: files }) => {
  if (files === undefined) return []
  const cases = files.flatMap((each) => each.cases)
  const alerts = rules.filter(({ kind }) => kind === 'alert')
  const lacking = alerts.flatMap((alert) => {
    const own = cases.filter((each) => each.alert === alert.name)
    const lacks = [
      ...(own.some(({ fires, replicas }) => fires && replicas > 1)
        ? []
        : ['no test in which it fires, seen by two replicas']),
      ...(isConstant(alert) || own.some(({ fires }) => !fires) ? [] : ['no test in which it is silent']),
    ]
    return lacks.map((what) => foundAt(alert.place, `it has ${what}`))
  })
  const names = new Set(known.map(({ name }) => name))
  const stray = cases
    .filter(({ alert }) => !names.has(alert))
    .map(({ alert, place }) => foundAt(place, `there is no alert ${alert}`))
  return [...lacking, ...stray]
}

const orderOf = ({ file, ruleFiles, groupOrder }: LintTests, { files }: Material): readonly Found[] => {
  const read = files.filter((each) => ruleFiles.includes(each.file))
  const groups = read.flatMap((each) => each.groups)
  if (groups.length < 2 || read.length < ruleFiles.length) return []
  if (groupOrder === undefined) {
    return [
      ofFile(file, `alerts may be evaluated before what they read: write group_eval_order: [${groups.join(', ')}]`),
    ]
  }
  const missing = groups.filter((group) => !groupOrder.includes(group))
  const unknown = groupOrder.filter((group) => !groups.includes(group))
  return [
    ...(missing.length > 0 ? [ofFile(file, `group_eval_order lacks ${listed(missing)}`)] : []),
    ...(unknown.length > 0 ? [ofFile(file, `group_eval_order names ${listed(unknown)}, which no file of it has`)] : []),
  ]
}

/** Of groups, and of files of tests: what Prometheus 2.42 and its promtool do not know, by the changelog. */
const NEWER_IN_GROUPS: readonly string[] = ['labels', 'query_offset']
const NEWER_IN_TESTS: readonly string[] = ['fuzzy_compare']

const versions = ({ files, tests: ofTests = [] }: Material): readonly Found[] => [
  ...files.flatMap(({ groupKeys }) =>
    groupKeys
      .filter(({ key }) => NEWER_IN_GROUPS.includes(key))
      .map(({ key, place }) => foundAt(place, `Prometheus 2.42 knows no ${key} of a group: say it in each rule`)),
  ),
  ...ofTests.flatMap(({ file, keys }) =>
    keys
      .filter((key) => NEWER_IN_TESTS.includes(key))
      .map((key) => ofFile(file, `promtool 2.42 knows no ${key}: leave it out`)),
  ),
]

export const supportChecks: readonly Check[] = [
  {
    id: 'runbooks',
    what: 'alerts and runbooks match one to one, flows and theirs, and each runbook has its sections',
    fix: 'write the runbook, named as its alert, in the sections of the others, and name it in `runbook_url`',
    find: (material) => [...ofAlert(material), ...ofRunbooks(material)],
  },
  {
    id: 'tests',
    what: 'every alert has a test in which it fires, seen by two replicas, and one in which it is silent',
    fix: 'write them for promtool, under `alert_rule_test`',
    find: tests,
  },
  {
    id: 'order',
    what: 'tests evaluate recordings before the alerts that read them',
    fix: 'name the groups of all rule files in `group_eval_order`',
    find: (material) => (material.tests ?? []).flatMap((file) => orderOf(file, material)),
  },
  {
    id: 'versions',
    what: 'rule files and tests have no key that Prometheus 2.42 does not know',
    fix: 'leave the key out',
    find: versions,
  },
]
