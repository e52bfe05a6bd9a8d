/** docs/flows.md, from the flows in slo/. Pure. */
import { formatDuration } from '../src/config/duration.ts'
import { BUILT_IN_TIERS } from '../src/config/tiers.ts'
import { defaultCadence } from '../src/flow/ledger/ledger_state.ts'
import { OBJECTIVES, SERIES } from '../src/flow/spec/spec.ts'
import type { Flow } from '../src/flow/spec/spec_file.ts'
import type { Duration } from '../src/metric.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim()

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`

const targetText = ({ target }: Flow): string => {
  if ('within' in target) return `within ${formatDuration(target.within)}`
  if ('within_open_hours' in target) return `within ${formatDuration(target.within_open_hours)} of open hours`
  if ('periods' in target) return `a gap of at most ${target.periods} periods`
  if ('at_most' in target) return `at most ${target.at_most} overdue`
  const days = ['the same open day', 'the next open day'][target.after_open_days]
  const day = days ?? `the ${target.after_open_days}th open day after`
  return target.by === 'end_of_day' ? `by the end of ${day}` : `by ${target.by} of ${day}`
}

const both = (values: readonly (string | undefined)[]): string =>
  [...new Set(values.map((value) => value ?? ''))].filter((value) => value !== '').join(', else ')

/** The flow, and before it what it is in its variants, best first. */
const ways = (flow: Flow) => [...flow.variants.filter((v) => v.evidence !== undefined).toReversed(), flow]

const where = (flow: Flow): string => {
  const { from = SERIES.oldest, to } = flow.series
  const modules = flow.requires.modules.map((module) => `\`${module}\``).join(', ')
  const others = flow.variants.flatMap(({ for: { to: last }, requires }) =>
    requires === undefined
      ? []
      : [
          `${requires.modules.map((module) => `\`${module}\``).join(', ')}${last === undefined ? '' : ` up to ${last}`}`,
        ],
  )
  const series = `Odoo ${from}${to === undefined ? '+' : `–${to}`}`
  return [series, modules, ...others].filter((part) => part !== '').join(', ')
}

const offText = (flow: Flow): string => {
  const fields = [...new Set(ways(flow).flatMap((way) => way.narrow_by ?? []))]
  return fields.length === 0 ? '' : ` Off until narrowed by ${fields.map((field) => `\`${field}\``).join(' or ')}.`
}

const HEAD = [
  'flow',
  'what it promises',
  'default target',
  'kind',
  'evidence',
  'horizon',
  'read from',
  'needs',
  "what can't be known",
]

const flowRow = (flow: Flow): string =>
  row([
    `[\`${flow.name}\`](../slo/${flow.name}.yaml)`,
    `${flow.title}.${offText(flow)}`,
    targetText(flow),
    flow.kind,
    both(ways(flow).map((way) => way.evidence)),
    both(ways(flow).map((way) => (way.horizon === undefined ? 'the present' : formatDuration(way.horizon)))),
    both(ways(flow).map((way) => way.model && `\`${way.model}\``)) +
      (flow.further ? ` and \`${flow.further.model}\`` : ''),
    where(flow),
    flow.unknowable,
  ])

const objectivesText = (): string => BUILT_IN_TIERS.map((tier) => `${OBJECTIVES[tier]} ${tier}`).join(', ')

const INTRO = `Generated from \`slo/\` by \`npm run generate\`. A flow is something the business promises; Odoo’s own tables are the ledger.
Each file says which rows are meant and by what they are judged. They are read from Odoo by RPC, or by SQL from its
database or the standby of that, for every tenant with a block \`odoo\` or \`odoo_sql\`; where a field, a module or a version is
missing the flow is unsupported, and says what it lacks.`

const EVIDENCE_TEXT = [
  '- **ledger**: start and end are both stored; an item is good if it ended by its deadline.',
  '- **at-deadline**: the end is not stored; an item is good if it is done now, so that a late one is forgiven.',
  '- **slice**: only a present count or time exists.',
  '- **horizon**: the oldest age at which good and bad items both still exist; longer windows are left out.',
].join('\n')

const CHANGING = `## What is said of them in the configuration

Under \`flows\`, for all tenants, under \`tiers.NAME.flows\` and under \`tenants.NAME.flows\`; the later says otherwise, key by
key. A file in \`flows.d/\` beside the configuration is a flow of your own, in the form of those in \`slo/\`; one of the same
name takes the place of the shipped one. [odoo-pulse.example.yaml](../odoo-pulse.example.yaml) has each key.

| key | what |
| --- | --- |
| \`enabled: false\` | the flow is not judged |
| \`narrow\` | conditions that must hold besides those of its file; some flows are off until they are narrowed |
| \`target\` | when an item is due: \`within\`, \`within_open_hours\`, \`by\`; of a heartbeat \`periods\`, of a backlog \`at_most\` |
| \`dated\` | targets since when, oldest first: items keep the one in force when they started |
| \`objective\` | the share of the items due that must be good; by default that of the tier: ${objectivesText()} |
| \`mode\` | \`observe\` (the default), \`ticket\` or \`page\` |
| \`value: true\` | amounts of money are shown |
| \`group\` | what verdicts are also counted by: a dimension and its field |

Open hours are the calendar’s windows of kind \`open\`: the one that the target names with \`calendar\`, else those of the
flow’s process, else those of no process; a warehouse’s windows count only where they are named. Without any the flow is
unsupported, and says which window to add. A date promised on an item’s row (\`due\`) stands before the target. Dates and
plans are followed for 14 days ahead, starts that lie after a row’s creation for 2: verdicts on what is planned further ahead
are missing from the shorter windows.`

const { fast, lately, wide, widely, full, recent, older, whole, rescanAt } = defaultCadence
const often = (every: Duration): string => (every === fast ? 'each minute' : `each ${formatDuration(every)}`)

const FRESH = `## How soon a change is seen

Odoo has no index on \`write_date\`, so that asking what has changed goes through all rows of the hours asked about: the
newest are asked about most often. Hours are those of the field the flow’s file calls \`slot\`: an order’s creation, a
transfer’s plan. Jobs and notifications carry no \`write_date\`; of them whole hours are summed up, which costs more.

${[
  row(['what', 'of rows of the last', 'of jobs and notifications', 'how often']),
  row(['---', '---', '---', '---']),
  row(['written anew', formatDuration(lately.changed), formatDuration(lately.checksums), often(fast)]),
  row(['written anew', formatDuration(widely.changed), formatDuration(widely.checksums), often(wide)]),
  row(['written anew', 'all', '', often(older)]),
  row([
    'deleted, moved to another hour, or changed at all',
    formatDuration(recent),
    formatDuration(recent),
    often(full),
  ]),
  row(['the same', 'all', 'all', often(whole)]),
  row(['every row, read again', 'all', 'all', `each night from ${formatDuration(rescanAt)} after midnight, UTC`]),
].join('\n')}`

export const flowsPage = (flows: readonly Flow[]): string =>
  [
    '# Business flows',
    INTRO,
    EVIDENCE_TEXT,
    [row(HEAD), row(HEAD.map(() => '---')), ...flows.map(flowRow)].join('\n'),
    CHANGING,
    FRESH,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
