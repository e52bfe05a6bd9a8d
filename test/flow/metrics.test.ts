import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createExposition, vet } from '../../src/exposition.ts'
import { groupWindows, verdictWindows } from '../../src/flow/ledger/windows.ts'
import { clockSamples, flowGroupVerdicts, flowMetrics, flowSamples, flowVerdicts } from '../../src/flow/metrics.ts'
import { FLOW_STATES, type FlowReport } from '../../src/flow/report.ts'
import type { Sample } from '../../src/metric.ts'
import { AT, flowNames, fullReading, reportOf } from './reports.ts'

/** All that a tenant has of flows. */
const samplesOf = (reports: readonly FlowReport[]): readonly Sample[] => [
  ...reports.flatMap((report) => flowSamples(report, reports)),
  ...clockSamples(reports),
]

const textOf = async (reports: readonly FlowReport[]): Promise<string> => {
  const { samples, dropped } = vet(samplesOf(reports), {}, flowMetrics)
  expect(dropped).toEqual([])
  const exposition = createExposition(() => 0)
  await exposition.put({ target: 'acme', collector: 'flows', part: '' }, samples, 1)
  return exposition.page().text.toString()
}

/** As Prometheus counts: a histogram has a series a bucket, +Inf, sum and count. */
const seriesOf = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { value }) => sum + (typeof value === 'number' ? 1 : value.buckets.size + 3), 0)

const cases: Readonly<Record<string, FlowReport>> = {
  judged: reportOf(
    'background-jobs',
    {
      reading: fullReading(2),
      groupNames: new Map([
        ['1', 'root "x"'],
        ['9', 'not shown'],
      ]),
    },
    { mode: 'page' },
  ),
  'judged-shared': reportOf('background-jobs', { tier: 'shared' }),
  'judged-shared-page': reportOf('background-jobs', { tier: 'standard' }, { mode: 'page' }),
  starting: reportOf('picking', { state: 'starting', reading: undefined, progress: 0.25, skew: undefined }),
  off: reportOf('order-confirmation', {
    state: 'off',
    reason: 'not narrowed',
    reading: undefined,
    progress: undefined,
  }),
  unsupported: reportOf('pos-sync', {
    state: 'unsupported',
    reason: 'the module point_of_sale is not installed',
    reading: undefined,
    progress: undefined,
    evidence: undefined,
  }),
  withheld: reportOf('invoice-posting', {
    state: 'withheld',
    reason: '2 of 3 companies',
    reading: undefined,
    progress: 0,
  }),
  // What was judged last stands until it is too old.
  failing: reportOf('stock-sync', {
    state: 'failing',
    reason: 'no answer within 5 s',
    evidence: 'ledger',
    tier: 'shared',
    reading: {
      windows: {
        asOf: AT,
        verdicts: [{ window: '1h', good: 0, bad: 0 }],
        starts: [],
        completions: [],
        groups: [],
        backlog: { open: 1, overdue: undefined, oldest: undefined, due: [] },
      },
      expected: undefined,
      worth: [],
      durations: undefined,
      failuresSeen: 0,
      unjudged: 0,
    },
  }),
}

test.each(Object.entries(cases))('%s: what stands on the page', async (name, report) => {
  await expect(await textOf([report])).toMatchFileSnapshot(join(import.meta.dirname, `../fixtures/flow/${name}.prom`))
})

test('there is a case for each state', () => {
  expect(FLOW_STATES.filter((state) => !Object.values(cases).some((report) => report.state === state))).toEqual([])
})

test('a whole window has good and bad, 0 or not; one that is not whole has neither', () => {
  const only = reportOf('picking', {
    reading: { ...fullReading(), windows: { ...fullReading().windows, verdicts: [{ window: '5m', good: 0, bad: 0 }] } },
  })
  const verdicts = samplesOf([only]).filter(({ metric }) => metric === flowVerdicts)
  expect(verdicts.map(({ labels, value }) => [labels.window, labels.result, value])).toEqual([
    ['5m', 'good', 0],
    ['5m', 'bad', 0],
  ])
})

test('a reason is on pages for people, never a label', () => {
  const text = samplesOf([reportOf('pos-sync', { state: 'failing', reason: 'host db7 said no' })])
  expect(JSON.stringify(text)).not.toContain('db7')
})

test('a clock is a tenant’s: told once, as soon as one flow knows it', () => {
  const told = (...skews: readonly (number | undefined)[]) =>
    clockSamples(skews.map((skew) => reportOf('picking', { skew }))).map(({ labels, value }) => [labels, value])
  expect(told(undefined, 2_000, -500)).toEqual([[{ tenant: 'acme' }, 2]])
  expect(told(undefined)).toEqual([])
})

/** All fourteen, each with a group and everything known. */
const allFlows = (tier: string, modes: (i: number) => 'observe' | 'ticket' | 'page', worth: boolean) =>
  flowNames.map((name, i) =>
    reportOf(
      name,
      {
        tier,
        reading: { ...fullReading(), ...(worth ? {} : { worth: [] }) },
        groupNames: new Map(Array.from({ length: 20 }, (_, m) => [`${m + 1}`, `Member ${m + 1}`])),
      },
      { mode: modes(i), group: { dimension: 'company', field: 'company_id' } },
    ),
  )

test('a dedicated tenant with all flows, every group full and money asked for has at most 1,500 series', () => {
  const samples = samplesOf(allFlows('dedicated', () => 'page', true))
  expect(seriesOf(samples)).toBeLessThanOrEqual(1_500)
  expect(seriesOf(samples)).toBeGreaterThan(1_300)
  expect(vet(samples, {}, flowMetrics).samples).toHaveLength(samples.length)
})

test.each(['shared', 'segmented', 'an-operator-s-own'])(
  '%s: all flows, three of them alerting, at most 250 series',
  (tier) => {
    const count = (alerting: number) =>
      seriesOf(samplesOf(allFlows(tier, (i) => (i < alerting ? 'ticket' : 'observe'), false)))
    expect(count(3)).toBeLessThanOrEqual(250)
    expect(count(4) - count(3)).toBe(17)
  },
)

test('what alerts read is there whatever the tier: every window, what was done and what began, and what is usual', () => {
  const all = ['30m', '1h', '1d']
  const shown = { shared: { completions: ['30m', '1h'], starts: ['1h'] }, dedicated: { completions: all, starts: all } }
  for (const tier of ['shared', 'dedicated'] as const) {
    const samples = samplesOf([reportOf('picking', { tier }, { mode: 'ticket' })])
    const windowsOf = (name: string) =>
      new Set(samples.filter(({ metric }) => metric.name === name).map(({ labels }) => labels.window))
    expect(windowsOf('odoo_flow_verdicts')).toEqual(new Set(verdictWindows))
    for (const suffix of ['', '_expected']) {
      expect(windowsOf(`odoo_flow_completions${suffix}`)).toEqual(new Set(shown[tier].completions))
      expect(windowsOf(`odoo_flow_starts${suffix}`)).toEqual(new Set(shown[tier].starts))
    }
    const due = samples.filter(({ metric }) => metric.name === 'odoo_flow_due').map(({ labels }) => labels.horizon)
    expect(due).toContain('cut_off')
  }
})

const groupSamples = (reports: readonly FlowReport[]) =>
  samplesOf(reports).filter(({ metric }) => metric === flowGroupVerdicts)

test('a tenant with a few grouped flows has all twenty members of each', () => {
  const members = new Set(groupSamples([reportOf('picking'), reportOf('carrier-label')]).map((s) => s.labels.member))
  expect(members.size).toBe(21)
})

test('members that have no room stand with the others: nothing is lost from the sum', () => {
  const reports = allFlows('dedicated', () => 'observe', false)
  const shown = groupSamples(reports).filter(({ labels }) => labels.flow === reports[0]?.flow.flow.name)
  expect(new Set(shown.map(({ labels }) => labels.member)).size).toBeLessThan(21)
  for (const window of groupWindows) {
    const sum = (samples: readonly { readonly value: unknown }[]) => samples.reduce((n, s) => n + Number(s.value), 0)
    const all = fullReading().windows.groups.filter((group) => group.window === window)
    expect(sum(shown.filter(({ labels }) => labels.window === window))).toBe(
      all.reduce((n, { good, bad }) => n + good + bad, 0),
    )
  }
})

test('a member that is called "other" is one of the others', () => {
  const groups = [
    { window: '1h', member: 'other', good: 5, bad: 1 },
    { window: '1h', member: 'mail_smtp', good: 1, bad: 4 },
    { window: '1h', member: undefined, good: 2, bad: 0 },
  ] as const
  const reading = { ...fullReading(), windows: { ...fullReading().windows, groups } }
  const samples = groupSamples([reportOf('outgoing-mail', { reading })])
  expect(samples.map(({ labels, value }) => [labels.member, labels.result, value])).toEqual([
    ['mail_smtp', 'good', 1],
    ['mail_smtp', 'bad', 4],
    ['other', 'good', 7],
    ['other', 'bad', 1],
  ])
})
