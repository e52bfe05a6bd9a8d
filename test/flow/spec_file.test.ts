import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { formatProblem } from '../../src/config/problem.ts'
import { flowSchemaText, parseFlow } from '../../src/flow/spec/spec_file.ts'
import { flowFiles } from './shipped.ts'

const FLOW = `title: A promise
process: sales
owner: sales
kind: journey
evidence: ledger
model: sale.order
base: []
start: create_date
open: [{ field: state, in: [draft] }]
done: { when: [{ field: state, '=': sale }], at: date_order }
target: { within: 15m }
slot: { field: create_date }
horizon: 30d
unknowable: Nothing.
`
const problems = (text: string, file = 'slo/a-flow.yaml') => parseFlow({ file, text }).problems.map(formatProblem)
const changed = (from: string, to: string) => problems(FLOW.replace(from, to))

test('a flow is its file’s', () => {
  const { flow } = parseFlow({ file: 'slo/a-flow.yaml', text: FLOW })
  expect(flow).toMatchObject({ name: 'a-flow', mode: 'observe', company: 'company_id', visible: 'create_date' })
  expect(flow?.target).toEqual({ within: 900_000 })
  expect(flow?.horizon).toBe(30 * 86_400_000)
})

test('all problems come at once, each at its line and path', () => {
  const text = FLOW.replace('kind: journey', 'kind: jurney')
    .replace("'=': sale", "'=': sale, is: set")
    .replace('15m', '15')
    .replace('slot:', 'slott:')
  expect(problems(text)).toEqual([
    'slo/a-flow.yaml:4:7 kind: unknown value; did you mean "journey"?',
    'slo/a-flow.yaml:10:16 done.when[0]: one test at a time: put several into `and`',
    'slo/a-flow.yaml:11:19 target.within: write a duration such as 15s, 5m or 1h30m',
    'slo/a-flow.yaml:12:1 slott: unknown key; did you mean "slot"?',
  ])
})

test.for([
  [
    'a test without its field',
    "field: state, '=': sale",
    "'=': sale",
    'a condition has exactly one of field, and, or, not',
  ],
  ['a field without a test', ", '=': sale", '', 'say what is asked of the field'],
  ['a field no Odoo has', 'field: state, in', 'field: State, in', 'a field is lower-case letters'],
  ['an unknown parameter', 'in: [draft]', "'<': { parameter: then }", 'unknown value; known here: "now"'],
  [
    'optional within not',
    '{ field: state, in: [draft] }',
    '{ not: { field: a, is: set, optional: true } }',
    'leaving it out would change',
  ],
  [
    'optional within or',
    '{ field: state, in: [draft] }',
    '{ or: [{ field: a, is: set, optional: true }] }',
    'leaving it out would change',
  ],
  ['a ledger without ends', ', at: date_order', '', 'write `evidence: at-deadline`'],
  ['an end where none is stored', 'evidence: ledger', 'evidence: at-deadline', 'write `evidence: ledger`'],
  ['a journey without a start', 'start: create_date\n', '', 'a journey is judged from its start'],
  ['a ledger without its slot', 'slot: { field: create_date }\n', '', 'by the hours of a field'],
  ['a target of another kind', 'within: 15m', 'at_most: 3', 'a journey takes within, within_open_hours or by'],
  ['a time of day that is none', 'within: 15m', "by: '25:00'", 'such as "16:00"'],
  ['a series that is none', 'unknowable:', 'series: { from: 3 }\nunknowable:', 'must be at least 14'],
  [
    'a variant that lacks what its kind needs',
    'unknowable:',
    'variants: [{ for: { to: 15 }, done: { when: [] } }]\nunknowable:',
    'variants[0].done',
  ],
] as const)('refused: %s', ([, from, to, message]) => {
  const [first, ...others] = changed(from, to)
  expect(first).toContain(message)
  expect(others.length).toBeLessThanOrEqual(1)
})

test('a file is named as a flow is', () => {
  expect(problems(FLOW, 'slo/A flow.yaml')).toEqual([
    'slo/A flow.yaml: name the file <flow>.yaml: lower-case letters, digits and -',
  ])
  expect(problems('- a', 'slo/a.yaml')[0]).toContain('expected a mapping, got a list')
  expect(problems('a: [')).toHaveLength(1)
})

test('the editor’s schema takes the shipped flows, and refuses what the parser refuses', () => {
  const schema = JSON.parse(flowSchemaText())
  const isValid = new Ajv2020({ strict: false }).compile(schema)
  for (const file of flowFiles) {
    const data: unknown = parse(readFileSync(resolve(import.meta.dirname, '../../slo', file), 'utf8'))
    expect([file, isValid(data)]).toEqual([file, true])
  }
  expect(isValid({ ...parse(FLOW), slott: 1 })).toBe(false)
  expect(isValid({ ...parse(FLOW), mode: 'shout' })).toBe(false)
})
