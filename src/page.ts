/** What our pages for people have in common: the frame, the style, the policy. Pure. */
import { createHash } from 'node:crypto'
import { type Html, html } from './html.ts'

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
.framed { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0 } thead th { font-weight: 600; color: var(--soft) } tbody th { font-weight: 500; width: 22% }
.num { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%) }
  tr { display: grid; grid-template-columns: repeat(3, 1fr); border-top: 1px solid var(--line); padding: .5rem .9rem }
  tbody th, td { border: 0; padding: 0; width: auto } tbody th, td.state { grid-column: 1 / -1 }
  .flows tr, .framed tr { grid-template-columns: repeat(auto-fit, minmax(5.75rem, 1fr)) }
  td.num { text-align: start } td.num::before { content: attr(data-label); display: block; color: var(--soft); font-size: .8rem }
}`

/** The one style element's hash, so that the policy of our pages lets in nothing else. */
export const PAGE_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A whole HTML document. */
export const pageWith = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: STYLE }}</style></head>
<body>
${body}
</body></html>
`.markup
