import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createParser, parse } from '../../../collectors/traefik/exposition_format.ts'
import { LIMITS } from '../../../collectors/traefik/line.ts'
import { CollectError } from '../../../src/collector.ts'

const PAGE = `# HELP http_requests_total The total number, with \\\\ and \\n in it.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",}    3

# a comment of no meaning
# TYPE odd_label gauge
odd_label{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\"", empty = "" , utf="Zürich, {=}"} 1.458255915e9
metric_without_timestamp_and_labels 12.47
	something_weird { problem = "division by zero" }  +Inf -3982045
# TYPE h histogram
h_bucket{le="0.1"} 1
h_bucket{le="+Inf"} 2
h_sum 3e-1
h_count 2
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.5"} NaN
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`

const plain = (text: string, limits = LIMITS) =>
  [...parse(text, undefined, limits).values()].map(({ name, type, series }) => ({
    name,
    type,
    series: series.map((s) => [s.name, Object.fromEntries(s.labels), s.value]),
  }))

const complaint = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof CollectError) return `${error.reason}: ${error.message}`
    throw error
  }
  return 'nothing wrong'
}

describe('what the format allows', () => {
  test('names, labels, escapes, numbers, blanks, timestamps, comments', () => {
    expect(plain(PAGE)).toEqual([
      {
        name: 'http_requests_total',
        type: 'counter',
        series: [
          ['http_requests_total', { method: 'post', code: '200' }, 1027],
          ['http_requests_total', { method: 'post', code: '400' }, 3],
        ],
      },
      {
        name: 'odd_label',
        type: 'gauge',
        series: [
          [
            'odd_label',
            { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"', empty: '', utf: 'Zürich, {=}' },
            1.458255915e9,
          ],
        ],
      },
      {
        name: 'metric_without_timestamp_and_labels',
        type: 'untyped',
        series: [['metric_without_timestamp_and_labels', {}, 12.47]],
      },
      {
        name: 'something_weird',
        type: 'untyped',
        series: [['something_weird', { problem: 'division by zero' }, Number.POSITIVE_INFINITY]],
      },
      {
        name: 'h',
        type: 'histogram',
        series: [
          ['h_bucket', { le: '0.1' }, 1],
          ['h_bucket', { le: '+Inf' }, 2],
          ['h_sum', {}, 0.3],
          ['h_count', {}, 2],
        ],
      },
      {
        name: 'rpc_duration_seconds',
        type: 'summary',
        series: [
          ['rpc_duration_seconds', { quantile: '0.5' }, Number.NaN],
          ['rpc_duration_seconds_sum', {}, 1.7560473e7],
          ['rpc_duration_seconds_count', {}, 2693],
        ],
      },
    ])
  })

  test('an empty page', () => expect(plain('')).toEqual([]))

  test('only what is wanted is kept, and all is read', () => {
    expect([...parse(PAGE, (name) => name === 'h').keys()]).toEqual(['h'])
    expect(complaint(() => parse(`${PAGE}x y\n`, (name) => name === 'h'))).toMatch(/^decode: .* line 20: /)
  })

  test('a label called __proto__ is a label', () => {
    const [series] = parse('a{__proto__="x"} 1\n').get('a')?.series ?? []
    expect(series?.labels.get('__proto__')).toBe('x')
  })
})

test.for([
  ['a', 'no value'],
  ['a ', 'no number'],
  ['a one', 'no number'],
  ['a 0x10', 'no number'],
  ['a 1_000', 'no number'],
  ['a infinity', 'no number'],
  ['a 1\r', 'no number'],
  ['a 1 now', 'timestamp'],
  ['a 1 1 1', 'after the timestamp'],
  ['1a 1', 'metric name'],
  ['{a="b"} 1', 'metric name'],
  ['é 1', 'metric name'],
  ['a{b="c" 1', 'neither'],
  ['a{b="c"', 'neither'],
  ['a{', 'label name'],
  ['a{b} 1', 'no ='],
  ['a{b=c} 1', 'quotes'],
  ['a{b="c} 1', 'closing quote'],
  ['a{b="\\x"} 1', 'escape'],
  ['a{b="\\', 'escape'],
  ['a{b="c",b="d"} 1', 'given twice'],
  ['a{,} 1', 'label name'],
  ['a{b="c",,} 1', 'label name'],
  ['a{b:c="d"} 1', 'no ='],
  ['a 1\na 2', 'given twice'],
  ['a{b="1",c="2"} 1\na{c="2",b="1"} 1', 'given twice'],
  ['a 1\nb 1\na{c="d"} 1', 'interrupted'],
  ['# TYPE a counter\na 1\n# TYPE b gauge\n# TYPE a counter', 'interrupted'],
  ['# TYPE a counter\n# TYPE a counter', 'TYPE given twice'],
  ['# HELP a x\n# HELP a x', 'HELP given twice'],
  ['a 1\n# TYPE a counter', 'TYPE given twice, or after'],
  ['# TYPE a thing', 'unknown TYPE'],
  ['# TYPE é counter', 'no metric name'],
  ['# TYPE a histogram\na 1', 'not of its family'],
])('not the format: %j', ([text = '', what = ''], { expect }) => {
  expect(complaint(() => parse(`${text}\n`))).toMatch(new RegExp(`^decode: not Prometheus text: line \\d+: .*${what}`))
})

test('a text cut short is told by its missing line end', () => {
  expect(complaint(() => parse(PAGE.slice(0, -1)))).toMatch(/^decode: .*cut short in line 19/)
})

test('every limit is one', () => {
  const small = { lines: 3, lineLength: 40, labels: 2, nameLength: 5, valueLength: 5 }
  const said = (text: string) => complaint(() => parse(text, undefined, small))
  expect(said('a 1\nb 1\nc 1\n')).toBe('nothing wrong')
  expect(said('a 1\nb 1\nc 1\n\n')).toContain('more than 3 lines')
  expect(said(`# ${'x'.repeat(39)}\n`)).toContain('a line over 40')
  expect(said(`# ${'x'.repeat(39)}`)).toContain('a line over 40')
  expect(said('a{b="",c=""} 1\n')).toBe('nothing wrong')
  expect(said('a{b="",c="",d=""} 1\n')).toContain('more than 2 labels')
  expect(said('abcdef 1\n')).toContain('metric name over 5')
  expect(said('# TYPE abcdef gauge\n')).toContain('no metric name')
  expect(said('a{bcdefg=""} 1\n')).toContain('label name over 5')
  expect(said('a{b="12345"} 1\n')).toBe('nothing wrong')
  expect(said('a{b="123456"} 1\n')).toContain('label value over 5')
  expect(said('a{b="\\n\\n\\n\\n\\n\\n"} 1\n')).toContain('label value over 5')
})

const name = fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/)
const labelName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
const value = fc.oneof(fc.double(), fc.nat())
const written = (n: number) => (Number.isNaN(n) ? 'NaN' : Number.isFinite(n) ? String(n) : n > 0 ? '+Inf' : '-Inf')
const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
const labelSet = fc.dictionary(labelName, fc.string({ unit: 'grapheme' }), { maxKeys: 5 })
const page = fc.uniqueArray(
  fc.record({
    name,
    series: fc.uniqueArray(fc.record({ labels: labelSet, value }), {
      selector: (s) => JSON.stringify(Object.entries(s.labels).sort()),
      minLength: 1,
      maxLength: 4,
    }),
  }),
  { selector: (f) => f.name, maxLength: 6 },
)
const textOf = (
  families: readonly { name: string; series: readonly { labels: Record<string, string>; value: number }[] }[],
) =>
  families
    .flatMap((f) =>
      f.series.map((s) => {
        const labels = Object.entries(s.labels).map(([l, v]) => `${l}="${escaped(v)}"`)
        return `${f.name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${written(s.value)}\n`
      }),
    )
    .join('')

test('what is written is read again, wherever the text is cut on its way', () => {
  fc.assert(
    fc.property(page, fc.array(fc.nat({ max: 20 })), (families, cuts) => {
      const parser = createParser(() => true)
      let rest = textOf(families)
      for (const cut of cuts) {
        parser.push(rest.slice(0, cut))
        rest = rest.slice(cut)
      }
      parser.push(rest)
      const read = [...parser.end().values()].map((f) => ({
        name: f.name,
        series: f.series.map((s) => ({ labels: Object.fromEntries(s.labels), value: s.value })),
      }))
      // written numbers know no -0
      const same = families.map((f) => ({
        ...f,
        series: f.series.map((s) => ({ labels: { ...s.labels }, value: s.value + 0 })),
      }))
      expect(read).toEqual(same)
    }),
  )
})

test('any text is read or refused as decode, with nothing of it in the message', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'a#{}=",\\ \n1TYPE\t') }),
  )
  fc.assert(
    fc.property(hostile, (text) => {
      const said = complaint(() => parse(`${text}\nSECRET{SECRET\n`))
      expect(said).toMatch(/^decode: not Prometheus text: /)
      expect(said).not.toContain('SECRET')
    }),
  )
})

test('time is linear in the text: half a million of anything is read in moments, where a square would take an hour', () => {
  const shapes = [
    (n: number) => `a{b="${'\\\\'.repeat(n)}"} 1\n`,
    (n: number) => `a${' '.repeat(n)}1\n`,
    (n: number) => `# TYPE ${' '.repeat(n)}\n`,
    (n: number) => `# HELP${'\t '.repeat(n)}\n`,
    (n: number) => `a ${'1'.repeat(n)}x\n`,
    (n: number) => Array.from({ length: n / 10 }, (_, i) => `a{i="${i}"} ${i}\n`).join(''),
    (n: number) => Array.from({ length: n / 10 }, (_, i) => `a${i} ${i}\n`).join(''),
    (n: number) => `a{${Array.from({ length: n / 10 }, (_, i) => `l${i}="x"`).join(',')}} 1\n`,
  ]
  const limits = { lines: 1e9, lineLength: 1e9, labels: 1e9, nameLength: 1e9, valueLength: 1e9 }
  for (const shape of shapes) {
    const start = performance.now()
    complaint(() => parse(shape(500_000), undefined, limits))
    expect(performance.now() - start, shape.toString()).toBeLessThan(10_000)
  }
})
