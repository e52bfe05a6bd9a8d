/** What was found, for people. Pure. */
import { MINUTE } from '../flow/ledger/counts.ts'
import { isSame, targetText } from './candidates.ts'
import { metOf, percent, type Setting } from './propose.ts'
import type { Calls } from './replay.ts'
import type { Study } from './study.ts'
import { about, amount, TIED, table, time, wrapped } from './table.ts'
import type { FlowFinding, TenantFinding } from './tenant.ts'

type Studied = Extract<FlowFinding, { readonly status: 'studied' }>

const PAST = ['FLOW', 'DUE/DAY', 'STARTS/DAY', 'P50', 'P95', 'P99', 'MAX', 'MET', 'STALLS', 'PAGES', 'TICKETS']
const PROPOSED = ['FLOW', 'TARGET', 'OBJECTIVE', 'MODE', 'MET', 'PAGES', 'TICKETS']
const SHOWN = 3
const LONGEST_NAME = 30

const shareOf = (counts: { readonly good: number; readonly bad: number }): string => {
  const met = metOf(counts)
  return met === undefined ? '-' : percent(met)
}

const nameOf = ({ flow }: Studied): string =>
  flow.flow.name.length > LONGEST_NAME ? `${flow.flow.name.slice(0, LONGEST_NAME - 1)}…` : flow.flow.name

const pastRow = (finding: Studied): readonly string[] => {
  const { study } = finding
  const { delays, stalls, current } = study
  const times = delays ? [delays.p50, delays.p95, delays.p99, delays.max].map(about) : ['-', '-', '-', '-']
  const { page, ticket } = current.replay
  return [
    nameOf(finding),
    amount(study.duePerDay),
    amount(study.startsPerDay),
    ...times,
    shareOf(current),
    stalls?.length.toString() ?? '-',
    page.episodes.length.toString(),
    ticket.episodes.length.toString(),
  ]
}

/** `15m -> 30m`; what stays stands alone. */
const change = (before: string, after: string): string => (before === after ? before : `${before} -> ${after}`)

const proposedRow = (finding: Studied): readonly string[] => {
  const { current, proposal } = finding.study
  if (proposal === undefined) return [nameOf(finding), '-', '-', '-', '-', '-', '-']
  const calls = (of: 'page' | 'ticket') =>
    change(current.replay[of].episodes.length.toString(), proposal.replay[of].episodes.length.toString())
  return [
    nameOf(finding),
    change(targetText(current.target), targetText(proposal.target)),
    change(percent(current.objective), percent(proposal.objective)),
    change(current.mode, proposal.mode),
    change(shareOf(current), shareOf(proposal)),
    calls('page'),
    calls('ticket'),
  ]
}

const someOf = (shown: readonly string[], all: number): string =>
  [...shown, ...(all > shown.length ? [`and ${all - shown.length} more`] : [])].join('; ')

const callsText = ({ episodes, total }: Calls): string => {
  if (episodes.length === 0) return 'none'
  const first = episodes.slice(0, SHOWN).map(({ from, to, bad }) => `${time(from)} for ${about(to - from)}, ${bad} bad`)
  return `${episodes.length}, ${about(total)} in all: ${someOf(first, episodes.length)}`
}

const stallsText = (stalls: NonNullable<Study['stalls']>): string => {
  if (stalls.length === 0) return 'none'
  const first = stalls
    .slice(0, SHOWN)
    .map(
      ({ from, to, waiting, usual }) =>
        `${time(from)} for ${about(to - from)}, up to ${waiting} waiting where ${amount(usual)} are usually done`,
    )
  return someOf(first, stalls.length)
}

const metText = ({ met, current }: Study): string =>
  met
    .map((each) => `${targetText(each.target)}${isSame(each.target, current.target) ? '*' : ''} ${shareOf(each)}`)
    .map((each) => each.replaceAll(' ', TIED))
    .join(', ')

const isSameSetting = (a: Setting, b: Setting): boolean => isSame(a.target, b.target) && a.objective === b.objective

const details = ({ flow, study, isCut }: Studied): readonly string[] => {
  const { period, current, proposal, stalls, evidence } = study
  const line = (label: string, text: string) => wrapped(`  ${label.padEnd(13)}`, text)
  const days = about(Math.round((period.to - period.from) / MINUTE) * MINUTE)
  const span = `${study.items} items, ${study.open} of them open, from ${time(period.from)} on (${days})`
  const isOther = proposal !== undefined && !isSameSetting(current, proposal)
  const calls = (of: 'page' | 'ticket') => [
    ...line(`${of}s now`, callsText(current.replay[of])),
    ...(isOther ? line(`${of}s then`, callsText(proposal.replay[of])) : []),
  ]
  return [
    '',
    flow.flow.name,
    ...line('read', isCut ? `${span}; time was up before the rest was read` : span),
    ...(evidence === 'at-deadline'
      ? line(
          'note',
          'when an item was done is not stored: delays and stalls are not known, a late completion is forgiven',
        )
      : line('met within', metText(study))),
    ...(stalls ? line('stalls', stallsText(stalls)) : []),
    ...(proposal
      ? [
          ...line('target', `${targetText(proposal.target)}: ${proposal.why.target}`),
          ...line('objective', `${percent(proposal.objective)}: ${proposal.why.objective}`),
          ...line('mode', `${proposal.mode}: ${proposal.why.mode}`),
        ]
      : []),
    ...calls('page'),
    ...calls('ticket'),
  ]
}

const notJudged = (flows: readonly FlowFinding[]): readonly string[] => {
  const others = flows.flatMap((f) => (f.status === 'studied' ? [] : [f]))
  if (others.length === 0) return []
  const width = Math.max(...others.map(({ flow, status }) => `${flow.flow.name} ${status}`.length))
  const lines = others.flatMap(({ flow, status, reason }) =>
    wrapped(`  ${`${flow.flow.name} ${status}`.padEnd(width)}   `, reason),
  )
  return ['', 'Not judged:', ...lines]
}

const ofTenant = ({ tenant, via, flows }: TenantFinding): readonly string[] => {
  const studied = flows.flatMap((f) => (f.status === 'studied' ? [f] : []))
  const head = via === undefined ? tenant : `${tenant}, by ${via}`
  if (studied.length === 0) return [head, ...notJudged(flows)]
  return [
    head,
    '',
    'As it was, with the settings as they are:',
    ...table([PAST, ...studied.map(pastRow)]),
    '',
    'Proposed:',
    ...table([PROPOSED, ...studied.map(proposedRow)]),
    ...studied.flatMap(details),
    ...notJudged(flows),
  ]
}

/** Times are UTC. */
export const formatSuggestions = (tenants: readonly TenantFinding[]): string => {
  if (tenants.length === 0) return 'no tenant has flows: none is configured with odoo or odoo_sql\n'
  return `${tenants.map((tenant) => ofTenant(tenant).join('\n')).join('\n\n')}\n`
}
