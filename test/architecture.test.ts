import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { collectors } from '../collectors/index.ts'

const root = resolve(import.meta.dirname, '..')

/** Empty where there is no such folder yet. */
const sourcesIn = (folder: string): readonly string[] =>
  (existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }) : [])
    .filter((f) => f.endsWith('.ts'))
    .map((f) => join(folder, f))

/** What a file imports: packages by name, files relative to the root. */
const importsOf = (file: string): readonly string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)]
    .map((m) => m[1] ?? '')
    .map((path) => (path.startsWith('.') ? relative(root, resolve(root, dirname(file), path)) : path))

const offences = (
  files: readonly string[],
  isAllowed: (imported: string, file: string) => boolean,
): readonly string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => !isAllowed(imported, file))
      .map((imported) => `${file} imports ${imported}`),
  )

const ours = ['src', 'collectors', 'alert-rules', 'dashboards', 'demo', 'tools', 'test']
const isOurs = (path: string): boolean => ours.some((folder) => path.startsWith(`${folder}/`))

test('the engine names nothing outside itself, but for the two that compose', () => {
  const composing = ['src/main.ts', 'src/cli.ts']
  const files = sourcesIn('src').filter((f) => !composing.includes(f))
  expect(files.length).toBeGreaterThan(10)
  expect(offences(files, (i) => !isOurs(i) || i.startsWith('src/'))).toEqual([])
})

test('nothing imports the two that compose, but one the other', () => {
  const all = ours.flatMap((folder) => (folder === 'test' ? [] : sourcesIn(folder)))
  const composing = ['src/main.ts', 'src/cli.ts']
  expect(
    offences(
      all.filter((f) => !composing.includes(f)),
      (i) => !composing.includes(i),
    ),
  ).toEqual([])
})

test('a collector knows the vocabulary and itself; one that reads flows, what a flow is', () => {
  const vocabulary = ['src/metric.ts', 'src/collector.ts', 'src/secret.ts']
  const files = sourcesIn('collectors').filter((f) => f !== 'collectors/index.ts')
  const isKnown = (i: string, file: string) =>
    vocabulary.includes(i) ||
    i.startsWith(`${dirname(file)}/`) ||
    (/\/(flow_\w+|catalogue)\.ts$/.test(file) && i.startsWith('src/flow/')) ||
    // An Odoo's database is PostgreSQL's affair as well: it is reached the same way.
    (file.startsWith('collectors/odoo_sql/') && i.startsWith('collectors/postgres/'))
  expect(offences(files, (i, file) => !isOurs(i) || isKnown(i, file))).toEqual([])
})

test('what a flow is stands without those who read it, and without IO', () => {
  const files = sourcesIn('src/flow')
  expect(files.length).toBeGreaterThan(10)
  expect(offences(files, (i) => !i.startsWith('collectors/') && !i.startsWith('node:'))).toEqual([])
})

test('one file a collector imports the driver', () => {
  const isDriver = (i: string) =>
    ['pg', 'ioredis', 'xmlrpc'].some((driver) => i === driver || i.startsWith(`${driver}/`))
  const importers = sourcesIn('collectors').filter((file) => importsOf(file).some(isDriver))
  expect(importers).toEqual([
    'collectors/odoo/xmlrpc.ts',
    'collectors/postgres/client.ts',
    'collectors/redis/client.ts',
  ])
})

test('alerts are written over descriptors', () => {
  const isAllowed = (i: string) =>
    !isOurs(i) ||
    [
      'src/metric.ts',
      'src/health.ts',
      'src/own_metrics.ts',
      'src/tenants.ts',
      'src/calendar/metrics.ts',
      'src/flow/metrics.ts',
      'src/flow/burn.ts',
      'src/flow/ledger/windows.ts',
    ].includes(i) ||
    /^(src\/alerting|collectors|alert-rules)\//.test(i)
  expect(offences(sourcesIn('alert-rules'), isAllowed)).toEqual([])
})

test('dashboards are written over descriptors, and the thresholds of the alerts', () => {
  const files = sourcesIn('dashboards')
  expect(files.length).toBeGreaterThan(10)
  const descriptors = ['src/metric.ts', 'src/health.ts', 'src/own_metrics.ts', 'src/tenants.ts']
  const ofOthers = ['src/calendar/metrics.ts', 'src/flow/metrics.ts', 'src/flow/burn.ts']
  const ofAlerts = [
    ...['alert-rules/recordings.ts', 'alert-rules/thresholds.ts', 'src/alerting/render.ts'],
    'src/alerting/alertmanager/inhibitions.ts',
  ]
  const isAllowed = (i: string) =>
    !isOurs(i) || [...descriptors, ...ofOthers, ...ofAlerts].includes(i) || /^(collectors|dashboards)\//.test(i)
  expect(offences(files, isAllowed)).toEqual([])
})

test('what only builds dashboards is no part of the service', () => {
  const sdk = (i: string) => i.startsWith('@grafana/')
  const files = [...sourcesIn('src'), ...sourcesIn('collectors'), ...sourcesIn('alert-rules')]
  expect(offences(files, (i) => !sdk(i) && !i.startsWith('dashboards/'))).toEqual([])
})

test('the vocabulary stands on nothing of ours but itself', () => {
  expect(offences(['src/metric.ts', 'src/secret.ts'], (i) => !isOurs(i))).toEqual([])
  expect(
    offences(
      ['src/collector.ts'],
      (i) => !isOurs(i) || ['src/metric.ts', 'src/secret.ts', 'src/flow/read/access.ts'].includes(i),
    ),
  ).toEqual([])
})

test('arguments and environment are read in one place', () => {
  const readers = [...sourcesIn('src'), ...sourcesIn('collectors')].filter((f) =>
    /process\.(env|argv)\b/.test(readFileSync(join(root, f), 'utf8')),
  )
  expect(readers.filter((f) => !['src/main.ts', 'src/cli.ts'].includes(f))).toEqual([])
})

test('the list of collectors is the list of folders', () => {
  const folders = readdirSync(join(root, 'collectors'), { withFileTypes: true }).filter((d) => d.isDirectory())
  expect(collectors.map((c) => c.name).sort()).toEqual(folders.map((d) => d.name).sort())
})

test('each collector’s probes are the files that declare one, each metric belongs to one probe, counters poll at 15 s or less', () => {
  for (const collector of collectors) {
    const declaring = sourcesIn(join('collectors', collector.name)).filter((f) =>
      /= probe[<(]/.test(readFileSync(join(root, f), 'utf8')),
    )
    const declared = declaring.flatMap((f) => [...readFileSync(join(root, f), 'utf8').matchAll(/= probe[<(]/g)])
    expect(collector.probes.length).toBe(declared.length)
    expect(new Set(collector.probes.map((p) => p.name)).size).toBe(collector.probes.length)
    const metrics = [collector.up, ...collector.probes.flatMap((p) => p.metrics)].map((m) => m.name)
    expect(metrics.filter((name, i) => metrics.indexOf(name) !== i)).toEqual([])
    const slow = collector.probes.filter((p) => p.interval > 15_000 && p.metrics.some((m) => m.type !== 'gauge'))
    expect(slow.map((p) => p.name)).toEqual([])
  }
})
