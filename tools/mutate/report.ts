/** What the hunt has shown: a row for each alert, with what it is worked out from. Pure. */
import { inhibitRules } from '../../src/alerting/alertmanager/inhibitions.ts'
import { fits, labelOf } from '../../src/alerting/alertmanager/matchers.ts'
import type { Mutant } from './kill.ts'
import type { RuleNode } from './rules.ts'
import type { Estate } from './units.ts'

export interface Row {
  readonly alert: string
  /** Pages, and what holds others back: all of them must be noticed. Of others nine in ten. */
  readonly least: 1 | 0.9
  readonly mutants: number
  readonly killed: number
  readonly survivors: readonly Mutant[]
}

const DECIDED = ['alertname', 'severity', 'layer']

const holdsBack = ({ alert = '', labels = {} }: RuleNode): boolean =>
  inhibitRules.some(({ source_matchers: source }) =>
    source.filter((m) => DECIDED.includes(labelOf(m))).every((m) => fits(m, { alertname: alert, ...labels })),
  )

/** Where the expression brings the severity, it may be a page. */
const mayPage = ({ labels = {} }: RuleNode): boolean => (labels.severity ?? 'page') === 'page'

export const rowsOf = (estate: Estate, hunted: readonly Mutant[], survived: readonly Mutant[]): readonly Row[] =>
  estate.rules
    .filter(({ node }) => node.alert !== undefined)
    .map(({ name, node }) => {
      const reads = new Set((estate.reads.get(name) ?? []).map((rule) => rule.name))
      const survivors = survived.filter(({ rule }) => reads.has(rule))
      const mutants = hunted.filter(({ rule }) => reads.has(rule)).length
      return {
        alert: name,
        least: mayPage(node) || holdsBack(node) ? 1 : 0.9,
        mutants,
        killed: mutants - survivors.length,
        survivors,
      }
    })

export const isEnough = ({ least, mutants, killed }: Row): boolean => killed >= least * mutants

const percent = ({ mutants, killed }: Row): string =>
  mutants === 0 ? '-' : `${(Math.floor((killed / mutants) * 1000) / 10).toFixed(1)} %`

/** Shared survivors stand once. */
export const tableOf = (rows: readonly Row[]): string => {
  const line = (cells: readonly string[]) =>
    `${cells[0]?.padEnd(30)} ${cells
      .slice(1)
      .map((cell) => cell.padStart(9))
      .join(' ')}`
  const places = [...new Set(rows.flatMap(({ survivors }) => survivors))]
    .map(({ rule, change }) => `  ${rule}: ${change.kind}: ${change.place}`)
    .sort()
  return [
    line(['alert, with what it reads', 'mutants', 'killed', 'survive', 'share', 'least']),
    ...rows.map((row) =>
      line([
        row.alert,
        `${row.mutants}`,
        `${row.killed}`,
        `${row.survivors.length}`,
        percent(row),
        `${row.least * 100} %${isEnough(row) ? '' : ' !'}`,
      ]),
    ),
    ...(places.length === 0 ? [] : ['', 'Survivors:', ...places]),
  ].join('\n')
}
