/** The landing page: what this process is, where to go, and how every target and probe fares. Pure. */
import type { FlowReport } from './flow/report.ts'
import { type Html, html, NONE } from './html.ts'
import { flowsSection } from './landing_flows.ts'
import type { Duration, Instant } from './metric.ts'
import { pageWith } from './page.ts'
import type { ProbeState, TargetState } from './poll.ts'
import { spanText, utc } from './span_text.ts'

export type ProbeVerdict = 'ok' | 'failed' | 'unsupported' | 'not yet'

export const verdictOf = (probe: ProbeState): ProbeVerdict => {
  if (probe.success === undefined) return 'not yet'
  if (!probe.success) return 'failed'
  return probe.supported === false ? 'unsupported' : 'ok'
}

const CLASS: Readonly<Record<ProbeVerdict, string>> = {
  ok: 'good',
  failed: 'bad',
  unsupported: 'warn',
  'not yet': 'soft',
}

interface View {
  readonly version: string
  readonly at: Instant
  readonly redact: (text: string) => string
  /** Of every tenant. */
  readonly flows?: readonly FlowReport[] | undefined
}

const stateCell = (probe: ProbeState, { redact }: View): Html => {
  const verdict = verdictOf(probe)
  const reason = verdict === 'failed' && probe.reason ? `: ${probe.reason}` : ''
  const message = (verdict === 'failed' || verdict === 'unsupported') && probe.message ? redact(probe.message) : ''
  return html`<td class="state"><span class="${CLASS[verdict]}">${verdict}${reason}</span>${message && html` <span class="soft">${message}</span>`}</td>`
}

const numberCell = (label: string, value: Duration | undefined): Html =>
  html`<td class="num" data-label="${label}">${value === undefined ? '–' : spanText(value)}</td>`

const probeRow = (probe: ProbeState, view: View): Html => html`<tr><th scope="row">${probe.name}</th>${[
  stateCell(probe, view),
  numberCell('Last success', probe.lastSuccess === undefined ? undefined : view.at - probe.lastSuccess),
  numberCell('Took', probe.duration),
  numberCell('Every', probe.interval),
]}</tr>
`

const count = (probes: readonly ProbeState[], verdict: ProbeVerdict): number =>
  probes.filter((p) => verdictOf(p) === verdict).length

/** open circuit < failing probe < not asked yet < fine */
const rank = ({ circuit, probes }: TargetState): number => {
  if (circuit.open) return 0
  if (count(probes, 'failed') > 0) return 1
  return count(probes, 'not yet') > 0 ? 2 : 3
}

const targetWord = (state: TargetState, { at }: View): Html => {
  const { circuit, probes } = state
  if (circuit.open)
    return html`<span class="bad">circuit open for ${spanText(at - circuit.since)}: ${circuit.reason}</span>`
  const failed = count(probes, 'failed')
  if (failed > 0) return html`<span class="bad">${failed} of ${probes.length} probes failing</span>`
  const pending = count(probes, 'not yet')
  if (pending > 0)
    return html`<span class="soft">${pending === probes.length ? 'not asked yet' : 'first round under way'}</span>`
  return html`<span class="good">up</span>`
}

const targetSection = (state: TargetState, view: View): Html => {
  const { target, circuit, probes, busyRatio } = state
  const unsupported = count(probes, 'unsupported')
  const open = rank(state) < 2 ? html` open` : NONE
  return html`<details${open}><summary><b>${target.name}</b> <span class="soft">${target.collector.name}</span> ${targetWord(state, view)} <span class="soft">${[
    html`${probes.length} ${probes.length === 1 ? 'probe' : 'probes'}`,
    unsupported > 0 ? html`, ${unsupported} unsupported` : NONE,
    html`, ${(busyRatio * 100).toFixed(2)} % of its time`,
  ]}</span></summary>
${circuit.open ? html`<p class="reason">${view.redact(circuit.message)} <span class="soft">Since <time>${utc(circuit.since)}</time>; its probes wait until it answers a cheap call.</span></p>` : NONE}
<table><thead><tr><th scope="col">Probe</th><th scope="col">State</th><th scope="col" class="num">Last success</th><th scope="col" class="num">Took</th><th scope="col" class="num">Every</th></tr></thead>
<tbody>${probes.map((probe) => probeRow(probe, view))}</tbody></table></details>
`
}

/** More would make a page nobody reads; the rest is named, and stands in /metrics. */
export const MAX_TARGETS_SHOWN = 200

/** A whole HTML document. Troubled targets come first. */
export const landingPage = (states: readonly TargetState[], view: View): string => {
  const ordered = states.toSorted((a, b) => rank(a) - rank(b) || a.target.name.localeCompare(b.target.name))
  const troubled = states.filter((s) => rank(s) < 2).length
  const hidden = Math.max(0, ordered.length - MAX_TARGETS_SHOWN)
  const body = html`<header><h1>Odoo Pulse</h1>
<p class="soft">Version ${view.version}, as of <time>${utc(view.at)}</time></p></header>
<nav aria-label="Endpoints"><ul><li><a href="/metrics">Metrics</a></li><li><a href="/api/v1/flows">Flows</a></li><li><a href="/sd">Service discovery</a></li><li><a href="/-/ready">Ready</a></li><li><a href="/-/healthy">Healthy</a></li></ul></nav>
<main>${flowsSection(view.flows ?? [], view)}<h2>Targets</h2>
${states.length === 0 ? html`<p>No target is configured.</p>` : html`<p class="${troubled > 0 ? 'bad' : 'soft'}">${states.length} watched, ${troubled} in trouble</p>`}
${ordered.slice(0, MAX_TARGETS_SHOWN).map((state) => targetSection(state, view))}
${hidden > 0 ? html`<p>${hidden} more ${hidden === 1 ? 'target is' : 'targets are'} not shown here; <a href="/metrics">the metrics</a> hold them all.</p>` : NONE}
</main>`
  return pageWith(`Odoo Pulse${troubled > 0 ? ` (${troubled} in trouble)` : ''}`, body)
}
