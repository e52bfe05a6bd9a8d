/** The tests made for a flow: Prometheus' own tool runs them over the shipped rules, and over rules that are wrong. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ruleFiles } from '../../alert-rules/index.ts'
import { flowTests } from '../../src/alerting/flow_tests.ts'
import type { Flow } from '../../src/flow/spec/spec_file.ts'
import { needs } from '../support/needs.ts'
import { odd, shipped, wmsExport } from './flows.ts'

const generated = resolve(import.meta.dirname, '../../alert-rules/generated')
const rules = join(generated, 'flows.yaml')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-tests-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

/** What promtool says; it exits with 1 where a test fails. */
const run = (flow: Flow, flowRules = rules): string => {
  const file = join(folder, `${flow.name}.test.yaml`)
  writeFileSync(
    file,
    flowTests(flow, ruleFiles, (subject) => (subject === 'flows' ? flowRules : join(generated, `${subject}.yaml`))),
  )
  try {
    return execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? `${error.message}\n${error.stderr}` : String(error)
  }
}

const alertsOf = (flow: Flow): readonly string[] => {
  const { tests } = parse(flowTests(flow, ruleFiles, (subject) => subject)) as {
    readonly tests: readonly { readonly name: string }[]
  }
  return [...new Set(tests.map(({ name }) => name.replace(/:.*/, '')))]
}

/** One of each kind and evidence. */
const kinds = shipped.filter(({ name }) => ['carrier-label', 'stock-reservation', 'stock-sync'].includes(name))

test.for([wmsExport, odd, ...kinds])('promtool runs those of $name', (flow, context) => {
  needs(context, 'prometheus')
  expect(run(flow)).toContain('SUCCESS')
})

test('which alerts, by what is stored of a flow', () => {
  const of = Object.fromEntries([wmsExport, odd, ...shipped].map((flow) => [flow.name, alertsOf(flow)]))
  const [burn, stall, unreadable] = ['OdooFlowBurnFast', 'OdooFlowStalled', 'OdooUnreadable']
  expect(of['wms-export']).toEqual([burn, stall, unreadable])
  expect(of[odd.name]).toEqual([burn, stall, unreadable])
  expect(of['carrier-label']).toEqual([burn, unreadable])
  expect(of['stock-reservation']).toEqual(['OdooBacklogHigh', unreadable])
  expect(of['stock-sync']).toEqual(['OdooHeartbeatMissed', unreadable])
})

test.for([
  ['a flow in mode page alerts nobody', /mode=~"page\|ticket"/g, 'mode=~"pager|ticket"'],
  ['the floor of bad items is gone', /(flow_bad:count\{\S+\}) >= 5/g, '$1 >= 1'],
  ['a stall counts from four', /flow_sensitivity:factor >= 5/g, 'flow_sensitivity:factor >= 4'],
  [
    'what can be read is called unreadable',
    /unless on \(tenant, flow\) max by \(tenant, flow\) \(odoo_flow_as_of/g,
    'and on (tenant, flow) max by (tenant, flow) (odoo_flow_as_of',
  ],
] as const)('they fail where %s', ([, from, to], context) => {
  needs(context, 'prometheus')
  const text = readFileSync(rules, 'utf8')
  const wrong = text.replace(from, to)
  expect(wrong).not.toBe(text)
  const file = join(folder, 'wrong.yaml')
  writeFileSync(file, wrong)
  expect(run(wmsExport, file)).toContain('FAILED')
})
