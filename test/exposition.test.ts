import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createExposition, vet } from '../src/exposition.ts'
import { metric, type Sample, sample } from '../src/metric.ts'

const gauge = metric({
  name: 'test_things',
  type: 'gauge',
  unit: 'count',
  help: 'Things, with a \\ and a\nline.',
  labels: ['server', 'kind'],
  maxSeries: 2,
})
const latency = metric({
  name: 'test_latency_seconds',
  type: 'histogram',
  unit: 'seconds',
  help: 'Latency.',
  labels: ['server'],
  maxSeries: 1,
})
const source = (target: string, part = 'things') => ({ target, collector: 'test', part })
const things = (server: string, value: number): readonly Sample[] => sample(gauge, { server, kind: 'a' }, value)

test('a family of many targets stands under one header; names and label values are escaped', async () => {
  const exposition = createExposition(() => 0)
  await exposition.put(source('b'), things('L\'Été "1"\\', 2), 1)
  await exposition.put(source('a'), things('a', 1.5), 1)
  expect(exposition.page().text.toString()).toBe(
    [
      '# HELP test_things Things, with a \\\\ and a\\nline.',
      '# TYPE test_things gauge',
      'test_things{server="L\'Été \\"1\\"\\\\",kind="a"} 2',
      'test_things{server="a",kind="a"} 1.5',
      '',
    ].join('\n'),
  )
})

test('a histogram is written as buckets, sum and count', async () => {
  const exposition = createExposition(() => 0)
  const value = {
    buckets: new Map([
      [0.5, 1],
      [5, 3],
    ]),
    sum: 4.25,
    count: 4,
  }
  await exposition.put(source('a'), sample(latency, { server: 'a' }, value), 1)
  expect(exposition.page().text.toString().split('\n').slice(2)).toEqual([
    'test_latency_seconds_bucket{server="a",le="0.5"} 1',
    'test_latency_seconds_bucket{server="a",le="5"} 3',
    'test_latency_seconds_bucket{server="a",le="+Inf"} 4',
    'test_latency_seconds_sum{server="a"} 4.25',
    'test_latency_seconds_count{server="a"} 4',
    '',
  ])
})

test('the page is made once per change, compressed once, and shared', async () => {
  const exposition = createExposition(() => 0)
  await exposition.put(source('a'), things('a', 1), 1)
  const page = exposition.page()
  expect(exposition.page()).toBe(page)
  expect(page.gzip()).toBe(page.gzip())
  expect(gunzipSync(await page.gzip())).toEqual(page.text)
  await exposition.put(source('a'), things('a', 2), 1)
  expect(exposition.page().text.toString()).toContain(' 2\n')
})

test('what is put last wins, and what expired or was dropped is gone', async () => {
  let now = 0
  const exposition = createExposition(() => now)
  await Promise.all([
    exposition.put(source('a'), things('a', 1), 10),
    exposition.put(source('a'), things('a', 2), 10),
    exposition.put(source('b'), things('b', 3), 20),
  ])
  expect(exposition.page().text.toString()).toMatch(/"a",kind="a"} 2\n.*"b",kind="a"} 3\n$/s)
  now = 10
  expect(exposition.page().text.toString()).not.toContain('server="a"')
  exposition.drop('b', 'test')
  expect(exposition.page().text.length).toBe(0)
})

test('a rendering that ends after its target was dropped does not bring it back', async () => {
  const exposition = createExposition(() => 0)
  const late = exposition.put(source('a'), things('a', 1), 10)
  exposition.drop('a', 'test')
  await late
  expect(exposition.page().text.length).toBe(0)
})

test('only what is selected', async () => {
  const exposition = createExposition(() => 0)
  await exposition.put(source('a'), things('a', 1), 10)
  await exposition.put(source('b'), things('b', 1), 10)
  expect(exposition.page(({ target }) => target === 'b').text.toString()).not.toContain('server="a"')
})

test('vetting adds the target’s labels and keeps out duplicates, what is no number, what was not declared', () => {
  const other = metric({ ...gauge, name: 'test_other' })
  const vetted = vet(
    [
      ...sample(gauge, { kind: 'a' }, 1),
      ...sample(gauge, { kind: 'a' }, 2),
      ...sample(gauge, { kind: 'b' }, Number.NaN),
      ...sample(other, { kind: 'a' }, 1),
      ...sample(latency, {}, { buckets: new Map([[1, Number.NaN]]), sum: 1, count: 1 }),
    ],
    { server: 's' },
    [gauge, latency],
  )
  expect(vetted.samples).toEqual([{ metric: gauge, labels: { server: 's', kind: 'a' }, value: 1 }])
  expect(vetted.dropped).toEqual(['duplicate', 'not_finite', 'undeclared', 'not_finite'])
})

test('past its series limit a family is refused whole', () => {
  const many = ['a', 'b', 'c'].flatMap((kind) => sample(gauge, { kind }, 1))
  expect(() => vet(many, { server: 's' }, [gauge])).toThrow('test_things would have 3 series, over its limit of 2')
})
