/** What a change of the configuration, or of the day, leaves of what is known. */
import { expect, test } from 'vitest'
import type { Method, MethodContext } from '../../../src/flow/follow/method.ts'
import { methodOf } from '../../../src/flow/follow/together.ts'
import { HOUR, MINUTE } from '../../../src/flow/ledger/counts.ts'
import { defaultCadence } from '../../../src/flow/ledger/ledger_state.ts'
import type { TenantFlow } from '../../../src/flow/spec/tenant_flow.ts'
import { shipped } from '../shipped.ts'
import { catalogueOf } from '../stand_in.ts'

const NOW = Date.UTC(2026, 4, 4, 12, 30)
const odoo = { catalogue: catalogueOf(18), modules: new Set(['queue_job']) }
const context: MethodContext = {
  tenant: 'acme',
  calendar: [],
  timezone: 'UTC',
  cadence: defaultCadence,
  random: () => 0,
}
const { flow: file } = shipped('background-jobs.yaml')
if (file === undefined) throw new Error('no such flow')
const flow: TenantFlow = {
  flow: file,
  off: undefined,
  narrow: [],
  group: undefined,
  targets: [{ since: 0, target: { within: 10 * MINUTE } }],
  objective: 0.99,
  mode: 'observe',
  showsValue: false,
}

const followedAs = (of: TenantFlow, before?: Method, over: Partial<MethodContext> = {}, at = NOW) => {
  const method = methodOf(of, odoo, { ...context, ...over }, before, at, at)
  if ('unsupported' in method) throw new Error(method.unsupported)
  const [own] = method.own
  if (own?.part.kind !== 'ledger') throw new Error('no ledger')
  return { method, course: own.course, ledger: own.part }
}

/** One that has read its span, and has seen three failures. */
const known = () => {
  const { method, ledger } = followedAs(flow)
  const { state } = ledger
  ledger.state = { ...state, coveredFrom: NOW - 31 * 24 * HOUR, seen: { ...state.seen, failures: 3 } }
  return method
}

test.for([
  ['nothing', flow, {}],
  ['its objective and mode', { ...flow, objective: 0.5, mode: 'page' as const }, {}],
] as const)('%s has changed: all stays known', ([, changed, over]) => {
  const before = known()
  const { course, ledger } = followedAs(changed, before, over, NOW + 3 * HOUR)
  expect(course).toBe(before.own[0]?.course)
  expect(ledger.state.coveredFrom).toBe(NOW - 31 * 24 * HOUR)
})

test.for([
  ['its target', { ...flow, targets: [{ since: 0, target: { within: 5 * MINUTE } }] as const }, {}],
  ['whether amounts are shown', { ...flow, showsValue: true }, {}],
  ['the timezone', flow, { timezone: 'Europe/Paris' }],
] as const)('%s has changed: its rows are judged anew, and what was seen was seen', ([, changed, over]) => {
  const before = known()
  const { course, ledger } = followedAs(changed, before, over)
  expect(course).not.toBe(before.own[0]?.course)
  expect(ledger.state.coveredFrom).toBeUndefined()
  expect(ledger.state.slots.size).toBe(0)
  expect(ledger.state.seen.failures).toBe(3)
})

test('other rows are read: nothing stays known', () => {
  const narrow = [{ kind: 'field', field: 'channel', test: { operator: 'set' }, optional: false }] as const
  const { ledger } = followedAs({ ...flow, narrow }, known())
  expect(ledger.state.coveredFrom).toBeUndefined()
  expect(ledger.state.seen.failures).toBe(0)
})
