import { expect, test } from 'vitest'
import { type Documents, detailsOf, documentLink, type Right, summaryOf, targetText } from '../../src/flow/api.ts'
import type { FlowReport } from '../../src/flow/report.ts'
import { AT, fullReading, overdue, reportOf } from './reports.ts'

const granted: Right = { granted: true }
const refused: Right = { granted: false, why: 'ask from this machine' }
const found: Documents = { found: overdue, at: AT }

/** As it goes over the wire. */
const sent = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value))
const details = (report: FlowReport, right: Right = granted, documents: Documents | undefined = found) =>
  sent(detailsOf(report, AT, right, documents))

test('a summary says what is known', () => {
  const picking = reportOf('picking', { evidence: 'ledger' }, { mode: 'ticket' })
  expect(sent(summaryOf(picking, AT))).toEqual({
    tenant: 'acme',
    flow: 'picking',
    title: picking.flow.flow.title,
    process: 'logistics',
    owner: 'warehouse',
    kind: 'journey',
    evidence: 'ledger',
    mode: 'ticket',
    state: 'judged',
    via: 'rpc',
    objective: 0.95,
    target: 'within 1h of open hours',
    as_of: '2026-11-20T09:41:00.000Z',
    next_look: '2026-11-20T09:42:00.000Z',
    progress: 1,
    clock_skew_seconds: -1.5,
    windows: fullReading().windows.verdicts,
    open: 7,
    overdue: 2,
    oldest_open: '2026-11-20T08:11:00.000Z',
    details: '/api/v1/flows/acme/picking',
  })
})

test('what is unknown is no key', () => {
  const off = reportOf('order-confirmation', {
    state: 'off',
    reason: 'narrow it by create_uid, team_id or origin',
    via: undefined,
    reading: undefined,
    progress: undefined,
    skew: undefined,
    nextLook: undefined,
  })
  const { state, reason, ...rest } = sent(summaryOf(off, AT))
  expect([state, reason]).toEqual(['off', 'narrow it by create_uid, team_id or origin'])
  for (const key of ['via', 'windows', 'as_of', 'open', 'overdue', 'progress', 'clock_skew_seconds'])
    expect(rest).not.toHaveProperty(key)
  for (const key of ['starts', 'completions', 'due', 'group', 'value']) expect(details(off)).not.toHaveProperty(key)
})

test('the target is the one in force', () => {
  const flow = {
    targets: [
      { since: 0, target: { within: 900_000 } },
      { since: AT + 1, target: { within: 600_000 } },
    ],
  } as const
  const target = (at: number) => summaryOf(reportOf('order-import', {}, flow), at).target
  expect([target(AT), target(AT + 1)]).toEqual(['within 15m', 'within 10m'])
})

test('targets in words', () => {
  expect(targetText({ by: '16:00', after_open_days: 0 })).toBe('by 16:00 of the open day')
  expect(targetText({ by: 'end_of_day', after_open_days: 1 })).toBe('by the end of the next open day')
  expect(targetText({ by: 'end_of_day', after_open_days: 2 })).toBe('by the end of the 2nd open day after')
  expect(targetText({ periods: 2 })).toBe('a gap of at most 2 periods')
  expect(targetText({ at_most: 0 })).toBe('at most 0 overdue')
})

test('details tell what is usual, and the members by name', () => {
  const report = reportOf('carrier-label', { reading: fullReading(1), groupNames: new Map([['1', 'Colissimo']]) })
  const { starts, completions, due, group, unknowable } = details(report)
  expect(starts).toContainEqual({ window: '1h', count: 10, expected: 10.5 })
  expect(completions).toContainEqual({ window: '1d', count: 18, expected: 19 })
  expect(due).toContainEqual({ horizon: '6h', count: 1 })
  expect(group).toEqual({
    dimension: 'carrier',
    verdicts: [
      { member: '1', name: 'Colissimo', window: '1h', good: 40, bad: 1 },
      { window: '1h', good: 3, bad: 2 },
      { member: '1', name: 'Colissimo', window: '1d', good: 40, bad: 1 },
      { window: '1d', good: 3, bad: 2 },
    ],
  })
  expect(unknowable).toBe(report.flow.flow.unknowable.trim())
})

test('documents: the oldest deadline first, with links, unknown parts left out', () => {
  const { documents, documents_as_of } = details(reportOf('order-confirmation', {}, { showsValue: true }))
  expect(documents_as_of).toBe('2026-11-20T09:41:00.000Z')
  expect(documents).toEqual([
    {
      model: 'sale.order',
      id: 42,
      start: '2026-11-20T07:41:00.000Z',
      due: '2026-11-20T07:56:00.000Z',
      link: 'https://acme.example.com/odoo/sale.order/42',
    },
    {
      name: 'S00043',
      model: 'sale.order',
      id: 43,
      start: '2026-11-20T08:41:00.000Z',
      due: '2026-11-20T08:56:00.000Z',
      value: 99.5,
      currency: 'EUR',
      link: 'https://acme.example.com/odoo/sale.order/43',
    },
  ])
})

test('money is shown with the right, where it is asked for', () => {
  const report = reportOf('paid-order', {}, { showsValue: true })
  expect(details(report).value).toEqual(fullReading().worth)
  expect(details(report, refused)).not.toHaveProperty('value')
  const unasked = details(reportOf('paid-order', {}, { showsValue: false }))
  expect(unasked).not.toHaveProperty('value')
  expect(JSON.stringify(unasked)).not.toContain('99.5')
})

test('without the right there are neither documents nor money, whatever was found; why is said', () => {
  const reply = details(reportOf('paid-order', {}, { showsValue: true }), refused)
  expect(reply.documents_withheld).toBe('ask from this machine')
  for (const key of ['documents', 'documents_as_of', 'documents_failed', 'value']) expect(reply).not.toHaveProperty(key)
  expect(JSON.stringify(reply)).not.toMatch(/S00043|99\.5|1200\.5/)
})

test('a failure to read them is told', () => {
  const reply = details(reportOf('picking'), granted, { failed: 'no answer within 5 s' })
  expect(reply.documents_failed).toBe('no answer within 5 s')
  expect(reply).not.toHaveProperty('documents')
})

test.each([
  ['https://a.example', 19, 'queue.job', 'https://a.example/odoo/queue.job/7'],
  ['https://a.example/', 18, 'sale.order', 'https://a.example/odoo/sale.order/7'],
  ['https://a.example', 18, 'website', 'https://a.example/odoo/m-website/7'],
  ['https://a.example/', 17, 'sale.order', 'https://a.example/web#id=7&model=sale.order&view_type=form'],
  [undefined, 18, 'sale.order', undefined],
  ['javascript:alert(1)', 18, 'sale.order', undefined],
])('link: %s, Odoo %d, %s', (url, version, model, link) => {
  expect(documentLink({ url, version }, model, 7)).toBe(link)
})

test('names stay what they are', () => {
  const tenant = `L'Été "1"\n</script>/..`
  const { details: path, ...reply } = sent(summaryOf(reportOf('picking', { tenant }), AT))
  expect(reply.tenant).toBe(tenant)
  expect(String(path)).toMatch(/^\/api\/v1\/flows\/[A-Za-z0-9%'._~-]+\/picking$/)
  expect(decodeURIComponent(String(path).split('/').at(-2) ?? '')).toBe(tenant)
})
