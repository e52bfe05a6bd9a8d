import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cli } from './support/cli.ts'
import { needs } from './support/needs.ts'

const EXAMPLE = join(import.meta.dirname, '../odoo-pulse.example.yaml')
const SMALL = `
servers: { pg: { postgres: { host: db1, user: u, password: { file: x } } } }
`

let dir: string
let out: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  out = join(dir, 'alerting')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const generate = (...args: readonly string[]) => cli('generate', ...args)

test('it writes rules and Alertmanager’s configuration that promtool and amtool accept, with the links configured', async (context) => {
  needs(context, 'prometheus', 'alertmanager')
  const file = join(dir, 'odoo-pulse.yaml')
  // Debian's Alertmanager reads no URL from a file.
  const text = readFileSync(EXAMPLE, 'utf8').replace(
    'url_file: /etc/alertmanager/secrets/dead-man',
    'url: "https://a.example.com"',
  )
  writeFileSync(file, text)
  const { code, stdout } = await generate('--config', file, '--out', out)
  expect(code).toBe(0)
  expect(stdout).toContain('wrote    rules/flows.yaml\n')
  const flows = readFileSync(join(out, 'rules/flows.yaml'), 'utf8')
  expect(flows).toContain('runbook_url: https://wiki.example.com/odoo-pulse/runbooks/OdooFlowBurnFast.md')
  expect(flows).toContain('dashboard_url: https://grafana.example.com/d/odoo-pulse-flows?')
  expect(flows).toContain('page_url: https://pulse.example.com/flows/')
  expect(execFileSync('amtool', ['check-config', join(out, 'alertmanager.yml')], { encoding: 'utf8' })).toContain(
    'SUCCESS',
  )
  const rules = ['estate', 'flows', 'odoo', 'postgres'].map((name) => join(out, 'rules', `${name}.yaml`))
  expect(execFileSync('promtool', ['check', 'rules', ...rules], { encoding: 'utf8' })).toContain('SUCCESS')
})

test('dashboards are those shipped, with the links configured', async () => {
  const shipped = readFileSync(join(import.meta.dirname, '../dashboards/generated/flows.json'), 'utf8')
  await generate('--config', EXAMPLE, '--out', out)
  const text = readFileSync(join(out, 'dashboards/flows.json'), 'utf8')
  const runbooksOf = (json: string) =>
    JSON.parse(json).templating.list.find(({ name }: { readonly name: string }) => name === 'runbooks')
  const url = 'https://wiki.example.com/odoo-pulse/runbooks/'
  expect(runbooksOf(text)).toMatchObject({ query: url, current: { text: url, value: url } })
  expect(text.replaceAll(url, runbooksOf(shipped).query)).toBe(shipped)

  const small = join(dir, 'odoo-pulse.yaml')
  writeFileSync(small, SMALL)
  await generate('--config', small, '--out', join(dir, 'small'), '--part')
  expect(readFileSync(join(dir, 'small/dashboards/flows.json'), 'utf8')).toBe(shipped)
})

test('--check writes nothing, and tells stale from missing', async () => {
  expect((await generate('--config', EXAMPLE, '--out', out, '--check')).code).toBe(1)
  expect(existsSync(out)).toBe(false)
  await generate('--config', EXAMPLE, '--out', out)
  expect((await generate('--config', EXAMPLE, '--out', out, '--check')).code).toBe(0)
  writeFileSync(join(out, 'alertmanager.yml'), 'route: {}')
  rmSync(join(out, 'odoo-pulse.tmpl'))
  const { code, stdout } = await generate('--config', EXAMPLE, '--out', out, '--check')
  expect(code).toBe(1)
  expect(stdout).toContain('stale    alertmanager.yml\n')
  expect(stdout).toContain('missing  odoo-pulse.tmpl\n')
  expect(readFileSync(join(out, 'alertmanager.yml'), 'utf8')).toBe('route: {}')
})

test('--part is what is merged, --json is for scripts', async () => {
  const { stdout } = await generate('--config', EXAMPLE, '--out', out, '--part', '--json')
  const { files } = JSON.parse(stdout)
  expect(files).toContainEqual({ path: 'alertmanager.part.yml', state: 'written' })
  expect(existsSync(join(out, 'alertmanager.yml'))).toBe(false)
})

test('without `oncall` it writes the rules, and says what it left', async () => {
  const file = join(dir, 'odoo-pulse.yaml')
  writeFileSync(file, SMALL)
  const { code, stderr } = await generate('--config', file, '--out', out)
  expect(code).toBe(0)
  expect(stderr).toContain('has no `oncall`')
  expect(existsSync(join(out, 'alertmanager.yml'))).toBe(false)
  expect(readFileSync(join(out, 'rules/odoo.yaml'), 'utf8')).toContain(
    'runbook_url: alert-rules/runbooks/OdooUnreachable.md',
  )
})

test('a configuration with problems is not generated from', async () => {
  const file = join(dir, 'odoo-pulse.yaml')
  writeFileSync(file, `${SMALL}oncall: { receivers: {}, page: x }\n`)
  const { code, stderr } = await generate('--config', file, '--out', out)
  expect(code).toBe(2)
  expect(stderr).toContain('oncall.page')
  expect(existsSync(out)).toBe(false)
})

test('where it can’t write it says so', async () => {
  writeFileSync(out, 'a file')
  const { code, stderr } = await generate('--config', EXAMPLE, '--out', out)
  expect(code).toBe(1)
  expect(stderr).toContain("can't be written")
})

test('a flow of one’s own gives a runbook to go on writing, and tests of its alerts that promtool passes', async (context) => {
  needs(context, 'prometheus')
  const file = join(dir, 'odoo-pulse.yaml')
  writeFileSync(file, SMALL)
  mkdirSync(join(dir, 'flows.d'))
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const flow = /^```yaml\n(# flows\.d\/wms-export\.yaml\n.*?)^```/ms.exec(readme)?.[1] ?? ''
  writeFileSync(join(dir, 'flows.d/wms-export.yaml'), flow)
  expect((await generate('--config', file, '--out', out)).code).toBe(0)
  const told = execFileSync('promtool', ['test', 'rules', join(out, 'tests/wms-export.yaml')], { encoding: 'utf8' })
  expect(told).toContain('SUCCESS')
  const runbook = join(out, 'runbooks/flows/wms-export.md')
  expect(readFileSync(runbook, 'utf8')).toMatch(/^# wms-export$/m)
  // What people have written stays.
  writeFileSync(runbook, '# wms-export\n\nAsk the warehouse.\n')
  expect((await generate('--config', file, '--out', out)).code).toBe(0)
  expect(readFileSync(runbook, 'utf8')).toContain('Ask the warehouse.')
  expect((await generate('--config', file, '--out', out, '--check')).code).toBe(0)
})
