/** What the queries gave, for people: a line a dashboard, then each that gave nothing and each that failed. Pure. */
import { isEmpty, isUnexplained, type Outcome } from './evaluate.ts'

const COLUMNS = [
  'dashboard',
  'panels',
  'variables',
  'annotations',
  'queries',
  'empty',
  'unexplained',
  'errors',
] as const

const row = (title: string, outcomes: readonly Outcome[]): readonly (string | number)[] => {
  const places = (kind: Outcome['query']['kind']): number =>
    new Set(
      outcomes
        .filter(({ query }) => query.kind === kind)
        .map(({ query }) => `${query.dashboard} ${query.place.replace(/ \(\w+\)$/, '')}`),
    ).size
  return [
    ...[title, places('panel'), places('variable'), places('annotation'), outcomes.length],
    outcomes.filter(isEmpty).length,
    outcomes.filter(isUnexplained).length,
    outcomes.filter(({ error }) => error !== undefined).length,
  ]
}

const aligned = (rows: readonly (readonly (string | number)[])[]): string => {
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((cells) => String(cells[i] ?? '').length)))
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i] ?? 0) : String(cell).padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

const listed = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)]

const where = ({ query: { dashboard, kind, place } }: Outcome): string =>
  `${dashboard}: ${kind === 'panel' ? '' : `${kind} `}${place}`

export const reportOf = (outcomes: readonly Outcome[]): string => {
  const titles = [...new Set(outcomes.map(({ query }) => query.dashboard))]
  const of = (title: string) => outcomes.filter(({ query }) => query.dashboard === title)
  const explained = outcomes.filter((outcome) => isEmpty(outcome) && !isUnexplained(outcome))
  return [
    aligned([COLUMNS, ...titles.map((title) => row(title, of(title))), row('all', outcomes)]),
    ...listed(
      'Empty, and why that may be:',
      explained.map((o) => `${where(o)}: ${o.query.mayBeEmpty}`),
    ),
    ...listed(
      'Empty without a reason:',
      outcomes.filter(isUnexplained).map((o) => `${where(o)}\n    ${o.query.sent}`),
    ),
    ...listed(
      'Failed:',
      outcomes.flatMap((o) => (o.error === undefined ? [] : [`${where(o)}: ${o.error}\n    ${o.query.sent}`])),
    ),
  ].join('\n')
}

export const isFine = (outcomes: readonly Outcome[]): boolean =>
  outcomes.every((outcome) => outcome.error === undefined && !isUnexplained(outcome))
