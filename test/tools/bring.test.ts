import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A clone of its own, with an npm and a node that only say what they were asked. */
let clone: string
const bin = () => join(clone, 'stub')
const script = (name: string, body: string) => writeFileSync(join(bin(), name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
const INSTALL = 'echo "npm $*"; mkdir -p node_modules/.bin; touch node_modules/.package-lock.json'

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  for (const folder of ['tools', 'stub']) mkdirSync(join(clone, folder))
  copyFileSync(join(import.meta.dirname, '../../tools/bring.sh'), join(clone, 'tools', 'bring.sh'))
  writeFileSync(join(clone, 'package-lock.json'), '{}')
  script('npm', INSTALL)
  script('node', 'echo v24.1.0')
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

const bring = () => {
  const path = `${bin()}:/usr/bin:/bin`
  const { status, stdout, stderr } = spawnSync('sh', [join(clone, 'tools', 'bring.sh')], { env: { PATH: path } })
  return { status, stdout: String(stdout), stderr: String(stderr) }
}

test('packages are installed once, and again when the lock file is newer', () => {
  const first = bring()
  expect(first).toMatchObject({ status: 0, stdout: '', stderr: expect.stringContaining('npm ci') })
  expect(bring()).toEqual({ status: 0, stdout: '', stderr: '' })
  const later = new Date(Date.now() + 10_000)
  utimesSync(join(clone, 'package-lock.json'), later, later)
  expect(bring().stderr).toContain('npm ci')
})

test('a failed installation is said, and tried again the next time', () => {
  script('npm', `${INSTALL}; echo 'registry unreachable' >&2; exit 1`)
  expect(bring()).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/registry unreachable\n.*could not be installed/s),
  })
  expect(existsSync(join(clone, 'node_modules/.package-lock.json'))).toBe(false)
  script('npm', INSTALL)
  expect(bring().status).toBe(0)
})

test.each(['v20.20.2', 'v22.17.1'])('Node %s is too old, unless npm brought a newer one', (version) => {
  script('node', `echo ${version}`)
  const refused = bring()
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain(`Node ${version} is too old: 22.18 or newer is needed`)
  writeFileSync(join(clone, 'node_modules/.bin/node'), '#!/bin/sh\necho v24.0.0\n', { mode: 0o755 })
  expect(bring()).toEqual({ status: 0, stdout: '', stderr: '' })
})

test.each(['v22.18.0', 'v23.0.0', 'v24.21.0'])('Node %s will do', (version) => {
  script('node', `echo ${version}`)
  expect(bring().status).toBe(0)
})
