import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { findBinary, installLine, lackingParts, PARTS } from '../../tools/debian.ts'
import { needs } from '../support/needs.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  for (const name of ['prometheus', 'alertmanager', 'amtool', 'redis-server']) {
    writeFileSync(join(dir, name), '')
    chmodSync(join(dir, name), name === 'redis-server' ? 0o644 : 0o755)
  }
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('parts from Debian', () => {
  test('a part lacks when one of its binaries does; upstream names count', () => {
    // promtool is not there, and what is called redis-server can't be run.
    expect(lackingParts(dir).map((part) => part.name)).toEqual(['prometheus', 'redis'])
    expect(findBinary(['prometheus-alertmanager', 'alertmanager'], `/nowhere:${dir}`)).toBe(join(dir, 'alertmanager'))
    expect(lackingParts('').map((part) => part.name)).toEqual(PARTS.map((part) => part.name))
  })

  test('one line brings them all', () => {
    expect(installLine(lackingParts('/nowhere'))).toBe(
      'sudo apt-get install --no-install-recommends prometheus prometheus-alertmanager redis-server',
    )
  })

  test('without leave to install, what lacks, why, and the line to run are said, and nothing is run', () => {
    const source = `import { bringDebianParts } from ${JSON.stringify(join(import.meta.dirname, '../../tools/debian.ts'))}
      const still = bringDebianParts({ install: false, say: (line) => console.log(line) })
      console.log(still.length)`
    const args = ['--input-type=module', '--eval', source]
    const { stdout } = spawnSync(process.execPath, args, { env: { PATH: dir }, encoding: 'utf8' })
    expect(stdout).toContain('Lacking: prometheus (scrapes the service')
    expect(stdout).toMatch(/(To bring it, run: sudo apt-get install .*prometheus redis-server|This is no Debian)/)
    expect(stdout.trim().endsWith('2')).toBe(true)
  })
})

test.runIf(process.getuid?.() === 0 && existsSync('/usr/bin/apt-get'))('as root they are installed', () => {
  const stub = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  try {
    // Stands in for apt-get: notes how it was called, and brings what a package would.
    const script = `#!/bin/sh
      echo "$DEBIAN_FRONTEND $*" >> ${stub}/calls
      case "$1" in install) for b in prometheus promtool redis-server; do /bin/cp /bin/true ${stub}/$b; done;; esac\n`
    writeFileSync(join(stub, 'apt-get'), script, { mode: 0o755 })
    for (const name of ['alertmanager', 'amtool']) writeFileSync(join(stub, name), '', { mode: 0o755 })
    const source = `import { bringDebianParts } from ${JSON.stringify(join(import.meta.dirname, '../../tools/debian.ts'))}
      const still = bringDebianParts({ install: true, say: (line) => console.log(line) })
      console.log(still.length, 'lacking')`
    const env = { PATH: `${stub}:/stub/bin` }
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], { env, encoding: 'utf8' })
    expect(stdout).toMatch(/^Lacking: prometheus .*Lacking: redis-server .*Installing from Debian: .*0 lacking/s)
    expect(readFileSync(join(stub, 'calls'), 'utf8').trim().split('\n').at(-1)).toBe(
      'noninteractive install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 prometheus redis-server',
    )
  } finally {
    rmSync(stub, { recursive: true, force: true })
  }
})

describe('a test that needs a part', () => {
  afterAll(() => vi.unstubAllEnvs())

  test('is skipped, with what it lacked; with CI=true it fails', () => {
    const skipped: unknown[] = []
    const context = {
      skip: (note?: unknown): never => {
        skipped.push(note)
        throw new Error('skipped')
      },
    }
    vi.stubEnv('PATH', dir)
    vi.stubEnv('CI', undefined)
    expect(() => needs(context, 'prometheus')).toThrow('skipped')
    expect(skipped).toEqual(['lacks prometheus (Debian)'])
    needs(context, 'alertmanager')
    vi.stubEnv('CI', 'true')
    expect(() => needs(context, 'alertmanager', 'redis')).toThrow('lacks redis-server (Debian)')
    expect(skipped).toHaveLength(1)
  })
})
