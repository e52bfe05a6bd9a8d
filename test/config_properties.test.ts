import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { formatDuration, parseDuration } from '../src/config/duration.ts'
import type { FlowSources } from '../src/config/flow_files.ts'
import { readYaml, valueAt } from '../src/config/yaml.ts'
import { parseConfig } from '../src/config.ts'
import { shippedSource } from './flow/shipped.ts'
import { flowCollectors, collectors as plain } from './support/collectors.ts'

const collectors = [...plain, ...flowCollectors]
const flows = { shipped: [shippedSource('picking.yaml')], own: [] }

/** Keys and values that go deep into the schema, and rubbish. */
const word = fc.constantFrom(
  ...['servers', 'tenants', 'tiers', 'collectors', 'db', 'app', 'host', 'port', 'password', 'file', 'env', 'tier'],
  ...['databases', 'server', 'datname', 'db_cluster', 'intervals', 'sizes', 'requests', 'enabled', 'listen', 'auth'],
  ...[
    'polling',
    'share',
    'logging',
    'level',
    'telemetry',
    'otlp_endpoint',
    'a',
    'b',
    'shared',
    '10m',
    '<<',
    '__proto__',
  ],
  ...['flows', 'picking', 'target', 'within', 'by', 'dated', 'since', 'narrow', 'field', 'or', 'calendar', 'windows'],
  ...['kind', 'open', 'flow_reader', 'sql', 'odoo', 'mode', '2026-12-01T00:00:00Z'],
  ...['constructor', 'user', 'key', 'toString', 'mode', 'http://u:p@h', '', ' ', '\u0000', '\u202e', '\ud800'],
)
const leaf = fc.oneof(word, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null))
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 7, withCrossShrink: true },
    leaf,
    fc.dictionary(word, tie('tree'), { maxKeys: 5 }),
    fc.array(tie('tree'), { maxLength: 4 }),
  ),
}))
const top = fc.dictionary(
  fc.constantFrom(
    ...['servers', 'tenants', 'tiers', 'collectors', 'polling', 'logging', 'telemetry', 'listen', 'flows', 'calendar'],
  ),
  tree,
)

const piece = fc.constantFrom(
  ...[
    '\n',
    '\n  ',
    '\n    ',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: *a',
    '!x ',
    '|',
    '>',
    '#',
  ],
  ...[
    '? ',
    '---\n',
    '...\n',
    '%',
    '\t',
    '\\',
    'servers',
    'tenants',
    'db',
    'host',
    '~',
    '1',
    '\r\n',
    '\ufeff',
    '\u2028',
  ],
)
const yamlish = fc.array(fc.oneof({ weight: 4, arbitrary: piece }, fc.string({ maxLength: 5 })), { maxLength: 60 })

const check = (text: string, tenants: string, flows?: FlowSources): void => {
  const sources = [
    { file: 'a', text },
    { file: 'b', text: tenants },
  ] as const
  const { config, problems } = parseConfig(sources[0], [sources[1]], collectors, flows)
  expect(config === undefined).toBe(problems.length > 0)
  for (const { file, line, column, path, message } of problems) {
    const source = sources.find((s) => s.file === file)
    expect(source).toBeDefined()
    expect(message).not.toBe('')
    const lines = (source?.text ?? '').split('\n')
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[(line ?? 1) - 1]?.length ?? 0) + 1)
    // The path itself, or for what is missing the place it is missing from, is in the file.
    const { root } = readYaml({ file, text: source?.text ?? '' })
    if (path.length > 0) expect(valueAt(root, path) ?? valueAt(root, path.slice(0, -1))).toBeDefined()
  }
}

test('whatever stands in the files: no exception, and problems name what is there', () => {
  fc.assert(
    fc.property(top, fc.dictionary(fc.constantFrom('tenants', 'servers'), tree), (main, tenants) =>
      check(stringify(main), stringify(tenants), flows),
    ),
    { numRuns: 300 },
  )
})

test('whatever is no YAML', () => {
  fc.assert(
    fc.property(yamlish, yamlish, (main, tenants) => check(main.join(''), tenants.join(''))),
    { numRuns: 2000 },
  )
})

test('a duration written is the duration read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
  )
  expect(
    ['1y', '1w', '1h30m', '1d12h', '15s', '250ms', '0', '1.5h', '', '-1s', '1m1h', '5 m', '5min'].map(parseDuration),
  ).toEqual([31_536_000_000, 604_800_000, 5_400_000, 129_600_000, 15_000, 250, ...Array(7).fill(undefined)])
})
