import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FlowReport } from '../src/flow/report.ts'
import { type FlowView, flowPage } from '../src/flow_page.ts'
import { AT, fullReading, itemOf, overdue, reportOf, tenantFlow } from './flow/reports.ts'

const redact = (text: string): string => text.replaceAll('s3cret', '[redacted]')
const view: FlowView = { at: AT, redact, right: { granted: true }, documents: { found: overdue, at: AT } }
const show = (report: FlowReport, over: Partial<FlowView> = {}): string => flowPage(report, { ...view, ...over })

/** What a reader sees, spaces run together. */
const read = (page: string): string =>
  page
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, ' ')

test('windows with their share and what is usual, what is open and due, the groups by name', () => {
  const report = reportOf(
    'carrier-label',
    { reading: fullReading(1), groupNames: new Map([['1', 'Colissimo']]) },
    { mode: 'page', objective: 0.995 },
  )
  const page = show(report)
  const text = read(page)
  expect(text).toContain('judged Promised: within 15m, of 99.5 % (mode page)')
  expect(text).toContain('1h 200 2 99.00 % 10, usually 10.5 9, usually 9.5')
  expect(text).toContain('5m 0 0 – – –')
  expect(page).toMatch(/<span class="bad">99\.00 %/)
  expect(text).toContain('7 open, 2 overdue , the oldest for 1 h 30 min')
  expect(text).toContain('Due next: 0 within 1h, 1 within 6h, 2 within 1d')
  expect(text).toContain('By carrier 1h good / bad share 1d good / bad share Colissimo 40 / 1 97.56 %')
  expect(text).toContain('all others 3 / 2 60.00 %')
})

test('documents, the oldest deadline first, with links; money where it is asked for', () => {
  const page = show(reportOf('order-confirmation', {}, { showsValue: true }))
  const text = read(page)
  expect(page).toContain('<a href="https://acme.example.com/odoo/sale.order/42">sale.order 42</a>')
  expect(text.indexOf('sale.order 42')).toBeLessThan(text.indexOf('S00043'))
  expect(text).toContain('S00043 2026-11-20 08:41:00 UTC 45 min 99.50 EUR')
  expect(text).toContain('Worth: open 1,200.50 EUR')
  const unasked = read(show(reportOf('order-confirmation')))
  expect(unasked).not.toMatch(/99\.5|1200\.5/)
})

test('without the right neither documents nor money, and why', () => {
  const text = read(
    show(reportOf('order-confirmation', {}, { showsValue: true }), { right: { granted: false, why: 'ask from here' } }),
  )
  expect(text).toContain('Overdue documents Not shown: ask from here.')
  expect(text).not.toMatch(/S00043|99\.5|1200\.5/)
})

test('documents that could not be read, or that there are none of', () => {
  const failed = show(reportOf('picking'), { documents: { failed: 'no s3cret answer' } })
  expect(read(failed)).toContain('Overdue documents Not known: no [redacted] answer.')
  const none = show(reportOf('picking'), { documents: { found: { ...overdue, documents: [] }, at: AT } })
  expect(read(none)).toContain('Overdue documents None.')
})

test('a flow that is not judged says why, and shows nothing that is unknown', () => {
  const text = read(
    show(reportOf('pos-sync', { state: 'unsupported', reason: 'point_of_sale is not installed', reading: undefined }), {
      documents: { failed: 'the flow is not judged' },
    }),
  )
  expect(text).toContain('unsupported point_of_sale is not installed')
  expect(text).not.toMatch(/Items that came due|Open now/)
  expect(text).toContain("What can't be known")
})

test('whatever things are called, they stay text; a link leads to Odoo or nowhere', () => {
  const skeleton = (text: string) => {
    const flow = tenantFlow('picking')
    const report = reportOf(
      'picking',
      {
        tenant: text,
        reason: text,
        groupNames: new Map([['1', text]]),
      },
      { flow: { ...flow.flow, title: text, unknowable: text, owner: text } },
    )
    const document = { item: itemOf(1, AT), model: text, name: text, due: AT }
    return show(report, {
      documents: { found: { documents: [document], url: 'https://a.example', version: 18 }, at: AT },
    }).replace(/[^<>]/g, '')
  }
  expect(skeleton(`</td><script>"'&\n`)).toBe(skeleton('a'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      expect(skeleton(text)).toBe(skeleton('a'))
    }),
    { numRuns: 50 },
  )
  const evil = { ...overdue, url: 'javascript:alert(1)//' }
  expect(show(reportOf('picking'), { documents: { found: evil, at: AT } })).not.toContain('javascript:')
})
