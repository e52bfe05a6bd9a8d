/** `odoo-pulse lint` as a command: what it reads, what it prints, how it exits; and that what is shipped is clean. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { fine, RECEIVERS, ROUTE, ruleFile } from './alerting/linting.ts'
import { cli } from './support/cli.ts'

const root = resolve(import.meta.dirname, '..')
const EXAMPLE = join(root, 'odoo-pulse.example.yaml')
const SMALL = 'servers: { pg: { postgres: { host: db1, user: u, password: { file: x } } } }\n'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (name: string, text: string): string => {
  const file = join(dir, name)
  mkdirSync(resolve(file, '..'), { recursive: true })
  writeFileSync(file, text)
  return file
}

const lint = (...args: readonly string[]) => cli('lint', ...args)

test('what is shipped is clean: rules, their texts, tests and runbooks, Alertmanager’s configuration', async () => {
  const given = [
    '--rules',
    'alert-rules/generated',
    '--tests',
    'test/alert-rules',
    '--alertmanager',
    'deploy/alertmanager.yml',
  ]
  const { code, stdout } = await lint(...given.map((arg) => (arg.startsWith('--') ? arg : join(root, arg))))
  expect(stdout).toMatch(/^SUCCESS: 7 rule files, .* files of tests: nothing is found by \d+ checks\n$/)
  expect(code).toBe(0)
})

test('what is generated for the example is clean, with its dashboards, routes and inhibitions', async () => {
  const { code, stdout } = await lint('--config', EXAMPLE)
  expect(stdout).toMatch(/^SUCCESS: .* 6 dashboards, .*, alertmanager\.yml: nothing is found/)
  expect(code).toBe(0)
})

test('a route of the configuration that no alert takes is found in what would be generated', async () => {
  const oncall = `oncall:
  receivers: { on-call: { webhook: { url: "https://a.example.com" } } }
  page: on-call
  routes: [{ tier: shared, page: on-call }, { tier: shared, db_cluster: pg, page: on-call }]
`
  const { code, stdout } = await lint('--config', write('odoo-pulse.yaml', SMALL + oncall))
  expect(code).toBe(1)
  expect(stdout).toMatch(/^alertmanager\.yml:\d+ route\.routes\[\d+\]: no alert comes here/m)
})

test('of a flow of one’s own the beginning of a runbook is taken, until one is given', async () => {
  const config = write('odoo-pulse.yaml', SMALL)
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  write('flows.d/wms-export.yaml', /^```yaml\n(# flows\.d\/wms-export\.yaml\n.*?)^```/ms.exec(readme)?.[1] ?? '')
  expect((await lint('--config', config)).code).toBe(0)
  write('runbooks/flows/wms-export.md', '# wms-export\n')
  const { code, stdout } = await lint('--config', config, '--runbooks', join(dir, 'runbooks'))
  expect(code).toBe(1)
  expect(stdout).toContain(
    'runbooks/flows/wms-export.md: its sections are, in this order: # wms-export, ## What is promised',
  )
})

test('rules of one’s own are checked beside ours; a group of ours that is given takes its place', async () => {
  const config = write('odoo-pulse.yaml', SMALL)
  const own = write(
    'own.yaml',
    ruleFile({ ...fine, annotations: { ...fine.annotations, runbook_url: 'https://wiki/x' } }).text,
  )
  expect((await lint('--config', config, '--rules', own)).code).toBe(0)
  const ours = readFileSync(join(root, 'alert-rules/generated/redis.yaml'), 'utf8').replace('> 0.9', '> 1')
  const changed = write('redis.yaml', ours.replaceAll('redis_up', 'redis_upp'))
  const { stdout } = await lint('--config', config, '--rules', changed)
  expect(stdout.split('\n').filter((line) => /^\S+redis\.yaml:/.test(line))).not.toEqual([])
  expect(stdout).not.toMatch(/^rules\/redis\.yaml/m)
})

test('without a configuration the files given are checked alone', async () => {
  const file = write('alertmanager.yml', stringify({ route: ROUTE, receivers: RECEIVERS }))
  const { code, stdout } = await lint('--alertmanager', file)
  expect(code).toBe(0)
  expect(stdout).toContain('SUCCESS: 0 rule files')
})

test('all that can’t be read is told at once, exit code 2', async () => {
  const { code, stdout, stderr } = await lint(
    '--rules',
    join(dir, 'a.yaml'),
    '--dashboards',
    join(dir, 'b.json'),
    '--config',
    join(dir, 'c.yaml'),
  )
  expect(code).toBe(2)
  expect(stdout).toBe('')
  for (const name of ['a.yaml', 'b.json', 'c.yaml']) expect(stderr).toMatch(new RegExp(`${name}: no such file`))
})

test('a wrong command line or configuration is exit code 2', async () => {
  expect((await lint('--nonsense')).code).toBe(2)
  const { code, stderr } = await lint('--config', write('odoo-pulse.yaml', 'serverz: {}\n'))
  expect(code).toBe(2)
  expect(stderr).toContain('did you mean "servers"?')
})

test('YAML that is none is a finding with its line', async () => {
  const { code, stdout } = await lint('--rules', write('own.yaml', 'groups:\n  - name: [a\n    rules: []\n'))
  expect(code).toBe(1)
  expect(stdout).toMatch(/own\.yaml:3:\d+: not valid YAML/)
})

test('--json: findings with what to do, problems of what was asked', async () => {
  const { code, stdout } = await lint(
    '--json',
    '--rules',
    write('own.yaml', ruleFile({ ...fine, expr: 'odoo_upp == 0' }).text),
  )
  expect(code).toBe(1)
  const { valid, problems, findings } = JSON.parse(stdout)
  expect({ valid, problems }).toEqual({ valid: true, problems: [] })
  expect(findings[0]).toEqual({
    check: 'declared',
    file: join(dir, 'own.yaml'),
    line: 5,
    column: 15,
    path: ['own', 'Own', 'expr'],
    message: 'no metric odoo_upp is declared or recorded; did you mean "odoo_up"?',
    near: 'odoo_upp == 0',
    fix: expect.stringContaining('docs/metrics.md'),
  })
  const missing = JSON.parse((await lint('--json', '--rules', join(dir, 'none.yaml'))).stdout)
  expect(missing).toMatchObject({ valid: false, findings: [], problems: [{ message: 'no such file' }] })
})

test('--help has examples and the exit codes', async () => {
  const { code, stdout } = await lint('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('Exit codes: 0 nothing is found, 1 something is, 2')
})

test('the README’s example prints what it says, of a rule that promtool accepts', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  write('own.yaml', /^```yaml\n(# own\.yaml\n.*?)^```/ms.exec(readme)?.[1] ?? '')
  const [, command = '', printed] = /^```console\n\$ odoo-pulse (lint [^\n]*)\n(.*?)^```/ms.exec(readme) ?? []
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'src/main.ts'), ...command.split(' ')], {
    cwd: dir,
    encoding: 'utf8',
  })
  expect(stdout).toBe(printed)
  expect(status).toBe(1)
  const promtool = spawnSync('promtool', ['check', 'rules', 'own.yaml'], { cwd: dir, encoding: 'utf8' })
  if (promtool.error === undefined) expect(promtool.stdout).toContain('SUCCESS')
})
