/** The landing page: what this process is, where to go, and how every target and probe fares. Pure. */
import { createHash } from 'node:crypto'
import type { Duration, Instant } from './metric.ts'
import type { ProbeState, TargetState } from './poll.ts'

/** Markup that is safe as it stands. */
interface Html {
  readonly markup: string
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c)

type Part = string | number | Html | readonly Html[]
const markupOf = (part: Part): string => {
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return 'markup' in part ? part.markup : part.map((p) => p.markup).join('')
}
/** Everything in the holes is escaped, but for what is Html already. */
const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: strings.reduce((text, s, i) => text + markupOf(parts[i - 1] ?? '') + s),
})
const NONE: Html = { markup: '' }

const STYLE = `
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e4e7eb); --soft: light-dark(#59626d, #9aa4b0);
  --line: light-dark(#d8dde3, #363d46); --bg: light-dark(#ffffff, #14171b); --card: light-dark(#f6f7f9, #1b1f25);
  --good: light-dark(#176b36, #6fcf8f); --bad: light-dark(#b3261e, #ff8f85); --warn: light-dark(#8a5300, #f0b45a);
  --link: light-dark(#0b5cad, #7db8f5) }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 68rem; padding: 1.25rem 1rem 3rem; color: var(--ink); background: var(--bg);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .25rem 0 } a { color: var(--link) } .soft { color: var(--soft) }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: .75rem 0 0; padding: 0 }
details { border: 1px solid var(--line); border-radius: .5rem; background: var(--card); margin: .5rem 0 }
summary { cursor: pointer; display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline;
  position: relative; padding: .6rem .9rem .6rem 2.2rem }
summary::before { content: '▸'; color: var(--soft); position: absolute; left: .9rem } details[open] > summary::before { content: '▾' }
summary::-webkit-details-marker { display: none }
summary b, td, th { overflow-wrap: anywhere }
.reason { padding: 0 .9rem .6rem 2.2rem; margin: 0; overflow-wrap: anywhere }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) }
.good, .bad, .warn { font-weight: 600 }
table { border-collapse: collapse; width: 100%; font-size: .92rem; background: var(--bg); border-radius: 0 0 .5rem .5rem }
th, td { text-align: start; padding: .4rem .9rem; border-top: 1px solid var(--line); vertical-align: top }
thead th { font-weight: 600; color: var(--soft) } tbody th { font-weight: 500; width: 22% }
.num { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%) }
  tr { display: grid; grid-template-columns: repeat(3, 1fr); border-top: 1px solid var(--line); padding: .5rem .9rem }
  tbody th, td { border: 0; padding: 0; width: auto } tbody th, td.state { grid-column: 1 / -1 }
  td.num { text-align: start } td.num::before { content: attr(data-label); display: block; color: var(--soft); font-size: .8rem }
}`

/** The one style element's hash, so that the page's policy lets in nothing else. */
export const LANDING_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** 340 ms · 1.2 s · 42 s · 5 min · 3 h 20 min · 2 d 4 h */
export const spanText = (ms: Duration): string => {
  const two = (n: number, unit: string, small: number, smallUnit: string): string =>
    small > 0 ? `${n} ${unit} ${small} ${smallUnit}` : `${n} ${unit}`
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const s = Math.round(ms / 1000)
  if (ms < 9_950) return `${(ms / 1000).toFixed(1).replace('.0', '')} s`
  if (s < 60) return `${s} s`
  if (s < 3_600) return two(Math.floor(s / 60), 'min', s < 600 ? s % 60 : 0, 's')
  if (s < 86_400) return two(Math.floor(s / 3_600), 'h', Math.floor((s % 3_600) / 60), 'min')
  return two(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3_600), 'h')
}

const utc = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

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
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Odoo Pulse${troubled > 0 ? ` (${troubled} in trouble)` : ''}</title>
<style>${{ markup: STYLE }}</style></head>
<body>
<header><h1>Odoo Pulse</h1>
<p class="soft">Version ${view.version}, as of <time>${utc(view.at)}</time></p></header>
<nav aria-label="Endpoints"><ul><li><a href="/metrics">Metrics</a></li><li><a href="/sd">Service discovery</a></li><li><a href="/-/ready">Ready</a></li><li><a href="/-/healthy">Healthy</a></li></ul></nav>
<main><h2>Targets</h2>
${states.length === 0 ? html`<p>No target is configured.</p>` : html`<p class="${troubled > 0 ? 'bad' : 'soft'}">${states.length} watched, ${troubled} in trouble</p>`}
${ordered.slice(0, MAX_TARGETS_SHOWN).map((state) => targetSection(state, view))}
${hidden > 0 ? html`<p>${hidden} more ${hidden === 1 ? 'target is' : 'targets are'} not shown here; <a href="/metrics">the metrics</a> hold them all.</p>` : NONE}
</main>
</body></html>
`.markup
}
