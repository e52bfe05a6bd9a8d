/** The landing page's part on business flows: of each tenant every flow, its state, its verdicts, what is overdue. Pure. */
import { pagePathOf, targetText } from './flow/api.ts'
import { targetAt } from './flow/ledger/verdict.ts'
import type { Verdicts, WindowName } from './flow/ledger/windows.ts'
import type { FlowReport, FlowState } from './flow/report.ts'
import { type Html, html, NONE } from './html.ts'
import type { Instant } from './metric.ts'
import { spanText } from './span_text.ts'

/** Each tenant has a dozen flows; the rest is named, and stands in /api/v1/flows. */
export const MAX_TENANTS_SHOWN = 200

interface View {
  readonly at: Instant
  readonly redact: (text: string) => string
}

const CLASS: Readonly<Record<FlowState, string>> = {
  judged: 'good',
  starting: 'soft',
  off: 'soft',
  unsupported: 'warn',
  withheld: 'bad',
  failing: 'bad',
}

const verdictsIn = ({ reading }: FlowReport, name: WindowName): Verdicts | undefined =>
  reading?.windows.verdicts.find(({ window }) => window === name)

const misses = ({ flow }: FlowReport, verdicts: Verdicts | undefined): boolean =>
  verdicts !== undefined && verdicts.good < flow.objective * (verdicts.good + verdicts.bad)

/** Of a backlog all beyond what is allowed is overdue. */
const hasTooMany = ({ flow, reading }: FlowReport, at: Instant): boolean => {
  const target = targetAt(flow.targets, at)
  return 'at_most' in target && (reading?.windows.backlog?.overdue ?? 0) > 0
}

const isMissed = (report: FlowReport, at: Instant): boolean =>
  hasTooMany(report, at) || SHOWN_WINDOWS.some((window) => misses(report, verdictsIn(report, window)))
const SHOWN_WINDOWS = ['1h', '1d'] as const satisfies readonly WindowName[]

const isBlind = ({ state }: FlowReport): boolean => state === 'failing' || state === 'withheld'

/** can't be judged < misses its objective < judged < the rest */
const rank = (report: FlowReport, at: Instant): number => {
  if (isBlind(report)) return 0
  if (isMissed(report, at)) return 1
  return report.state === 'judged' ? 2 : 3
}

const cell = (label: string, content: Html): Html => html`<td class="num" data-label="${label}">${content}</td>`
const UNKNOWN = html`–`

const verdictCell = (report: FlowReport, window: (typeof SHOWN_WINDOWS)[number]): Html => {
  const verdicts = verdictsIn(report, window)
  const label = `${window} good / bad`
  if (verdicts === undefined) return cell(label, UNKNOWN)
  const look = misses(report, verdicts) ? 'bad' : 'plain'
  return cell(label, html`<span class="${look}">${verdicts.good} / ${verdicts.bad}</span>`)
}

const stateCell = (report: FlowReport, { redact, at }: View): Html => {
  const { state, reason, flow, progress } = report
  const missed = state === 'judged' && isMissed(report, at)
  const word = missed
    ? html`<span class="bad">missing its objective</span>`
    : html`<span class="${CLASS[state]}">${state}</span>`
  const read = progress !== undefined && progress < 1 ? `, ${Math.floor(progress * 100)} % read` : ''
  const promise = `${targetText(targetAt(flow.targets, at))}, ${flow.mode}${read}`
  return html`<td class="state">${word} <span class="soft">${reason === undefined ? promise : redact(reason)}</span></td>`
}

const row = (report: FlowReport, view: View): Html => {
  const backlog = report.reading?.windows.backlog
  const { overdue, oldest } = backlog ?? {}
  return html`<tr><th scope="row"><a href="${pagePathOf(report)}">${report.flow.flow.title}</a></th>${[
    stateCell(report, view),
    ...SHOWN_WINDOWS.map((window) => verdictCell(report, window)),
    cell('Overdue', overdue === undefined ? UNKNOWN : html`${overdue}`),
    cell('Oldest open', oldest === undefined ? UNKNOWN : html`${spanText(view.at - oldest)}`),
  ]}</tr>
`
}

const summary = (reports: readonly FlowReport[], at: Instant): Html => {
  const blind = reports.filter(isBlind).length
  const missed = reports.filter((report) => !isBlind(report) && isMissed(report, at)).length
  const judged = reports.filter(({ state }) => state === 'judged').length
  const starting = reports.filter(({ state }) => state === 'starting').length
  return html`${[
    blind > 0 ? html`<span class="bad">${blind} can't be judged</span> ` : NONE,
    missed > 0
      ? html`<span class="bad">${missed} missing ${missed === 1 ? 'its objective' : 'their objectives'}</span> `
      : NONE,
    blind + missed === 0 && judged > 0 ? html`<span class="good">objectives met</span> ` : NONE,
    html`<span class="soft">${judged} of ${reports.length} ${reports.length === 1 ? 'flow' : 'flows'} judged${starting > 0 ? `, ${starting} starting` : ''}</span>`,
  ]}`
}

const tenantPart = (tenant: string, reports: readonly FlowReport[], view: View): Html => {
  const ordered = reports.toSorted((a, b) => rank(a, view.at) - rank(b, view.at))
  const open = ordered.some((report) => rank(report, view.at) < 2) ? html` open` : NONE
  return html`<details${open}><summary><b>${tenant}</b> ${summary(reports, view.at)}</summary>
<table class="flows"><thead><tr><th scope="col">Flow</th><th scope="col">State</th><th scope="col" class="num">1h</th><th scope="col" class="num">1d</th><th scope="col" class="num">Overdue</th><th scope="col" class="num">Oldest open</th></tr></thead>
<tbody>${ordered.map((report) => row(report, view))}</tbody></table></details>
`
}

/** Nothing where no flow is configured. Tenants in trouble come first. */
export const flowsSection = (reports: readonly FlowReport[], view: View): Html => {
  if (reports.length === 0) return NONE
  const tenants = [...Map.groupBy(reports, ({ tenant }) => tenant)]
    .map(([tenant, own]) => ({ tenant, own, rank: Math.min(...own.map((report) => rank(report, view.at))) }))
    .toSorted((a, b) => a.rank - b.rank || a.tenant.localeCompare(b.tenant))
  const hidden = Math.max(0, tenants.length - MAX_TENANTS_SHOWN)
  return html`<h2>Business flows</h2>
<p class="soft">Items that came due in the last hour and day: done by then / not. The links lead to all that is known.</p>
${tenants.slice(0, MAX_TENANTS_SHOWN).map(({ tenant, own }) => tenantPart(tenant, own, view))}
${hidden > 0 ? html`<p>${hidden} more ${hidden === 1 ? 'tenant is' : 'tenants are'} not shown here; <a href="/api/v1/flows">the list</a> holds them all.</p>` : NONE}
`
}
