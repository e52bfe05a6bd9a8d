/** Every check there is, and what they all find. Pure. */
import { alertmanagerChecks } from './alertmanager_checks.ts'
import type { Check } from './check.ts'
import { expressionChecks } from './expressions.ts'
import type { Finding } from './finding.ts'
import type { Material } from './material.ts'
import { type CheckOfQueries, findingsOf, queryChecks } from './query.ts'
import { supportChecks } from './support.ts'
import { textChecks } from './texts.ts'

const overQueries = (check: CheckOfQueries): Check => ({
  ...check,
  find: ({ queries, world }) => queries.flatMap((query) => findingsOf(check, query, world)),
})

export const checks: readonly Check[] = [
  {
    id: 'syntax',
    what: 'YAML, JSON and every query can be read, those of texts and dashboards as well',
    fix: 'mend it where it stops being understood',
    find: ({ unreadable }) => unreadable,
  },
  ...queryChecks.map(overQueries),
  ...expressionChecks,
  ...textChecks,
  ...supportChecks,
  ...alertmanagerChecks,
]

/** By file, then by line, then in the order of the checks. */
const inOrder = (findings: readonly Finding[], files: readonly string[]): readonly Finding[] => {
  const rank = new Map(files.map((file, i) => [file, i]))
  const key = ({ file, line = 0, column = 0 }: Finding) => [rank.get(file) ?? files.length, line, column] as const
  return findings.toSorted((a, b) => {
    const [x, y] = [key(a), key(b)]
    return x[0] - y[0] || a.file.localeCompare(b.file) || x[1] - y[1] || x[2] - y[2]
  })
}

/** Each finding once, though several checks look at one query twice. */
const distinct = (findings: readonly Finding[]): readonly Finding[] => [
  ...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values(),
]

export const lint = (material: Material): readonly Finding[] =>
  inOrder(
    distinct(checks.flatMap(({ id, find }) => find(material).map((found) => ({ ...found, check: id })))),
    material.files.map(({ file }) => file),
  )
