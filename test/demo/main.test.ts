import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort, signalTo } from '../../demo/processes.ts'
import { findBinary, lackingParts } from '../../tools/debian.ts'
import { eventually } from '../support/eventually.ts'

/** What the demo makes, it makes here; its children have this path on their command lines. */
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
  // PostgreSQL may run under another account, which has to get in.
  chmodSync(dir, 0o755)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const toolPath = (name: string): string => findBinary([name]) ?? name

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
const processesOfDemo = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((line) => line.includes(dir))

const nothingLeft = () => {
  expect(processesOfDemo()).toEqual([])
  expect(readdirSync(dir)).toEqual([])
}

interface Started {
  readonly pid: number
  readonly output: () => string
  readonly exitCode: Promise<number | null>
  /** Resolves with the output once it says it is ready. */
  readonly ready: () => Promise<string>
}

const demoWith = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Started => {
  const main = join(import.meta.dirname, '../../demo/main.ts')
  const child = spawn(process.execPath, [main, '--no-install', ...args], {
    env: { ...process.env, TMPDIR: dir, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exitCode: new Promise((resolve) => child.once('close', resolve)),
    ready: () =>
      eventually(() => {
        if (child.exitCode !== null) throw new Error(output)
        expect(output).toMatch(/Ready after .*Ends/s)
        return output
      }, 30_000),
  }
}

const demo = (...args: readonly string[]): Started => demoWith({}, ...args)

const metricsUrl = (output: string): string => /http\S+\/metrics/.exec(output)?.[0] ?? 'no address in the output'

describe.runIf(process.platform === 'linux')('npm run demo', () => {
  test('--for: it is ready within 30 s, serves, ends by itself, and leaves nothing running or on disk', async () => {
    const started = demo('--for', '20s', '--listen', '127.0.0.1:0', '--fault', 'jobs-stuck')
    const output = await started.ready()
    expect(output).toMatch(/fault jobs-stuck … \d/)
    await eventually(async () => {
      const page = await (await fetch(metricsUrl(output))).text()
      const asked = page.match(/^odoo_pulse_probe_success\{.*$/gm) ?? []
      expect(asked.length).toBeGreaterThan(20)
      // Not supported is an answer too; what is not 1 has failed, or has not been asked yet.
      expect(asked.filter((line) => !line.endsWith('} 1'))).toEqual([])
      expect(page.match(/^pg_up\{.*\} 1$/gm)).toHaveLength(2)
      expect(page.match(/^odoo_up\{.*\} 1$/gm)).toHaveLength(2)
      expect(page.match(/^odoo_ingress_up\{.*\} 1$/gm)).toHaveLength(1)
      if (!lackingParts().some(({ name }) => name === 'redis')) expect(page).toMatch(/^redis_up\{.*\} 1$/m)
    })
    // The service, a primary, a standby, a guard for each.
    expect(processesOfDemo().length).toBeGreaterThan(5)
    for (const part of lackingParts()) expect(output).toContain(part.package)
    expect(await started.exitCode).toBe(0)
    expect(started.output()).toContain('Everything has ended, and its data is removed.')
    await eventually(nothingLeft)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in order', async (signal) => {
    const started = demo('--listen', '127.0.0.1:0')
    await started.ready()
    signalTo([started.pid], signal)
    expect(await started.exitCode).toBe(0)
    await eventually(nothingLeft)
  })

  test('a Ctrl-C while it starts ends what has been started', async () => {
    const started = demo('--listen', '127.0.0.1:0')
    await eventually(() => expect(started.output()).toMatch(/PostgreSQL standby/))
    signalTo([started.pid], 'SIGINT')
    expect(await started.exitCode).toBe(0)
    expect(started.output()).not.toContain('Ready')
    await eventually(nothingLeft)
  })

  test('killed hard, its guards end the rest', async () => {
    const started = demo('--listen', '127.0.0.1:0')
    await started.ready()
    signalTo([started.pid], 'SIGKILL')
    await started.exitCode
    await eventually(nothingLeft, 30_000)
  })

  test('the service ending is said with its last lines, and ends the demo', async () => {
    const started = demo('--listen', '127.0.0.1:0')
    await started.ready()
    const service = readdirSync('/proc').filter((pid) => /main\.ts serve .*odoo-pulse\.yaml/.test(commandLine(pid)))
    const pid = service.find((candidate) => commandLine(candidate).includes(dir))
    signalTo([Number(pid)], 'SIGKILL')
    expect(await started.exitCode).toBe(1)
    expect(started.output()).toContain('Odoo Pulse ended with signal SIGKILL.')
    await eventually(nothingLeft)
  })

  test('without the parts from Debian it goes on, and says so', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'odoo-pulse-test-'))
    try {
      for (const name of ['sh', 'test', 'id', 'cat', 'rm', 'sleep', 'chmod'])
        symlinkSync(toolPath(name), join(tools, name))
      const started = demoWith({ PATH: tools }, '--for', '5s', '--listen', '127.0.0.1:0')
      const output = await started.ready()
      for (const part of ['Redis', 'Alertmanager', 'Prometheus']) expect(output).toContain(`${part} is left out`)
      expect(output).toMatch(/To bring it, run: .* redis-server$|This is no Debian/m)
      expect((await fetch(metricsUrl(output))).status).toBe(200)
      expect(await started.exitCode).toBe(0)
      await eventually(nothingLeft)
    } finally {
      rmSync(tools, { recursive: true, force: true })
    }
  })

  test('a port in use is said, and nothing is started', async () => {
    const port = await freePort()
    const other = createServer().listen(port, '127.0.0.1')
    const started = demo('--listen', `127.0.0.1:${port}`)
    expect(await started.exitCode).toBe(1)
    expect(started.output()).toContain(`127.0.0.1:${port} is in use: choose another by --listen`)
    nothingLeft()
    other.close()
  })

  test('a usage error exits with 2', async () => {
    const started = demo('--fault', 'odoo-dawn')
    expect(await started.exitCode).toBe(2)
    expect(started.output()).toContain('odoo-dawn is no fault of the demo. These are: standby-paused')
  })
})
