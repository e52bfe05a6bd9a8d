import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FlowReport, Reading } from '../src/flow/report.ts'
import { landingPage, MAX_TARGETS_SHOWN, verdictOf } from '../src/landing.ts'
import { MAX_TENANTS_SHOWN } from '../src/landing_flows.ts'
import { PAGE_CSP } from '../src/page.ts'
import { spanText } from '../src/span_text.ts'
import { AT as FLOWS_AS_OF, fullReading, reportOf, tenantFlow } from './flow/reports.ts'
import { probeState, targetState } from './support/edge.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5)
const redact = (text: string): string => text.replaceAll('s3cret', '[redacted]')
const show = (...states: Parameters<typeof landingPage>[0]): string =>
  landingPage(states, { version: '0.1.0', at: AT, redact })

/** What a reader sees: without tags, entities resolved, spaces run together. */
const read = (page: string): string =>
  page
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(
      /&(lt|gt|quot|amp|#39);/g,
      (_, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" })[name] ?? '',
    )
    .replace(/\s+/g, ' ')

test('each state of a probe is told with what belongs to it', () => {
  const page = read(
    show(
      targetState('db1', 'postgres', {
        probes: [
          probeState({ name: 'locks', lastSuccess: AT - 4_300, duration: 12.4 }),
          probeState({ name: 'wal', supported: false, lastSuccess: undefined, message: 'needs version 14' }),
          probeState({ name: 'sizes', success: false, reason: 'auth', message: 'refused s3cret', interval: 300_000 }),
          probeState({
            name: 'new',
            success: undefined,
            supported: undefined,
            duration: undefined,
            lastSuccess: undefined,
          }),
        ],
      }),
    ),
  )
  expect(page).toContain('locks ok 4.3 s 12 ms 15 s')
  expect(page).toContain('wal unsupported needs version 14 – 12 ms 15 s')
  expect(page).toMatch(/sizes failed: auth refused \[redacted\] .* 5 min/)
  expect(page).toContain('new not yet – – 15 s')
  expect(page).toContain('db1 postgres 1 of 4 probes failing 4 probes, 1 unsupported, 0.30 % of its time')
  expect(page).toContain('Version 0.1.0, as of 2026-01-02 03:04:05 UTC')
})

test('an open circuit says since when and why; troubled targets come first and stand open', () => {
  const circuit = { open: true, since: AT - 754_000, reason: 'timeout', message: 'no s3cret answer' } as const
  const page = show(targetState('a', 'redis'), targetState('b', 'redis', { circuit }))
  expect(page.indexOf('<b>b</b>')).toBeLessThan(page.indexOf('<b>a</b>'))
  expect(page.match(/<details open>/g)).toHaveLength(1)
  const text = read(page)
  expect(text).toContain('b redis circuit open for 12 min: timeout')
  expect(text).toContain('no [redacted] answer Since 2026-01-02 02:51:31 UTC')
  expect(text).toContain('a redis up')
  expect(text).toContain('2 watched, 1 in trouble')
})

test('no configured target, targets not asked yet, more targets than are shown', () => {
  expect(read(show())).toContain('No target is configured.')
  const fresh = probeState({ success: undefined, supported: undefined })
  expect(read(show(targetState('a', 'odoo', { probes: [fresh] })))).toContain('a odoo not asked yet')
  expect(read(show(targetState('a', 'odoo', { probes: [fresh, probeState()] })))).toContain('first round under way')
  const many = Array.from({ length: MAX_TARGETS_SHOWN + 2 }, (_, i) => targetState(`t${i}`, 'odoo'))
  expect(read(show(...many))).toContain('2 more targets are not shown here')
})

test('whatever a target is called, it stays text', () => {
  const name = `<script>alert(1)</script>`
  const page = show(
    targetState(name, `"'&`, { probes: [probeState({ name: '<img src=x>', success: false, message: '</td>' })] }),
  )
  expect(page).not.toMatch(/<script|<img/)
  expect(read(page)).toContain(name)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const skeleton = (named: string) =>
        show(
          targetState(named, named, { probes: [probeState({ name: named, success: false, message: named })] }),
        ).replace(/[^<>]/g, '')
      expect(skeleton(text)).toBe(skeleton(text === '' ? '' : 'a'))
    }),
  )
})

test('the policy lets in the one style and nothing else', () => {
  const page = show(targetState('a', 'odoo'))
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? ''
  expect(PAGE_CSP).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  expect(PAGE_CSP).toContain("default-src 'none'")
  expect(page).not.toMatch(/ style=| on[a-z]+=|<script|<link|src=/)
})

const FLOWS_AT = FLOWS_AS_OF + 20_000
const showFlows = (...flows: readonly FlowReport[]): string =>
  landingPage([], { version: '0.1.0', at: FLOWS_AT, redact, flows })
const windowsWith = (verdicts: Reading['windows']['verdicts']): Reading => ({
  ...fullReading(),
  windows: { ...fullReading().windows, verdicts },
})

test('flows: each state with what belongs to it, verdicts of an hour and a day, what is overdue', () => {
  const page = showFlows(
    reportOf('picking', {}, { mode: 'page' }),
    reportOf('invoice-posting', { state: 'withheld', reason: '1 of 3 companies, s3cret', reading: undefined }),
    reportOf('pos-sync', { state: 'unsupported', reason: 'point_of_sale is not installed', reading: undefined }),
    reportOf('paid-order', { state: 'starting', reading: undefined, progress: 0.256 }),
  )
  const text = read(page)
  expect(text).toContain("acme 1 can't be judged 1 of 4 flows judged, 1 starting")
  expect(text).toMatch(/judged within 1h of open hours, page 200 \/ 2 500 \/ 5 2 1 h 30 min/)
  expect(text).toContain('withheld 1 of 3 companies, [redacted] – – – –')
  expect(text).toContain('unsupported point_of_sale is not installed')
  expect(text).toContain('starting within 15m, observe, 25 % read')
  expect(page).toContain('href="/flows/acme/picking"')
})

test('flows: what misses its objective comes first and stands open, with few items or many', () => {
  const missing = reportOf('picking', { tenant: 'b', reading: windowsWith([{ window: '1h', good: 18, bad: 1 }]) })
  const meeting = reportOf('picking', { tenant: 'a', reading: windowsWith([{ window: '1h', good: 19, bad: 1 }]) })
  const empty = reportOf('pos-sync', { tenant: 'b', reading: windowsWith([{ window: '1h', good: 0, bad: 0 }]) })
  const page = showFlows(meeting, empty, missing)
  expect(page.indexOf('<b>b</b>')).toBeLessThan(page.indexOf('<b>a</b>'))
  expect(page.match(/<details open>/g)).toHaveLength(1)
  const text = read(page)
  expect(text).toContain('b 1 missing its objective 2 of 2 flows judged')
  expect(text).toContain('a objectives met 1 of 1 flow judged')
  expect(text.indexOf('missing its objective within')).toBeGreaterThan(0)
})

test('flows: a backlog misses its objective by what is above the allowed', () => {
  const backlog = (overdue: number) =>
    reportOf('stock-reservation', {
      reading: {
        ...windowsWith([]),
        windows: { ...windowsWith([]).windows, backlog: { open: 4, overdue, oldest: undefined, due: [] } },
      },
    })
  expect(read(showFlows(backlog(1)))).toContain('missing its objective at most 0 overdue')
  expect(read(showFlows(backlog(0)))).toContain('judged at most 0 overdue')
})

test('flows: none configured, no section; more tenants than are shown are named', () => {
  expect(showFlows()).not.toContain('Business flows')
  const many = Array.from({ length: MAX_TENANTS_SHOWN + 1 }, (_, i) => reportOf('picking', { tenant: `t${i}` }))
  expect(read(showFlows(...many))).toContain('1 more tenant is not shown here')
})

test('flows: whatever tenants, titles and reasons are called, they stay text', () => {
  const flow = tenantFlow('picking')
  const skeleton = (text: string) =>
    showFlows(
      reportOf(
        'picking',
        { tenant: text, state: 'failing', reason: text },
        { flow: { ...flow.flow, title: text, name: text } },
      ),
    ).replace(/[^<>]/g, '')
  expect(skeleton('</td><script>"\'&\n')).toBe(skeleton('a'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      expect(skeleton(text)).toBe(skeleton('a'))
    }),
    { numRuns: 50 },
  )
})

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [1_000, '1 s'],
  [1_249, '1.2 s'],
  [42_000, '42 s'],
  [59_999, '1 min'],
  [90_000, '1 min 30 s'],
  [754_000, '12 min'],
  [12_000_000, '3 h 20 min'],
  [187_200_000, '2 d 4 h'],
  [-5, '0 ms'],
])('%d ms reads %s', (ms, text) => {
  expect(spanText(ms)).toBe(text)
})

test('what is not supported is not a failure, and what has failed is not unsupported', () => {
  expect(verdictOf(probeState({ supported: false }))).toBe('unsupported')
  expect(verdictOf(probeState({ success: false, supported: false }))).toBe('failed')
})
