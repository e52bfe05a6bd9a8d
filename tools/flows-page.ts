/** docs/flows.md, from the flows in slo/. Pure. */
import { formatDuration } from '../src/config/duration.ts'
import { SERIES } from '../src/flow/spec/spec.ts'
import type { Flow } from '../src/flow/spec/spec_file.ts'

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

export const flowsPage = (flows: readonly Flow[]): string =>
  [
    '# Business flows',
    [
      'Generated from `slo/` by `npm run generate`. A flow is something the business promises; Odoo’s own tables are the',
      'ledger. Each file says which rows are meant and by what they are judged; nothing is collected from them yet.',
    ].join('\n'),
    [
      '- **ledger**: start and end are both stored; an item is good if it ended by its deadline.',
      '- **at-deadline**: the end is not stored; an item is good if it is done now, so that a late one is forgiven.',
      '- **slice**: only a present count or time exists.',
      '- **horizon**: the oldest age at which good and bad items both still exist; longer windows are left out.',
    ].join('\n'),
    [row(HEAD), row(HEAD.map(() => '---')), ...flows.map(flowRow)].join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
