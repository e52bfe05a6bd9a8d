/**
 * The runbook of a flow as far as its file tells it, for flows that an operator has added: what only he knows is left to
 * be described where a comment stands. Pure; the shipped ones are written by hand, in the same sections.
 */
import { formatDuration } from '../config/duration.ts'
import { targetText } from '../flow/api.ts'
import type { Condition } from '../flow/condition/condition.ts'
import { domainText } from '../flow/condition/domain_text.ts'
import { type Moment, NONE } from '../flow/spec/spec.ts'
import type { Flow } from '../flow/spec/spec_file.ts'

/** What a file says may hold anything; a paragraph is one line, and no markup. */
const prose = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replaceAll('<', '&lt;')
/** The fence is longer than any run of backticks in it; blanks keep those at an end apart from it. */
const code = (text: string): string => {
  const runs = text.match(/`+/g) ?? []
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)))
  return runs.length > 0 ? `${fence} ${text} ${fence}` : `\`${text}\``
}
/** Two dashes would end the comment. */
const describe = (what: string): string => `<!-- describe ${what.replaceAll(/-(?=-)/g, '- ')} -->`
const block = (language: string, lines: readonly string[]): string => `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``

const momentText = (moment: Moment): string => {
  if (typeof moment === 'string') return code(moment)
  if ('latest' in moment) return `the latest of ${moment.latest.map(momentText).join(', ')}`
  if ('first' in moment) return `the first that is set of ${moment.first.map(momentText).join(', ')}`
  const { when, use, else: otherwise } = moment
  return `${momentText(use)} where ${code(domainText(when))}, else ${momentText(otherwise)}`
}

type StateName = 'done' | 'failed' | 'cancelled'
const IS: Readonly<Record<StateName, string>> = {
  done: 'Done',
  failed: 'Failed for good',
  cancelled: 'Not owed any longer',
}

const stateText = (flow: Flow, name: StateName): readonly string[] => {
  const state = flow[name]
  if (state === undefined) return []
  const when = state.when.length === 0 ? 'whatever is there' : code(domainText(state.when))
  const at = state.at === undefined ? '; when it came to be so is not stored' : `, at ${momentText(state.at)}`
  return [`${IS[name]}: ${when}${at}.`]
}

const EVIDENCE: Readonly<Record<Flow['evidence'], string>> = {
  ledger: 'start and end are both stored.',
  'at-deadline': 'the end is not stored; what is done now is good, so that a late one is forgiven.',
  slice: 'only what is there now is known.',
}

const groupText = ({ group }: Flow): readonly string[] =>
  group === undefined ? [] : [`Also counted by ${group.dimension}: ${code(group.field)}.`]

const promise = (flow: Flow): readonly string[] => [
  `Items: ${code(flow.model)}, those with ${code(domainText(flow.base))}.`,
  ...(flow.narrow_by ? [`Off until it is narrowed by one of ${flow.narrow_by.map(code).join(', ')}.`] : []),
  ...(flow.only
    ? [`Only where ${code(flow.only.one)} is exactly one record${flow.only.covers ? ', and covered by it' : ''}.`]
    : []),
  ...(flow.start === undefined ? [] : [`Start: ${momentText(flow.start)}.`]),
  ...(flow.due === undefined ? [] : [`Due: ${momentText(flow.due)}, where it is set.`]),
  `Target: ${targetText(flow.target)}.`,
  ...(flow.open === undefined ? [] : [`Open: ${code(domainText(flow.open))}.`]),
  ...stateText(flow, 'done'),
  ...stateText(flow, 'failed'),
  ...stateText(flow, 'cancelled'),
  ...(flow.further
    ? [`The good ones also stand in ${code(flow.further.model)}: ${code(domainText(flow.further.base))}.`]
    : []),
  `Evidence: ${flow.evidence}, ${EVIDENCE[flow.evidence]}`,
  flow.horizon === undefined
    ? 'Horizon: the present.'
    : `Horizon: ${formatDuration(flow.horizon)}; before that Odoo forgets.`,
  ...groupText(flow),
  ...(flow.value === undefined ? [] : [`Worth: ${code(flow.value.field)}.`]),
  ...(flow.company === NONE ? ['It has no company.'] : []),
  ...(flow.variants.length === 0 ? [] : ['By version and modules some of this differs: its file says how.']),
  `Owner: ${prose(flow.owner)}. Process: ${prose(flow.process)}.`,
  `What cannot be known: ${prose(flow.unknowable)}`,
]

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n')

const selector = ({ name }: Flow): string => `tenant="TENANT",flow="${name}"`

/** Those that wait: of a backlog there are no others, a heartbeat has none. */
const waiting = ({ kind, base, open }: Flow): readonly Condition[] | undefined =>
  kind === 'backlog' ? base : open && [...base, ...open]

const whereToLook = (flow: Flow): readonly string[] => {
  const of = selector(flow)
  const conditions = waiting(flow)
  return [
    'The page of the flow (`page_url` of the alert) says how it stands, and lists the overdue ones by name.',
    block('promql', [
      `odoo_flow_info{${of}}`,
      `max by (window, result) (odoo_flow_verdicts{${of}})`,
      `max by (flow) (odoo_flow_overdue{${of}})`,
      `time() - min by (flow) (odoo_flow_oldest_open_timestamp_seconds{${of}})`,
    ]),
    ...(conditions === undefined
      ? []
      : [`In Odoo, ${code(flow.model)} with the domain`, block('text', [domainText(conditions)])]),
    describe('the menu of Odoo where these are seen, and who can see them'),
    describe('the other systems they come from or go to, and where those show them'),
  ]
}

const usualCauses = (flow: Flow): readonly string[] => [
  describe('what is usually behind it, the likeliest first, and for each how it is told from the others'),
  'Does a cause fire, for the tenant or for a server it hangs on?',
  block('promql', [
    'ALERTS{layer="cause",alertstate="firing",tenant="TENANT"}',
    'ALERTS{layer="cause",alertstate="firing",tenant=""} and on (server) odoo:tenant_server:info{tenant="TENANT"}',
    ...(flow.group === undefined
      ? []
      : [`max by (member, result) (odoo_flow_group_verdicts{${selector(flow)},window="1h"})`]),
  ]),
]

const mitigation = (flow: Flow): readonly string[] => [
  describe('what to do for each of these causes, in the order of doing, and what must not be done'),
  describe(`whom to call: ${prose(flow.owner)} answers for it`),
]

const recovery = (flow: Flow): readonly string[] => {
  const of = selector(flow)
  return [
    block('promql', [`max by (flow) (odoo_flow_overdue{${of}})`, `odoo:flow_error:ratio{${of},window="5m"}`]),
    'The first is 0; the second is 0 or absent: nothing was bad of what came due.',
    describe('how to see it with one item, from its start to its end'),
  ]
}

/** Markdown, in the sections that every runbook of a flow has. */
export const runbookSkeleton = (flow: Flow): string =>
  [
    `# ${flow.name}`,
    '## What is promised',
    `${prose(flow.title)}.`.replace(/\.\.$/, '.'),
    list(promise(flow)),
    '## Where to look',
    ...whereToLook(flow),
    '## Usual causes',
    ...usualCauses(flow),
    '## Mitigation',
    ...mitigation(flow),
    '## How to verify recovery',
    ...recovery(flow),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n')
