/** docs/flow-queries.md, from what was asked and how PostgreSQL goes about it. Pure. */

export interface Explained {
  readonly flow: string
  readonly question: string
  readonly sql: string
  /** By EXPLAIN, without costs. */
  readonly plan: string
}

/** On one line. */
export const oneLine = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim()

/** Without what differs from day to day and from database to database. */
const shape = (plan: string): string =>
  plan
    .replaceAll(/'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?'::timestamp without time zone/g, '<time>')
    .replaceAll(/'\{\d+(,\d+)*\}'::bigint\[\]/g, '<ids>')
    .replaceAll(/'\d+'::bigint/g, '<id>')

const block = ({ question, sql, plan }: Explained): string =>
  `**${question}**\n\n\`\`\`sql\n${oneLine(sql)}\n\`\`\`\n\n\`\`\`text\n${shape(plan)}\n\`\`\`\n`

/** Asked once a day of a table, whichever flow comes first. */
const isDaily = ({ sql }: Explained): boolean =>
  sql.includes("date_trunc('day'") || /WHERE TRUE ORDER BY t\."id" DESC/.test(sql)

const once = (all: readonly Explained[]): readonly Explained[] =>
  [
    ...new Map(all.map((each) => [`${oneLine(each.sql)}\n${shape(each.plan)}`, each] as const).toReversed()).values(),
  ].toReversed()

const thousands = (n: number): string => `${n / 1000},000`

const INTRODUCTION = `Each statement has its parameters in place of values, and the plan PostgreSQL makes for it, without costs. What is
asked of the whole span (its checksums, its open documents) reads the whole span. What is asked each minute goes by an
index of the slot, or, where there is none, by a range of ids.

Which orders were written lately is asked for payments of the last six hours alone: Odoo has no index on
\`sale_order.write_date\`, and from so few payments PostgreSQL goes to their orders by primary key.
`

export const queriesPage = (
  all: readonly Explained[],
  sizes: { readonly orders: number; readonly pickings: number; readonly jobs: number },
  postgres: number,
): string => {
  const daily = once(all.filter(isDaily))
  const flows = Map.groupBy(
    all.filter((each) => !isDaily(each)),
    ({ flow }) => flow,
  )
  const seen = `Odoo 18, PostgreSQL ${postgres}; ${thousands(sizes.orders)} orders, ${thousands(sizes.pickings)} transfers, ${thousands(sizes.jobs)} jobs, and what comes of them.`
  return [
    '<!-- Written by tools/flow-queries.ts. -->\n# What the flows ask of a database\n',
    `${seen}\n\n${INTRODUCTION}`,
    '## Once a day: which ids a day has\n\nFor slots without an index, of each table once, whichever flow comes first.\n',
    ...daily.map((each) => block({ ...each, question: each.flow })),
    ...[...flows].flatMap(([flow, of]) => [`## ${flow}\n`, ...once(of).map(block)]),
  ].join('\n')
}
