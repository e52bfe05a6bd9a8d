/** Reports of the shipped flows, as full as they can be, for the tests of what is shown of them. */
import type { Item } from '../../src/flow/ledger/item.ts'
import { DURATION_BOUNDS } from '../../src/flow/ledger/tally.ts'
import { dueHorizons, groupWindows, rateWindows, verdictWindows } from '../../src/flow/ledger/windows.ts'
import type { FlowReport, Overdue, Reading } from '../../src/flow/report.ts'
import type { TenantFlow } from '../../src/flow/spec/tenant_flow.ts'
import { item } from './items.ts'
import { flowFiles, shipped } from './shipped.ts'

export const AT = Date.UTC(2026, 10, 20, 9, 41)

export const flowNames: readonly string[] = flowFiles.map((file) => file.replace('.yaml', ''))

export const tenantFlow = (name: string, over: Partial<TenantFlow> = {}): TenantFlow => {
  const { flow } = shipped(`${name}.yaml`)
  if (flow === undefined) throw new Error(`slo/${name}.yaml is not a flow`)
  return {
    flow,
    off: undefined,
    narrow: [],
    group: undefined,
    targets: [{ since: 0, target: flow.target }],
    objective: 0.95,
    mode: 'observe',
    showsValue: false,
    ...over,
  }
}

/** Every window whole, `members` of a group, two currencies. */
export const fullReading = (members = 20): Reading => ({
  windows: {
    asOf: AT,
    verdicts: verdictWindows.map((window, i) => ({ window, good: 100 * i, bad: i })),
    starts: rateWindows.map((window, i) => ({ window, count: 10 * i })),
    completions: rateWindows.map((window, i) => ({ window, count: 9 * i })),
    groups: groupWindows.flatMap((window) => [
      ...Array.from({ length: members }, (_, i) => ({ window, member: `${i + 1}`, good: 40 - i, bad: 1 })),
      { window, member: undefined, good: 3, bad: 2 },
    ]),
    backlog: {
      open: 7,
      overdue: 2,
      oldest: AT - 5_400_000,
      due: [...dueHorizons, 'cut_off' as const].map((horizon, i) => ({ horizon, count: i })),
    },
  },
  expected: {
    starts: rateWindows.map((window, i) => ({ window, count: 10.5 * i })),
    completions: rateWindows.map((window, i) => ({ window, count: 9.5 * i })),
  },
  worth: ['EUR', 'USD'].flatMap((currency) => [
    { state: 'open', currency, value: 1200.5 } as const,
    { state: 'overdue', currency, value: 200 } as const,
  ]),
  durations: { buckets: new Map(DURATION_BOUNDS.map((bound, i) => [bound, i + 1])), sum: 4321, count: 12 },
  failuresSeen: 0,
  unjudged: 0,
})

/** Judged, with everything known. */
export const reportOf = (name: string, over: Partial<FlowReport> = {}, flow: Partial<TenantFlow> = {}): FlowReport => ({
  tenant: 'acme',
  tier: 'dedicated',
  flow: tenantFlow(name, flow),
  evidence: undefined,
  state: 'judged',
  reason: undefined,
  via: 'rpc',
  reading: fullReading(),
  progress: 1,
  skew: -1500,
  nextLook: AT + 60_000,
  ...over,
})

export const itemOf = (id: number, start: number, over: Partial<Item> = {}): Item =>
  item(start, { id, company: 1, ...over })

/** Two orders, the later deadline first. */
export const overdue: Overdue = {
  documents: [
    {
      item: itemOf(43, AT - 3_600_000, { value: 99.5, currency: 'EUR' }),
      model: 'sale.order',
      name: 'S00043',
      due: AT - 2_700_000,
    },
    { item: itemOf(42, AT - 7_200_000), model: 'sale.order', name: undefined, due: AT - 6_300_000 },
  ],
  url: 'https://acme.example.com/',
  version: 18,
}
