/** The documents say what is there: their examples run, their links lead somewhere. Runbooks: alert-rules/runbooks.test.ts. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/index.ts'
import { FAULTS } from '../demo/faults.ts'
import { parseConfig } from '../src/config.ts'

const root = resolve(import.meta.dirname, '..')
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const blocks = (path: string, language: string): readonly string[] =>
  [...text(path).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((m) => m[1] ?? '')

test('CONTRIBUTING’s new metric and new probe work as they stand, each in ten lines', () => {
  const [newMetric = '', newProbe = ''] = blocks('CONTRIBUTING.md', 'ts')
  for (const block of [newMetric, newProbe]) expect(block.trim().split('\n').length).toBeLessThanOrEqual(10)
  const program = [
    "import { probe } from './src/collector.ts'",
    "import { metric, sample, seconds } from './src/metric.ts'",
    "import type { PostgresClient } from './collectors/postgres/client.ts'",
    newMetric,
    newProbe.replace('export ', ''),
    'console.log(JSON.stringify(idle.map([{ idle: 3 }], 0).concat(idle.map([], 0))))',
    'console.log(await idle.read({ query: async (sql: string) => [sql] } as never, AbortSignal.timeout(1)))',
  ].join('\n')
  const out = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(out).toContain('"labels":{},"value":3}]')
  expect(out).toContain('from pg_replication_slots where not active')
})

test('CONTRIBUTING’s new panel works as it stands, in ten lines', () => {
  const [newMetric = '', , newPanel = ''] = blocks('CONTRIBUTING.md', 'ts')
  expect(newPanel.trim().split('\n').length).toBeLessThanOrEqual(10)
  const program = [
    "import { lines } from './dashboards/parts/panels.ts'",
    "import { most } from './dashboards/parts/query.ts'",
    "import { anyIs, TICKET } from './dashboards/parts/thresholds.ts'",
    "import { metric } from './src/metric.ts'",
    newMetric,
    `console.log(JSON.stringify(${newPanel.trim()}.builder.build()))`,
  ].join('\n')
  const out = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  })
  const { id, fieldConfig, targets } = JSON.parse(out)
  expect(id).toBe(19)
  expect(fieldConfig.defaults.unit).toBe('short')
  expect(targets[0].expr).toBe('max by (server) (pg_replication_slots_idle{server=~"$server"})')
})

test('the README’s configuration is one', () => {
  const [config = ''] = blocks('README.md', 'yaml')
  expect(parseConfig({ file: 'README.md', text: config }, [], collectors).problems).toEqual([])
})

test('the README’s calendar is one, beside its configuration', () => {
  const [config = ''] = blocks('README.md', 'yaml')
  const [calendar = ''] = blocks('README.md', 'yaml').filter((block) => block.startsWith('calendar:'))
  const parsed = parseConfig({ file: 'README.md', text: config + calendar }, [], collectors)
  expect(parsed.problems).toEqual([])
  expect(parsed.config?.calendar.map((window) => window.kind)).toEqual(['cut-off', 'peak', 'close', 'maintenance'])
})

test('the README’s first screen holds the two commands', () => {
  const firstScreen = text('README.md').split('\n').slice(0, 12).join('\n')
  expect(firstScreen).toMatch(/npm run demo/)
  expect(firstScreen).toMatch(/npm test/)
})

test('the README tells of every fault of the demo, and of no other', () => {
  const told = [...text('README.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map((m) => m[1])
  expect(told.sort()).toEqual(Object.keys(FAULTS).sort())
})

test.for(['README.md', 'CONTRIBUTING.md'])('links lead to files: %s', (file) => {
  const links = [...text(file).matchAll(/\]\(([^)#:]+)\)/g)].map((m) => m[1] ?? '')
  expect(links.filter((link) => !existsSync(join(root, dirname(file), link)))).toEqual([])
})

test('scripts the documents name exist', () => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> }
  const named = ['README.md', 'CONTRIBUTING.md'].flatMap((f) =>
    [...text(f).matchAll(/npm run ([a-z:]+)/g)].map((m) => m[1] ?? ''),
  )
  expect(named.length).toBeGreaterThan(3)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test('generated files are fresh', () => {
  expect(() =>
    execFileSync(process.execPath, ['tools/generate.ts', '--check'], { cwd: root, stdio: 'pipe' }),
  ).not.toThrow()
})
