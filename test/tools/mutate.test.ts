/** The changes that `npm run mutate` makes, which tests it tries them on, and when it is content. */
import { expect, test } from 'vitest'
import { parse } from '../../src/alerting/promql/parse.ts'
import { listed } from '../../tools/mutate/equivalent.ts'
import { mutantsOf } from '../../tools/mutate/kill.ts'
import { changesOf, lastingChanges } from '../../tools/mutate/mutators.ts'
import { isEnough, rowsOf, tableOf } from '../../tools/mutate/report.ts'
import { type Rule, reaching } from '../../tools/mutate/rules.ts'
import { filesOf, subjectsOf } from '../../tools/mutate/units.ts'

const texts = (expr: string): readonly string[] => changesOf(expr).map(({ text }) => text)

test('a comparison moves its bound to the other side, and turns round', () => {
  expect(texts('a > b')).toEqual(['a >= b', 'a < b'])
  expect(texts('a <= b')).toEqual(['a < b', 'a > b'])
  expect(texts('a == b')).toEqual(['a != b'])
})

test('numbers go a little up and down, 0 becomes 1', () => {
  expect(texts('a + 0')).toEqual(['a + 1'])
  expect(texts('a * 3')).toEqual(['a * 2', 'a * 4'])
  expect(texts('a * 0.5')).toEqual(['a * 0.45', 'a * 0.55'])
  expect(texts('a * 300')).toEqual(['a * 270', 'a * 330'])
})

test('spans of time are halved and doubled, the step of a subquery is not', () => {
  expect(texts('rate(a[5m])')).toEqual(['rate(a[2m30s])', 'rate(a[10m])'])
  expect(texts('max_over_time(a[1h:1m])')).toEqual(['max_over_time(a[30m:1m])', 'max_over_time(a[2h:1m])'])
})

test('joins become others, and lose a side', () => {
  expect(texts('a and b')).toEqual(['a unless b', 'a'])
  expect(texts('a unless on (x) b')).toEqual(['a and on (x) b', 'a', 'a unless on () b'])
  expect(texts('(a) or (b)')).toEqual(['(a) and (b)', '(a)', '(b)'])
})

test('labels are dropped one by one, and what makes a join of many to one', () => {
  expect(texts('sum by (x, y) (a)')).toEqual(['sum by (y) (a)', 'sum by (x) (a)'])
  expect(texts('a * on (x) group_left (y) b')).toEqual([
    'a * on () group_left (y) b',
    'a * on (x) group_left () b',
    'a * on (x) b',
  ])
})

test('waiting times are changed by a minute both ways, from nothing only up', () => {
  expect(lastingChanges('for', '5m').map(({ text }) => text)).toEqual(['4m', '6m'])
  expect(lastingChanges('for', undefined).map(({ text }) => text)).toEqual(['1m'])
})

test('every change parses, differs from the rule and from the others, and says where it is', () => {
  const expr = 'max by (a, b) (x{y="z"}[5m:1m]) > 3 and on (a) (y == 0) or on (a, b) group_left (q) sum(z)'
  const changes = changesOf(expr)
  expect(changes.filter(({ text }) => !parse(text).ok)).toEqual([])
  expect(new Set([expr, ...changes.map(({ text }) => text)]).size).toBe(changes.length + 1)
  expect(changes.map(({ place }) => place)).toContain(
    '…by (a, b) (x{y="z"}[5m:1m]) ⟦> → >=⟧ 3 and on (a) (y == 0) or on…',
  )
})

const rule = (group: string, node: Rule['node'], name = node.alert ?? node.record ?? ''): Rule => ({
  name,
  group,
  node,
})
const recorded = rule('recordings', { record: 'a:b:c', expr: 'a == 0' })
const other = rule('recordings', { record: 'd:e:f', expr: 'a' })
const page = rule('alerts', {
  alert: 'Page',
  expr: 'a:b:c > 1',
  for: '5m',
  labels: { severity: 'page', layer: 'cause' },
})
const ticket = rule('alerts', { alert: 'Ticket', expr: 'd:e:f > 1', labels: { severity: 'ticket', layer: 'cause' } })
const rules = [recorded, other, page, ticket]
const estate = { rules, reads: reaching(rules) }

test('a rule is reached by what it reads', () => {
  expect(estate.reads.get('Page')).toEqual([page, recorded])
  expect(estate.reads.get('d:e:f')).toEqual([other])
  const check = { expr: 'count(ALERTS{alertname=~"Page|Nobody",alertstate="firing"})' }
  expect(subjectsOf(check, rules)).toEqual([page])
  expect(subjectsOf({ alertname: 'Ticket' }, rules)).toEqual([ticket])
})

test('a case is given the mutant instead of its rule, groups in their order', () => {
  const instead = { ...page, node: { ...page.node, for: '6m' } }
  const files = filesOf({ rules: [recorded, page], interval: '1m', test: '{}' }, 'r.json', instead)
  expect(JSON.parse(files.rules)).toEqual({
    groups: [
      { name: 'recordings', rules: [recorded.node] },
      { name: 'alerts', rules: [instead.node] },
    ],
  })
  expect(JSON.parse(files.test)).toMatchObject({ rule_files: ['r.json'], group_eval_order: ['recordings', 'alerts'] })
})

test('what is listed as the same is left out; an entry that no mutant is like is told', () => {
  const mutants = rules.flatMap(mutantsOf)
  const reason = 'a is never negative'
  const like = { rule: 'a:b:*', place: '*⟦0 → 1⟧', reason }
  const unlike = { rule: 'a:b:c', place: '⟦2 → 3⟧', reason }
  const { equivalent, stale } = listed(mutants, [like, unlike])
  expect([...equivalent].map(({ mutated }) => mutated.node.expr)).toEqual(['a == 1'])
  expect(stale).toEqual([unlike])
})

test('of a page none may survive, of a ticket one in ten; mutants of recordings count with their alerts', () => {
  const mutants = rules.flatMap(mutantsOf)
  const survives = mutants.filter(({ rule: of, change }) => of === 'a:b:c' && change.kind === 'number')
  const rows = rowsOf(estate, mutants, survives)
  expect(rows.map((row) => [row.alert, row.least, isEnough(row)])).toEqual([
    ['Page', 1, false],
    ['Ticket', 0.9, true],
  ])
  expect(rows[0]).toMatchObject({ mutants: 8, killed: 7 })
  expect(tableOf(rows)).toContain('a:b:c: number: a == ⟦0 → 1⟧')
  const tickets = mutants.filter(({ rule: of }) => of === 'Ticket').slice(0, 1)
  expect(rowsOf(estate, mutants, tickets).map(isEnough)).toEqual([true, false])
})
