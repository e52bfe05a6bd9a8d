/** The page of one flow of one tenant: its verdicts, what is usual, its groups, the overdue documents. Pure. */
import { type Documents, documentLink, pathOf, type Right, targetText } from './flow/api.ts'
import { groupOf } from './flow/detail.ts'
import { targetAt } from './flow/ledger/verdict.ts'
import type { Rate, Verdicts, WindowName } from './flow/ledger/windows.ts'
import type { FlowReport, Overdue, OverdueDocument, Reading } from './flow/report.ts'
import { type Html, html, NONE } from './html.ts'
import type { Instant } from './metric.ts'
import { pageWith } from './page.ts'
import { spanText, utc } from './span_text.ts'

export interface FlowView {
  readonly at: Instant
  readonly redact: (text: string) => string
  readonly right: Right
  /** Undefined where they were not asked for. */
  readonly documents: Documents | undefined
}

const UNKNOWN = html`–`
const num = (label: string, value: string | number | undefined): Html =>
  html`<td class="num" data-label="${label}">${value === undefined ? UNKNOWN : value}</td>`

const tableOf = (first: string, heads: readonly string[], rows: readonly Html[]): Html =>
  html`<table class="framed"><thead><tr><th scope="col">${first}</th>${heads.map((head) => html`<th scope="col" class="num">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table>
`

/** 99.31 %; 100 % is all of them; of nothing there is no share. */
const shareText = ({ good, bad }: Pick<Verdicts, 'good' | 'bad'>): string | undefined =>
  good + bad === 0 ? undefined : `${(Math.floor((10_000 * good) / (good + bad)) / 100).toFixed(2)} %`

/** 12, usually 14 */
const rateText = (window: WindowName, rates: readonly Rate[], expected: readonly Rate[] = []): string | undefined => {
  const of = (list: readonly Rate[]) => list.find((rate) => rate.window === window)?.count
  const [count, usual] = [of(rates), of(expected)]
  if (count === undefined) return undefined
  return usual === undefined ? `${count}` : `${count}, usually ${Math.round(usual * 10) / 10}`
}

const windowRows = ({ windows, expected }: Reading, objective: number): readonly Html[] =>
  windows.verdicts.map((verdicts) => {
    const { window, good, bad } = verdicts
    const share = shareText(verdicts)
    const look = good < objective * (good + bad) ? 'bad' : 'plain'
    return html`<tr><th scope="row">${window}</th>${[
      num('Good', good),
      num('Bad', bad),
      html`<td class="num" data-label="Good share"><span class="${look}">${share ?? '–'}</span></td>`,
      num('Started', rateText(window, windows.starts, expected?.starts)),
      num('Done', rateText(window, windows.completions, expected?.completions)),
    ]}</tr>
`
  })

const windowsPart = (reading: Reading, objective: number): Html =>
  reading.windows.verdicts.length === 0
    ? NONE
    : html`<h2>Items that came due</h2>
<p class="soft">Good: done by then. Usual is what the same weekday and hour brought in the weeks before.</p>
${tableOf('Window', ['Good', 'Bad', 'Good share', 'Started', 'Done'], windowRows(reading, objective))}`

const backlogPart = ({ windows: { backlog } }: Reading, at: Instant): Html => {
  if (backlog === undefined) return NONE
  const { open, overdue, oldest, due } = backlog
  return html`<h2>Open now</h2>
<p>${open} open, ${overdue === undefined ? '' : html`<span class="${overdue > 0 ? 'bad' : 'good'}">${overdue} overdue</span>`}${oldest === undefined ? '' : html`, the oldest for ${spanText(at - oldest)}`}</p>
${due.length === 0 ? NONE : html`<p class="soft">Due next: ${due.map(({ horizon, count }, i) => html`${i > 0 ? ', ' : ''}${count} within ${horizon}`)}</p>`}
`
}

const groupsPart = (report: FlowReport): Html => {
  const groups = report.reading?.windows.groups ?? []
  if (groups.length === 0) return NONE
  const rows = [...Map.groupBy(groups, ({ member }) => member)].map(([member, own]) => {
    const inWindow = (name: WindowName) => own.find(({ window }) => window === name)
    const texts = (['1h', '1d'] as const).map((name) => [name, inWindow(name)] as const)
    const called = member === undefined ? 'all others' : (report.groupNames?.get(member) ?? member)
    return html`<tr><th scope="row">${called}</th>${texts.flatMap(([name, verdicts]) => [
      num(`${name} good / bad`, verdicts && `${verdicts.good} / ${verdicts.bad}`),
      num(`${name} share`, verdicts && shareText(verdicts)),
    ])}</tr>
`
  })
  return html`<h2>By ${groupOf(report)?.dimension.replaceAll('_', ' ') ?? 'member'}</h2>
${tableOf('', ['1h good / bad', 'share', '1d good / bad', 'share'], rows)}`
}

const AMOUNT = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const money = (value: number, currency: string | undefined): string => `${AMOUNT.format(value)} ${currency ?? ''}`

const documentRow = (document: OverdueDocument, odoo: Overdue, { at }: FlowView, showsValue: boolean): Html => {
  const { item, model, name, due } = document
  const link = documentLink(odoo, model, item.id)
  const called = name ?? `${model} ${item.id}`
  const value = item.value === undefined ? undefined : money(item.value, item.currency)
  return html`<tr><th scope="row">${link === undefined ? called : html`<a href="${link}">${called}</a>`}</th>${[
    num('Started', utc(item.start)),
    num('Overdue for', spanText(at - due)),
    ...(showsValue ? [num('Value', value)] : []),
  ]}</tr>
`
}

const documentsPart = (report: FlowReport, view: FlowView): Html => {
  const { right, documents, redact } = view
  const said = (text: string): Html => html`<h2>Overdue documents</h2>
<p class="soft">${text}</p>
`
  if (!right.granted) return said(`Not shown: ${right.why}.`)
  if (documents === undefined) return NONE
  if ('failed' in documents) return said(`Not known: ${redact(documents.failed)}.`)
  const { found } = documents
  if (found.documents.length === 0) return said('None.')
  const { showsValue } = report.flow
  const rows = found.documents
    .toSorted((a, b) => a.due - b.due)
    .map((each) => documentRow(each, found, view, showsValue))
  return html`${said(`As of ${utc(documents.at)}, the oldest deadline first.`)}${tableOf('Document', ['Started', 'Overdue for', ...(showsValue ? ['Value'] : [])], rows)}`
}

const moneyPart = ({ reading, flow }: FlowReport, { right }: FlowView): Html =>
  !right.granted || !flow.showsValue || reading === undefined || reading.worth.length === 0
    ? NONE
    : html`<p>Worth: ${reading.worth.map(({ state, currency, value }, i) => html`${i > 0 ? ', ' : ''}${state} ${money(value, currency)}`)}</p>
`

const aboutPart = (report: FlowReport, { at, redact }: FlowView): Html => {
  const { flow, tenant, state, reason, evidence, via, progress, reading } = report
  const { process, owner, kind } = flow.flow
  const stateClass = state === 'judged' ? 'good' : state === 'starting' || state === 'off' ? 'soft' : 'bad'
  const known = [
    `${kind}, evidence: ${evidence ?? flow.flow.evidence}`,
    `process ${process}, owner ${owner}`,
    ...(via === undefined ? [] : [`read by ${via === 'sql' ? 'SQL' : 'RPC'}`]),
    ...(progress === undefined || progress >= 1 ? [] : [`${Math.floor(progress * 100)} % of its span read`]),
    ...(reading === undefined ? [] : [`as of ${utc(reading.windows.asOf)}`]),
  ]
  return html`<header><h1>${flow.flow.title}</h1>
<p class="soft">${tenant}, ${flow.flow.name}</p></header>
<nav aria-label="Pages"><ul><li><a href="/">All flows</a></li><li><a href="${pathOf(report)}">JSON</a></li></ul></nav>
<main><p><span class="${stateClass}">${state}</span> ${reason === undefined ? '' : redact(reason)}</p>
<p>Promised: ${targetText(targetAt(flow.targets, at))}, of ${Math.round(flow.objective * 10_000) / 100} % (mode ${flow.mode})</p>
<p class="soft">${known.join('; ')}</p>
`
}

/** A whole HTML document. */
export const flowPage = (report: FlowReport, view: FlowView): string => {
  const { flow, reading, tenant } = report
  const body = html`${aboutPart(report, view)}
${reading === undefined ? NONE : [windowsPart(reading, flow.objective), backlogPart(reading, view.at)]}
${moneyPart(report, view)}${groupsPart(report)}${documentsPart(report, view)}
<h2>What can't be known</h2>
<p class="soft">${flow.flow.unknowable.trim()}</p>
</main>`
  return pageWith(`${flow.flow.name}, ${tenant}: Odoo Pulse`, body)
}
